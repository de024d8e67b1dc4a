// The silhouettes as one texture of signed distance fields, a byte a pixel: 128 on the outline,
// more inside. Distances are exact, from every pixel to every edge.

import { join } from "node:path";
import { build } from "esbuild";

/** @param {string} folder of shapes.ts; gives the bytes of the atlas, row by row */
export async function silhouetteAtlas(folder) {
  const shapes = await load(join(folder, "shapes.ts"));
  const { SILHOUETTES, CELL_PIXELS: cell, ATLAS_COLUMNS: columns } = shapes;
  const rows = Math.ceil(SILHOUETTES.length / columns);
  const width = columns * cell;
  const atlas = Buffer.alloc(width * rows * cell);
  SILHOUETTES.forEach((shape, index) => {
    const left = (index % columns) * cell;
    const top = Math.floor(index / columns) * cell;
    for (let y = 0; y < cell; y++) {
      for (let x = 0; x < cell; x++) {
        atlas[(top + y) * width + left + x] = valueAt(shape, x, y, shapes);
      }
    }
  });
  return atlas;
}

/** TypeScript read by Node: bundled in memory and imported from there. */
async function load(path) {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "warning",
  });
  const text = Buffer.from(outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${text}`);
}

function valueAt({ polygons, round }, x, y, { CELL_PIXELS, CELL_REACH, FIELD_PIXELS }) {
  const unit = (2 * CELL_REACH) / CELL_PIXELS;
  const point = [(x + 0.5) * unit - CELL_REACH, (y + 0.5) * unit - CELL_REACH];
  const distance = Math.max(...polygons.map((polygon) => insideDistance(polygon, point))) + round;
  const value = 128 + (distance / unit / FIELD_PIXELS) * 127;
  return Math.max(0, Math.min(255, Math.round(value)));
}

/** The distance to the polygon's outline, positive inside it. */
function insideDistance(polygon, [x, y]) {
  let nearest = Infinity;
  let inside = false;
  for (let index = 0; index < polygon.length; index++) {
    const [ax, ay] = polygon[index];
    const [bx, by] = polygon[(index + 1) % polygon.length];
    const [dx, dy] = [bx - ax, by - ay];
    const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
    nearest = Math.min(nearest, (x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2);
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
  }
  return inside ? Math.sqrt(nearest) : -Math.sqrt(nearest);
}
