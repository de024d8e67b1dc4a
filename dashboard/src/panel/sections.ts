// The parts of the panel, each from the flight alone: groups of named values, unknown ones left out.

import type { FlightDetails } from "../api/api";
import { SOURCES } from "../table/columns";
import { age, clockTime, coordinates, degrees, type UnitsName, withUnit } from "../units/units";

export interface Item {
  readonly name: string;
  readonly value: string;
  /** Which field it comes from, to tell its source and age. */
  readonly field?: string;
}

export interface Group {
  readonly title: string;
  readonly items: readonly Item[];
}

export interface Reading {
  readonly units: UnitsName;
  readonly clock: "utc" | "local";
  readonly now: number;
}

type Maybe = Item | null;

function text(name: string, value: string | number | undefined, field?: string): Maybe {
  if (value === undefined) return null;
  return field === undefined ? { name, value: String(value) } : { name, value: String(value), field };
}

const group = (title: string, items: Maybe[]): Group => ({ title, items: items.filter((item) => item !== null) });

export function groupsOf(flight: FlightDetails, { units, clock, now }: Reading): Group[] {
  const quantity = (name: string, kind: "altitude" | "speed" | "rate" | "distance", value: number | undefined, field: string): Maybe =>
    value === undefined ? null : { name, value: withUnit(kind, value, units), field };
  const angle = (name: string, value: number | undefined, field: string): Maybe =>
    value === undefined ? null : { name, value: degrees(value), field };
  const { lat, lon } = flight;
  return [
    group("Motion", [
      text("Position", lat === undefined || lon === undefined ? undefined : coordinates(lat, lon), "lat"),
      quantity("Geometric altitude", "altitude", flight.alt_geom, "alt_geom"),
      quantity("Selected altitude", "altitude", flight.nav_altitude_mcp ?? flight.nav_altitude_fms, "nav_altitude_mcp"),
      angle("Heading, true", flight.true_heading, "true_heading"),
      angle("Heading, magnetic", flight.mag_heading, "mag_heading"),
      quantity("Indicated airspeed", "speed", flight.ias, "ias"),
      quantity("True airspeed", "speed", flight.tas, "tas"),
      text("Mach", flight.mach?.toFixed(3), "mach"),
      text("Roll", flight.roll === undefined ? undefined : `${flight.roll.toFixed(1)}°`, "roll"),
      text("Phase", flight.phase),
      quantity("From the receiver", "distance", flight.r_dst, "r_dst"),
    ]),
    group("Identity", [
      text("Address", flight.icao24),
      text("Registration", flight.registration),
      text("Type", flight.desc ?? flight.typecode),
      text("Operator", flight.operator),
      text("State", flight.country === undefined ? undefined : regionName(flight.country)),
      text("Category", flight.category),
      text("Squawk", flight.squawk, "squawk"),
      text("First seen", flight.started === undefined ? undefined : clockTime(flight.started, clock)),
    ]),
    group("Signal and accuracy", [
      text("Source", flight.source === undefined ? undefined : (SOURCES[flight.source] ?? flight.source)),
      text("Feed", flight.feed),
      text("Receiver", flight.receiver),
      text("Signal", flight.rssi === undefined ? undefined : `${flight.rssi.toFixed(1)} dBFS`, "rssi"),
      text("Containment", flight.rc === undefined ? undefined : `within ${flight.rc.toLocaleString("en")} m`, "rc"),
      text("NIC, NACp, SIL", flight.nic === undefined && flight.nac_p === undefined ? undefined : [flight.nic, flight.nac_p, flight.sil].map((value) => value ?? "–").join(", "), "nic"),
      text("ADS-B version", flight.version, "version"),
      text("Last heard", flight.last_contact === undefined ? undefined : `${age(now - flight.last_contact)} ago`),
    ]),
  ].filter(({ items }) => items.length > 0);
}

/** The route in parts, each with what is known about how we know. */
export function routeOf(flight: FlightDetails): { from?: string; to?: string; how: string }[] {
  const routes: { from?: string; to?: string; how: string }[] = [];
  if (flight.route !== undefined) {
    const airports = flight.route.split("-");
    routes.push({ from: airports[0] ?? "", to: airports.at(-1) ?? "", how: "filed for this callsign" });
  }
  if (flight.est_departure !== undefined || flight.est_arrival !== undefined) {
    routes.push({
      ...(flight.est_departure === undefined ? {} : { from: flight.est_departure }),
      ...(flight.est_arrival === undefined ? {} : { to: flight.est_arrival }),
      how: "seen or estimated from the track",
    });
  }
  return routes;
}

function regionName(code: string): string {
  try {
    return new Intl.DisplayNames("en", { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}
