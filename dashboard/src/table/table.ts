// The table of flights: the map's equal for whoever reads rather than looks. Only the rows that
// can be seen are elements, however many flights there are.

import type { Context } from "../context";
import { button, h, setText } from "../core/dom";
import { icon } from "../core/icons";
import { toScreen } from "../overlay/camera";
import type { Flight } from "../stream/live";
import { type Column, COLUMNS, columnsOf, type Showing } from "./columns";
import { Order } from "./order";

const ROW_PIXELS = 28;
// Rows that change places more often cannot be read.
const REFRESH_MS = 1000;
// Rows kept ready above and below what is seen.
const SPARE_ROWS = 6;
// What a row is wider than its columns, CSS pixels: the padding, and a gap between columns (parts.css).
const PADDING_PIXELS = 28;
const GAP_PIXELS = 4;

export class FlightTable {
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #head = h("div", { class: "table-head", role: "row" });
  readonly #scroll = h("div", { class: "table-scroll", tabindex: 0, role: "rowgroup", "aria-label": "Flights" });
  readonly #space = h("div", { class: "table-space", role: "presentation" });
  readonly #grid = h("div", { class: "table-grid", role: "table", "aria-label": "Flights" });
  readonly #count = h("span", { class: "muted" });
  readonly #rows: Row[] = [];
  #columns: Column[] = [];
  #flights: Flight[] = [];
  readonly #order = new Order();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #refreshedAt = -Infinity;

  constructor(context: Context) {
    this.#context = context;
    const { settings, selection } = context;
    const inView = h("input", { type: "checkbox" });
    inView.addEventListener("change", () => settings.inView.set(inView.checked));
    settings.inView.watch((on) => {
      inView.checked = on;
    });
    this.#scroll.append(this.#space);
    this.#grid.append(this.#head, this.#scroll);
    this.element = h(
      "section", { class: "table card", "aria-label": "Table of flights" },
      h("header", { class: "card-head" },
        h("h2", {}, "Flights"), this.#count,
        h("label", { class: "check" }, inView, "In view"),
        this.#chooser(),
        button({ class: "icon", title: "Close the table" }, () => settings.tableOpen.set(false), icon("close")),
      ),
      this.#grid,
    );
    this.#scroll.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.#scroll.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#draw()).observe(this.#scroll);
    settings.columns.watch((ids) => this.#setColumns(ids));
    for (const value of [settings.sort, settings.inView, settings.units, settings.palette, context.filter, selection.chosen]) {
      (value as { watch(listener: () => void): void }).watch(() => this.refresh());
    }
    context.updated.watch(() => this.#soon());
    context.base.map.on("moveend", () => this.refresh());
  }

  /** Refresh, not more often than can be read, and not within the update itself. */
  #soon(): void {
    if (this.#timer !== undefined || !this.#context.settings.tableOpen.get()) return;
    const wait = Math.max(0, this.#refreshedAt + REFRESH_MS - performance.now());
    this.#timer = setTimeout(() => this.refresh(), wait);
  }

  /** Sort and draw anew, if anybody can see it. */
  refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#context.settings.tableOpen.get()) return;
    this.#refreshedAt = performance.now();
    const { stream, settings } = this.#context;
    const { column: id, descending } = settings.sort.get();
    const column = COLUMNS.find((one) => one.id === id) ?? (COLUMNS[0] as Column);
    this.#flights = this.#order.sort(this.#shown(), column, descending, stream.now());
    setText(this.#count, `${this.#flights.length} of ${stream.flights.size}`);
    this.#grid.setAttribute("aria-rowcount", String(this.#flights.length + 1));
    this.#markSort();
    this.#draw();
  }

  *#shown(): Iterable<Flight> {
    const { store, base, overlay, settings, stream } = this.#context;
    const shows = overlay.look.shows;
    if (!settings.inView.get()) {
      for (const flight of stream.flights.values()) {
        const slot = store.slotOf(flight.icao24);
        if (shows === null || (slot !== undefined && shows(slot))) yield flight;
      }
      return;
    }
    const camera = base.camera();
    const now = stream.now();
    for (let slot = 0; slot < store.count; slot++) {
      if (shows !== null && !shows(slot)) continue;
      const [left, top] = toScreen(camera, ...store.placeAt(slot, now));
      if (left >= 0 && top >= 0 && left <= camera.width && top <= camera.height) yield store.flights[slot] as Flight;
    }
  }

  #setColumns(ids: readonly string[]): void {
    this.#columns = columnsOf(ids);
    const template = this.#columns.map(({ width, numeric }) => `minmax(${width}px, ${numeric ? "0.7fr" : "1fr"})`).join(" ");
    this.element.style.setProperty("--columns", template);
    this.element.style.setProperty("--least", `${this.#columns.reduce((sum, { width }) => sum + width + GAP_PIXELS, PADDING_PIXELS)}px`);
    for (const row of this.#rows.splice(0)) row.element.remove();
    this.#head.replaceChildren(...this.#columns.map((column) => this.#heading(column)));
    this.refresh();
  }

  #heading(column: Column): HTMLElement {
    const { settings } = this.#context;
    const unit = column.unit ? h("small", {}) : null;
    if (unit) settings.units.watch((units) => setText(unit, column.unit?.(units) ?? ""));
    const sort = (): void => {
      const { column: id, descending } = settings.sort.get();
      settings.sort.set({ column: column.id, descending: id === column.id ? !descending : column.numeric });
    };
    return h(
      "div", { role: "columnheader", class: column.numeric ? "number" : "", "data-column": column.id },
      button({ class: "sort", "aria-label": `Sort by ${column.title}` }, sort, h("span", {}, column.title), unit),
    );
  }

  #markSort(): void {
    const { column, descending } = this.#context.settings.sort.get();
    for (const heading of this.#head.children) {
      const own = (heading as HTMLElement).dataset["column"] === column;
      heading.setAttribute("aria-sort", own ? (descending ? "descending" : "ascending") : "none");
    }
  }

