// Keeps the page's address what the viewer sees, so that it can be sent to somebody.

import type { Context } from "../context";
import { type UrlView, writeUrl } from "./url";

// Browsers refuse more than about a hundred changes in half a minute.
const LEAST_MS = 500;

export class AddressBar {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #moved: boolean;

  constructor(
    private readonly context: Context,
    private readonly opened: UrlView,
  ) {
    this.#moved = opened.lat !== null;
    const { base, selection, filter } = context;
    let started = false;
    const soon = (): void => {
      if (started) this.#soon();
    };
    base.map.on("moveend", () => {
      this.#moved = true;
      soon();
    });
    selection.chosen.watch(soon);
    filter.watch(soon);
    started = true;
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, LEAST_MS);
  }

  #write(): void {
    const { base, selection, filter } = this.context;
    const { lng, lat } = base.map.getCenter().wrap();
    const at = this.#moved ? { lat, lon: lng, zoom: base.map.getZoom() } : { lat: null, lon: null, zoom: null };
    const view: UrlView = { ...this.opened, ...at, icao: selection.chosen.get(), reg: null, filter: filter.get() };
    const address = writeUrl(view);
    history.replaceState(null, "", address === "?" ? location.pathname : address);
  }
}
