// Which flight is looked at, which is under the pointer, and whether the map goes along.

import { Value } from "../core/value";

export class Selection {
  /** The address of the flight in the panel. */
  readonly chosen = new Value<string | null>(null);
  readonly hovered = new Value<string | null>(null);
  /** Whether the map keeps the chosen flight in its middle. */
  readonly following = new Value(false);

  choose(icao24: string | null): void {
    if (icao24 !== this.chosen.get()) this.following.set(false);
    this.chosen.set(icao24);
  }

  follow(on: boolean): void {
    this.following.set(on && this.chosen.get() !== null);
  }
}
