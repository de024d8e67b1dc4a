// Numbers as people read them. What is not known is a dash, never a zero.

export type UnitsName = "aviation" | "metric" | "imperial";
export const UNKNOWN = "–";

interface Measure {
  readonly per: number;
  readonly unit: string;
  readonly digits: number;
}

interface UnitSystem {
  readonly altitude: Measure;
  readonly speed: Measure;
  readonly rate: Measure;
  readonly distance: Measure;
}

// From feet, knots, feet a minute, nautical miles.
const SYSTEMS: Readonly<Record<UnitsName, UnitSystem>> = {
  aviation: {
    altitude: { per: 1, unit: "ft", digits: 0 },
    speed: { per: 1, unit: "kt", digits: 0 },
    rate: { per: 1, unit: "ft/min", digits: 0 },
    distance: { per: 1, unit: "NM", digits: 1 },
  },
  metric: {
    altitude: { per: 0.3048, unit: "m", digits: 0 },
    speed: { per: 1.852, unit: "km/h", digits: 0 },
    rate: { per: 0.00508, unit: "m/s", digits: 1 },
    distance: { per: 1.852, unit: "km", digits: 1 },
  },
  imperial: {
    altitude: { per: 1, unit: "ft", digits: 0 },
    speed: { per: 1.150779, unit: "mph", digits: 0 },
    rate: { per: 1, unit: "ft/min", digits: 0 },
    distance: { per: 1.150779, unit: "mi", digits: 1 },
  },
};

export type Quantity = keyof UnitSystem;

const FORMATS = [0, 1, 2].map(
  (digits) => new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);

export function unitOf(quantity: Quantity, units: UnitsName): string {
  return SYSTEMS[units][quantity].unit;
}

/** The number alone, as in a table whose head names the unit. */
export function bare(quantity: Quantity, value: number | undefined | null, units: UnitsName): string {
  if (value === undefined || value === null || Number.isNaN(value)) return UNKNOWN;
  const { per, digits } = SYSTEMS[units][quantity];
  return (FORMATS[digits] as Intl.NumberFormat).format(value * per).replace("-", "−");
}

export function withUnit(quantity: Quantity, value: number | undefined | null, units: UnitsName): string {
  const text = bare(quantity, value, units);
  return text === UNKNOWN ? text : `${text} ${unitOf(quantity, units)}`;
}

export function degrees(value: number | undefined): string {
  return value === undefined ? UNKNOWN : `${String(Math.round(value) % 360).padStart(3, "0")}°`;
}

/** Seconds as a person says them: 0.4 s, 12 s, 3 min, 2 h. */
export function age(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

export function clockTime(epoch: number, clock: "utc" | "local"): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(clock === "utc" ? { timeZone: "UTC" } : {}),
  });
  return format.format(epoch * 1000) + (clock === "utc" ? " UTC" : "");
}

export function coordinates(lat: number, lon: number): string {
  const part = (value: number, positive: string, negative: string): string =>
    `${Math.abs(value).toFixed(4)}° ${value < 0 ? negative : positive}`;
  return `${part(lat, "N", "S")}, ${part(lon, "E", "W")}`;
}
