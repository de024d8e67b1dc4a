// What part of the world the canvas shows. The map stays north up and flat, so this is all of it.

import { shortWay } from "../core/mercator";

export interface Camera {
  /** The middle of the view, Web Mercator. */
  readonly x: number;
  readonly y: number;
  /** CSS pixels that the width of the world takes. */
  readonly scale: number;
  /** CSS pixels of the view. */
  readonly width: number;
  readonly height: number;
  readonly zoom: number;
}

/** Where a place lies in the view, CSS pixels from its top left; of a round world the nearest. */
export function toScreen(camera: Camera, x: number, y: number): [left: number, top: number] {
  return [
    camera.width / 2 + shortWay(x - camera.x) * camera.scale,
    camera.height / 2 + (y - camera.y) * camera.scale,
  ];
}

/** The copies of the world that the view shows beside the nearest one: [0] or [-1, 0, 1] … */
export function worldCopies(camera: Camera): number[] {
  const beyond = Math.ceil(Math.max(0, camera.width / 2 / camera.scale - 0.5));
  return Array.from({ length: 2 * beyond + 1 }, (_, index) => index - beyond);
}

// Where they are small and many, and where they are few and looked at: pixels by zoom.
const SIZES: readonly (readonly [zoom: number, pixels: number])[] = [
  [1, 11], [3, 14], [5, 20], [7, 27], [9, 32], [12, 38], [16, 46],
];

/** Pixels across an airliner of medium size. */
export function sizeAt(zoom: number): number {
  let before = SIZES[0] as readonly [number, number];
  for (const stop of SIZES) {
    if (zoom < stop[0]) {
      const share = Math.max(0, (zoom - before[0]) / (stop[0] - before[0]));
      return before[1] + (stop[1] - before[1]) * share;
    }
    before = stop;
  }
  return before[1];
}
