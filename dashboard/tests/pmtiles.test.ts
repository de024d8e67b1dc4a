import { PMTiles, type RangeResponse, type Source } from "pmtiles";
import { describe, expect, test } from "vitest";
import { pmtiles, tileId } from "../build/geo/pmtiles.mjs";

class Memory implements Source {
  constructor(private readonly bytes: Uint8Array) {}
  getKey(): string {
    return "memory";
  }
  async getBytes(offset: number, length: number): Promise<RangeResponse> {
    const part = this.bytes.slice(offset, offset + length);
    return { data: new Uint8Array(part).buffer };
  }
}

const ABOUT = { minZoom: 0, maxZoom: 7, metadata: { name: "test" } };

describe("an archive of tiles", () => {
  test("numbers tiles along the Hilbert curve as the specification does", () => {
    expect([tileId(0, 0, 0), tileId(1, 0, 0), tileId(1, 0, 1), tileId(1, 1, 1), tileId(1, 1, 0)]).toEqual([0, 1, 2, 3, 4]);
    expect(tileId(12, 3423, 1763)).toBe(19078479);
  });

  test("gives every tile back, by the library that the page reads it with", async () => {
    const tiles = Array.from({ length: 64 }, (_, index) => ({
      z: 3, x: index % 8, y: Math.floor(index / 8), data: new TextEncoder().encode(`tile ${index % 5}`),
    }));
    const archive = new PMTiles(new Memory(pmtiles(tiles, ABOUT)));
    for (const { z, x, y, data } of tiles) {
      const tile = await archive.getZxy(z, x, y);
      expect(new TextDecoder().decode(tile?.data)).toBe(new TextDecoder().decode(data));
    }
    expect(await archive.getZxy(4, 0, 0)).toBeUndefined();
  });

  test("splits a directory that is too large for the root", async () => {
    const tiles = Array.from({ length: 16384 }, (_, index) => ({
      z: 7, x: index % 128, y: Math.floor(index / 128), data: new TextEncoder().encode(`${(index * 2654435761) % 2 ** 32}`),
    }));
    const archive = new PMTiles(new Memory(pmtiles(tiles, ABOUT)));
    const tile = await archive.getZxy(7, 77, 99);
    expect(new TextDecoder().decode(tile?.data)).toBe(`${((99 * 128 + 77) * 2654435761) % 2 ** 32}`);
  });
});
