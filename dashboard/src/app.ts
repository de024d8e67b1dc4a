// Puts the parts together; only this module knows them all.

import { credit } from "./basemap/credit";
import { BaseMap, type Place } from "./basemap/map";
import type { Context } from "./context";
import { h } from "./core/dom";
import { Value } from "./core/value";
import { EventList } from "./events/list";
import { fits, isAll } from "./filters/filter";
import { FilterPanel } from "./filters/panel";
import { Emergencies, emergencyOf } from "./flights/emergencies";
import { FiguresSheet } from "./figures/figures";
import { FlightStore } from "./flights/store";
import { HelpSheet } from "./help/help";
import { Keys } from "./keyboard/keys";
import { Announcer } from "./keyboard/announcer";
import { legend } from "./legend/legend";
import { Labels } from "./labels/labels";
import type { Look } from "./overlay/look";
import { Overlay } from "./overlay/overlay";
import { FlightPanel } from "./panel/panel";
import { Search } from "./search/search";
import { Selection } from "./selection/selection";
import { loadSettings } from "./settings/settings";
import { StatusBar } from "./status/status";
import type { Change } from "./stream/client";
import type { Flight } from "./stream/live";
import { LiveStream } from "./stream/stream";
import { FlightTable } from "./table/table";
import { testSurface } from "./test-surface";
import { toolbar } from "./toolbar/toolbar";
import { ChosenTrack } from "./track/track";
import { AddressBar } from "./url/address-bar";
import { readUrl, type UrlView } from "./url/url";
import { Viewport } from "./view/viewport";
import { wanted } from "./view/wanted";

// Where the map opens when nobody says where: most of the world's traffic in one look.
const OPENING: Place = { lon: 8, lat: 48, zoom: 4 };
const TICK_MS = 500;
const TITLE = "AeroTrack";

export class App {
  readonly context: Context;
  readonly #url: UrlView;
  #registration: string | null;

