// The silhouettes, drawn for AeroTrack: seen from above, nose up, x to the right, y down, within
// -1 to 1. Each is a union of polygons with rounded corners; the build makes distance fields of
// them for the map, and the page shows the same outlines as SVG.

export type Point = readonly [x: number, y: number];

/** Polygons whose union, grown by `round`, is the silhouette. */
export interface Silhouette {
  readonly name: string;
  readonly polygons: readonly (readonly Point[])[];
  readonly round: number;
  /** Size on the map, 1 for an airliner of medium size. */
  readonly scale: number;
  /** Whether it points where it flies; a balloon does not. */
  readonly turns: boolean;
}

/** A body along the axis: `half` is its half width, pointed over `nose` and `tail` lengths. */
function body(top: number, bottom: number, half: number, nose: number, tail: number): Point[] {
  return mirrored([
    [0, top],
    [half * 0.62, top + nose * 0.35],
    [half, top + nose],
    [half, bottom - tail],
    [half * 0.3, bottom],
    [0, bottom],
  ]);
}

/** A pair of wings: root from `top` over `chord`, tips at `span`, swept back by `sweep`. */
function wings(top: number, chord: number, span: number, sweep: number, tip: number): Point[] {
  return mirrored([
    [0, top],
    [span, top + sweep],
    [span, top + sweep + tip],
    [span * 0.34, top + chord * 0.92 + sweep * 0.12],
    [0, top + chord],
  ]);
}

/** Something on both sides: a box round `x`, from `top` to `bottom`. */
function pods(x: number, half: number, top: number, bottom: number): Point[][] {
  const right: Point[] = [
    [x - half, top],
    [x + half, top],
    [x + half * 0.7, bottom],
    [x - half * 0.7, bottom],
  ];
  return [right, right.map(([px, py]): Point => [-px, py]).reverse()];
}

