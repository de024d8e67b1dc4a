import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { backoff, FIRST_MS, MOST_MS } from "../src/stream/backoff";
import { ServerClock } from "../src/stream/clock";
import { LiveStream } from "../src/stream/stream";

/** A socket that the test plays the server of. */
class FakeSocket {
  static all: FakeSocket[] = [];
  sent: Record<string, unknown>[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.closed = true;
    this.onclose?.();
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const last = (): FakeSocket => FakeSocket.all.at(-1) as FakeSocket;
const welcome = { type: "welcome", protocol: 1, server: "aerotrack/0.1.0", epoch: "a", now: 0 };
const NOW = 1_764_000_000;

function opened(): LiveStream {
  const stream = new LiveStream({
    url: "http://example.test/radar/api/v1/live",
    WebSocket: FakeSocket as unknown as new (url: string) => WebSocket,
    random: () => 1,
  });
  stream.subscribe({ bbox: [0, 50, 10, 55], interval: 1 });
  last().say({ ...welcome, now: NOW });
  return stream;
}

beforeEach(() => {
  FakeSocket.all = [];
  vi.useFakeTimers({ now: NOW * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const flight = { icao24: "4ca2d6", flight_id: "4ca2d6-1", lat: 53, lon: 5, squawk: "1000" };

describe("the picture", () => {
  test("is asked for once the server has said welcome", () => {
    opened();
    expect(last().url).toBe("ws://example.test/radar/api/v1/live");
    expect(last().sent).toEqual([{ type: "subscribe", id: "s1", bbox: [0, 50, 10, 55], interval: 1 }]);
  });

  test("is replaced by a snapshot in parts and changed by deltas, gone first", () => {
    const stream = opened();
    last().say({ type: "snapshot", seq: 1, pos: 5, now: NOW, more: true, flights: [flight] });
    last().say({ type: "snapshot", seq: 2, pos: 5, now: NOW, flights: [{ ...flight, icao24: "3c6444" }] });
    last().say({
      type: "delta", seq: 3, pos: 6, now: NOW + 1,
      gone: [{ icao24: "3c6444", flight_id: "x", reason: "left_view" }],
      flights: [{ icao24: "4ca2d6", lat: 53.1, squawk: null }],
    });
    expect([...stream.flights.values()]).toEqual([
      { icao24: "4ca2d6", flight_id: "4ca2d6-1", lat: 53.1, lon: 5, time_position: NOW + 1, last_contact: NOW + 1 },
    ]);
  });

  test("takes a whole entry in place of what was held, without its mark", () => {
    const stream = opened();
    last().say({ type: "snapshot", seq: 1, pos: 5, now: NOW, flights: [flight] });
    last().say({ type: "delta", seq: 2, pos: 6, now: NOW, gone: [], flights: [{ full: true, icao24: "4ca2d6", flight_id: "4ca2d6-2" }] });
    expect(stream.flights.get("4ca2d6")).toEqual({ icao24: "4ca2d6", flight_id: "4ca2d6-2" });
  });

  test("is asked for anew after a gap in seq", () => {
    const stream = opened();
    last().say({ type: "snapshot", seq: 1, pos: 5, now: NOW, flights: [flight] });
    last().say({ type: "delta", seq: 3, pos: 9, now: NOW, gone: [], flights: [] });
    expect(stream.status.state).toBe("waiting");
    vi.advanceTimersByTime(FIRST_MS);
    last().say({ ...welcome });
    expect(last().sent.at(-1)).not.toHaveProperty("resume");
  });
});

describe("after a loss", () => {
  function lost(): LiveStream {
    const stream = opened();
    last().say({ type: "snapshot", seq: 1, pos: 5, now: NOW, flights: [flight] });
    vi.advanceTimersByTime(3000);
    last().say({ type: "delta", seq: 2, pos: 8, now: NOW + 3, gone: [], flights: [] });
    last().close();
    expect(stream.status).toMatchObject({ state: "waiting", attempts: 1 });
    expect(stream.flights.size).toBe(1);
    vi.advanceTimersByTime(FIRST_MS);
    return stream;
  }

  test("it resumes where it was, in the same run of the server", () => {
    const stream = lost();
    last().say({ ...welcome });
    expect(last().sent[0]).toMatchObject({ type: "subscribe", resume: { epoch: "a", pos: 8 } });
    last().say({ type: "delta", seq: 1, pos: 20, now: NOW + 4, gone: [], flights: [{ icao24: "4ca2d6", lat: 54 }] });
    expect(stream.flights.get("4ca2d6")?.lat).toBe(54);
  });

  test("it asks without where the server cannot resume, and does not try again", () => {
    lost();
    last().say({ ...welcome });
    const { id } = last().sent[0] as { id: string };
    last().say({ type: "error", code: "not_supported", message: "", id });
    expect(last().sent[1]).not.toHaveProperty("resume");
    expect(last().sent).toHaveLength(2);
  });

  test("it takes another run's snapshot for a new picture", () => {
    const stream = lost();
    last().say({ ...welcome, epoch: "b" });
    expect(last().sent[0]).not.toHaveProperty("resume");
    last().say({ type: "snapshot", seq: 1, pos: 1, now: NOW, flights: [] });
    expect(stream.flights.size).toBe(0);
  });

  test("a silent server is given up", () => {
    const stream = opened();
    vi.advanceTimersByTime(20_000);
    expect(last().sent.at(-1)).toEqual({ type: "ping" });
    vi.advanceTimersByTime(25_000);
    expect(FakeSocket.all.length).toBeGreaterThan(1);
    expect(stream.status.attempts).toBeGreaterThan(0);
  });

  test("waits double, up to a limit, and spread", () => {
    expect([0, 1, 2, 20].map((attempt) => backoff(attempt, () => 1))).toEqual([FIRST_MS, 2 * FIRST_MS, 4 * FIRST_MS, MOST_MS]);
    expect(backoff(0, () => 0)).toBe(FIRST_MS / 2);
  });
});

test("the server's clock is told by the quickest frame, and lag by the others", () => {
  const clock = new ServerClock();
  clock.heard(100, 105.2);
  clock.heard(101, 106.05);
  clock.heard(102, 107.35);
  expect(clock.at(110)).toBeCloseTo(104.95);
  expect(clock.lag).toBeCloseTo(0.3);
});
