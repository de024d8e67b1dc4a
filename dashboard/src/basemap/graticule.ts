// Meridians and parallels, every ten degrees.

const STEP = 10;
const HIGHEST = 80;

export function graticule(): GeoJSON.FeatureCollection<GeoJSON.LineString> {
  const lines: GeoJSON.Position[][] = [];
  for (let lon = -180; lon < 180; lon += STEP) {
    lines.push([[lon, -HIGHEST], [lon, HIGHEST]]);
  }
  for (let lat = -HIGHEST; lat <= HIGHEST; lat += STEP) {
    lines.push([[-180, lat], [180, lat]]);
  }
  return {
    type: "FeatureCollection",
    features: lines.map((coordinates) => ({
      type: "Feature",
      properties: {},
      geometry: { type: "LineString", coordinates },
    })),
  };
}
