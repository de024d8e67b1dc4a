// The buttons at the side of the map.

import type { Context } from "../context";
import { button, h } from "../core/dom";
import { icon } from "../core/icons";

export function toolbar({ base, settings }: Context, openHelp: () => void): HTMLElement {
  const table = button({ class: "icon", title: "Table of flights (t)" }, () => settings.tableOpen.update((open) => !open), icon("table"));
  settings.tableOpen.watch((open) => table.setAttribute("aria-pressed", String(open)));
  return h(
    "div", { class: "toolbar card", role: "toolbar", "aria-label": "Map" },
    table,
    button({ class: "icon", title: "Zoom in (+)" }, () => void base.map.zoomIn(), icon("plus")),
    button({ class: "icon", title: "Zoom out (−)" }, () => void base.map.zoomOut(), icon("minus")),
    button({ class: "icon", title: "Settings and help (?)" }, openHelp, icon("help")),
  );
}
