import { describe, expect, test } from "vitest";
import { colourOf } from "../src/colour/altitude";
import { latOf, lonOf, xOf, yOf } from "../src/core/mercator";
import { toScreen, worldCopies } from "../src/overlay/camera";
import { shapeOf } from "../src/silhouettes/choose";
import { SILHOUETTES } from "../src/silhouettes/shapes";
import { widened, wrapped } from "../src/view/viewport";

const named = (typecode?: string, category?: string): string | undefined =>
  SILHOUETTES[shapeOf({ icao24: "a", flight_id: "a", ...(typecode ? { typecode } : {}), ...(category ? { category } : {}) })]?.name;

test.each([
  ["A320", "twin_jet"], ["B738", "twin_jet"], ["B77W", "heavy_twin"], ["A359", "heavy_twin"], ["A388", "super_jet"],
  ["B744", "quad_jet"], ["MD11", "tri_jet"], ["CRJ9", "rear_jet"], ["C56X", "business_jet"], ["GLF6", "business_jet"],
  ["AT76", "turboprop"], ["DH8D", "turboprop"], ["C130", "quad_prop"], ["C172", "light_high"], ["P28A", "light_low"],
  ["SR22", "light_low"], ["BE58", "light_twin"], ["EC35", "helicopter"], ["R44", "helicopter"], ["H47", "heavy_helicopter"],
  ["EUFI", "delta_fighter"], ["F16", "fighter"], ["C17", "military_transport"], ["B52", "bomber"], ["V22", "tiltrotor"],
  ["Q9", "drone"], ["BALL", "balloon"], ["GLID", "glider"], ["GYRO", "gyrocopter"],
])("%s looks like a %s", (typecode, expected) => {
  expect(named(typecode)).toBe(expected);
});

test("an unknown type is drawn by its category, and without one as an arrow", () => {
  expect([named("ZZZZ", "A7"), named(undefined, "B1"), named("ZZZZ"), named(undefined, "A5")]).toEqual([
    "helicopter", "glider", "unknown", "heavy_twin",
  ]);
});

test("there are about twenty-five silhouettes, each within its cell", () => {
  expect(SILHOUETTES.length).toBeGreaterThanOrEqual(25);
  for (const { polygons, round } of SILHOUETTES) {
    for (const [x, y] of polygons.flat()) expect(Math.max(Math.abs(x), Math.abs(y)) + round).toBeLessThanOrEqual(1.1);
  }
});

describe("colours", () => {
  test("go from orange over green and blue to violet, as people know them", () => {
    const [low, green, high] = [colourOf(0, false, "usual"), colourOf(11000, false, "usual"), colourOf(40000, false, "usual")];
    expect(low[0]).toBeGreaterThan(low[2] + 100);
    expect(green[1]).toBeGreaterThan(Math.max(green[0], green[2]));
    expect(Math.min(high[0], high[2])).toBeGreaterThan(high[1] + 100);
  });

  test("are grey on the ground and where the altitude is unknown", () => {
    for (const [red, , blue] of [colourOf(30000, true, "usual"), colourOf(null, false, "usual")]) {
      expect(Math.abs(red - blue)).toBeLessThan(30);
    }
  });
});

describe("places on the screen", () => {
  const camera = { x: xOf(179), y: yOf(0), scale: 2048, width: 800, height: 600, zoom: 2 };

  test("a place beyond the antimeridian is beside, not across the world", () => {
    const [left, top] = toScreen(camera, xOf(-179), yOf(0));
    expect([Math.round(left), Math.round(top)]).toEqual([Math.round(400 + (2 / 360) * 2048), 300]);
  });

  test("a view wider than the world shows it more than once", () => {
    expect(worldCopies(camera)).toEqual([0]);
    expect(worldCopies({ ...camera, scale: 512 })).toEqual([-1, 0, 1]);
  });

  test("Mercator goes there and back", () => {
    expect([lonOf(xOf(-73.8)), latOf(yOf(40.6))].map((degrees) => Math.round(degrees * 1e9) / 1e9)).toEqual([-73.8, 40.6]);
  });
});

describe("the view asked for", () => {
  test("is a little more than what is seen", () => {
    expect(widened([0, 40, 10, 50])).toEqual([-1.5, 38.5, 11.5, 51.5]);
  });

  test("crosses the antimeridian with west above east, and goes all the way round", () => {
    expect(wrapped([170, -10, 195, 10])).toEqual([170, -10, -165, 10]);
    expect(wrapped([-200, -80, 170, 80])).toEqual([-180, -80, 180, 80]);
  });
});
