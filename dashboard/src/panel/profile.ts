// Altitude and speed over time, as a small plot.

import type { TrackPoint } from "../api/api";
import { h, svg } from "../core/dom";
import { clockTime, withUnit, type UnitsName } from "../units/units";

const WIDTH = 320;
const HEIGHT = 84;
const TOP = 6;
// More points than pixels draw nothing more.
const MOST_POINTS = 400;

export interface ProfileLook {
  readonly units: UnitsName;
  readonly clock: "utc" | "local";
}

/** The plot, or `null` where there is too little to plot. */
export function profile(points: readonly TrackPoint[], { units, clock }: ProfileLook): HTMLElement | null {
  const every = Math.max(1, Math.ceil(points.length / MOST_POINTS));
  const some = points.filter((_, index) => index % every === 0 || index === points.length - 1);
  const first = some[0];
  const last = some.at(-1);
  if (!first || !last || last.ts - first.ts < 10) return null;
  const x = (ts: number): number => ((ts - first.ts) / (last.ts - first.ts)) * WIDTH;
  const altitude = (point: TrackPoint): number | undefined => (point.on_ground === true ? 0 : (point.alt_baro ?? point.alt_geom));
  const highest = Math.max(1000, ...some.map((point) => altitude(point) ?? 0));
  const fastest = Math.max(50, ...some.map(({ gs }) => gs ?? 0));
  const line = (of: (point: TrackPoint) => number | undefined, most: number): string => lineOf(some, x, of, most);
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "profile", role: "img", "aria-label": `Altitude and speed from ${clockTime(first.ts, clock)} to ${clockTime(last.ts, clock)}` },
    svg("path", { d: `${line(altitude, highest)}`, class: "profile-altitude" }),
    svg("path", { d: line(({ gs }) => gs, fastest), class: "profile-speed" }),
  );
  return h(
    "figure", { class: "profile-box" },
    h("figcaption", {},
      h("span", { class: "key-altitude" }, `Altitude to ${withUnit("altitude", highest, units)}`),
      h("span", { class: "key-speed" }, `Speed to ${withUnit("speed", fastest, units)}`),
    ),
    picture,
    h("div", { class: "profile-times muted" }, h("span", {}, clockTime(first.ts, clock)), h("span", {}, clockTime(last.ts, clock))),
  );
}

/** A path through the points that have the value; a break where one has not. */
function lineOf(points: readonly TrackPoint[], x: (ts: number) => number, of: (point: TrackPoint) => number | undefined, most: number): string {
  let path = "";
  let pen = "M";
  for (const point of points) {
    const value = of(point);
    if (value === undefined) {
      pen = "M";
      continue;
    }
    const y = HEIGHT - (Math.max(0, value) / most) * (HEIGHT - TOP) - 1;
    path += `${pen}${x(point.ts).toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  }
  return path;
}
