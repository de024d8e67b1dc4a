import { describe, expect, test } from "vitest";
import { isQuiet, summary, wordsOf } from "../src/events/lines";
import { ALL, describe as said, fits } from "../src/filters/filter";
import type { Event, Flight } from "../src/stream/live";
import { readUrl, writeUrl } from "../src/url/url";
import { serverFilter, wanted } from "../src/view/wanted";

const one = (more: Partial<Flight> = {}): Flight => ({ icao24: "4ca2d6", flight_id: "4ca2d6-1", ...more });
const event = (more: Partial<Event> = {}): Event => ({ type: "event", seq: 1, pos: 1, now: 10, event: "takeoff", icao24: "4ca2d6", flight_id: "4ca2d6-1", ts: 9, ...more });

describe("what is asked of the server", () => {
  test("is nothing where all is shown, and the chosen flight wherever it is", () => {
    expect(wanted(ALL, null)).toEqual({});
    expect(wanted(ALL, "4ca2d6")).toEqual({ follow: ["4ca2d6"] });
  });

  test("leaves to the browser what would lose flights that fit", () => {
    expect(serverFilter({ ...ALL, highest: 10_000, where: "air", military: true, slowest: 100 })).toBeNull();
    expect(fits(one({ on_ground: true }), { ...ALL, highest: 10_000 })).toBe(true);
  });

  test("names all the server can do", () => {
    expect(serverFilter({ ...ALL, lowest: 1000, typecode: "A32", callsign: "RYR", source: "adsb", emergency: true, where: "ground" })).toEqual({
      alt_baro: [1000, 150_000], typecode: "A32", callsign: "RYR", source: "adsb", emergency: true, on_ground: true,
    });
  });
});

describe("the filter", () => {
  test("by speed, source and where it is", () => {
    expect(fits(one({ gs: 300 }), { ...ALL, slowest: 200, fastest: 400 })).toBe(true);
    expect(fits(one(), { ...ALL, slowest: 200 })).toBe(false);
    expect(fits(one({ source: "mlat" }), { ...ALL, source: "adsb" })).toBe(false);
    expect(fits(one({ on_ground: true }), { ...ALL, where: "air" })).toBe(false);
    expect(said({ ...ALL, slowest: 200, where: "ground" })).toBe("faster than 200 kt, on the ground");
  });

  test("comes back from the address", () => {
    const filter = { ...ALL, slowest: 200, fastest: 400, source: "mlat", where: "air" } as const;
    expect(readUrl(writeUrl({ ...readUrl(""), filter })).filter).toEqual(filter);
    expect(readUrl("?source=constructor&where=x").filter).toEqual(ALL);
  });
});

describe("events", () => {
  test("are said in words, several in one sentence", () => {
    expect(wordsOf(event({ detail: "EIDW" }))).toBe("Took off, EIDW");
    expect(summary([event({ callsign: "RYR4TK" })])).toBe("RYR4TK: Took off");
    expect(summary([event({ event: "landing" }), event()])).toBe("2 events, the last 4ca2d6: Landed");
    expect([isQuiet(event({ event: "ended" })), isQuiet(event())]).toEqual([true, false]);
  });
});
