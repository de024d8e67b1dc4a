// The columns of the table: what each shows and what it sorts by.

import { colourOf, css, type PaletteName } from "../colour/altitude";
import { isEmergency } from "../flights/store";
import type { Flight } from "../stream/live";
import { age, bare, degrees, type Quantity, UNKNOWN, unitOf, type UnitsName } from "../units/units";

export interface Showing {
  readonly units: UnitsName;
  readonly palette: PaletteName;
  readonly now: number;
}

export interface Column {
  readonly id: string;
  readonly title: string;
  /** What the head of the table adds: a unit. */
  readonly unit?: (units: UnitsName) => string;
  readonly width: number;
  readonly numeric: boolean;
  readonly text: (flight: Flight, showing: Showing) => string;
  /** What it is sorted by; unknown comes last either way. */
  readonly value: (flight: Flight, now: number) => string | number | undefined;
  readonly colour?: (flight: Flight, showing: Showing) => string | null;
}

function words(id: string, title: string, width: number, of: (flight: Flight) => string | undefined): Column {
  return { id, title, width, numeric: false, value: of, text: (flight) => of(flight) ?? UNKNOWN };
}

function quantity(id: string, title: string, width: number, kind: Quantity, of: (flight: Flight) => number | undefined): Column {
  return {
    id, title, width, numeric: true, value: of,
    unit: (units) => unitOf(kind, units),
    text: (flight, { units }) => bare(kind, of(flight), units),
  };
}

const altitudeOf = (flight: Flight): number | undefined =>
  flight.on_ground === true ? 0 : (flight.alt_baro ?? flight.alt_geom);

export const SOURCES: Readonly<Record<string, string>> = {
  adsb_icao: "ADS-B", adsb_icao_nt: "ADS-B", adsb_other: "ADS-B", adsr_icao: "ADS-R", adsr_other: "ADS-R",
  tisb_icao: "TIS-B", tisb_other: "TIS-B", tisb_trackfile: "TIS-B", adsc: "ADS-C", mlat: "MLAT", mode_s: "Mode S",
  mode_ac: "Mode A/C", hfdl: "HFDL", sim: "Simulated", other: "Other", unknown: "Unknown",
};

export const COLUMNS: readonly Column[] = [
  {
    ...words("callsign", "Callsign", 88, (flight) => flight.callsign),
    text: (flight) => flight.callsign ?? flight.registration ?? flight.icao24,
    colour: (flight) => (isEmergency(flight) ? "var(--alarm)" : null),
  },
  words("icao24", "Address", 72, (flight) => flight.icao24),
  words("registration", "Registration", 92, (flight) => flight.registration),
  words("typecode", "Type", 56, (flight) => flight.typecode),
  {
    ...quantity("altitude", "Altitude", 84, "altitude", altitudeOf),
    text: (flight, { units }) => (flight.on_ground === true ? "ground" : bare("altitude", altitudeOf(flight), units)),
    colour: (flight, { palette }) => css(colourOf(altitudeOf(flight) ?? null, flight.on_ground === true, palette)),
  },
  quantity("rate", "V. rate", 84, "rate", (flight) => flight.baro_rate ?? flight.geom_rate),
  quantity("speed", "Speed", 70, "speed", (flight) => flight.gs),
  {
    ...words("track", "Track", 58, () => undefined),
    numeric: true,
    value: (flight) => flight.track,
    text: (flight) => degrees(flight.track),
  },
  quantity("distance", "Distance", 84, "distance", (flight) => flight.r_dst),
  words("squawk", "Squawk", 66, (flight) => flight.squawk),
  words("route", "Route", 110, (flight) => flight.route),
  words("country", "State", 54, (flight) => flight.country),
  words("operator", "Operator", 150, (flight) => flight.operator),
  words("source", "Source", 84, (flight) => (flight.source === undefined ? undefined : (SOURCES[flight.source] ?? flight.source))),
  { ...quantity("signal", "Signal", 66, "altitude", (flight) => flight.rssi), unit: () => "dBFS", text: (flight) => flight.rssi?.toFixed(1) ?? UNKNOWN },
  words("feed", "Feed", 84, (flight) => flight.feed),
  {
    id: "age", title: "Age", width: 62, numeric: true,
    value: (flight, now) => (flight.last_contact === undefined ? undefined : now - flight.last_contact),
    text: (flight, { now }) => (flight.last_contact === undefined ? UNKNOWN : age(now - flight.last_contact)),
  },
];

export function columnsOf(ids: readonly string[]): Column[] {
  const found = ids.map((id) => COLUMNS.find((column) => column.id === id)).filter((column) => column !== undefined);
  return found.length ? found : COLUMNS.slice(0, 1);
}
