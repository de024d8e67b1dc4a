// Which flights are in an emergency, kept as the picture changes: nobody searches all for them.

import type { Change } from "../stream/client";
import type { Flight } from "../stream/live";
import { isEmergency } from "./store";

const SQUAWKS: Readonly<Record<string, string>> = {
  "7500": "Unlawful interference",
  "7600": "Radio failure",
  "7700": "Emergency",
};
const STATES: Readonly<Record<string, string>> = {
  general: "Emergency", lifeguard: "Medical flight", minfuel: "Minimum fuel", nordo: "Radio failure",
  unlawful: "Unlawful interference", downed: "Aircraft down",
};

/** What is wrong aboard, in words; `null` where nothing is. */
export function emergencyOf(flight: Flight): string | null {
  if (!isEmergency(flight)) return null;
  const bySquawk = flight.squawk === undefined ? undefined : SQUAWKS[flight.squawk];
  const said = bySquawk ?? STATES[flight.emergency ?? ""] ?? "Emergency";
  return bySquawk ? `${said}, squawk ${flight.squawk}` : said;
}

export class Emergencies {
  /** Addresses of those in an emergency now. */
  readonly now = new Set<string>();

  /** Take in a change; gives the flights whose emergency begins with it. */
  apply({ changed, gone, replaced }: Pick<Change, "changed" | "gone" | "replaced">): Flight[] {
    const before = replaced ? new Set(this.now) : this.now;
    const begun: Flight[] = [];
    if (replaced) this.now.clear();
    for (const { icao24 } of gone) this.now.delete(icao24);
    for (const flight of changed) {
      if (!isEmergency(flight)) {
        this.now.delete(flight.icao24);
        continue;
      }
      if (!before.has(flight.icao24)) begun.push(flight);
      this.now.add(flight.icao24);
    }
    return begun;
  }
}
