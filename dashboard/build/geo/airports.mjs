// Airports and runways (OurAirports, public domain): who is shown, in which order, and from where.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCsv } from "./csv.mjs";

// "large" alone includes closed fields and air bases, so rank goes by service and runway.
const LONG_RUNWAY_FT = 8_000;
const LEAST_RUNWAY_FT = 1_500;
const KINDS = new Set(["large_airport", "medium_airport", "small_airport"]);
// Zoom an airport shows from, by rank.
const ZOOM_BY_RANK = [4, 6, 7, 7];

/** @param {string} folder of OurAirports' airports.csv and runways.csv */
export function airports(folder) {
  const runways = parseCsv(readFileSync(join(folder, "runways.csv"), "utf8")).filter(
    (runway) => runway.closed === "0" && Number(runway.length_ft) >= LEAST_RUNWAY_FT,
  );
  const longest = new Map();
  for (const { airport_ident: ident, length_ft: length } of runways) {
    longest.set(ident, Math.max(longest.get(ident) ?? 0, Number(length)));
  }
  const found = parseCsv(readFileSync(join(folder, "airports.csv"), "utf8"))
    .filter((row) => KINDS.has(row.type) && longest.has(row.ident))
    .filter((row) => row.icao_code || row.iata_code)
    .map((row) => ({ row, rank: rankOf(row, longest.get(row.ident)) }));
  const shown = new Set(found.map(({ row }) => row.ident));
  return {
    airports: found.map(({ row, rank }) => airport(row, rank)).sort((a, b) => a.rank - b.rank),
    runways: runways
      .filter((runway) => shown.has(runway.airport_ident) && hasEnds(runway))
      .map((runway) => [
        ...["le_longitude_deg", "le_latitude_deg", "he_longitude_deg", "he_latitude_deg"].map(
          (name) => round(runway[name]),
        ),
        Math.round(Number(runway.width_ft) || 0),
        runway.le_ident,
        runway.he_ident,
      ]),
  };
}

/** 0 for what airlines serve with long runways, up to 3. */
function rankOf(row, runway) {
  const served = row.scheduled_service === "yes";
  if (served && row.type === "large_airport" && runway >= LONG_RUNWAY_FT) return 0;
  if (served && runway >= LONG_RUNWAY_FT / 2) return 1;
  return served || runway >= LONG_RUNWAY_FT ? 2 : 3;
}

function airport(row, rank) {
  return {
    icao: row.icao_code,
    iata: row.iata_code,
    name: row.name,
    city: row.municipality,
    country: row.iso_country,
    lon: round(row.longitude_deg),
    lat: round(row.latitude_deg),
    rank,
    zoom: ZOOM_BY_RANK[rank],
  };
}

function hasEnds(runway) {
  return Boolean(
    runway.le_longitude_deg && runway.le_latitude_deg && runway.he_longitude_deg && runway.he_latitude_deg,
  );
}

// Five decimals are a metre.
const round = (degrees) => Math.round(Number(degrees) * 1e5) / 1e5;
