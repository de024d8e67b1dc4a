// Labels beside the aircraft, in levels: who is chosen or pointed at always, the rest as the zoom
// and the viewer say, never over one another. Each text is drawn once and then copied.

import type { Context } from "../context";
import { shortWay } from "../core/mercator";
import { sizeAt, toScreen } from "../overlay/camera";
import type { Flight } from "../stream/live";
import { bare, unitOf } from "../units/units";
import { chooseLabels, type Wish } from "./choose";
import { Sprites } from "./sprites";

// "When near": callsigns from here on, a second line with altitude and speed from there.
const SOME_ZOOM = 7;
const SECOND_LINE_ZOOM = 8.5;
const MOST_LABELS = 250;

export class Labels {
  readonly canvas = document.createElement("canvas");
  readonly #sprites = new Sprites();
  #chosen: string[] = [];
  #chosenFor = "";

  constructor(private readonly context: Context) {
    this.canvas.className = "aircraft labels";
    context.overlay.afterDraw = () => this.#draw();
  }

  #draw(): void {
    const { overlay, store, base, stream, settings } = this.context;
    const camera = base.camera();
    const drawing = this.canvas.getContext("2d");
    if (!drawing) return;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    const [wide, high] = [Math.round(camera.width * ratio), Math.round(camera.height * ratio)];
    if (this.canvas.width !== wide || this.canvas.height !== high) {
      this.canvas.width = wide;
      this.canvas.height = high;
    }
    drawing.setTransform(1, 0, 0, 1, 0, 0);
    drawing.clearRect(0, 0, wide, high);
    const now = stream.now();
    const key = `${store.version} ${overlay.look.version} ${settings.labels.get()} ${camera.zoom.toFixed(2)} ${camera.x} ${camera.y}`;
    if (key !== this.#chosenFor) {
      this.#chosenFor = key;
      this.#chosen = this.#choose(now);
    }
    for (const icao24 of this.#chosen) {
      const slot = store.slotOf(icao24);
      const flight = slot === undefined ? undefined : store.flights[slot];
      if (slot === undefined || !flight) continue;
      const sprite = this.#sprites.of(this.#lines(flight, camera.zoom), overlay.look.dark, ratio);
      const [left, top] = toScreen(camera, ...store.placeAt(slot, now));
      // Beside the silhouette, and of whom is marked beside the ring.
      const ringed = overlay.look.selected.has(icao24) || overlay.look.hovered === icao24;
      const away = sizeAt(camera.zoom) * (ringed ? 0.95 : 0.55);
      drawing.drawImage(sprite, Math.round((left + away) * ratio), Math.round((top - away * 0.2) * ratio - sprite.height / 2));
    }
  }

  /** Who gets a label now: worked out once an update or move, not once a frame. */
  #choose(now: number): string[] {
    const { overlay, store, base, selection, settings } = this.context;
    const camera = base.camera();
    const level = settings.labels.get();
    const wanted = level === "all" || (level === "some" && camera.zoom >= SOME_ZOOM);
    const marked = new Set([selection.chosen.get(), selection.hovered.get()].filter((one) => one !== null));
    const wishes: Wish[] = [];
    const height = camera.zoom >= SECOND_LINE_ZOOM ? 28 : 15;
    const wish = (slot: number): void => {
      if (overlay.look.shows !== null && !overlay.look.shows(slot)) return;
      // A rough look before the exact place: most aircraft of a wide margin are out of view.
      if (Math.abs(shortWay((store.x[slot] as number) - camera.x)) * camera.scale > camera.width) return;
      const [left, top] = toScreen(camera, ...store.placeAt(slot, now));
      if (left < -80 || top < -20 || left > camera.width || top > camera.height + 20) return;
      const icao24 = store.flights[slot]?.icao24 ?? "";
      const altitude = store.altitude[slot] as number;
      wishes.push({ icao24, left, top, width: 64, height, weight: marked.has(icao24) ? Infinity : Number.isNaN(altitude) ? 0 : altitude });
    };
    if (wanted) {
      for (let slot = 0; slot < store.count; slot++) wish(slot);
    } else {
      for (const icao24 of marked) {
        const slot = store.slotOf(icao24);
        if (slot !== undefined) wish(slot);
      }
    }
    return chooseLabels(wishes, MOST_LABELS);
  }

  #lines(flight: Flight, zoom: number): string[] {
    const name = flight.callsign ?? flight.registration ?? flight.icao24;
    const marked = flight.icao24 === this.context.selection.chosen.get() || flight.icao24 === this.context.selection.hovered.get();
    if (zoom < SECOND_LINE_ZOOM && !marked) return [name];
    const units = this.context.settings.units.get();
    const altitude = flight.on_ground === true ? "ground" : bare("altitude", flight.alt_baro ?? flight.alt_geom, units);
    return [name, `${altitude}  ${bare("speed", flight.gs, units)} ${unitOf("speed", units)}`];
  }
}
