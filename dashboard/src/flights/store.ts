// Every aircraft of the picture as numbers in typed arrays, a slot each, close together: what
// drawing reads. Slots move when aircraft leave; hold an address, never a slot.

import { perKnot, shortWay, xOf, yOf } from "../core/mercator";
import { shapeOf } from "../silhouettes/choose";
import type { Change } from "../stream/client";
import type { Flight } from "../stream/live";

/** Seconds without a position after which nobody extrapolates it any further (docs: `stale`). */
export const STALE_S = 15;
/** Seconds over which the error of a correction decays. */
export const CORRECTION_S = 1;
// A correction of more than this many widths of the world (about 20 km) is not a correction.
const JUMP = 0.0005;
const FIRST_CAPACITY = 1024;

export const enum Flag {
  Ground = 1,
  Emergency = 2,
  Military = 4,
}

const EMERGENCY_SQUAWKS = new Set(["7500", "7600", "7700"]);

/** Whether something is wrong aboard, by squawk or by what the aircraft reports. */
export function isEmergency(flight: Flight): boolean {
  const { squawk, emergency } = flight;
  return (
    (squawk !== undefined && EMERGENCY_SQUAWKS.has(squawk)) ||
    (emergency !== undefined && emergency !== "none" && emergency !== "reserved")
  );
}

export const isMilitary = (flight: Flight): boolean => ((flight.db_flags ?? 0) & 1) === 1;

export class FlightStore {
  /** Aircraft with a position: the slots from 0 on that are in use. */
  count = 0;
  flights: Flight[] = [];
  /** Web Mercator of the last fix, and its speed in widths of the world a second. */
  x: Float64Array = new Float64Array(FIRST_CAPACITY);
  y: Float64Array = new Float64Array(FIRST_CAPACITY);
  vx: Float64Array = new Float64Array(FIRST_CAPACITY);
  vy: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** When the fix was, the server's epoch seconds. */
  fixAt: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** What the drawn place was off when the last fix came, which decays from `errorAt` on. */
  errorX: Float64Array = new Float64Array(FIRST_CAPACITY);
  errorY: Float64Array = new Float64Array(FIRST_CAPACITY);
  errorAt: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** Degrees clockwise from north. */
  heading: Float32Array = new Float32Array(FIRST_CAPACITY);
  /** Feet; NaN where it is not known. */
  altitude: Float32Array = new Float32Array(FIRST_CAPACITY);
  shape: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  flags: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  /** Goes up with every change, for whoever draws. */
  version = 0;
  readonly #slots = new Map<string, number>();

  slotOf(icao24: string): number | undefined {
    return this.#slots.get(icao24);
  }

  /** Take in what the stream says; `now` is the server's clock. */
  apply(change: Change, now: number): void {
    if (change.replaced) this.#keepOnly(change, now);
    for (const { icao24 } of change.gone) this.#remove(icao24);
    for (const flight of change.changed) this.#put(flight, now);
    this.version += 1;
  }

  /** Where the aircraft of a slot is drawn at a time: extrapolated, its correction half done. */
  placeAt(slot: number, now: number): [x: number, y: number] {
    const fixAt = this.fixAt[slot] as number;
    const ahead = Math.max(0, Math.min(now - fixAt, STALE_S));
    const left = correctionLeft(now - (this.errorAt[slot] as number));
    return [
      (this.x[slot] as number) + (this.vx[slot] as number) * ahead + (this.errorX[slot] as number) * left,
      (this.y[slot] as number) + (this.vy[slot] as number) * ahead + (this.errorY[slot] as number) * left,
    ];
  }

