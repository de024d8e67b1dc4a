// The picture a client holds: snapshots replace it, deltas merge into it (docs/live.md).

import type { Change as ChangedView } from "./client";
import type { Change, Delta, Flight, Gone, Snapshot } from "./live";

export class Picture {
  readonly flights = new Map<string, Flight>();
  /** Whether the next snapshot part begins a new picture. */
  #fresh = true;

  /** A connection begins: its first snapshot replaces everything, whatever was cut off before. */
  restart(): void {
    this.#fresh = true;
  }

  snapshot(message: Snapshot): ChangedView {
    const replaced = this.#fresh;
    const gone: Gone[] = [];
    if (replaced) {
      this.flights.clear();
    }
    this.#fresh = message.more !== true;
    for (const flight of message.flights) this.flights.set(flight.icao24, flight);
    return { changed: message.flights, gone, replaced, more: message.more === true, now: message.now };
  }

  delta(message: Delta): ChangedView {
    for (const { icao24 } of message.gone) this.flights.delete(icao24);
    const changed: Flight[] = [];
    for (const entry of message.flights) {
      const flight = this.#take(entry, message.now);
      if (flight) changed.push(flight);
    }
    return { changed, gone: message.gone, replaced: false, more: false, now: message.now };
  }

  /** The flight after the change; `undefined` for a merge into one that is not held. */
  #take(entry: Change, now: number): Flight | undefined {
    if (entry.full === true) {
      const { full: _, ...flight } = entry;
      this.flights.set(flight.icao24, flight);
      return flight;
    }
    const held = this.flights.get(entry.icao24);
    if (!held) return undefined;
    const fields = held as unknown as Record<string, unknown>;
    // An entry without time_position is about a position of now.
    fields["time_position"] = now;
    fields["last_contact"] = now;
    for (const name in entry) {
      const value = (entry as Record<string, unknown>)[name];
      if (value === null) delete fields[name];
      else fields[name] = value;
    }
    return held;
  }
}
