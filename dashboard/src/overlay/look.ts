// What is drawn beside the aircraft's own state: which are marked, hidden, in which colours.

import type { PaletteName } from "../colour/altitude";

export interface Look {
  palette: PaletteName;
  dark: boolean;
  /** Addresses with a ring round them. */
  selected: ReadonlySet<string>;
  hovered: string | null;
  /** Whether a flight is drawn; `null` draws all. */
  shows: ((slot: number) => boolean) | null;
  /** How much of the usual size. */
  scale: number;
  /** Goes up when anything above changes. */
  version: number;
}

/** What draws the aircraft: on the GPU, or without it. */
export interface Painter {
  readonly kind: "webgl" | "canvas";
  readonly canvas: HTMLCanvasElement;
  draw(camera: import("./camera").Camera, look: Look, now: number): void;
  /** Whether it draws less than all there is, and why. */
  readonly limit: number | null;
}
