// The server in figures: what comes in, by whom, and what waits. Asked for only while it is open.

import { type Feeds, getFeeds, getReceivers, getStats, type Receivers, type Stats } from "../api/api";
import type { Context } from "../context";
import { button, h } from "../core/dom";
import { icon } from "../core/icons";
import { age, UNKNOWN, withUnit } from "../units/units";

const ASK_MS = 3000;

export class FiguresSheet {
  readonly element: HTMLDialogElement;
  readonly #body = h("div", { class: "sheet-body" });
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly context: Context) {
    this.element = h(
      "dialog", { class: "sheet wide card", "aria-label": "Figures" },
      h("header", { class: "card-head" }, h("h2", {}, "Figures"), button({ class: "icon", title: "Close" }, () => this.element.close(), icon("close"))),
      this.#body,
    );
    this.element.addEventListener("close", () => clearInterval(this.#timer));
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.element.close();
    });
  }

  toggle(): void {
    if (this.element.open) return this.element.close();
    this.element.showModal();
    this.#timer = setInterval(() => void this.#ask(), ASK_MS);
    void this.#ask();
  }

  async #ask(): Promise<void> {
    if (document.hidden) return;
    try {
      const [stats, feeds, receivers] = await Promise.all([getStats(), getFeeds(), getReceivers()]);
      this.#body.replaceChildren(...this.#overview(stats), ...this.#feeds(feeds), ...this.#receivers(receivers));
    } catch {
      this.#body.replaceChildren(h("p", { class: "note" }, "The server does not answer now."));
    }
  }

  #overview({ flights, updates_per_s, clients, points_stored, outbox, db }: Stats): HTMLElement[] {
    const figure = (name: string, value: string): HTMLElement => h("div", { class: "figure" }, h("small", { class: "muted" }, name), h("b", {}, value));
    return [h("div", { class: "figures three" },
      figure("Flights", whole(flights)), figure("Updates a second", updates_per_s.toFixed(1)), figure("Live clients", whole(clients)),
      figure("Points stored", whole(points_stored)), figure("Database", `${db.state}, ${age(db.lag_s)} behind`),
      figure("Waiting for it", outbox.batches ? `${whole(outbox.batches)} batches` : "nothing"),
      figure("This page, behind the quickest frame", age(this.context.stream.lag)))];
  }

  #feeds({ feeds }: Feeds): HTMLElement[] {
    const title = h("h3", {}, "Feeds");
    if (!feeds.length) {
      return [title, h("p", { class: "note" }, "No feed yet. Start the server with one, as in aerotrack serve --feed beast://HOST:30005, or set AEROTRACK_FEEDS; observations can be posted to api/v1/observations too.")];
    }
    const now = this.context.stream.now();
    return [title, grid(["Name", "State", "Received", "Accepted", "Refused", "Heard"], feeds.map((feed) => [
      feed.name, feed.state, whole(feed.received), whole(feed.accepted),
      whole(Object.values(feed.refused).reduce((sum, count) => sum + count, 0)), since(feed.last_contact, now)]))];
  }

  #receivers({ receivers, now }: Receivers): HTMLElement[] {
    if (!receivers.length) return [];
    const units = this.context.settings.units.get();
    return [h("h3", {}, "Receivers"), grid(["Name", "Feed", "Aircraft", "Messages", "Heard by others first", "Farthest", "Heard"], receivers.map((one) => [
      one.name, one.feed, whole(one.aircraft), whole(one.messages), `${Math.round(one.duplicates * 100)} %`,
      withUnit("distance", one.farthest, units), since(one.last_contact, now)]))];
  }
}

const whole = (value: number): string => value.toLocaleString("en");

const since = (then: number | null | undefined, now: number): string => (then == null ? UNKNOWN : `${age(now - then)} ago`);

function grid(heads: readonly string[], rows: readonly string[][]): HTMLElement {
  return h("table", { class: "plain" },
    h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((text) => h("td", {}, text))))));
}
