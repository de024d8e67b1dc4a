// Puts the parts together; only this module knows them all.

import { BaseMap } from "./basemap/map";
import { FlightStore } from "./flights/store";
import { h } from "./core/dom";
import type { Look } from "./overlay/look";
import { Overlay } from "./overlay/overlay";
import { LiveStream } from "./stream/stream";
import { Viewport } from "./view/viewport";

export class App {
  constructor(root: HTMLElement) {
    const store = new FlightStore();
    const stream = new LiveStream();
    const container = h("div", { class: "map" });
    root.append(container);
    const base = new BaseMap(container, { lon: 5, lat: 49, zoom: 4 }, true);
    const look: Look = {
      palette: "usual", dark: true, selected: new Set(), hovered: null, shows: null, scale: 1, version: 0,
    };
    const overlay = new Overlay(store, () => base.camera(), () => stream.now(), look, () => false);
    base.map.getCanvasContainer().after(overlay.canvas);
    base.map.on("render", () => overlay.draw());
    const viewport = new Viewport(base.map, stream);
    stream.on("change", (change) => store.apply(change, stream.now()));
    viewport.start();
  }
}
