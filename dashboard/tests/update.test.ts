import { describe, expect, test } from "vitest";
import { Emergencies, emergencyOf } from "../src/flights/emergencies";
import type { Flight, Gone } from "../src/stream/live";
import { COLUMNS, type Column } from "../src/table/columns";
import { Order } from "../src/table/order";

const one = (icao24: string, more: Partial<Flight> = {}): Flight => ({ icao24, flight_id: `${icao24}-1`, ...more });
const change = (changed: Flight[], gone: Gone[] = [], replaced = false) => ({ changed, gone, replaced });
const names = (flights: Flight[]): string[] => flights.map(({ icao24 }) => icao24);

describe("emergencies", () => {
  test("are told once each, until they are over and begin again", () => {
    const emergencies = new Emergencies();
    const flight = one("4ca2d6", { squawk: "7700" });
    expect(names(emergencies.apply(change([flight, one("4ca2d7")])))).toEqual(["4ca2d6"]);
    expect(emergencies.apply(change([flight]))).toEqual([]);
    expect([...emergencies.now]).toEqual(["4ca2d6"]);
    flight.squawk = "1000";
    emergencies.apply(change([flight]));
    expect(emergencies.now.size).toBe(0);
    flight.emergency = "minfuel";
    expect(names(emergencies.apply(change([flight])))).toEqual(["4ca2d6"]);
    expect(emergencyOf(flight)).toBe("Minimum fuel");
  });

  test("are over for who leaves, and not begun anew by a new picture", () => {
    const emergencies = new Emergencies();
    const flight = one("4ca2d6", { squawk: "7600" });
    emergencies.apply(change([flight]));
    expect(emergencies.apply(change([flight], [], true))).toEqual([]);
    expect(emergencies.now.size).toBe(1);
    emergencies.apply(change([], [{ icao24: "4ca2d6", flight_id: "4ca2d6-1", reason: "left_view" }]));
    expect(emergencies.now.size).toBe(0);
  });
});

describe("the order of the table", () => {
  const altitude = COLUMNS.find(({ id }) => id === "altitude") as Column;

  test("puts the unknown last either way, and equals by address", () => {
    const flights = [one("c", { alt_baro: 300 }), one("a"), one("b", { alt_baro: 300 }), one("d", { alt_baro: 100 })];
    const order = new Order();
    expect(names(order.sort(flights, altitude, false, 0))).toEqual(["d", "b", "c", "a"]);
    expect(names(order.sort(flights, altitude, true, 0))).toEqual(["b", "c", "d", "a"]);
  });

  test("follows flights that come, change and go", () => {
    const order = new Order();
    const low = one("a", { alt_baro: 100 });
    order.sort([low, one("b", { alt_baro: 200 })], altitude, false, 0);
    low.alt_baro = 900;
    expect(names(order.sort([low, one("c", { alt_baro: 300 })], altitude, false, 0))).toEqual(["c", "a"]);
    expect(names(order.sort([one("b", { alt_baro: 1000 }), low], altitude, false, 0))).toEqual(["a", "b"]);
  });
});
