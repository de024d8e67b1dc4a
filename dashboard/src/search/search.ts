// The search field: a combobox over flights and airports.

import type { Context } from "../context";
import { h } from "../core/dom";
import { icon } from "../core/icons";
import { loadAirports } from "./airports";
import { type Airport, findAirports, findFlights, type Found } from "./find";

const FLIGHT_ZOOM = 8;
const AIRPORT_ZOOM = 10;

export class Search {
  readonly element: HTMLElement;
  readonly #input = h("input", {
    type: "text", inputmode: "search", placeholder: "Search flight, registration, squawk, airport", "aria-label": "Search",
    role: "combobox", "aria-expanded": "false", "aria-controls": "search-results", "aria-autocomplete": "list",
    autocomplete: "off", spellcheck: "false", enterkeyhint: "search",
  });
  readonly #list = h("ul", { class: "results card", id: "search-results", role: "listbox", "aria-label": "Found", hidden: true });
  #airports: readonly Airport[] = [];
  #found: Found[] = [];
  #active = 0;

  constructor(private readonly context: Context) {
    this.element = h("div", { class: "search", role: "search" }, icon("search"), this.#input, this.#list);
    this.#input.addEventListener("focus", () => void loadAirports().then((airports) => {
      this.#airports = airports;
      this.#look();
    }));
    this.#input.addEventListener("input", () => this.#look());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("blur", () => this.#close());
    context.keys.add("/", "Search", () => this.#input.focus());
  }

  #look(): void {
    const typed = this.#input.value;
    this.#found = [...findFlights(typed, this.context.stream.flights.values()), ...findAirports(typed, this.#airports)];
    this.#active = 0;
    this.#list.hidden = !typed.trim();
    this.#input.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.#list.replaceChildren(
      ...(this.#found.length
        ? this.#found.map((found, index) => this.#item(found, index))
        : [h("li", { class: "muted" }, "No flight in view and no airport by that name")]),
    );
    this.#mark();
  }

  #item(found: Found, index: number): HTMLElement {
    const [title, detail] =
      found.kind === "flight"
        ? [found.flight.callsign ?? found.flight.icao24, [found.flight.registration, found.flight.typecode, found.flight.icao24].filter(Boolean).join(" · ")]
        : [[found.airport.iata, found.airport.icao].filter(Boolean).join(" / "), found.airport.name];
    const item = h("li", { role: "option", id: `search-${index}` }, h("b", {}, title), h("span", { class: "muted" }, detail));
    // Before the field loses the focus, which closes the list.
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.#take(found);
    });
    return item;
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && this.#found.length) {
      this.#active = (this.#active + step + this.#found.length) % this.#found.length;
      this.#mark();
      event.preventDefault();
    } else if (event.key === "Enter") {
      const found = this.#found[this.#active];
      if (found) this.#take(found);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.#input.value = "";
      this.#input.blur();
    }
  }

  #mark(): void {
    [...this.#list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === this.#active)));
    this.#input.setAttribute("aria-activedescendant", this.#found.length ? `search-${this.#active}` : "");
  }

  #take(found: Found): void {
    const { map } = this.context.base;
    if (found.kind === "flight") {
      this.context.selection.choose(found.flight.icao24);
      const { lon, lat } = found.flight;
      if (lon !== undefined && lat !== undefined) map.easeTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), FLIGHT_ZOOM) });
    } else {
      map.easeTo({ center: [found.airport.lon, found.airport.lat], zoom: AIRPORT_ZOOM });
    }
    this.#input.value = "";
    this.#input.blur();
  }

  #close(): void {
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
  }
}
