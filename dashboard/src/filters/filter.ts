// Which flights are shown, by what the viewer asked for.

import { isEmergency, isMilitary } from "../flights/store";
import type { Flight } from "../stream/live";

export interface Filter {
  /** Feet; null where open. */
  readonly lowest: number | null;
  readonly highest: number | null;
  /** What type designators begin with. */
  readonly typecode: string;
  /** What callsigns begin with. */
  readonly callsign: string;
  readonly emergency: boolean;
  readonly military: boolean;
  readonly airborne: boolean;
}

export const ALL: Filter = {
  lowest: null, highest: null, typecode: "", callsign: "", emergency: false, military: false, airborne: false,
};

export function isAll(filter: Filter): boolean {
  return (Object.keys(ALL) as (keyof Filter)[]).every((name) => filter[name] === ALL[name]);
}

export function fits(flight: Flight, filter: Filter): boolean {
  const { lowest, highest } = filter;
  if (lowest !== null || highest !== null) {
    // On the ground is as low as it gets; an unknown altitude fits no band.
    const feet = flight.on_ground === true ? 0 : (flight.alt_baro ?? flight.alt_geom);
    if (feet === undefined) return false;
    if ((lowest !== null && feet < lowest) || (highest !== null && feet > highest)) return false;
  }
  if (filter.typecode && !flight.typecode?.startsWith(filter.typecode)) return false;
  if (filter.callsign && !flight.callsign?.startsWith(filter.callsign)) return false;
  if (filter.emergency && !isEmergency(flight)) return false;
  if (filter.military && !isMilitary(flight)) return false;
  return !(filter.airborne && flight.on_ground === true);
}

/** In words, for the chip that takes it away. */
export function describe(filter: Filter): string {
  const parts: string[] = [];
  const thousands = (feet: number): string => feet.toLocaleString("en");
  if (filter.lowest !== null && filter.highest !== null) parts.push(`${thousands(filter.lowest)} to ${thousands(filter.highest)} ft`);
  else if (filter.lowest !== null) parts.push(`above ${thousands(filter.lowest)} ft`);
  else if (filter.highest !== null) parts.push(`below ${thousands(filter.highest)} ft`);
  if (filter.typecode) parts.push(`type ${filter.typecode}`);
  if (filter.callsign) parts.push(`callsign ${filter.callsign}`);
  if (filter.emergency) parts.push("emergencies");
  if (filter.military) parts.push("military");
  if (filter.airborne) parts.push("airborne");
  return parts.join(", ");
}
