// Texts drawn once each: copying a small picture is many times cheaper than drawing letters.

const FONT = '"Inter Variable", system-ui, sans-serif';
const SIZE = 11;
const LINE = 13;
const PAD = 3;
// Altitudes change all the time; the oldest texts go.
const MOST = 800;

export class Sprites {
  readonly #kept = new Map<string, HTMLCanvasElement>();

  of(lines: readonly string[], dark: boolean, ratio: number): HTMLCanvasElement {
    const key = `${dark} ${ratio} ${lines.join("\n")}`;
    let sprite = this.#kept.get(key);
    if (sprite) {
      this.#kept.delete(key);
    } else {
      sprite = draw(lines, dark, ratio);
      if (this.#kept.size >= MOST) this.#kept.delete(this.#kept.keys().next().value as string);
    }
    this.#kept.set(key, sprite);
    return sprite;
  }
}

function draw(lines: readonly string[], dark: boolean, ratio: number): HTMLCanvasElement {
  const sprite = document.createElement("canvas");
  const context = sprite.getContext("2d");
  if (!context) return sprite;
  const font = (line: number): string => `${line ? 450 : 600} ${SIZE}px ${FONT}`;
  const widths = lines.map((text, line) => {
    context.font = font(line);
    return context.measureText(text).width;
  });
  sprite.width = Math.ceil((Math.max(...widths) + 2 * PAD) * ratio);
  sprite.height = Math.ceil((lines.length * LINE + 2 * PAD) * ratio);
  context.scale(ratio, ratio);
  context.textBaseline = "top";
  context.lineJoin = "round";
  context.lineWidth = 3;
  lines.forEach((text, line) => {
    context.font = font(line);
    context.strokeStyle = dark ? "rgba(8, 13, 19, 0.85)" : "rgba(255, 255, 255, 0.9)";
    context.fillStyle = dark ? (line ? "#b4c2cf" : "#eef4fa") : line ? "#3d4a57" : "#111a24";
    context.strokeText(text, PAD, PAD + line * LINE);
    context.fillText(text, PAD, PAD + line * LINE);
  });
  return sprite;
}
