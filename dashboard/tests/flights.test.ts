import { describe, expect, test } from "vitest";
import { xOf, yOf } from "../src/core/mercator";
import { correctionLeft, Flag, FlightStore, STALE_S } from "../src/flights/store";
import type { Flight } from "../src/stream/live";

const NOW = 1_764_000_000;
const one = (icao24: string, more: Partial<Flight> = {}): Flight => ({
  icao24, flight_id: `${icao24}-1`, lat: 50, lon: 8, track: 90, gs: 360, time_position: NOW, ...more,
});
const put = (store: FlightStore, changed: Flight[], now = NOW, replaced = false): void =>
  store.apply({ changed, gone: [], replaced, more: false, now }, now);

describe("the store", () => {
  test("moves an aircraft along its track, and not past stale", () => {
    const store = new FlightStore();
    put(store, [one("4ca2d6")]);
    const [x, y] = store.placeAt(0, NOW + 10);
    // 360 kt for ten seconds is one nautical mile: a sixtieth of a degree, wider on 50 degrees.
    expect((x - xOf(8)) * 360).toBeCloseTo(1 / 60 / Math.cos((50 * Math.PI) / 180), 3);
    expect(y).toBeCloseTo(yOf(50), 9);
    expect(store.placeAt(0, NOW + STALE_S + 100)).toEqual(store.placeAt(0, NOW + STALE_S));
  });

  test("lets the error of a correction decay instead of jumping", () => {
    const store = new FlightStore();
    put(store, [one("4ca2d6", { gs: 0 })]);
    put(store, [one("4ca2d6", { gs: 0, lat: 50.01, time_position: NOW + 1 })], NOW + 1);
    expect(store.placeAt(0, NOW + 1)[1]).toBeCloseTo(yOf(50), 9);
    expect(store.placeAt(0, NOW + 1.5)[1]).toBeCloseTo((yOf(50) + yOf(50.01)) / 2, 6);
    expect(store.placeAt(0, NOW + 2)[1]).toBeCloseTo(yOf(50.01), 9);
    expect([correctionLeft(0), correctionLeft(1), correctionLeft(5)]).toEqual([1, 0, 0]);
  });

  test("does not glide over half a continent", () => {
    const store = new FlightStore();
    put(store, [one("4ca2d6", { gs: 0 })]);
    put(store, [one("4ca2d6", { gs: 0, lat: 55 })], NOW + 1);
    expect(store.placeAt(0, NOW + 1)[1]).toBeCloseTo(yOf(55), 9);
  });

  test("keeps slots close together when aircraft leave", () => {
    const store = new FlightStore();
    put(store, [one("a00001"), one("a00002"), one("a00003", { lat: 20 })]);
    store.apply({ changed: [], gone: [{ icao24: "a00001", flight_id: "", reason: "stale" }], replaced: false, more: false, now: NOW }, NOW);
    expect(store.count).toBe(2);
    expect(store.flights.map(({ icao24 }) => icao24)).toEqual(["a00003", "a00002"]);
    expect(store.y[store.slotOf("a00003") as number]).toBe(yOf(20));
  });

  test("keeps what is in a new picture and drops the rest", () => {
    const store = new FlightStore();
    put(store, [one("a00001"), one("a00002")]);
    put(store, [one("a00002"), one("a00003")], NOW, true);
    expect(store.flights.map(({ icao24 }) => icao24).sort()).toEqual(["a00002", "a00003"]);
  });

  test("draws nobody whose position is unknown", () => {
    const store = new FlightStore();
    const { lat: _lat, lon: _lon, ...nowhere } = one("a00001");
    put(store, [nowhere]);
    expect(store.count).toBe(0);
  });

  test("grows past its first size", () => {
    const store = new FlightStore();
    put(store, Array.from({ length: 3000 }, (_, index) => one(index.toString(16).padStart(6, "0"), { lat: index / 100 })));
    expect(store.count).toBe(3000);
    expect(store.y[2999]).toBe(yOf(29.99));
  });

  test("marks emergencies by squawk and by report", () => {
    const store = new FlightStore();
    put(store, [one("a00001", { squawk: "7700" }), one("a00002", { emergency: "nordo" }), one("a00003", { emergency: "none" })]);
    expect([...store.flags.slice(0, 3)].map((flags) => flags & Flag.Emergency)).toEqual([Flag.Emergency, Flag.Emergency, 0]);
  });
});
