// A flight's silhouette as a small picture, turned and coloured as on the map.

import { svg } from "../core/dom";
import { outlineOf } from "./outline";
import { CELL_REACH, SILHOUETTES } from "./shapes";

export function badge(shape: number, colour: string, heading = 0): SVGElement {
  const silhouette = SILHOUETTES[shape] ?? SILHOUETTES[0];
  const reach = CELL_REACH;
  return svg(
    "svg",
    { viewBox: `${-reach} ${-reach} ${2 * reach} ${2 * reach}`, class: "badge", "aria-hidden": "true" },
    svg("path", {
      d: outlineOf(silhouette),
      fill: colour,
      stroke: colour,
      "stroke-width": 2 * silhouette.round,
      "stroke-linejoin": "round",
      transform: silhouette.turns ? `rotate(${Math.round(heading)})` : null,
    }),
  );
}
