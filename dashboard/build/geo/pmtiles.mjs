// Writes a PMTiles v3 archive (https://github.com/protomaps/PMTiles, spec v3): one file of vector
// tiles that the browser reads by ranges. Tiles that are the same are stored once.

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

const HEADER_BYTES = 127;
// The root directory has to lie within the first 16,384 bytes, header included.
const ROOT_LIMIT = 16_384 - HEADER_BYTES;
const GZIP = 2;
const MVT = 1;

/** The number of a tile along the Hilbert curves of all zooms. */
export function tileId(z, x, y) {
  let id = (4 ** z - 1) / 3;
  for (let size = 2 ** (z - 1); size >= 1; size /= 2) {
    const right = (x & size) > 0 ? 1 : 0;
    const lower = (y & size) > 0 ? 1 : 0;
    id += size * size * ((3 * right) ^ lower);
    if (lower === 0) {
      if (right === 1) {
        x = size - 1 - (x & (size - 1));
        y = size - 1 - (y & (size - 1));
      }
      [x, y] = [y, x];
    }
  }
  return id;
}

/**
 * @param {Iterable<{z: number, x: number, y: number, data: Uint8Array}>} tiles not compressed
 * @param {{minZoom: number, maxZoom: number, metadata: object}} about
 */
export function pmtiles(tiles, { minZoom, maxZoom, metadata }) {
  const sorted = [...tiles]
    .map(({ z, x, y, data }) => ({ id: tileId(z, x, y), data }))
    .sort((a, b) => a.id - b.id);
  const places = new Map();
  const bodies = [];
  let size = 0;
  const entries = [];
  for (const { id, data } of sorted) {
    const hash = createHash("sha256").update(data).digest("base64");
    let place = places.get(hash);
    if (!place) {
      const body = gzipSync(data, { level: 9 });
      place = { offset: size, length: body.length };
      places.set(hash, place);
      bodies.push(body);
      size += body.length;
    }
    const last = entries.at(-1);
    if (last && last.offset === place.offset && last.id + last.run === id) last.run += 1;
    else entries.push({ id, run: 1, ...place });
  }
  const { root, leaves } = directories(entries);
  const about = gzipSync(JSON.stringify(metadata));
  const header = headerOf({
    root: [HEADER_BYTES, root.length],
    metadata: [HEADER_BYTES + root.length, about.length],
    leaves: [HEADER_BYTES + root.length + about.length, leaves.length],
    tiles: [HEADER_BYTES + root.length + about.length + leaves.length, size],
    addressed: sorted.length,
    entries: entries.length,
    contents: bodies.length,
    minZoom,
    maxZoom,
  });
  return Buffer.concat([header, root, about, leaves, ...bodies]);
}

/** The root directory, alone or pointing to leaves where it would be too large. */
function directories(entries) {
  const alone = directory(entries);
  if (alone.length <= ROOT_LIMIT) return { root: alone, leaves: Buffer.alloc(0) };
  for (let size = 2048; ; size *= 2) {
    const leaves = [];
    const pointers = [];
    let offset = 0;
    for (let start = 0; start < entries.length; start += size) {
      const leaf = directory(entries.slice(start, start + size));
      pointers.push({ id: entries[start].id, run: 0, offset, length: leaf.length });
      leaves.push(leaf);
      offset += leaf.length;
    }
    const root = directory(pointers);
    if (root.length <= ROOT_LIMIT) return { root, leaves: Buffer.concat(leaves) };
  }
}

function directory(entries) {
  const bytes = [];
  const varint = (value) => {
    while (value > 0x7f) {
      bytes.push((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    bytes.push(value);
  };
  varint(entries.length);
  entries.forEach(({ id }, index) => varint(id - (index ? entries[index - 1].id : 0)));
  for (const { run } of entries) varint(run);
  for (const { length } of entries) varint(length);
  entries.forEach(({ offset }, index) => {
    const before = entries[index - 1];
    varint(before && offset === before.offset + before.length ? 0 : offset + 1);
  });
  return gzipSync(Buffer.from(bytes), { level: 9 });
}

function headerOf({ root, metadata, leaves, tiles, addressed, entries, contents, minZoom, maxZoom }) {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("PMTiles", 0, "latin1");
  header[7] = 3;
  [...root, ...metadata, ...leaves, ...tiles, addressed, entries, contents].forEach((value, index) =>
    header.writeBigUInt64LE(BigInt(value), 8 + 8 * index),
  );
  header[96] = 1; // tiles lie in the order of their numbers
  header[97] = GZIP; // of directories and metadata
  header[98] = GZIP; // of tiles
  header[99] = MVT;
  header[100] = minZoom;
  header[101] = maxZoom;
  // Bounds and centre, in ten-millionths of a degree.
  [-180, -85.0511287, 180, 85.0511287].forEach((degrees, index) =>
    header.writeInt32LE(Math.round(degrees * 1e7), 102 + 4 * index),
  );
  header[118] = 2;
  header.writeInt32LE(0, 119);
  header.writeInt32LE(0, 123);
  return header;
}
