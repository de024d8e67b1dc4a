// The track of the chosen flight: read from the database, then grown with what the stream says.

import type { GeoJSONSource } from "maplibre-gl";
import { getTrack, type TrackPoint } from "../api/api";
import type { Context } from "../context";
import { Value } from "../core/value";
import { trackLines } from "./segments";

// Beyond this many points of live growth the oldest are thinned by reading the track anew.
const MOST_GROWN = 7200;

export class ChosenTrack {
  /** The points known so far, oldest first. */
  readonly points = new Value<readonly TrackPoint[]>([]);
  #grown = 0;
  #asking: AbortController | null = null;
  #dirty = false;

  constructor(private readonly context: Context) {
    const { selection, updated, settings, base } = context;
    selection.chosen.watch((icao24) => void this.#load(icao24));
    updated.watch(() => this.#grow());
    settings.palette.watch(() => this.#show());
    base.map.on("style.load", () => this.#show());
  }

  async #load(icao24: string | null): Promise<void> {
    this.#asking?.abort();
    this.#grown = 0;
    this.points.set([]);
    this.#show();
    if (icao24 === null) return;
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const track = await getTrack(icao24, asking.signal);
      if (asking.signal.aborted) return;
      // What the stream said meanwhile comes after what was stored.
      const newest = track.points.at(-1)?.ts ?? 0;
      this.points.update((live) => [...track.points, ...live.filter(({ ts }) => ts > newest)]);
      this.#show();
    } catch {
      // No history now: the track begins here and grows with the stream.
    }
  }

  #grow(): void {
    const icao24 = this.context.selection.chosen.get();
    const flight = icao24 === null ? undefined : this.context.stream.flights.get(icao24);
    if (!flight || flight.lat === undefined || flight.lon === undefined) return;
    const ts = flight.time_position ?? this.context.stream.now();
    const last = this.points.get().at(-1);
    if (last && (ts <= last.ts || (last.lat === flight.lat && last.lon === flight.lon))) return;
    if ((this.#grown += 1) > MOST_GROWN) return void this.#load(icao24);
    const { lat, lon, alt_baro, alt_geom, on_ground, gs } = flight;
    const point: TrackPoint = { ts, lat, lon };
    if (alt_baro !== undefined) point.alt_baro = alt_baro;
    if (alt_geom !== undefined) point.alt_geom = alt_geom;
    if (on_ground !== undefined) point.on_ground = on_ground;
    if (gs !== undefined) point.gs = gs;
    this.points.update((points) => [...points, point]);
    this.#show();
  }

  /** Hand the map the lines, at most once a frame. */
  #show(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    requestAnimationFrame(() => {
      this.#dirty = false;
      const source = this.context.base.map.getSource<GeoJSONSource>("track");
      source?.setData(trackLines(this.points.get(), this.context.settings.palette.get()));
    });
  }
}
