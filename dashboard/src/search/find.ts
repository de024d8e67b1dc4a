// What a few typed letters mean: flights that are here, airports anywhere.

import type { Flight } from "../stream/live";

export interface Airport {
  readonly icao: string;
  readonly iata: string;
  readonly name: string;
  readonly city: string;
  readonly lon: number;
  readonly lat: number;
  readonly rank: number;
}

export type Found =
  | { readonly kind: "flight"; readonly flight: Flight; readonly by: string }
  | { readonly kind: "airport"; readonly airport: Airport };

// Of each kind; nobody reads more.
const MOST = 7;
const FIELDS: readonly (readonly [keyof Flight, string])[] = [
  ["callsign", "callsign"], ["registration", "registration"], ["icao24", "address"], ["squawk", "squawk"], ["typecode", "type"],
];

/** Flights by the start of callsign, registration (with or without its hyphen), address, squawk or type. */
export function findFlights(typed: string, flights: Iterable<Flight>): Found[] {
  const wanted = plain(typed);
  if (!wanted) return [];
  const ranked: { found: Found; rank: number }[] = [];
  for (const flight of flights) {
    for (let rank = 0; rank < FIELDS.length; rank++) {
      const [field, by] = FIELDS[rank] as readonly [keyof Flight, string];
      const value = flight[field];
      if (typeof value !== "string" || !plain(value).startsWith(wanted)) continue;
      ranked.push({ found: { kind: "flight", flight, by }, rank: plain(value) === wanted ? -1 : rank });
      break;
    }
  }
  return ranked.sort((a, b) => a.rank - b.rank).slice(0, MOST).map(({ found }) => found);
}

/** Airports by code, name or city; those that airlines serve first. */
export function findAirports(typed: string, airports: readonly Airport[]): Found[] {
  const wanted = plain(typed);
  if (wanted.length < 2) return [];
  const ranked: { airport: Airport; rank: number }[] = [];
  for (const airport of airports) {
    const code = airport.icao === wanted || airport.iata === wanted;
    const named = plain(airport.name).startsWith(wanted) || plain(airport.city).startsWith(wanted);
    if (code || named || airport.icao.startsWith(wanted)) ranked.push({ airport, rank: airport.rank + (code ? 0 : named ? 10 : 20) });
  }
  return ranked.sort((a, b) => a.rank - b.rank).slice(0, MOST).map(({ airport }) => ({ kind: "airport", airport }));
}

const plain = (text: string): string => text.normalize("NFD").toUpperCase().replace(/[^A-Z0-9~]/g, "");
