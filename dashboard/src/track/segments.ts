// A track as lines on the map: pieces of one colour each, and gaps said so.

import { colourOf, css, type PaletteName } from "../colour/altitude";
import type { TrackPoint } from "../api/api";

// Colours change by this many feet: fine enough to look smooth, coarse enough for few pieces.
const STEP_FEET = 500;
// Between points farther apart than this nobody saw where it went: dashed.
export const GAP_S = 90;

type Line = GeoJSON.Feature<GeoJSON.LineString, { colour: string; gap: boolean }>;

/** Points without a place are skipped; longitudes go on beyond 180 where the track crosses it. */
export function trackLines(points: readonly TrackPoint[], palette: PaletteName): GeoJSON.FeatureCollection<GeoJSON.LineString> {
  const lines: Line[] = [];
  let before: { at: [number, number]; ts: number } | null = null;
  for (const point of points) {
    if (point.lat === undefined || point.lon === undefined) continue;
    const at: [number, number] = [before ? nearest(point.lon, before.at[0]) : point.lon, point.lat];
    if (before) extend(lines, before.at, at, lookOf(point, point.ts - before.ts > GAP_S, palette));
    before = { at, ts: point.ts };
  }
  return { type: "FeatureCollection", features: lines };
}

function lookOf(point: TrackPoint, gap: boolean, palette: PaletteName): Line["properties"] {
  const feet = point.alt_baro ?? point.alt_geom ?? null;
  const stepped = feet === null ? null : Math.round(feet / STEP_FEET) * STEP_FEET;
  return { colour: css(colourOf(stepped, point.on_ground === true, palette)), gap };
}

function extend(lines: Line[], from: [number, number], to: [number, number], look: Line["properties"]): void {
  const last = lines.at(-1);
  if (last && last.properties.colour === look.colour && last.properties.gap === look.gap) {
    last.geometry.coordinates.push(to);
  } else {
    lines.push({ type: "Feature", properties: look, geometry: { type: "LineString", coordinates: [from, to] } });
  }
}

const nearest = (lon: number, other: number): number => lon + Math.round((other - lon) / 360) * 360;
