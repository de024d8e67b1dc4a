// Whether what is shown is true now: the connection, how many flights, how old the picture is.

import { getFeeds } from "../api/api";
import type { Context } from "../context";
import { button, h, setText } from "../core/dom";
import { describe, isAll, ALL } from "../filters/filter";
import { age } from "../units/units";

// A frame comes each second while anything flies; this long without one is said.
const OLD_S = 4;
const FEEDS_MS = 30_000;

export class StatusBar {
  readonly element: HTMLElement;
  readonly #dot = h("span", { class: "dot", "aria-hidden": "true" });
  readonly #text = h("span", {});
  readonly #age = h("span", { class: "muted" });
  readonly #note = h("span", { class: "muted" });
  readonly #filter: HTMLButtonElement;
  #changedAt = 0;
  #hint = "";

  constructor(private readonly context: Context) {
    this.#filter = button({ class: "chip", title: "Show all again" }, () => context.filter.set(ALL));
    const retry = button({ class: "link" }, () => context.stream.retry(), "Try now");
    this.element = h("div", { class: "status card", role: "status" }, this.#dot, this.#text, this.#age, retry, this.#note, this.#filter);
    context.stream.on("change", () => {
      this.#changedAt = Date.now();
    });
    context.stream.on("status", ({ state }) => {
      retry.hidden = state !== "waiting";
      this.#draw();
      if (state === "waiting") context.announce("The connection is lost. Trying again.");
    });
    context.filter.watch((filter) => {
      this.#filter.hidden = isAll(filter);
      setText(this.#filter, `Only ${describe(filter)} ✕`);
    });
    context.ticked.watch(() => this.#draw());
    retry.hidden = true;
    void this.#askFeeds();
    setInterval(() => void this.#askFeeds(), FEEDS_MS);
  }

  #draw(): void {
    const { stream, overlay } = this.context;
    const { state, retryAt } = stream.status;
    const since = (Date.now() - this.#changedAt) / 1000;
    const old = state !== "open" || (stream.flights.size > 0 && since > OLD_S);
    this.element.dataset["state"] = state === "open" ? (old ? "old" : "live") : state;
    const count = stream.flights.size;
    const flights = count === 1 ? "1 flight" : `${count.toLocaleString("en")} flights`;
    if (state === "open") setText(this.#text, old ? `Nothing new, ${flights}` : `Live, ${flights}`);
    else if (state === "waiting") {
      const wait = Math.max(0, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));
      setText(this.#text, `Connection lost, trying again in ${wait} s`);
    } else setText(this.#text, "Connecting");
    setText(this.#age, this.#changedAt ? `${age(since + stream.lag)} old` : "");
    const limit = overlay.painter.limit;
    const fallback = limit === null ? "" : `No WebGL here: drawing at most ${limit.toLocaleString("en")} aircraft.`;
    setText(this.#note, [fallback, this.#hint].filter(Boolean).join(" "));
  }

  /** Without a feed there is nothing to see: say how to add one. */
  async #askFeeds(): Promise<void> {
    try {
      const { feeds } = await getFeeds();
      const simulated = feeds.some(({ url }) => url.startsWith("simulator:"));
      if (!feeds.length) this.#hint = "No feed yet: start with --feed beast://HOST:30005 or set AEROTRACK_FEEDS.";
      else this.#hint = simulated ? "Simulated traffic" : "";
    } catch {
      this.#hint = "";
    }
    this.#draw();
  }
}
