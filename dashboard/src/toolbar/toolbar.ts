// The buttons at the side of the map.

import type { Context } from "../context";
import { button, h } from "../core/dom";
import { icon } from "../core/icons";
import { isAll } from "../filters/filter";

export interface Openers {
  readonly help: () => void;
  readonly filters: () => void;
  readonly figures: () => void;
}

export function toolbar({ base, settings, filter }: Context, open: Openers): HTMLElement {
  const table = button({ class: "icon", title: "Table of flights (t)" }, () => settings.tableOpen.update((now) => !now), icon("table"));
  settings.tableOpen.watch((on) => table.setAttribute("aria-pressed", String(on)));
  const filters = button({ class: "icon", title: "Filters (s)" }, open.filters, icon("filter"));
  filter.watch((wanted) => filters.classList.toggle("lit", !isAll(wanted)));
  const events = button({ class: "icon", title: "Events (e)" }, () => settings.eventsOpen.update((now) => !now), icon("events"));
  settings.eventsOpen.watch((on) => events.setAttribute("aria-pressed", String(on)));
  return h(
    "div", { class: "toolbar card", role: "toolbar", "aria-label": "Map" },
    table, filters, events,
    button({ class: "icon", title: "Zoom in (+)" }, () => void base.map.zoomIn(), icon("plus")),
    button({ class: "icon", title: "Zoom out (−)" }, () => void base.map.zoomOut(), icon("minus")),
    button({ class: "icon", title: "Figures (i)" }, open.figures, icon("figures")),
    button({ class: "icon", title: "Settings and help (?)" }, open.help, icon("help")),
  );
}
