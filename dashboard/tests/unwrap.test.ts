import { describe, expect, test } from "vitest";
import { closeOverPole, near, unwrap, unwrapPolygon } from "../build/geo/unwrap.mjs";

describe("rings over the antimeridian", () => {
  test("a ring without a jump stays the very same", () => {
    const ring = [[10, 50], [20, 50], [20, 60], [10, 50]];
    expect(unwrap(ring)).toBe(ring);
  });

  test("a jump from east to west goes on beyond 180", () => {
    expect(unwrap([[178, 65], [-178, 65], [-170, 66], [178, 65]])).toEqual([
      [178, 65], [182, 65], [190, 66], [178, 65],
    ]);
  });

  test("an unwrapped ring lies on the side most of it belongs to", () => {
    const [outer] = unwrapPolygon([[[-175, 65], [175, 65], [30, 60], [30, 70], [-175, 65]]]);
    expect(outer).toEqual([[185, 65], [175, 65], [30, 60], [30, 70], [185, 65]]);
  });

  test("a hole follows its outer ring", () => {
    expect(near([[-170, 1], [-169, 2]], 185)).toEqual([[190, 1], [191, 2]]);
  });

  test("a ring round the pole is closed over it", () => {
    const ring = unwrap([[-170, -70], [-60, -65], [60, -66], [170, -70], [-170, -70]]);
    const closed = closeOverPole(ring);
    expect(closed.slice(-3)).toEqual([[190, -90], [-170, -90], [-170, -70]]);
  });
});
