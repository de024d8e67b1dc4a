// The aircraft over the map: a canvas of its own, drawn when the map moves and, between, as often
// as the motion of the aircraft can be seen.

import { shortWay } from "../core/mercator";
import type { FlightStore } from "../flights/store";
import { type Camera, sizeAt, toScreen } from "./camera";
import { CanvasPainter } from "./canvas";
import type { Look, Painter } from "./look";
import { MARGIN, WebGlPainter } from "./webgl";

// A fast aircraft flies this many knots; what it moves in a frame decides how many there are.
const FAST_WORLDS_PER_S = 600 * 0.5144 / 40_075_016;
// Motion of less than this is not seen, CSS pixels.
const SEEN_PIXELS = 0.3;
const MOST_PER_S = 60;
// A correction decays over a second and wants to look smooth even where little else moves.
const LEAST_PER_S = 4;
const REDUCED_PER_S = 1;
// The reach of a finger or a mouse beyond the silhouette, CSS pixels.
const REACH_PIXELS = 8;

export class Overlay {
  readonly painter: Painter;
  readonly look: Look;
  #frame = 0;
  #lastDrawn = 0;
  /** Milliseconds the last frames took on the main thread, for whoever measures. */
  frameMs = 0;
  frames = 0;
  /** Milliseconds the last update of the picture took, all parts of the page together. */
  updateMs = 0;
  /** Called behind each frame: what is drawn beside the aircraft. */
  afterDraw: () => void = () => {};

  constructor(
    private readonly store: FlightStore,
    private readonly camera: () => Camera,
    private readonly now: () => number,
    look: Look,
    private readonly reducedMotion: () => boolean,
    { canvasOnly = false }: { canvasOnly?: boolean } = {},
  ) {
    this.look = look;
    this.painter = this.#painter(canvasOnly);
    this.painter.canvas.className = "aircraft";
    this.painter.canvas.style.inset = `${-MARGIN}px`;
    this.painter.canvas.style.width = `calc(100% + ${2 * MARGIN}px)`;
    this.painter.canvas.style.height = `calc(100% + ${2 * MARGIN}px)`;
    document.addEventListener("visibilitychange", () => this.#schedule());
    this.#schedule();
  }

  get canvas(): HTMLCanvasElement {
    return this.painter.canvas;
  }

  /** Draw at once: the map moved, or what is shown changed. */
  draw(): void {
    const started = performance.now();
    this.painter.draw(this.camera(), this.look, this.now());
    this.afterDraw();
    this.#lastDrawn = started;
    this.frameMs = performance.now() - started;
    this.frames += 1;
  }

  /** The aircraft at a place of the view, CSS pixels; the nearest, or nobody. */
  at(left: number, top: number): string | null {
    const camera = this.camera();
    const now = this.now();
    const radius = (sizeAt(camera.zoom) * this.look.scale) / 2 + REACH_PIXELS;
    let best: string | null = null;
    let nearest = radius;
    // Most are out of reach by a rough look at where their last fix was.
    const rough = (radius + 60) / camera.scale + FAST_WORLDS_PER_S * 15;
    const x = camera.x + (left - camera.width / 2) / camera.scale;
    const y = camera.y + (top - camera.height / 2) / camera.scale;
    for (let slot = 0; slot < this.store.count; slot++) {
      if (Math.abs((this.store.y[slot] as number) - y) > rough) continue;
      if (Math.abs(shortWay((this.store.x[slot] as number) - x)) > rough) continue;
      if (this.look.shows !== null && !this.look.shows(slot)) continue;
      const [atX, atY] = toScreen(camera, ...this.store.placeAt(slot, now));
      const away = Math.hypot(atX - left, atY - top);
      if (away < nearest) {
        nearest = away;
        best = this.store.flights[slot]?.icao24 ?? null;
      }
    }
    return best;
  }

  #painter(canvasOnly: boolean): Painter {
    if (!canvasOnly) {
      try {
        return new WebGlPainter(document.createElement("canvas"), this.store, () => this.draw());
      } catch (error) {
        console.info("AeroTrack: no WebGL2, drawing without it.", error);
      }
    }
    return new CanvasPainter(document.createElement("canvas"), this.store);
  }

  #schedule(): void {
    cancelAnimationFrame(this.#frame);
    if (document.hidden) return;
    this.#frame = requestAnimationFrame(() => this.#step());
  }

  #step(): void {
    const wait = 1000 / this.#perSecond();
    // Half a frame of slack, so that 30 a second are not 20.
    if (performance.now() - this.#lastDrawn >= wait - 8) this.draw();
    this.#schedule();
  }

  #perSecond(): number {
    if (this.reducedMotion()) return REDUCED_PER_S;
    const pixels = FAST_WORLDS_PER_S * this.camera().scale;
    return Math.max(LEAST_PER_S, Math.min(MOST_PER_S, pixels / SEEN_PIXELS));
  }
}