  /** A new picture replaces all, but what is in both moves on without a jump. */
  #keepOnly(change: Change, _now: number): void {
    const kept = new Set(change.changed.map(({ icao24 }) => icao24));
    for (const icao24 of [...this.#slots.keys()]) if (!kept.has(icao24)) this.#remove(icao24);
  }

  #put(flight: Flight, now: number): void {
    const { lat, lon } = flight;
    if (lat === undefined || lon === undefined) return this.#remove(flight.icao24);
    let slot = this.#slots.get(flight.icao24);
    const known = slot !== undefined;
    if (slot === undefined) {
      slot = this.count++;
      if (slot >= this.x.length) this.#grow();
      this.#slots.set(flight.icao24, slot);
    }
    this.flights[slot] = flight;
    const fixAt = flight.time_position ?? now;
    const [x, y] = [xOf(lon), yOf(lat)];
    const course = flight.track ?? flight.true_heading;
    const speed = flight.gs === undefined || course === undefined ? 0 : flight.gs * perKnot(lat);
    const angle = ((course ?? 0) * Math.PI) / 180;
    const [vx, vy] = [Math.sin(angle) * speed, -Math.cos(angle) * speed];
    if (known) this.#correct(slot, now, x, y, vx, vy, fixAt);
    else this.errorX[slot] = this.errorY[slot] = this.errorAt[slot] = 0;
    this.x[slot] = x;
    this.y[slot] = y;
    this.vx[slot] = vx;
    this.vy[slot] = vy;
    this.fixAt[slot] = fixAt;
    const onGround = flight.on_ground === true;
    // On the ground the nose says more than the track: a standing aircraft has none.
    this.heading[slot] = (onGround ? (flight.true_heading ?? course) : course) ?? 0;
    this.altitude[slot] = flight.alt_baro ?? flight.alt_geom ?? NaN;
    this.shape[slot] = shapeOf(flight);
    this.flags[slot] =
      (onGround ? Flag.Ground : 0) |
      (isEmergency(flight) ? Flag.Emergency : 0) |
      (isMilitary(flight) ? Flag.Military : 0);
  }

  /** Remember by how much the place drawn now differs from what the new fix says. */
  #correct(slot: number, now: number, x: number, y: number, vx: number, vy: number, fixAt: number): void {
    if (x === this.x[slot] && y === this.y[slot] && vx === this.vx[slot] && vy === this.vy[slot] && fixAt === this.fixAt[slot]) return;
    const [drawnX, drawnY] = this.placeAt(slot, now);
    const ahead = Math.max(0, Math.min(now - fixAt, STALE_S));
    const offX = shortWay(drawnX - (x + vx * ahead));
    const offY = drawnY - (y + vy * ahead);
    const jumps = Math.hypot(offX, offY) > JUMP;
    this.errorX[slot] = jumps ? 0 : offX;
    this.errorY[slot] = jumps ? 0 : offY;
    this.errorAt[slot] = now;
  }

  #remove(icao24: string): void {
    const slot = this.#slots.get(icao24);
    if (slot === undefined) return;
    this.#slots.delete(icao24);
    const last = --this.count;
    if (slot !== last) {
      for (const array of this.#arrays()) array[slot] = array[last] as number;
      const moved = this.flights[last] as Flight;
      this.flights[slot] = moved;
      this.#slots.set(moved.icao24, slot);
    }
    this.flights.length = last;
  }

  #arrays(): (Float64Array | Float32Array | Uint8Array)[] {
    return [
      this.x, this.y, this.vx, this.vy, this.fixAt, this.errorX, this.errorY, this.errorAt,
      this.heading, this.altitude, this.shape, this.flags,
    ];
  }

  #grow(): void {
    const size = this.x.length * 2;
    const larger64 = (old: Float64Array): Float64Array => copyInto(new Float64Array(size), old);
    this.x = larger64(this.x);
    this.y = larger64(this.y);
    this.vx = larger64(this.vx);
    this.vy = larger64(this.vy);
    this.fixAt = larger64(this.fixAt);
    this.errorX = larger64(this.errorX);
    this.errorY = larger64(this.errorY);
    this.errorAt = larger64(this.errorAt);
    this.heading = copyInto(new Float32Array(size), this.heading);
    this.altitude = copyInto(new Float32Array(size), this.altitude);
    this.shape = copyInto(new Uint8Array(size), this.shape);
    this.flags = copyInto(new Uint8Array(size), this.flags);
  }
}

function copyInto<T extends Float64Array | Float32Array | Uint8Array>(target: T, source: T): T {
  target.set(source);
  return target;
}

/** The share of a correction that is left, seconds after it: 1 falling smoothly to 0. */
export function correctionLeft(since: number): number {
  const done = Math.max(0, Math.min(1, since / CORRECTION_S));
  return 1 - done * done * (3 - 2 * done);
}
