// Puts .gz and .br beside every text file, so that the server sends them without any work.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

// Below this the packed file saves nothing worth a file of its own.
const LEAST_BYTES = 1_400;
const PACKED = /\.(woff2|pmtiles|png|gz|br)$/;

export function compress(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || PACKED.test(entry.name)) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const body = readFileSync(path);
    if (body.length < LEAST_BYTES) continue;
    writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }));
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    };
    writeFileSync(`${path}.br`, brotliCompressSync(body, { params }));
  }
}
