// What happens as it happens: take-offs, landings, emergencies, and who comes and goes if wanted.

import type { Context } from "../context";
import { button, h, setText } from "../core/dom";
import { icon } from "../core/icons";
import type { Event } from "../stream/live";
import { clockTime } from "../units/units";
import { isQuiet, summary, wordsOf } from "./lines";

const MOST_HELD = 200;
const MOST_SHOWN = 50;
// A screen reader is told at most this often, and of several at once in one sentence.
const SAY_MS = 15_000;

export class EventList {
  readonly element: HTMLElement;
  readonly #list = h("ol", { class: "events-list", tabindex: 0, "aria-label": "The last events" });
  readonly #spoken = h("div", { class: "hidden-visually", "aria-live": "polite" });
  #held: Event[] = [];
  #unsaid: Event[] = [];
  #saidAt = -Infinity;
  #dirty = true;

  constructor(private readonly context: Context) {
    const { settings, stream } = context;
    const all = h("input", { type: "checkbox" });
    all.addEventListener("change", () => settings.allEvents.set(all.checked));
    this.element = h(
      "section", { class: "events card", "aria-label": "Events" },
      h("header", { class: "card-head" }, h("h2", {}, "Events"), h("span", { class: "muted" }),
        h("label", { class: "check" }, all, "Also who comes and goes"),
        button({ class: "icon", title: "Close the events" }, () => settings.eventsOpen.set(false), icon("close"))),
      this.#list, this.#spoken,
    );
    settings.allEvents.watch((on) => {
      all.checked = on;
      this.#dirty = true;
      this.#draw();
    });
    settings.clock.watch(() => {
      this.#dirty = true;
    });
    settings.eventsOpen.watch((open) => {
      this.element.hidden = !open;
      this.#unsaid = [];
      this.#draw();
    });
    stream.on("event", (event) => this.#take(event));
    context.ticked.watch(() => {
      this.#draw();
      this.#say();
    });
  }

  #take(event: Event): void {
    // After a resume one may come twice.
    if (this.#held.some((one) => one.flight_id === event.flight_id && one.event === event.event && one.ts === event.ts)) return;
    this.#held = [event, ...this.#held.slice(0, MOST_HELD - 1)];
    // Emergencies are said at once by whoever keeps them.
    if (!isQuiet(event) && event.event !== "emergency") this.#unsaid.unshift(event);
    this.#dirty = true;
  }

  #draw(): void {
    const { settings, selection } = this.context;
    if (!this.#dirty || !settings.eventsOpen.get()) return;
    this.#dirty = false;
    const shown = this.#held.filter((event) => settings.allEvents.get() || !isQuiet(event)).slice(0, MOST_SHOWN);
    // A press begun on a line must end on it.
    if (this.#list.matches(":active") || this.#list.contains(document.activeElement?.closest("li") ?? null)) {
      this.#dirty = true;
      return;
    }
    this.#list.replaceChildren(
      ...(shown.length ? shown.map((event) => h(
        "li", { "data-event": event.event },
        button({ class: "event" }, () => selection.choose(event.icao24),
          h("time", { class: "muted" }, clockTime(event.ts ?? event.now, settings.clock.get()).slice(0, 8)),
          h("b", {}, event.callsign ?? event.icao24), h("span", {}, wordsOf(event))),
      )) : [h("li", { class: "muted nothing" }, "Nothing yet: take-offs, landings and emergencies in view appear here.")]),
    );
  }

  #say(): void {
    if (!this.#unsaid.length || !this.context.settings.eventsOpen.get()) return;
    if (performance.now() - this.#saidAt < SAY_MS) return;
    this.#saidAt = performance.now();
    setText(this.#spoken, summary(this.#unsaid));
    this.#unsaid = [];
  }
}
