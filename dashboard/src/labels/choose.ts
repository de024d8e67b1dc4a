// Which labels fit beside one another: the weightiest first, none over another.

export interface Wish {
  readonly icao24: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly weight: number;
}

const CELL = 64;

export function chooseLabels(wishes: readonly Wish[], most: number): string[] {
  const taken = new Map<string, Wish[]>();
  const chosen: string[] = [];
  for (const wish of [...wishes].sort((a, b) => b.weight - a.weight || (a.icao24 < b.icao24 ? -1 : 1))) {
    if (chosen.length >= most) break;
    if (wish.weight !== Infinity && overlaps(taken, wish)) continue;
    chosen.push(wish.icao24);
    for (const key of cells(wish)) taken.set(key, [...(taken.get(key) ?? []), wish]);
  }
  return chosen;
}

function overlaps(taken: ReadonlyMap<string, Wish[]>, wish: Wish): boolean {
  return cells(wish).some((key) =>
    taken.get(key)?.some(
      (other) =>
        Math.abs(other.left - wish.left) < Math.max(other.width, wish.width) &&
        Math.abs(other.top - wish.top) < (other.height + wish.height) / 2,
    ),
  );
}

function cells({ left, top, width, height }: Wish): string[] {
  const keys: string[] = [];
  for (let x = Math.floor((left - width) / CELL); x <= Math.floor((left + width) / CELL); x++) {
    for (let y = Math.floor((top - height) / CELL); y <= Math.floor((top + height) / CELL); y++) keys.push(`${x},${y}`);
  }
  return keys;
}
