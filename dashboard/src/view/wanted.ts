// What is asked of the stream beside the box: the chosen flight wherever it is, and of the filter
// what the server can do. The rest is done in the browser, which judges all that comes.

import type { Filter } from "../filters/filter";
import type { View } from "../stream/client";
import type { Filter as ServerFilter } from "../stream/live";

// Nothing flies higher; the protocol's band has no open end.
const TOP_FEET = 150_000;

/** The server knows no unknown that fits, so it is asked only where we would not show one either. */
export function serverFilter(filter: Filter): ServerFilter | null {
  const asked: ServerFilter = {};
  // What is on the ground counts as altitude 0 here, and often reports none.
  if (filter.lowest !== null && filter.lowest > 0) asked.alt_baro = [filter.lowest, Math.max(filter.lowest, filter.highest ?? TOP_FEET)];
  if (filter.typecode) asked.typecode = filter.typecode;
  if (filter.callsign) asked.callsign = filter.callsign;
  if (filter.source) asked.source = filter.source;
  if (filter.emergency) asked.emergency = true;
  if (filter.where === "ground") asked.on_ground = true;
  return Object.keys(asked).length ? asked : null;
}

export function wanted(filter: Filter | null, chosen: string | null): Pick<View, "filter" | "follow"> {
  const asked = filter && serverFilter(filter);
  return { ...(asked ? { filter: asked } : {}), ...(chosen === null ? {} : { follow: [chosen] }) };
}
