// The view as the page's address, in the names that tar1090's links use, so that theirs work here.

import { ALL, type Filter, SOURCE_GROUPS, WHERE } from "../filters/filter";

export interface UrlView {
  readonly lat: number | null;
  readonly lon: number | null;
  readonly zoom: number | null;
  readonly icao: string | null;
  /** A registration to select once it is seen. */
  readonly reg: string | null;
  readonly filter: Filter;
  readonly kiosk: boolean;
  readonly hideSideBar: boolean;
  /** Names that are not ours stay in the address. */
  readonly others: URLSearchParams;
}

const OURS = ["lat", "lon", "zoom", "icao", "reg", "filterAltMin", "filterAltMax", "filterType", "filterCallSign", "kiosk", "hideSideBar", "mil", "emergency", "source", "where", "speedMin", "speedMax"];

export function readUrl(search: string): UrlView {
  const query = new URLSearchParams(search);
  const number = (name: string, least: number, most: number): number | null => {
    const text = query.get(name);
    const value = text === null || text === "" ? NaN : Number(text);
    return value >= least && value <= most ? value : null;
  };
  const others = new URLSearchParams(search);
  for (const name of OURS) others.delete(name);
  // tar1090 takes several addresses, split by commas: the first is shown.
  const icao = query.get("icao")?.split(",")[0]?.toLowerCase() ?? "";
  return {
    lat: number("lat", -85, 85),
    lon: number("lon", -540, 540),
    zoom: number("zoom", 0, 22),
    icao: /^~?[0-9a-f]{6}$/.test(icao) ? icao : null,
    reg: query.get("reg")?.split(",")[0]?.toUpperCase() || null,
    filter: {
      ...ALL,
      lowest: number("filterAltMin", -5000, 100_000),
      highest: number("filterAltMax", -5000, 100_000),
      typecode: (query.get("filterType") ?? "").toUpperCase(),
      callsign: (query.get("filterCallSign") ?? "").toUpperCase(),
      slowest: number("speedMin", 0, 5000),
      fastest: number("speedMax", 0, 5000),
      source: oneOf(query.get("source"), SOURCE_GROUPS),
      where: oneOf(query.get("where"), WHERE),
      military: query.has("mil"),
      emergency: query.has("emergency"),
    },
    kiosk: query.has("kiosk"),
    hideSideBar: query.has("hideSideBar"),
    others,
  };
}

function oneOf<T extends string>(text: string | null, names: Readonly<Record<T, string>>): T | "" {
  return text !== null && Object.hasOwn(names, text) ? (text as T) : "";
}

export function writeUrl(view: UrlView): string {
  const query = new URLSearchParams();
  const { lat, lon, zoom, icao, filter } = view;
  if (icao !== null) query.set("icao", icao);
  if (lat !== null && lon !== null && zoom !== null) {
    // Digits as the zoom needs them: a pixel at zoom 17 is a metre.
    const digits = Math.max(2, Math.min(5, Math.round(zoom / 3)));
    query.set("lat", lat.toFixed(digits));
    query.set("lon", lon.toFixed(digits));
    query.set("zoom", zoom.toFixed(1));
  }
  if (filter.lowest !== null) query.set("filterAltMin", String(filter.lowest));
  if (filter.highest !== null) query.set("filterAltMax", String(filter.highest));
  if (filter.typecode) query.set("filterType", filter.typecode);
  if (filter.callsign) query.set("filterCallSign", filter.callsign);
  if (filter.slowest !== null) query.set("speedMin", String(filter.slowest));
  if (filter.fastest !== null) query.set("speedMax", String(filter.fastest));
  if (filter.source) query.set("source", filter.source);
  if (filter.where) query.set("where", filter.where);
  if (filter.military) query.set("mil", "");
  if (filter.emergency) query.set("emergency", "");
  if (view.kiosk) query.set("kiosk", "");
  if (view.hideSideBar) query.set("hideSideBar", "");
  for (const [name, value] of view.others) query.append(name, value);
  return `?${query.toString().replace(/=(&|$)/g, "$1")}`;
}
