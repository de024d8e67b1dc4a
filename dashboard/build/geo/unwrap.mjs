// world-atlas is stitched over the antimeridian: a ring jumps from 180 to -180 between neighbours,
// and drawn on a plane it floods the map. Here such rings are made continuous (longitudes beyond
// 180 are fine: the tiler cuts the world at its edges); all others stay as they are.

const HALF = 180;
const TURN = 360;

/** The points with every jump over the antimeridian taken out; the same array where there is none. */
export function unwrap(points) {
  let shift = 0;
  let jumped = false;
  const out = points.map((point, index) => {
    if (index > 0) {
      const step = point[0] - points[index - 1][0];
      if (step > HALF) shift -= TURN;
      else if (step < -HALF) shift += TURN;
      if (Math.abs(step) > HALF) jumped = true;
    }
    return [point[0] + shift, point[1]];
  });
  return jumped ? out : points;
}

/** The points moved by whole turns so that their middle is nearest to `middle`. */
export function near(points, middle) {
  const turns = Math.round((middle - middleOf(points)) / TURN);
  return turns === 0 ? points : points.map(([x, y]) => [x + turns * TURN, y]);
}

/** The middle of the longitudes that the points reach. */
export function middleOf(points) {
  let least = Infinity;
  let most = -Infinity;
  for (const [x] of points) {
    if (x < least) least = x;
    if (x > most) most = x;
  }
  return (least + most) / 2;
}

/** Whether an unwrapped ring goes all the way round: Antarctica, round the pole. */
export function circlesPole(points) {
  return Math.abs(points.at(-1)[0] - points[0][0]) > HALF;
}

/** A ring for filling: one round the pole is closed over it. `ring` is unwrapped. */
export function closeOverPole(ring) {
  if (!circlesPole(ring)) return ring;
  const pole = ring[0][1] < 0 ? -90 : 90;
  const first = ring[0];
  const last = ring.at(-1);
  return [...ring, [last[0], pole], [first[0], pole], first];
}

/** A polygon's rings (the first is the outer one) made continuous, its holes beside the outer ring. */
export function unwrapPolygon(rings) {
  const outer = near(unwrap(rings[0]), 0);
  const middle = middleOf(outer);
  return [outer, ...rings.slice(1).map((ring) => near(unwrap(ring), middle))];
}
