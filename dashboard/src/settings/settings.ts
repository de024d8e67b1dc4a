// What the viewer chose, kept in this browser. Each setting is a value that tells when it changes.

import { Value } from "../core/value";
import type { PaletteName } from "../colour/altitude";
import type { UnitsName } from "../units/units";

export interface Settings {
  theme: "auto" | "dark" | "light";
  palette: PaletteName;
  units: UnitsName;
  clock: "utc" | "local";
  tableOpen: boolean;
  columns: readonly string[];
  sort: { column: string; descending: boolean };
  inView: boolean;
  labels: "off" | "some" | "all";
  eventsOpen: boolean;
  /** Whether the list of events tells of flights that come and go, too. */
  allEvents: boolean;
}

export const DEFAULTS: Settings = {
  theme: "auto",
  palette: "usual",
  units: "aviation",
  clock: "utc",
  tableOpen: true,
  columns: ["callsign", "typecode", "altitude", "rate", "speed", "age"],
  sort: { column: "altitude", descending: true },
  inView: true,
  labels: "some",
  eventsOpen: false,
  allEvents: false,
};

const KEY = "aerotrack.settings";

export type SettingValues = { readonly [Name in keyof Settings]: Value<Settings[Name]> };

/** The settings, with what was kept of them; a browser that keeps nothing gets the defaults. */
export function loadSettings(storage: Pick<Storage, "getItem" | "setItem"> | null): SettingValues {
  const kept = read(storage);
  const values = Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]) => {
      const found = kept[name];
      return [name, new Value(sameKind(found, value) ? found : value)];
    }),
  ) as unknown as SettingValues;
  const save = (): void => {
    const now = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.get()]));
    try {
      storage?.setItem(KEY, JSON.stringify(now));
    } catch {
      // Full or forbidden: the settings hold for this visit.
    }
  };
  let started = false;
  for (const value of Object.values(values)) (value as Value<unknown>).watch(() => started && save());
  started = true;
  return values;
}

function read(storage: Pick<Storage, "getItem"> | null): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(storage?.getItem(KEY) ?? "{}");
    return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function sameKind(found: unknown, value: unknown): boolean {
  return typeof found === typeof value && Array.isArray(found) === Array.isArray(value) && found !== null;
}
