// The help sheet: shortcuts, choices, what the map is made of.

import type { Context } from "../context";
import { button, h } from "../core/dom";
import { icon } from "../core/icons";
import type { Value } from "../core/value";

export class HelpSheet {
  readonly element: HTMLDialogElement;
  readonly #keys = h("dl", { class: "keys" });

  constructor(private readonly context: Context) {
    const { settings } = context;
    this.element = h(
      "dialog", { class: "sheet card", "aria-label": "Settings and help" },
      h("header", { class: "card-head" }, h("h2", {}, "Settings and help"),
        button({ class: "icon", title: "Close" }, () => this.element.close(), icon("close"))),
      h("div", { class: "sheet-body" },
        choice("Theme", settings.theme, { auto: "As the system", dark: "Dark", light: "Light" }),
        choice("Units", settings.units, { aviation: "Aviation (ft, kt, NM)", metric: "Metric (m, km/h, km)", imperial: "Imperial (ft, mph, mi)" }),
        choice("Times", settings.clock, { utc: "UTC", local: "Local" }),
        choice("Altitude colours", settings.palette, { usual: "Usual", "colour-blind": "For colour-blind eyes" }),
        choice("Labels", settings.labels, { off: "None", some: "When near", all: "All that fit" }),
        h("h3", {}, "Keys"),
        this.#keys,
        h("h3", {}, "About"),
        h("p", { class: "muted" }, "Land, borders: Natural Earth. Places: GeoNames, CC BY 4.0. Airports, runways: OurAirports. "),
        h("p", {}, h("a", { href: "licences.txt", target: "_blank", rel: "noreferrer" }, "Licences"), " · ", h("a", { href: "api" }, "Addresses for programs"))),
    );
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.element.close();
    });
  }

  toggle(): void {
    if (this.element.open) return this.element.close();
    // Written when it is read: parts add their keys as they are made.
    const { shortcuts } = this.context.keys;
    this.#keys.replaceChildren(
      ...shortcuts.flatMap(({ key, does }) => [h("dt", {}, h("kbd", {}, nameOf(key))), h("dd", {}, does)]),
    );
    this.element.showModal();
  }
}

function choice<T extends string>(name: string, value: Value<T>, options: Readonly<Record<T, string>>): HTMLElement {
  const select = h("select", {}, ...Object.entries<string>(options).map(([key, text]) => h("option", { value: key }, text)));
  select.addEventListener("change", () => value.set(select.value as T));
  value.watch((now) => {
    select.value = now;
  });
  return h("label", { class: "choice" }, h("span", {}, name), select);
}

function nameOf(key: string): string {
  return { Escape: "Esc", " ": "Space" }[key] ?? key;
}
