// The server's REST interface, as far as the map reads it (docs/http.md). Addresses are relative:
// it may run behind a base path.

import type { Flight } from "../stream/live";

export interface FieldSource {
  source?: string;
  feed?: string;
  age: number;
}

export interface RefusedFix {
  ts: number;
  lat: number;
  lon: number;
  reason: string;
  feed?: string;
}

export interface FlightDetails extends Flight {
  started?: number;
  points?: number;
  ended?: number;
  end_cause?: string;
  fields?: Record<string, FieldSource>;
  refused?: RefusedFix[];
}

export interface TrackPoint {
  ts: number;
  lat?: number;
  lon?: number;
  alt_baro?: number;
  alt_geom?: number;
  on_ground?: boolean;
  gs?: number;
}

export interface Track {
  flight_id: string;
  icao24: string;
  callsign?: string;
  points: TrackPoint[];
}

export interface Feeds {
  feeds: { name: string; url: string; state: string; received: number; accepted: number; refused: Record<string, number>; last_contact: number | null }[];
}

export interface Receivers {
  now: number;
  receivers: { name: string; feed: string; messages: number; aircraft: number; duplicates: number; farthest?: number; last_contact?: number }[];
}

export interface Stats {
  now: number;
  flights: number;
  updates_per_s: number;
  clients: number;
  points_stored: number;
  outbox: { batches: number; bytes: number };
  db: { state: string; lag_s: number };
}

/** What the server said instead; `code` is stable (docs/http.md, errors). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(new URL(`api/v1/${path}`, document.baseURI), { signal: signal ?? null });
  if (answer.ok) return (await answer.json()) as T;
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string };
  throw new ApiError(answer.status, problem.code ?? "unknown", problem.detail ?? answer.statusText);
}

export const getFlight = (name: string, signal?: AbortSignal): Promise<FlightDetails> =>
  get(`flights/${encodeURIComponent(name)}`, signal);
export const getTrack = (name: string, signal?: AbortSignal): Promise<Track> =>
  get(`flights/${encodeURIComponent(name)}/track`, signal);
export const getFeeds = (): Promise<Feeds> => get("feeds");
export const getReceivers = (): Promise<Receivers> => get("receivers");
export const getStats = (): Promise<Stats> => get("stats");

/** Where a track can be had as a file. */
export function trackAddress(name: string, extension: "geojson" | "csv"): string {
  return new URL(`api/v1/flights/${encodeURIComponent(name)}/track.${extension}`, document.baseURI).href;
}
