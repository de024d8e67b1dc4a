// Draws aircraft without WebGL: fewer, but all there is to know about them.

import { colourOf, css } from "../colour/altitude";
import { Flag, type FlightStore } from "../flights/store";
import { outlineOf } from "../silhouettes/outline";
import { SILHOUETTES } from "../silhouettes/shapes";
import { type Camera, sizeAt, toScreen } from "./camera";
import type { Look, Painter } from "./look";
import { MARGIN } from "./webgl";

/** A frame of this many takes about 15 ms; more of them would stall the page. */
export const MOST_AIRCRAFT = 2000;

export class CanvasPainter implements Painter {
  readonly kind = "canvas";
  readonly limit = MOST_AIRCRAFT;
  readonly #context: CanvasRenderingContext2D;
  readonly #paths = SILHOUETTES.map((shape) => new Path2D(outlineOf(shape)));

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly store: FlightStore,
  ) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no 2D canvas either");
    this.#context = context;
  }

  draw(camera: Camera, look: Look, now: number): void {
    const context = this.#context;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    this.canvas.width = Math.round((camera.width + 2 * MARGIN) * ratio);
    this.canvas.height = Math.round((camera.height + 2 * MARGIN) * ratio);
    const size = (sizeAt(camera.zoom) / 2) * look.scale;
    let drawn = 0;
    for (let slot = 0; slot < this.store.count && drawn < MOST_AIRCRAFT; slot++) {
      if (look.shows !== null && !look.shows(slot)) continue;
      const [left, top] = toScreen(camera, ...this.store.placeAt(slot, now));
      if (left < -MARGIN || top < -MARGIN || left > camera.width + MARGIN || top > camera.height + MARGIN) continue;
      drawn += 1;
      context.setTransform(ratio, 0, 0, ratio, (left + MARGIN) * ratio, (top + MARGIN) * ratio);
      this.#one(slot, size, look);
    }
  }

  #one(slot: number, size: number, look: Look): void {
    const { store } = this;
    const context = this.#context;
    const flags = store.flags[slot] as number;
    const shape = SILHOUETTES[store.shape[slot] as number] ?? SILHOUETTES[0];
    const feet = store.altitude[slot] as number;
    const icao24 = store.flights[slot]?.icao24 ?? "";
    const pixels = size * shape.scale;
    if (flags & Flag.Emergency || look.selected.has(icao24) || look.hovered === icao24) {
      context.beginPath();
      context.arc(0, 0, pixels * 1.6, 0, 2 * Math.PI);
      context.lineWidth = 2;
      context.strokeStyle = flags & Flag.Emergency ? "#ff3b47" : look.dark ? "#fff" : "#101828";
      context.stroke();
    }
    if (shape.turns) context.rotate(((store.heading[slot] as number) * Math.PI) / 180);
    context.scale(pixels, pixels);
    const path = this.#paths[store.shape[slot] as number] as Path2D;
    context.lineJoin = "round";
    context.lineWidth = 2 / pixels + 2 * shape.round;
    context.strokeStyle = look.dark ? "#0a0f16" : "#1c222c";
    context.stroke(path);
    context.fillStyle = css(colourOf(Number.isNaN(feet) ? null : feet, (flags & Flag.Ground) !== 0, look.palette));
    context.fill(path);
    context.lineWidth = 2 * shape.round;
    context.strokeStyle = context.fillStyle;
    context.stroke(path);
  }
}
