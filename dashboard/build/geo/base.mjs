// The base map as one archive of vector tiles: layers land, coast, border, place, airport.

import { GeoJSONVT } from "@maplibre/geojson-vt";
import { fromGeojsonVt } from "@maplibre/vt-pbf";
import { landOf } from "./land.mjs";
import { places } from "./places.mjs";
import { pmtiles } from "./pmtiles.mjs";

// Natural Earth's 10m is good for about zoom 7; beyond, MapLibre enlarges those tiles.
const MAX_ZOOM = 7;
// Up to here the coarser coast is enough: at zoom 4 a pixel is 10 km wide.
const COARSE_ZOOM = 3;
const OPTIONS = { extent: 4096, buffer: 96, tolerance: 3, indexMaxPoints: 0 };
export const ATTRIBUTION =
  'Natural Earth · <a href="https://www.geonames.org/">GeoNames</a> (CC BY 4.0) · OurAirports';

/** @param {{icao: string, iata: string, lon: number, lat: number, rank: number, zoom: number}[]} airports */
export function baseTiles(airports) {
  const tiles = new Map();
  shapes(tiles, landOf("50m"), 0, COARSE_ZOOM);
  shapes(tiles, landOf("10m"), COARSE_ZOOM + 1, MAX_ZOOM);
  points(tiles, "place", places());
  points(tiles, "airport", airports.map(airportPoint));
  const encoded = [...tiles.values()].map(({ z, x, y, layers }) => ({
    z,
    x,
    y,
    data: fromGeojsonVt(layers, { version: 2, extent: OPTIONS.extent }),
  }));
  return pmtiles(encoded, {
    minZoom: 0,
    maxZoom: MAX_ZOOM,
    metadata: {
      name: "AeroTrack base map",
      attribution: ATTRIBUTION,
      vector_layers: ["land", "coast", "border", "place", "airport"].map((id) => ({
        id,
        fields: {},
        minzoom: 0,
        maxzoom: MAX_ZOOM,
      })),
    },
  });
}

/** Put the tiles of each layer for a range of zooms into `tiles`. */
function shapes(tiles, layers, from, to) {
  for (const [name, collection] of Object.entries(layers)) {
    const index = new GeoJSONVT(collection, { ...OPTIONS, maxZoom: MAX_ZOOM, indexMaxZoom: to });
    take(tiles, name, index, from, to);
  }
}

/** Points that show from their own `zoom` on; each zoom has an index of those that do. */
function points(tiles, name, features) {
  for (let zoom = 0; zoom <= MAX_ZOOM; zoom++) {
    const shown = features.filter((one) => one.properties.zoom <= zoom);
    const collection = { type: "FeatureCollection", features: shown };
    if (!shown.length) continue;
    const index = new GeoJSONVT(collection, { ...OPTIONS, maxZoom: MAX_ZOOM, indexMaxZoom: zoom });
    take(tiles, name, index, zoom, zoom);
  }
}

function take(tiles, name, index, from, to) {
  for (let z = from; z <= to; z++) {
    for (let x = 0; x < 2 ** z; x++) {
      for (let y = 0; y < 2 ** z; y++) {
        const tile = index.getTile(z, x, y);
        if (!tile?.features.length) continue;
        const key = `${z}/${x}/${y}`;
        const held = tiles.get(key) ?? { z, x, y, layers: {} };
        held.layers[name] = tile;
        tiles.set(key, held);
      }
    }
  }
}

function airportPoint({ icao, iata, name, lon, lat, rank, zoom }) {
  return {
    type: "Feature",
    properties: { code: iata || icao, icao, name, rank, zoom },
    geometry: { type: "Point", coordinates: [lon, lat] },
  };
}
