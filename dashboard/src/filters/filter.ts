// Which flights are shown, by what the viewer asked for.

import { isEmergency, isMilitary } from "../flights/store";
import type { Flight } from "../stream/live";

/** How positions come about, as groups of the vocabulary's sources by what they begin with. */
export const SOURCE_GROUPS = {
  "": "Any", adsb: "ADS-B", adsr: "ADS-R", mlat: "MLAT", tisb: "TIS-B", adsc: "ADS-C", mode_s: "Mode S", hfdl: "HFDL", sim: "Simulated",
} as const;
export type SourceGroup = keyof typeof SOURCE_GROUPS;
export const WHERE = { "": "Anywhere", air: "In the air", ground: "On the ground" } as const;
export type Where = keyof typeof WHERE;

export interface Filter {
  /** Feet; null where open. */
  readonly lowest: number | null;
  readonly highest: number | null;
  /** Knots; null where open. */
  readonly slowest: number | null;
  readonly fastest: number | null;
  /** What type designators begin with. */
  readonly typecode: string;
  /** What callsigns begin with. */
  readonly callsign: string;
  readonly source: SourceGroup;
  readonly where: Where;
  readonly emergency: boolean;
  readonly military: boolean;
}

export const ALL: Filter = {
  lowest: null, highest: null, slowest: null, fastest: null, typecode: "", callsign: "", source: "", where: "", emergency: false, military: false,
};

export function isAll(filter: Filter): boolean {
  return (Object.keys(ALL) as (keyof Filter)[]).every((name) => filter[name] === ALL[name]);
}

export function fits(flight: Flight, filter: Filter): boolean {
  const { lowest, highest, slowest, fastest } = filter;
  // On the ground is as low as it gets.
  if (!within(flight.on_ground === true ? 0 : (flight.alt_baro ?? flight.alt_geom), lowest, highest)) return false;
  if (!within(flight.gs, slowest, fastest)) return false;
  if (filter.typecode && !flight.typecode?.startsWith(filter.typecode)) return false;
  if (filter.callsign && !flight.callsign?.startsWith(filter.callsign)) return false;
  if (filter.source && !flight.source?.startsWith(filter.source)) return false;
  if (filter.emergency && !isEmergency(flight)) return false;
  if (filter.military && !isMilitary(flight)) return false;
  return filter.where === "" || (filter.where === "ground") === (flight.on_ground === true);
}

/** What is unknown fits no band. */
function within(value: number | undefined, least: number | null, most: number | null): boolean {
  if (least === null && most === null) return true;
  return value !== undefined && (least === null || value >= least) && (most === null || value <= most);
}

/** In words, for the chip that takes it away. */
export function describe(filter: Filter): string {
  const parts = [band(filter.lowest, filter.highest, "above", "below", "ft"), band(filter.slowest, filter.fastest, "faster than", "slower than", "kt")];
  if (filter.typecode) parts.push(`type ${filter.typecode}`);
  if (filter.callsign) parts.push(`callsign ${filter.callsign}`);
  if (filter.source) parts.push(SOURCE_GROUPS[filter.source]);
  if (filter.where) parts.push(WHERE[filter.where].toLowerCase());
  if (filter.emergency) parts.push("emergencies");
  if (filter.military) parts.push("military");
  return parts.filter(Boolean).join(", ");
}

function band(least: number | null, most: number | null, above: string, below: string, unit: string): string {
  const said = (value: number): string => value.toLocaleString("en");
  if (least !== null && most !== null) return `${said(least)} to ${said(most)} ${unit}`;
  if (least !== null) return `${above} ${said(least)} ${unit}`;
  return most === null ? "" : `${below} ${said(most)} ${unit}`;
}
