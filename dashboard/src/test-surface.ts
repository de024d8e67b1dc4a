// `window.aerotrack`: what tests and curious people may look at. Reading only changes nothing.

import type { Context } from "./context";
import { toScreen } from "./overlay/camera";

export interface TestSurface {
  readonly flights: number;
  readonly drawn: number;
  readonly painter: string;
  readonly state: string;
  readonly chosen: string | null;
  readonly frames: number;
  readonly frameMs: number;
  readonly updateMs: number;
  readonly idle: boolean;
  readonly camera: { lat: number; lon: number; zoom: number };
  /** Where a flight is drawn now, CSS pixels; null if it is not. */
  place(icao24: string): [left: number, top: number] | null;
  /** The layers of the base map at a place: land, coast, … */
  layersAt(lon: number, lat: number): string[];
  jump(lon: number, lat: number, zoom: number): void;
}

declare global {
  interface Window {
    aerotrack?: TestSurface;
  }
}

export function testSurface({ stream, store, overlay, base, selection }: Context): void {
  window.aerotrack = {
    get flights() { return stream.flights.size; },
    get drawn() { return store.count; },
    get painter() { return overlay.painter.kind; },
    get state() { return stream.status.state; },
    get chosen() { return selection.chosen.get(); },
    get frames() { return overlay.frames; },
    get frameMs() { return overlay.frameMs; },
    get updateMs() { return overlay.updateMs; },
    get idle() { return base.map.loaded() && base.map.areTilesLoaded() && !base.map.isMoving(); },
    get camera() {
      const { lng, lat } = base.map.getCenter();
      return { lat, lon: lng, zoom: base.map.getZoom() };
    },
    place(icao24) {
      const slot = store.slotOf(icao24);
      return slot === undefined ? null : toScreen(base.camera(), ...store.placeAt(slot, stream.now()));
    },
    layersAt(lon, lat) {
      return base.map.queryRenderedFeatures(base.map.project([lon, lat])).map(({ layer }) => layer.id);
    },
    jump(lon, lat, zoom) {
      base.map.jumpTo({ center: [lon, lat], zoom });
    },
  };
}
