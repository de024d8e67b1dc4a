// Everything about the chosen flight: what the stream says each second, and what the server tells
// beyond that when asked (sources, ages, refused positions).

import { type FlightDetails, getFlight, trackAddress } from "../api/api";
import { colourOf, css } from "../colour/altitude";
import type { Context } from "../context";
import { button, h, setText } from "../core/dom";
import { icon } from "../core/icons";
import { emergencyOf } from "../flights/emergencies";
import { badge } from "../silhouettes/badge";
import { shapeOf } from "../silhouettes/choose";
import type { Flight } from "../stream/live";
import type { ChosenTrack } from "../track/track";
import { age, clockTime, degrees, UNKNOWN, withUnit } from "../units/units";
import { profile } from "./profile";
import { groupsOf, routeOf } from "./sections";

// Sources, ages and refused positions are asked for this often while the panel is open.
const DETAILS_MS = 5000;
// Climbing or descending at less than this is level flight, feet a minute.
const LEVEL_RATE = 150;

export class FlightPanel {
  readonly element: HTMLElement;
  readonly #body = h("div", { class: "panel-body" });
  readonly #title = h("h2", {});
  readonly #subtitle = h("p", { class: "muted" });
  readonly #badge = h("div", { class: "panel-badge" });
  readonly #follow: HTMLButtonElement;
  readonly #links = {
    geojson: h("a", {}, icon("download"), "GeoJSON"),
    csv: h("a", {}, icon("download"), "CSV"),
  };
  readonly #points = h("span", { class: "muted" });
  #details: FlightDetails | null = null;
  #last: Flight | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly context: Context,
    private readonly track: ChosenTrack,
  ) {
    const { selection } = context;
    this.#follow = button({ class: "icon", title: "Follow on the map (f)" }, () => selection.follow(!selection.following.get()), icon("follow"));
    selection.following.watch((on) => this.#follow.setAttribute("aria-pressed", String(on)));
    this.element = h(
      "section", { class: "panel card", "aria-label": "Chosen flight", hidden: true },
      h("header", { class: "panel-head" }, this.#badge, h("div", { class: "panel-name" }, this.#title, this.#subtitle), this.#follow,
        button({ class: "icon", title: "Close (Esc)" }, () => selection.choose(null), icon("close"))),
      this.#body,
      h("footer", { class: "panel-foot" }, this.#links.geojson, this.#links.csv, this.#points),
    );
    selection.chosen.watch((icao24) => this.#open(icao24));
    for (const value of [context.updated, context.settings.units, context.settings.clock, context.settings.palette, track.points]) {
      (value as { watch(listener: () => void): void }).watch(() => this.#draw());
    }
  }

  #open(icao24: string | null): void {
    clearInterval(this.#timer);
    this.#details = this.#last = null;
    this.element.hidden = icao24 === null;
    this.#body.scrollTop = 0;
    if (icao24 === null) return;
    this.#timer = setInterval(() => void this.#ask(icao24), DETAILS_MS);
    void this.#ask(icao24);
    this.#draw();
  }

  async #ask(icao24: string): Promise<void> {
    if (document.hidden) return;
    try {
      const details = await getFlight(icao24);
      if (this.context.selection.chosen.get() !== icao24) return;
      this.#details = details;
      this.#draw();
    } catch {
      // Nothing more is known now; what the stream says is shown.
    }
  }

  #draw(): void {
    const icao24 = this.context.selection.chosen.get();
    if (icao24 === null) return;
    const live = this.context.stream.flights.get(icao24);
    if (live) this.#last = live;
    const flight: FlightDetails | null = live ? { ...this.#details, ...live } : (this.#details ?? this.#last);
    if (!flight) {
      setText(this.#title, icao24);
      setText(this.#subtitle, "Nothing is known of it here.");
      this.#body.replaceChildren();
      return;
    }
    const { palette, units, clock } = this.context.settings;
    const feet = flight.alt_baro ?? flight.alt_geom ?? null;
    const colour = css(colourOf(feet, flight.on_ground === true, palette.get()));
    this.#badge.replaceChildren(badge(shapeOf(flight), colour, flight.track));
    setText(this.#title, flight.callsign ?? flight.registration ?? flight.icao24);
    setText(this.#subtitle, [flight.registration, flight.typecode, flight.operator].filter(Boolean).join(" · ") || flight.icao24);
    const reading = { units: units.get(), clock: clock.get(), now: this.context.stream.now() };
    const focused = document.activeElement?.closest<HTMLElement>(".panel-body [data-group]")?.dataset["group"];
    const open = new Set([...this.#body.querySelectorAll("details[open]")].map((one) => one.getAttribute("data-group")));
    this.#body.replaceChildren(
      ...[
        this.#alarm(flight),
        live ? null : h("p", { class: "note" }, this.#absence(flight)),
        flight.source === "sim" ? h("p", { class: "note" }, "Simulated: this flight does not exist.") : null,
        this.#route(flight),
        this.#figures(flight),
        profile(this.track.points.get(), { units: reading.units, clock: reading.clock }),
        ...groupsOf(flight, reading).map(({ title, items }) =>
          h("details", { class: "group", "data-group": title, open: this.#body.childElementCount === 0 ? title === "Motion" : open.has(title) },
            h("summary", {}, title),
            h("dl", {}, ...items.flatMap(({ name, value, field }) => [h("dt", {}, name), h("dd", { title: this.#origin(field) }, value)])))),
        this.#refused(flight, reading.clock, open.has("refused")),
      ].filter((part) => part !== null),
    );
    if (focused !== undefined) this.#body.querySelector<HTMLElement>(`[data-group="${focused}"] summary`)?.focus();
    this.#exports(flight);
  }

  #exports({ flight_id: id, points }: FlightDetails): void {
    for (const extension of ["geojson", "csv"] as const) {
      const link = this.#links[extension];
      link.href = trackAddress(id, extension);
      link.download = `${id}.${extension}`;
    }
    setText(this.#points, points === undefined ? "" : `${points.toLocaleString("en")} points`);
  }

  #alarm(flight: Flight): HTMLElement | null {
    const wrong = emergencyOf(flight);
    return wrong === null ? null : h("p", { class: "alarm" }, wrong);
  }

  #absence(flight: FlightDetails): string {
    if (flight.ended !== undefined) return `Ended ${clockTime(flight.ended, this.context.settings.clock.get())}${flight.end_cause ? `: ${flight.end_cause}` : ""}.`;
    const since = flight.last_contact === undefined ? "" : ` Last heard ${age(this.context.stream.now() - flight.last_contact)} ago.`;
    return `Not in the part of the world shown, or not heard now.${since}`;
  }

  #route(flight: FlightDetails): HTMLElement | null {
    const routes = routeOf(flight);
    if (!routes.length) return null;
    return h("div", { class: "routes" }, ...routes.map(({ from, to, how }) =>
      h("div", { class: "route" },
        h("strong", {}, from ?? "?"), h("span", { class: "arrow", "aria-label": "to" }, "→"), h("strong", {}, to ?? "?"),
        h("small", { class: "muted" }, how))));
  }

  #figures(flight: Flight): HTMLElement {
    const units = this.context.settings.units.get();
    const rate = flight.baro_rate ?? flight.geom_rate;
    const trend = rate === undefined || Math.abs(rate) < LEVEL_RATE ? "" : rate > 0 ? " ↑" : " ↓";
    const altitude = flight.on_ground === true ? "On ground" : withUnit("altitude", flight.alt_baro ?? flight.alt_geom, units) + trend;
    const figure = (name: string, value: string): HTMLElement => h("div", { class: "figure" }, h("small", { class: "muted" }, name), h("b", {}, value));
    return h("div", { class: "figures" },
      figure("Altitude", altitude), figure("Speed", withUnit("speed", flight.gs, units)),
      figure("Vertical rate", rate === undefined ? UNKNOWN : withUnit("rate", rate, units)), figure("Track", degrees(flight.track)));
  }

  /** Where a value comes from and how old it is, for who asks by pointing at it. */
  #origin(field: string | undefined): string | undefined {
    const found = field === undefined ? undefined : this.#details?.fields?.[field];
    if (!found) return undefined;
    return `${[found.source, found.feed].filter(Boolean).join(", ")}, ${age(found.age)} old`;
  }

  #refused(flight: FlightDetails, clock: "utc" | "local", open: boolean): HTMLElement | null {
    if (!flight.refused?.length) return null;
    return h("details", { class: "group", "data-group": "refused", open },
      h("summary", {}, `Positions not believed (${flight.refused.length})`),
      h("dl", {}, ...flight.refused.slice().reverse().flatMap(({ ts, reason, feed }) => [
        h("dt", {}, clockTime(ts, clock)), h("dd", {}, `${reason.replaceAll("_", " ")}${feed ? `, ${feed}` : ""}`),
      ])));
  }
}
