// The filters as a form. The server leaves out what it can; the browser judges the rest.

import type { Context } from "../context";
import { button, h } from "../core/dom";
import { ALL, type Filter, isAll, SOURCE_GROUPS, WHERE } from "./filter";

// Typing is over when nothing was typed for this long.
const TYPED_MS = 400;

type NumberName = "lowest" | "highest" | "slowest" | "fastest";

export class FilterPanel {
  readonly element: HTMLDetailsElement;
  readonly #fields: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly context: Context) {
    const clear = button({ class: "link" }, () => context.filter.set(ALL), "Show all");
    this.element = h(
      "details", { class: "filters card", "aria-label": "Filters" },
      h("summary", { class: "card-head" }, h("h2", {}, "Filters"), h("span", { class: "muted" })),
      h("div", { class: "filters-body" },
        this.#band("Altitude, ft", "lowest", "highest"),
        this.#band("Speed, kt", "slowest", "fastest"),
        this.#text("Type begins with", "typecode", "A32"),
        this.#text("Callsign begins with", "callsign", "RYR"),
        this.#choice("Source", "source", SOURCE_GROUPS),
        this.#choice("Where", "where", WHERE),
        this.#check("Emergencies only", "emergency"),
        this.#check("Military only", "military"),
        h("p", { class: "muted" }, "Speed, military and “in the air” are sorted out here, from all that the server sends; the rest it leaves out itself. What is unknown of a flight fits no filter; the chosen flight is always shown."),
        clear),
    );
    context.filter.watch((filter) => {
      for (const show of this.#fields) show();
      clear.hidden = isAll(filter);
    });
  }

  toggle(): void {
    this.element.open = !this.element.open;
    if (this.element.open) this.element.querySelector("input")?.focus();
  }

  #set(change: Partial<Filter>): void {
    this.context.filter.update((filter) => ({ ...filter, ...change }));
  }

  #later(change: () => Partial<Filter>): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#set(change()), TYPED_MS);
  }

  #band(name: string, least: NumberName, most: NumberName): HTMLElement {
    const field = (which: NumberName, placeholder: string): HTMLInputElement => {
      const input = h("input", { type: "number", step: "any", name: which, placeholder, "aria-label": `${name}, ${placeholder}` });
      const read = (): Partial<Filter> => ({ [which]: input.value === "" ? null : input.valueAsNumber });
      input.addEventListener("change", () => this.#later(read));
      input.addEventListener("input", () => this.#later(read));
      this.#shown(input, () => {
        const value = this.context.filter.get()[which];
        return value === null ? "" : String(value);
      });
      return input;
    };
    return h("div", { class: "choice" }, h("span", {}, name), h("span", { class: "band" }, field(least, "from"), field(most, "to")));
  }

  #text(name: string, which: "typecode" | "callsign", placeholder: string): HTMLElement {
    const input = h("input", { type: "text", name: which, placeholder, maxlength: 8, spellcheck: "false", autocomplete: "off" });
    input.addEventListener("input", () => this.#later(() => ({ [which]: input.value.trim().toUpperCase() })));
    this.#shown(input, () => this.context.filter.get()[which]);
    return h("label", { class: "choice" }, h("span", {}, name), input);
  }

  #choice<Name extends "source" | "where">(name: string, which: Name, options: Readonly<Record<string, string>>): HTMLElement {
    const select = h("select", { name: which }, ...Object.entries(options).map(([value, text]) => h("option", { value }, text)));
    select.addEventListener("change", () => this.#set({ [which]: select.value }));
    this.#fields.push(() => {
      select.value = this.context.filter.get()[which];
    });
    return h("label", { class: "choice" }, h("span", {}, name), select);
  }

  #check(name: string, which: "emergency" | "military"): HTMLElement {
    const input = h("input", { type: "checkbox", name: which });
    input.addEventListener("change", () => this.#set({ [which]: input.checked }));
    this.#fields.push(() => {
      input.checked = this.context.filter.get()[which];
    });
    return h("label", { class: "check" }, input, name);
  }

  /** What is being typed is left alone. */
  #shown(input: HTMLInputElement, value: () => string): void {
    this.#fields.push(() => {
      if (document.activeElement !== input) input.value = value();
    });
  }
}
