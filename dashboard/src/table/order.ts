// Sorting flights, kept from one update to the next: what was nearly in order sorts fast.

import type { Flight } from "../stream/live";
import type { Column } from "./columns";

/** The flights by the column; unknown values last, equal ones by address, whichever direction. */
export function sorted(flights: Iterable<Flight>, column: Column, descending: boolean, now: number): Flight[] {
  const keyed = Array.from(flights, (flight) => ({ flight, key: column.value(flight, now) }));
  const direction = descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key !== b.key) {
      if (a.key === undefined) return 1;
      if (b.key === undefined) return -1;
      return a.key < b.key ? -direction : direction;
    }
    return a.flight.icao24 < b.flight.icao24 ? -1 : 1;
  });
  return keyed.map(({ flight }) => flight);
}
