// Signs for buttons, drawn as strokes on a 24 grid.

import { svg } from "./dom";

const PATHS = {
  table: "M4 6h16M4 12h16M4 18h16",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  help: "M9.2 9a2.9 2.9 0 1 1 4.2 2.6c-.9.5-1.4 1-1.4 2.1M12 17.4v.1",
  theme: "M12 4a8 8 0 1 0 8 8 6.2 6.2 0 0 1-8-8z",
  settings: "M5 7h9M18 7h1M5 17h1M10 17h9M16 5v4M8 15v4",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3L20 20",
  follow: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v4M12 18v4M2 12h4M18 12h4",
  home: "M4 11l8-7 8 7M6 9.5V20h12V9.5",
  filter: "M4 6h16l-6 7v5l-4 2v-7z",
  events: "M12 4a5 5 0 0 0-5 5v4l-2 3h14l-2-3V9a5 5 0 0 0-5-5zM10 19.5h4",
  figures: "M5 20V11M12 20V4M19 20v-6",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", width: 18, height: 18, fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" },
    svg("path", { d: PATHS[name] }),
  );
}
