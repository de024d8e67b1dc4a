// A silhouette as SVG path data, for the legend, the panel and the canvas.

import type { Silhouette } from "./shapes";

/** Closed subpaths in the silhouette's own units; grow it by a round stroke of twice `round`. */
export function outlineOf({ polygons }: Silhouette): string {
  return polygons
    .map((polygon) => `M${polygon.map(([x, y]) => `${x.toFixed(3)} ${y.toFixed(3)}`).join("L")}Z`)
    .join("");
}
