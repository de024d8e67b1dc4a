// Land, coast and borders out of world-atlas (Natural Earth, public domain) as plain GeoJSON.

import { createRequire } from "node:module";
import { feature, mesh } from "topojson-client";
import { closeOverPole, near, unwrap, unwrapPolygon } from "./unwrap.mjs";

const require = createRequire(import.meta.url);
// A segment along the edge of the planar map is a cut, not a coast.
const EDGE = 179.999;
const POLE = -89.99;

/** @param {"50m" | "110m" | "10m"} scale */
export function landOf(scale) {
  const land = require(`world-atlas/land-${scale}.json`);
  const countries = require(`world-atlas/countries-${scale}.json`);
  const polygons = polygonsOf(feature(land, land.objects.land))
    .filter((rings) => !isNullIsland(rings[0]))
    .map(unwrapPolygon);
  return {
    land: collection(
      polygons.map((rings) => shape("Polygon", rings.map((ring) => closeOverPole(ring)))),
    ),
    coast: collection(
      polygons.flatMap((rings) => rings.flatMap(coastOf)).map((line) => shape("LineString", line)),
    ),
    border: collection(
      mesh(countries, countries.objects.countries, (a, b) => a !== b).coordinates.map((line) =>
        shape("LineString", near(unwrap(line), 0)),
      ),
    ),
  };
}

/** The polygons (each its rings) of whatever topojson gives for land. */
function polygonsOf(found) {
  const features = found.type === "FeatureCollection" ? found.features : [found];
  return features.flatMap(({ geometry }) =>
    geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates,
  );
}

/** Natural Earth's joke: a square kilometre of land where both coordinates are zero. */
function isNullIsland(ring) {
  return ring.every(([x, y]) => Math.abs(x) < 0.01 && Math.abs(y) < 0.01);
}

/** The parts of a ring that are coast: what runs along the edge of the map or the pole is not. */
function coastOf(ring) {
  const lines = [];
  let line = [ring[0]];
  for (let index = 1; index < ring.length; index++) {
    if (isCut(ring[index - 1], ring[index])) {
      if (line.length > 1) lines.push(line);
      line = [];
    }
    line.push(ring[index]);
  }
  if (line.length > 1) lines.push(line);
  return lines;
}

function isCut(a, b) {
  if (a[1] < POLE && b[1] < POLE) return true;
  return Math.abs(a[0]) >= EDGE && Math.abs(b[0]) >= EDGE && Math.abs(a[0] - b[0]) < 0.001;
}

function shape(type, coordinates) {
  return { type: "Feature", properties: {}, geometry: { type, coordinates } };
}

function collection(features) {
  return { type: "FeatureCollection", features };
}