  #draw(): void {
    const height = this.#scroll.clientHeight;
    if (!height) return;
    const showing: Showing = {
      units: this.#context.settings.units.get(),
      palette: this.#context.settings.palette.get(),
      now: this.#context.stream.now(),
    };
    this.#space.style.height = `${this.#flights.length * ROW_PIXELS}px`;
    const first = Math.max(0, Math.floor(this.#scroll.scrollTop / ROW_PIXELS) - SPARE_ROWS);
    const last = Math.min(this.#flights.length, Math.ceil((this.#scroll.scrollTop + height) / ROW_PIXELS) + SPARE_ROWS);
    while (this.#rows.length < last - first) this.#addRow();
    const chosen = this.#context.selection.chosen.get();
    this.#rows.forEach((row, index) => {
      const flight = first + index < last ? this.#flights[first + index] : undefined;
      row.show(flight, first + index, this.#columns, showing, flight?.icao24 === chosen);
    });
  }

  #addRow(): void {
    const row = new Row(this.#columns.length);
    row.element.addEventListener("click", () => this.#context.selection.choose(row.icao24));
    row.element.addEventListener("pointerenter", () => this.#context.selection.hovered.set(row.icao24));
    row.element.addEventListener("pointerleave", () => this.#context.selection.hovered.set(null));
    this.#rows.push(row);
    this.#space.append(row.element);
  }

  /** Up and down choose the flight above and below, as in any list. */
  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step === undefined || !this.#flights.length) return;
    event.preventDefault();
    const chosen = this.#context.selection.chosen.get();
    const at = this.#flights.findIndex(({ icao24 }) => icao24 === chosen);
    const next = at < 0 ? 0 : Math.max(0, Math.min(this.#flights.length - 1, at + step));
    const top = next * ROW_PIXELS;
    if (top < this.#scroll.scrollTop) this.#scroll.scrollTop = top;
    const below = top + ROW_PIXELS - this.#scroll.clientHeight;
    if (below > this.#scroll.scrollTop) this.#scroll.scrollTop = below;
    this.#context.selection.choose(this.#flights[next]?.icao24 ?? null);
  }

  #chooser(): HTMLElement {
    const { settings } = this.#context;
    const list = h("div", { class: "chooser card" });
    for (const column of COLUMNS) {
      const box = h("input", { type: "checkbox" });
      settings.columns.watch((ids) => {
        box.checked = ids.includes(column.id);
      });
      box.addEventListener("change", () => {
        const wanted = new Set(settings.columns.get());
        if (box.checked) wanted.add(column.id);
        else wanted.delete(column.id);
        settings.columns.set(COLUMNS.map(({ id }) => id).filter((id) => wanted.has(id)));
      });
      list.append(h("label", { class: "check" }, box, column.title));
    }
    return h("details", { class: "columns" }, h("summary", { class: "icon", "aria-label": "Choose columns", title: "Choose columns" }, icon("settings")), list);
  }
}

class Row {
  readonly element: HTMLElement;
  readonly #cells: HTMLElement[];
  icao24: string | null = null;
  #index = -1;

  constructor(columns: number) {
    this.#cells = Array.from({ length: columns }, () => h("div", { role: "cell" }));
    this.element = h("div", { class: "table-row", role: "row" }, ...this.#cells);
  }

  show(flight: Flight | undefined, index: number, columns: readonly Column[], showing: Showing, chosen: boolean): void {
    this.element.hidden = flight === undefined;
    this.icao24 = flight?.icao24 ?? null;
    if (!flight) return;
    if (index !== this.#index) {
      this.#index = index;
      this.element.style.transform = `translateY(${index * ROW_PIXELS}px)`;
      this.element.setAttribute("aria-rowindex", String(index + 2));
    }
    this.element.classList.toggle("chosen", chosen);
    this.element.dataset["icao24"] = flight.icao24;
    columns.forEach((column, at) => {
      const cell = this.#cells[at] as HTMLElement;
      setText(cell, column.text(flight, showing));
      cell.classList.toggle("number", column.numeric);
      const colour = column.colour?.(flight, showing) ?? "";
      if (cell.dataset["colour"] !== colour) {
        cell.dataset["colour"] = colour;
        cell.style.setProperty("--mark", colour || "transparent");
        cell.classList.toggle("marked", column.id === "altitude");
        cell.style.color = column.id === "altitude" ? "" : colour;
      }
    });
  }
}
