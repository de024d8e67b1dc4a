// Asks the stream for what the map shows and a little more, so that a small move needs nothing.

import type { Map as MapLibre } from "maplibre-gl";
import type { LiveStream } from "../stream/stream";
import type { View } from "../stream/client";

// Beyond the view on each side, as a share of it.
const MARGIN = 0.15;
// While the map is dragged it asks at most this often; the server takes 20 a second.
const LEAST_MS = 300;
const INTERVAL_S = 1;
const WORLD = 360;

export class Viewport {
  #asked: [number, number, number, number] | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #askedAt = 0;
  #rest: Omit<View, "bbox" | "interval"> = {};

  constructor(
    private readonly map: MapLibre,
    private readonly stream: LiveStream,
  ) {}

  start(): void {
    this.map.on("move", () => this.#soon());
    this.map.on("resize", () => this.#soon());
    this.#ask();
  }

  /** What else is wanted of the stream: a filter, flights to follow. */
  want(rest: Omit<View, "bbox" | "interval">): void {
    if (JSON.stringify(rest) === JSON.stringify(this.#rest)) return;
    this.#rest = rest;
    this.#asked = null;
    this.#ask();
  }

  #soon(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.max(0, this.#askedAt + LEAST_MS - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#ask();
    }, wait);
  }

  #ask(): void {
    const seen = this.#seen();
    if (this.#asked && covers(this.#asked, seen) && !muchLarger(this.#asked, seen)) return;
    const bbox = widened(seen);
    this.#asked = bbox;
    this.#askedAt = Date.now();
    this.stream.subscribe({ ...this.#rest, interval: INTERVAL_S, bbox: wrapped(bbox) });
  }

  /** What the map shows, its longitudes not brought back into -180 to 180. */
  #seen(): [number, number, number, number] {
    const bounds = this.map.getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  }
}

type Box = [west: number, south: number, east: number, north: number];

function covers(outer: Box, inner: Box): boolean {
  return outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3];
}

/** Whether so much more was asked for than is seen that asking anew pays. */
function muchLarger(asked: Box, seen: Box): boolean {
  return asked[2] - asked[0] > 2.5 * (seen[2] - seen[0]);
}

export function widened([west, south, east, north]: Box): Box {
  const [dx, dy] = [(east - west) * MARGIN, (north - south) * MARGIN];
  return [west - dx, Math.max(-90, south - dy), east + dx, Math.min(90, north + dy)];
}

/** As the protocol takes it: west above east crosses the antimeridian, a turn or more is all. */
export function wrapped([west, south, east, north]: Box): Box {
  if (east - west >= WORLD) return [-180, south, 180, north];
  const into = (lon: number): number => ((((lon + 180) % WORLD) + WORLD) % WORLD) - 180;
  return [into(west), south, into(east), north].map((v) => Math.round(v * 1e5) / 1e5) as Box;
}
