// Web Mercator: the world as a unit square, x to the east from 180° W, y to the south.

// Past this the square ends.
export const MOST_LATITUDE = 85.051129;
const EARTH_METRES = 40_075_016.686;
const METRES_PER_SECOND = 1852 / 3600;

export const xOf = (lon: number): number => (lon + 180) / 360;

export function yOf(lat: number): number {
  const bounded = Math.max(-MOST_LATITUDE, Math.min(MOST_LATITUDE, lat));
  const sine = Math.sin((bounded * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

export const lonOf = (x: number): number => x * 360 - 180;

export const latOf = (y: number): number =>
  (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;

/** Widths of the world a second that one knot is at a latitude. */
export function perKnot(lat: number): number {
  const bounded = Math.max(-MOST_LATITUDE, Math.min(MOST_LATITUDE, lat));
  return METRES_PER_SECOND / (EARTH_METRES * Math.cos((bounded * Math.PI) / 180));
}

/** The difference of two x, the short way round the world: -0.5 to 0.5. */
export function shortWay(dx: number): number {
  return dx - Math.round(dx);
}