  constructor(root: HTMLElement) {
    this.#url = readUrl(location.search);
    this.#registration = this.#url.reg;
    const settings = loadSettings(storage());
    const dark = darkness(settings.theme);
    const store = new FlightStore();
    const stream = new LiveStream();
    const selection = new Selection();
    const container = h("div", { class: "map" });
    root.append(container);
    const { lat, lon, zoom } = this.#url;
    const base = new BaseMap(container, { lat: lat ?? OPENING.lat, lon: lon ?? OPENING.lon, zoom: zoom ?? OPENING.zoom }, dark.get());
    const look: Look = { palette: settings.palette.get(), dark: dark.get(), selected: new Set(), hovered: null, shows: null, scale: 1, version: 0 };
    const reduced = matchMedia("(prefers-reduced-motion: reduce)");
    const canvasOnly = new URLSearchParams(location.search).has("nowebgl");
    const overlay = new Overlay(store, () => base.camera(), () => stream.now(), look, () => reduced.matches, { canvasOnly });
    const announcer = new Announcer();
    this.context = {
      stream, store, base, overlay, settings, selection,
      filter: new Value(this.#url.filter),
      keys: new Keys(document),
      updated: new Value(0),
      ticked: new Value(0),
      announce: (text) => announcer.say(text),
    };
    base.map.getCanvasContainer().after(overlay.canvas);
    base.map.on("render", () => overlay.draw());
    this.#wireLook(dark);
    this.#wireMap();
    this.#wireKeys();
    this.#build(root, announcer.element);
    this.#wireStream();
    if (this.#url.icao) selection.choose(this.#url.icao);
    testSurface(this.context);
  }

  #build(root: HTMLElement, announcements: HTMLElement): void {
    const { context } = this;
    const track = new ChosenTrack(context);
    const help = new HelpSheet(context);
    const table = new FlightTable(context);
    const figures = new FiguresSheet(context);
    const filters = new FilterPanel(context);
    const labels = new Labels(context);
    context.overlay.canvas.after(labels.canvas);
    // On a phone the table covers half the map: it opens when asked for.
    if (matchMedia("(max-width: 760px)").matches) context.settings.tableOpen.set(false);
    root.classList.toggle("kiosk", this.#url.kiosk);
    root.classList.toggle("no-side-bar", this.#url.hideSideBar || this.#url.kiosk);
    context.settings.tableOpen.watch((open) => {
      root.classList.toggle("with-table", open);
      if (open) table.refresh();
    });
    context.keys.add("s", "Filters", () => filters.toggle());
    context.keys.add("i", "Figures: feeds, receivers, database", () => figures.toggle());
    context.keys.add("e", "Events", () => context.settings.eventsOpen.update((open) => !open));
    context.keys.add("?", "Settings and help", () => help.toggle());
    root.append(
      h("div", { class: "left" }, h("div", { class: "top card" }, h("h1", {}, TITLE), new Search(context).element), filters.element, new FlightPanel(context, track).element, new EventList(context).element),
      table.element,
      toolbar(context, { help: () => help.toggle(), filters: () => filters.toggle(), figures: () => figures.toggle() }),
      h("div", { class: "bottom" }, new StatusBar(context).element, legend(context)),
      credit(),
      help.element,
      figures.element,
      announcements,
    );
    new AddressBar(context, this.#url);
  }

  #wireLook(dark: Value<boolean>): void {
    const { overlay, base, settings, selection, filter, store } = this.context;
    const { look } = overlay;
    const changed = (): void => {
      look.version += 1;
      overlay.draw();
    };
    dark.watch((on) => {
      document.documentElement.dataset["theme"] = on ? "dark" : "light";
      look.dark = on;
      base.setDark(on);
      changed();
    });
    settings.palette.watch((palette) => {
      look.palette = palette;
      changed();
    });
    selection.chosen.watch((icao24) => {
      look.selected = new Set(icao24 === null ? [] : [icao24]);
      changed();
    });
    selection.hovered.watch((icao24) => {
      look.hovered = icao24;
      changed();
    });
    filter.watch((wanted) => {
      look.shows = isAll(wanted) ? null : (slot) => {
        const flight = store.flights[slot];
        return flight !== undefined && (look.selected.has(flight.icao24) || fits(flight, wanted));
      };
      changed();
    });
  }

  #wireMap(): void {
    const { base, overlay, selection } = this.context;
    const { map } = base;
    map.on("click", ({ point }) => selection.choose(overlay.at(point.x, point.y)));
    map.on("mousemove", ({ point }) => {
      const found = overlay.at(point.x, point.y);
      selection.hovered.set(found);
      map.getCanvas().style.cursor = found === null ? "" : "pointer";
    });
    map.on("mouseout", () => selection.hovered.set(null));
    map.on("dragstart", () => selection.follow(false));
  }

  #wireKeys(): void {
    const { keys, selection, settings, base } = this.context;
    keys.add("Escape", "Close what is open", () => selection.choose(null));
    keys.add("t", "Table", () => settings.tableOpen.update((open) => !open));
    keys.add("f", "Follow the chosen flight", () => selection.follow(!selection.following.get()));
    keys.add("u", "Next units", () => settings.units.update((now) => (now === "aviation" ? "metric" : now === "metric" ? "imperial" : "aviation")));
    keys.add("d", "Dark or light", () => settings.theme.set(document.documentElement.dataset["theme"] === "dark" ? "light" : "dark"));
    keys.add("l", "Labels: none, when near, all", () => settings.labels.update((now) => (now === "off" ? "some" : now === "some" ? "all" : "off")));
    keys.add("h", "Back to where the map opened", () => void base.map.easeTo({ center: [this.#url.lon ?? OPENING.lon, this.#url.lat ?? OPENING.lat], zoom: this.#url.zoom ?? OPENING.zoom }));
    keys.add("+", "Zoom in", () => void base.map.zoomIn());
    keys.add("-", "Zoom out", () => void base.map.zoomOut());
  }

  #wireStream(): void {
    const { stream, store, overlay, updated, ticked, selection, base, filter } = this.context;
    const viewport = new Viewport(base.map, stream);
    let filtering = true;
    const want = (): void => viewport.want(wanted(filtering ? filter.get() : null, selection.chosen.get()));
    stream.on("error", ({ code }) => {
      // The server has no room for this filter: then all comes, and the browser does it.
      if (!filtering || (code !== "too_many_filters" && code !== "bad_filter")) return;
      filtering = false;
      want();
    });
    stream.on("change", (change) => {
      const started = performance.now();
      store.apply(change, stream.now());
      this.#chooseRegistration(change.changed);
      this.#alarm(change);
      updated.update((count) => count + 1);
      overlay.look.version += 1;
      overlay.draw();
      overlay.updateMs = performance.now() - started;
      this.#follow();
    });
    setInterval(() => {
      if (!document.hidden) ticked.update((count) => count + 1);
    }, TICK_MS);
    addEventListener("online", () => stream.retry());
    document.addEventListener("visibilitychange", () => !document.hidden && stream.retry());
    selection.following.watch(() => this.#follow());
    viewport.start();
    selection.chosen.watch(want);
    filter.watch(() => {
      filtering = true;
      want();
    });
  }

  /** Keep the chosen flight in the middle, if asked to. */
  #follow(): void {
    const { selection, store, base, stream } = this.context;
    const icao24 = selection.chosen.get();
    if (!selection.following.get() || icao24 === null) return;
    const slot = store.slotOf(icao24);
    if (slot === undefined) return;
    base.centreOn(...store.placeAt(slot, stream.now()));
  }

  /** tar1090's ?reg= names a flight that is known only once it is seen. */
  #chooseRegistration(changed: readonly Flight[]): void {
    if (this.#registration === null) return;
    const found = changed.find(({ registration }) => registration === this.#registration);
    if (!found) return;
    this.#registration = null;
    this.context.selection.choose(found.icao24);
  }

  readonly #emergencies = new Emergencies();

  /** Emergencies stand in the title, and are said once each. */
  #alarm(change: Change): void {
    for (const flight of this.#emergencies.apply(change)) {
      this.context.announce(`${emergencyOf(flight)}: ${flight.callsign ?? flight.icao24}`);
    }
    const alarms = this.#emergencies.now.size;
    const title = alarms ? `⚠ ${alarms === 1 ? "Emergency" : `${alarms} emergencies`} · ${TITLE}` : TITLE;
    if (document.title !== title) document.title = title;
  }
}

function darkness(theme: Value<"auto" | "dark" | "light">): Value<boolean> {
  const system = matchMedia("(prefers-color-scheme: light)");
  const is = (): boolean => (theme.get() === "auto" ? !system.matches : theme.get() === "dark");
  const dark = new Value(is());
  theme.watch(() => dark.set(is()));
  system.addEventListener("change", () => dark.set(is()));
  return dark;
}

function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
