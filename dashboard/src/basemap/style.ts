// The map's style: layers over the built archive of tiles. There is no glyph server; labels are
// drawn with the page's own font.

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import { graticule } from "./graticule";
import type { MapTheme } from "./theme";

export const FONT = "Inter Variable";
const TEXT_FONT = [FONT];
/** From here on runways are drawn; below they are specks. */
export const RUNWAY_ZOOM = 10;

/** @param archive address of the tiles, absolute */
export function styleOf(theme: MapTheme, archive: string): StyleSpecification {
  return {
    version: 8,
    sources: {
      base: { type: "vector", url: `pmtiles://${archive}` },
      graticule: { type: "geojson", data: graticule() },
      runways: { type: "geojson", data: EMPTY },
      track: { type: "geojson", data: EMPTY },
    },
    layers: [...ground(theme), ...airfields(theme), ...labels(theme), ...track(theme)],
  };
}

const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** The track of the chosen flight, its colours as properties; where nobody saw it, dashed. */
function track(theme: MapTheme): LayerSpecification[] {
  const width: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 3, 1.6, 9, 2.6, 14, 3.4];
  return [
    {
      id: "track-case",
      type: "line",
      source: "track",
      filter: ["!", ["get", "gap"]],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": theme.halo, "line-opacity": 0.7, "line-width": ["interpolate", ["linear"], ["zoom"], 3, 3.2, 9, 4.6, 14, 5.6] },
    },
    {
      id: "track",
      type: "line",
      source: "track",
      filter: ["!", ["get", "gap"]],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": ["get", "colour"], "line-width": width },
    },
    {
      id: "track-gap",
      type: "line",
      source: "track",
      filter: ["get", "gap"],
      paint: { "line-color": theme.place, "line-width": 1.4, "line-dasharray": [1, 3] },
    },
  ];
}

function ground(theme: MapTheme): LayerSpecification[] {
  return [
    { id: "water", type: "background", paint: { "background-color": theme.water } },
    {
      id: "land",
      type: "fill",
      source: "base",
      "source-layer": "land",
      paint: { "fill-color": theme.land, "fill-antialias": false },
    },
    {
      id: "graticule",
      type: "line",
      source: "graticule",
      paint: { "line-color": theme.grid, "line-width": 1 },
    },
    {
      id: "coast",
      type: "line",
      source: "base",
      "source-layer": "coast",
      layout: { "line-join": "round" },
      paint: {
        "line-color": theme.coast,
        "line-width": ["interpolate", ["linear"], ["zoom"], 1, 0.5, 5, 0.9, 10, 1.4],
      },
    },
    {
      id: "border",
      type: "line",
      source: "base",
      "source-layer": "border",
      layout: { "line-join": "round" },
      paint: {
        "line-color": theme.border,
        "line-width": ["interpolate", ["linear"], ["zoom"], 1, 0.4, 5, 0.9, 10, 1.3],
        "line-dasharray": [3, 2],
      },
    },
  ];
}

function airfields(theme: MapTheme): LayerSpecification[] {
  return [
    {
      id: "runway",
      type: "line",
      source: "runways",
      minzoom: RUNWAY_ZOOM,
      layout: { "line-cap": "butt" },
      paint: {
        "line-color": theme.runway,
        // A runway of 45 m: 0.6 pixels at zoom 10 on 45 degrees, twice that at each further one.
        "line-width": ["interpolate", ["exponential", 2], ["zoom"], 10, 1.4, 12, 2.4, 18, 90],
      },
    },
    {
      id: "airport-dot",
      type: "circle",
      source: "base",
      "source-layer": "airport",
      minzoom: 5,
      maxzoom: 12,
      filter: visibleAirport,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 5, 1.6, 9, 2.6],
        "circle-color": theme.land,
        "circle-stroke-color": theme.airport,
        "circle-stroke-width": 1.1,
      },
    },
  ];
}

// Rank 0 from zoom 5, 1 from 7, 2 from 8.5, all from 10.
const visibleAirport: ExpressionSpecification = [
  "<=",
  ["get", "rank"],
  ["step", ["zoom"], 0, 7, 1, 8.5, 2, 10, 3],
];

function labels(theme: MapTheme): LayerSpecification[] {
  return [
    {
      id: "airport-label",
      type: "symbol",
      source: "base",
      "source-layer": "airport",
      minzoom: 6,
      filter: visibleAirport,
      layout: {
        "text-field": ["get", "code"],
        "text-font": TEXT_FONT,
        "text-size": 10.5,
        "text-variable-anchor": ["left", "right", "top", "bottom"],
        "text-radial-offset": 0.55,
        "text-letter-spacing": 0.04,
        "text-padding": 3,
        "symbol-sort-key": ["get", "rank"],
      },
      paint: { "text-color": theme.airport, "text-halo-color": theme.halo, "text-halo-width": 1.2 },
    },
    {
      id: "place-label",
      type: "symbol",
      source: "base",
      "source-layer": "place",
      filter: [">=", ["zoom"], ["get", "zoom"]],
      layout: {
        "text-field": ["get", "name"],
        "text-font": TEXT_FONT,
        "text-size": [
          "interpolate", ["linear"], ["zoom"],
          2, ["interpolate", ["linear"], ["get", "rank"], 500, 9, 720, 11],
          9, ["interpolate", ["linear"], ["get", "rank"], 400, 10.5, 700, 15],
        ],
        "text-max-width": 8,
        "text-padding": ["interpolate", ["linear"], ["zoom"], 2, 14, 6, 8, 10, 4],
        "symbol-sort-key": ["-", ["case", ["==", ["get", "capital"], 1], -60, 0], ["get", "rank"]],
      },
      paint: {
        "text-color": ["case", ["==", ["get", "capital"], 1], theme.capital, theme.place],
        "text-halo-color": theme.halo,
        "text-halo-width": 1.3,
      },
    },
  ];
}
