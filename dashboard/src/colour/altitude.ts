// Altitude to colour. The order and figures of the usual scale are those that people know from
// tar1090: orange on the way down, green, blue, violet up high.

export type Rgb = readonly [red: number, green: number, blue: number];
export type PaletteName = "usual" | "colour-blind";

// Hue by feet; between the stops it goes straight.
const HUES: readonly (readonly [feet: number, hue: number])[] = [
  [0, 20], [2000, 32.5], [4000, 43], [6000, 54], [8000, 72], [9000, 85],
  [11000, 140], [40000, 300], [51000, 360],
];
// Lightness by hue, so that yellow does not glare and blue is not lost.
const LIGHTNESS: readonly (readonly [hue: number, percent: number])[] = [
  [0, 53], [20, 50], [32, 54], [40, 52], [46, 51], [50, 46], [60, 43], [80, 41], [100, 41],
  [120, 41], [140, 41], [160, 40], [180, 40], [190, 44], [198, 50], [200, 58], [220, 58],
  [240, 58], [255, 55], [266, 55], [270, 58], [280, 58], [290, 47], [300, 43], [310, 48],
  [320, 48], [340, 52], [360, 53],
];
const SATURATION = 0.88;
// Dark to light with few hues, told apart with any kind of colour vision; its ends stay off the
// map's own darkest and lightest.
const SAFE: readonly (readonly [feet: number, colour: Rgb])[] = [
  [0, [255, 214, 84]], [8000, [246, 158, 70]], [16000, [224, 106, 106]],
  [24000, [178, 82, 160]], [32000, [112, 92, 200]], [42000, [72, 128, 224]], [51000, [96, 190, 255]],
];
const GROUND: Rgb = [140, 148, 160];
const UNKNOWN: Rgb = [178, 184, 192];

/** Where the legend puts its marks, feet. */
export const LEGEND_FEET = [0, 2000, 6000, 10000, 20000, 30000, 40000] as const;
export const HIGHEST_FEET = 45_000;

/** 0 to 255 each. `feet` is null where it is not known. */
export function colourOf(feet: number | null, onGround: boolean, palette: PaletteName): Rgb {
  if (onGround) return GROUND;
  if (feet === null) return UNKNOWN;
  return palette === "usual" ? usual(feet) : mixed(SAFE, feet);
}

export function css([red, green, blue]: Rgb): string {
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
}

function usual(feet: number): Rgb {
  const hue = along(HUES, feet);
  return fromHsl(hue, SATURATION, along(LIGHTNESS, hue) / 100);
}

function along(stops: readonly (readonly [number, number])[], at: number): number {
  const [before, after, share] = between(stops, at);
  return before + (after - before) * share;
}

function mixed(stops: readonly (readonly [number, Rgb])[], at: number): Rgb {
  const [before, after, share] = between(stops, at);
  const channel = (index: 0 | 1 | 2): number => before[index] + (after[index] - before[index]) * share;
  return [channel(0), channel(1), channel(2)];
}

/** The values of the stops around `at`, and how far between them it lies. */
function between<T>(stops: readonly (readonly [number, T])[], at: number): [T, T, number] {
  const last = stops[stops.length - 1] as readonly [number, T];
  let before = stops[0] as readonly [number, T];
  if (at <= before[0]) return [before[1], before[1], 0];
  for (const stop of stops) {
    if (at < stop[0]) return [before[1], stop[1], (at - before[0]) / (stop[0] - before[0])];
    before = stop;
  }
  return [last[1], last[1], 0];
}

function fromHsl(hue: number, saturation: number, lightness: number): Rgb {
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number): number => {
    const k = (offset + hue / 30) % 12;
    return 255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}
