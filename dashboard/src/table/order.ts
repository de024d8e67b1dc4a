// Sorting flights, kept from one update to the next: what was nearly in order sorts fast.

import type { Flight } from "../stream/live";
import type { Column } from "./columns";

interface Keyed {
  flight: Flight;
  key: string | number | undefined;
  round: number;
}

/** Sorts the same flights again and again; between times only little of their order changes. */
export class Order {
  #held = new Map<string, Keyed>();
  #keyed: Keyed[] = [];
  #round = 0;

  /** The flights by the column; unknown values last, equal ones by address, whichever direction. */
  sort(flights: Iterable<Flight>, column: Column, descending: boolean, now: number): Flight[] {
    const round = (this.#round += 1);
    const added: Keyed[] = [];
    for (const flight of flights) {
      let keyed = this.#held.get(flight.icao24);
      if (!keyed) {
        keyed = { flight, key: undefined, round };
        this.#held.set(flight.icao24, keyed);
        added.push(keyed);
      }
      keyed.flight = flight;
      keyed.key = column.value(flight, now);
      keyed.round = round;
    }
    this.#keyed = this.#keyed.filter((one) => one.round === round || !this.#held.delete(one.flight.icao24));
    this.#keyed.push(...added);
    this.#keyed.sort(descending ? falling : rising);
    return this.#keyed.map(({ flight }) => flight);
  }
}

function rising(a: Keyed, b: Keyed): number {
  if (a.key === b.key) return a.flight.icao24 < b.flight.icao24 ? -1 : 1;
  if (a.key === undefined) return 1;
  if (b.key === undefined) return -1;
  return a.key < b.key ? -1 : 1;
}

function falling(a: Keyed, b: Keyed): number {
  return a.key === b.key || a.key === undefined || b.key === undefined ? rising(a, b) : -rising(a, b);
}
