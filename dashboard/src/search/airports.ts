// The airports of the search, loaded when somebody first searches.

import airportsUrl from "generated:airports.json";
import type { Airport } from "./find";

type Row = [icao: string, iata: string, name: string, city: string, country: string, lon: number, lat: number, rank: number];

let loading: Promise<Airport[]> | null = null;

export function loadAirports(): Promise<Airport[]> {
  loading ??= fetch(new URL(airportsUrl, import.meta.url))
    .then((answer) => answer.json() as Promise<Row[]>)
    .then((rows) => rows.map(([icao, iata, name, city, , lon, lat, rank]) => ({ icao, iata, name, city, lon, lat, rank })))
    .catch(() => {
      loading = null; // the next search tries again
      return [];
    });
  return loading;
}