function disc(x: number, y: number, radius: number, corners = 20): Point[] {
  return Array.from({ length: corners }, (_, index): Point => {
    const angle = (index / corners) * 2 * Math.PI;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

/** A blade through a point at an angle, degrees clockwise from up. */
function blade(x: number, y: number, radius: number, degrees: number, half = 0.025): Point[] {
  const angle = (degrees * Math.PI) / 180;
  const [ux, uy] = [Math.sin(angle), -Math.cos(angle)];
  const corner = (along: number, across: number): Point => [
    x + ux * along - uy * across,
    y + uy * along + ux * across,
  ];
  return [corner(-radius, -half), corner(radius, -half), corner(radius, half), corner(-radius, half)];
}

function mirrored(right: readonly Point[]): Point[] {
  const left = right
    .filter(([x]) => x > 0)
    .map(([x, y]): Point => [-x, y])
    .reverse();
  return [...right, ...left];
}

function silhouette(
  name: string,
  polygons: readonly (readonly Point[])[],
  { round = 0.03, scale = 1, turns = true }: { round?: number; scale?: number; turns?: boolean } = {},
): Silhouette {
  return { name, polygons, round, scale, turns };
}

/** In the order of their cells in the atlas; `shapeOf` gives indices into this. */
export const SILHOUETTES = [
  silhouette("unknown", [mirrored([[0, -0.82], [0.58, 0.72], [0, 0.4]])], { round: 0.06, scale: 0.8 }),
  silhouette("twin_jet", [
    body(-0.94, 0.92, 0.085, 0.26, 0.5),
    wings(-0.2, 0.36, 0.9, 0.46, 0.1),
    wings(0.62, 0.2, 0.34, 0.2, 0.07),
    ...pods(0.31, 0.06, -0.2, 0.06),
  ]),
  silhouette("heavy_twin", [
    body(-0.96, 0.95, 0.1, 0.26, 0.52),
    wings(-0.26, 0.46, 0.96, 0.56, 0.1),
    wings(0.6, 0.23, 0.38, 0.24, 0.08),
    ...pods(0.34, 0.08, -0.26, 0.08),
  ], { scale: 1.22 }),
  silhouette("quad_jet", [
    body(-0.97, 0.96, 0.09, 0.26, 0.5),
    wings(-0.26, 0.42, 0.96, 0.58, 0.09),
    wings(0.62, 0.22, 0.37, 0.24, 0.07),
    ...pods(0.32, 0.058, -0.24, 0.04),
    ...pods(0.62, 0.055, -0.02, 0.22),
  ], { scale: 1.28 }),
  silhouette("super_jet", [
    body(-0.94, 0.95, 0.13, 0.3, 0.55),
    wings(-0.34, 0.58, 0.98, 0.6, 0.1),
    wings(0.56, 0.27, 0.44, 0.26, 0.09),
    ...pods(0.34, 0.065, -0.3, 0),
    ...pods(0.65, 0.06, -0.06, 0.2),
  ], { scale: 1.4 }),
  silhouette("tri_jet", [
    body(-0.96, 0.94, 0.098, 0.26, 0.45),
    wings(-0.18, 0.42, 0.9, 0.52, 0.1),
    wings(0.6, 0.23, 0.38, 0.24, 0.08),
    ...pods(0.33, 0.07, -0.18, 0.1),
    body(0.5, 0.96, 0.09, 0.1, 0.1),
  ], { scale: 1.2 }),
  silhouette("rear_jet", [
    body(-0.95, 0.94, 0.075, 0.26, 0.34),
    wings(-0.06, 0.3, 0.76, 0.36, 0.08),
    wings(0.74, 0.17, 0.32, 0.14, 0.08),
    ...pods(0.17, 0.055, 0.36, 0.64),
  ], { scale: 0.94 }),
  silhouette("business_jet", [
    body(-0.86, 0.84, 0.075, 0.34, 0.34),
    wings(-0.02, 0.3, 0.72, 0.3, 0.08),
    wings(0.68, 0.15, 0.3, 0.14, 0.07),
    ...pods(0.16, 0.055, 0.32, 0.58),
  ], { scale: 0.82 }),
  silhouette("turboprop", [
    body(-0.86, 0.88, 0.085, 0.2, 0.5),
    wings(-0.22, 0.21, 0.94, 0.06, 0.11),
    wings(0.66, 0.17, 0.36, 0.06, 0.1),
    ...pods(0.34, 0.05, -0.42, 0.06),
    blade(0.34, -0.43, 0.17, 90, 0.012),
    blade(-0.34, -0.43, 0.17, 90, 0.012),
  ], { scale: 0.92 }),
  silhouette("quad_prop", [
    body(-0.84, 0.9, 0.12, 0.2, 0.5),
    wings(-0.26, 0.25, 0.98, 0.05, 0.12),
    wings(0.64, 0.2, 0.42, 0.06, 0.11),
    ...pods(0.3, 0.045, -0.46, 0),
    ...pods(0.58, 0.045, -0.42, 0),
    ...[-0.58, -0.3, 0.3, 0.58].map((x) => blade(x, Math.abs(x) < 0.4 ? -0.47 : -0.43, 0.12, 90, 0.012)),
  ], { scale: 1.08 }),
  silhouette("light_high", [
    body(-0.66, 0.72, 0.085, 0.14, 0.66),
    wings(-0.34, 0.24, 0.86, 0.04, 0.19),
    wings(0.54, 0.16, 0.33, 0.04, 0.11),
    blade(0, -0.7, 0.2, 90, 0.01),
  ], { scale: 0.66, round: 0.035 }),
  silhouette("light_low", [
    body(-0.72, 0.74, 0.085, 0.2, 0.6),
    wings(-0.3, 0.3, 0.82, 0.02, 0.24),
    wings(0.55, 0.17, 0.34, 0.02, 0.14),
    blade(0, -0.76, 0.2, 90, 0.01),
  ], { scale: 0.64, round: 0.035 }),
  silhouette("light_twin", [
    body(-0.84, 0.82, 0.085, 0.3, 0.54),
    wings(-0.24, 0.26, 0.88, 0.06, 0.13),
    wings(0.62, 0.17, 0.36, 0.06, 0.11),
    ...pods(0.3, 0.06, -0.46, 0.08),
    blade(0.3, -0.47, 0.17, 90, 0.012),
    blade(-0.3, -0.47, 0.17, 90, 0.012),
  ], { scale: 0.74 }),
  silhouette("glider", [
    body(-0.48, 0.64, 0.055, 0.2, 0.7),
    wings(-0.2, 0.14, 1.0, 0.03, 0.05),
    wings(0.54, 0.09, 0.24, 0.01, 0.06),
  ], { scale: 0.78, round: 0.022 }),
  silhouette("ultralight", [
    mirrored([[0, -0.42], [0.88, 0.12], [0.84, 0.2], [0.3, 0.08], [0, 0.16]]),
    body(-0.16, 0.5, 0.08, 0.1, 0.2),
    blade(0, 0.52, 0.22, 90, 0.01),
  ], { scale: 0.6 }),
  silhouette("helicopter", [
    body(-0.52, 0.32, 0.16, 0.3, 0.34),
    body(0.1, 0.92, 0.04, 0.05, 0.2),
    blade(0, 0.84, 0.16, 90, 0.025),
    blade(0, -0.12, 0.84, 45, 0.02),
    blade(0, -0.12, 0.84, 135, 0.02),
  ], { scale: 0.8, round: 0.025 }),
  silhouette("heavy_helicopter", [
    body(-0.74, 0.4, 0.17, 0.3, 0.4),
    body(0.1, 0.96, 0.055, 0.05, 0.2),
    blade(0, 0.86, 0.22, 90, 0.035),
    ...[0, 60, 120].map((degrees) => blade(0, -0.14, 0.86, degrees + 30, 0.022)),
  ], { scale: 0.98, round: 0.028 }),
  silhouette("tiltrotor", [
    body(-0.66, 0.74, 0.12, 0.24, 0.4),
    wings(-0.2, 0.22, 0.62, -0.02, 0.2),
    wings(0.6, 0.14, 0.32, 0, 0.14),
    ...pods(0.64, 0.06, -0.4, 0.14),
    ...[0.64, -0.64].flatMap((x) => [blade(x, -0.38, 0.32, 90, 0.018), blade(x, -0.38, 0.32, 30, 0.018), blade(x, -0.38, 0.32, 150, 0.018)]),
  ], { scale: 0.95, round: 0.025 }),
  silhouette("fighter", [
    body(-0.96, 0.74, 0.085, 0.5, 0.16),
    mirrored([[0, -0.36], [0.12, -0.22], [0.58, 0.26], [0.58, 0.4], [0.12, 0.44], [0, 0.44]]),
    mirrored([[0, 0.44], [0.14, 0.5], [0.38, 0.74], [0.38, 0.84], [0.1, 0.76], [0, 0.76]]),
  ], { scale: 0.8 }),
  silhouette("delta_fighter", [
    body(-0.95, 0.72, 0.08, 0.5, 0.14),
    mirrored([[0, -0.3], [0.1, -0.2], [0.62, 0.52], [0.6, 0.62], [0.12, 0.58], [0, 0.58]]),
    mirrored([[0, -0.54], [0.1, -0.5], [0.28, -0.34], [0.1, -0.36], [0, -0.36]]),
  ], { scale: 0.76 }),
  silhouette("military_transport", [
    body(-0.88, 0.9, 0.14, 0.24, 0.56),
    wings(-0.3, 0.36, 0.94, 0.42, 0.11),
    wings(0.64, 0.22, 0.42, 0.2, 0.1),
    ...pods(0.33, 0.055, -0.32, -0.02),
    ...pods(0.6, 0.055, -0.18, 0.1),
  ], { scale: 1.16 }),
  silhouette("bomber", [
    body(-0.92, 0.92, 0.075, 0.24, 0.3),
    wings(-0.34, 0.3, 1.0, 0.62, 0.1),
    wings(0.66, 0.2, 0.34, 0.2, 0.08),
    ...pods(0.38, 0.07, -0.22, 0.04),
    ...pods(0.68, 0.065, 0, 0.26),
  ], { scale: 1.22 }),
  silhouette("drone", [
    body(-0.62, 0.5, 0.075, 0.2, 0.4),
    wings(-0.08, 0.14, 1.0, 0.04, 0.06),
    mirrored([[0, 0.36], [0.3, 0.62], [0.26, 0.7], [0, 0.52]]),
  ], { scale: 0.8, round: 0.024 }),
  silhouette("balloon", [disc(0, -0.2, 0.6), [[-0.26, 0.34], [0.26, 0.34], [0.1, 0.62], [-0.1, 0.62]], [[-0.12, 0.72], [0.12, 0.72], [0.12, 0.88], [-0.12, 0.88]]], { scale: 0.72, turns: false }),
  silhouette("airship", [
    mirrored([[0, -0.94], [0.16, -0.82], [0.28, -0.5], [0.3, -0.1], [0.22, 0.4], [0.08, 0.8], [0, 0.86]]),
    mirrored([[0, 0.44], [0.34, 0.66], [0.34, 0.86], [0, 0.74]]),
  ], { scale: 1.2 }),
  silhouette("gyrocopter", [
    body(-0.46, 0.3, 0.13, 0.22, 0.24),
    body(0.1, 0.74, 0.03, 0.05, 0.1),
    blade(0, 0.68, 0.22, 90, 0.04),
    blade(0, -0.06, 0.86, 62, 0.025),
  ], { scale: 0.62, round: 0.03 }),
  silhouette("parachute", [
    mirrored([[0, -0.62], [0.44, -0.52], [0.76, -0.28], [0.8, -0.06], [0.4, -0.22], [0, -0.26]]),
    [[-0.7, -0.1], [-0.04, 0.56], [0.04, 0.56], [0.7, -0.1], [0.66, -0.1], [0, 0.5], [-0.66, -0.1]],
    disc(0, 0.66, 0.1, 12),
  ], { scale: 0.6, turns: false }),
  silhouette("ground_vehicle", [mirrored([[0, -0.5], [0.24, -0.46], [0.3, -0.3], [0.3, 0.46], [0.24, 0.5], [0, 0.5]])], { scale: 0.5, round: 0.05 }),
  silhouette("obstacle", [mirrored([[0, -0.7], [0.1, -0.6], [0.34, 0.6], [0, 0.6]]), [[-0.5, 0.56], [0.5, 0.56], [0.5, 0.68], [-0.5, 0.68]]], { scale: 0.5, turns: false }),
] as const satisfies readonly Silhouette[];

export type SilhouetteName = (typeof SILHOUETTES)[number]["name"];

/** Half the edge of an atlas cell, in the units of the outlines: room for an outline and a glow. */
export const CELL_REACH = 1.25;
/** Pixels of a cell's edge, and of distance that the field covers to either side of the outline. */
export const CELL_PIXELS = 64;
export const FIELD_PIXELS = 8;
export const ATLAS_COLUMNS = 8;
