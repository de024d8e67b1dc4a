// What the colours mean: the altitudes they stand for, in the viewer's units.

import { colourOf, css, HIGHEST_FEET, LEGEND_FEET } from "../colour/altitude";
import type { Context } from "../context";
import { h } from "../core/dom";
import { bare, unitOf } from "../units/units";

const STEPS = 60;

export function legend({ settings }: Context): HTMLElement {
  const bar = h("div", { class: "legend-bar" });
  const marks = h("div", { class: "legend-marks" });
  const unit = h("span", { class: "muted" });
  const draw = (): void => {
    const palette = settings.palette.get();
    const units = settings.units.get();
    const colours = Array.from({ length: STEPS + 1 }, (_, step) => css(colourOf(along(step / STEPS), false, palette)));
    bar.style.background = `linear-gradient(90deg, ${colours.join(", ")})`;
    marks.replaceChildren(
      ...LEGEND_FEET.map((feet) => {
        const mark = h("span", {}, feet === 0 ? "0" : short(feet, units === "metric"));
        mark.style.left = `${share(feet) * 100}%`;
        return mark;
      }),
    );
    unit.textContent = `Altitude, ${unitOf("altitude", units)}`;
    bar.title = `0 to ${bare("altitude", HIGHEST_FEET, units)} ${unitOf("altitude", units)}`;
  };
  settings.palette.watch(draw);
  settings.units.watch(draw);
  return h("div", { class: "legend card", role: "img", "aria-label": "Colours by altitude" }, unit, h("div", { class: "legend-scale" }, bar, marks));
}

// The lower air is where colours change fast, so it gets more room.
const share = (feet: number): number => Math.sqrt(feet / HIGHEST_FEET);
const along = (part: number): number => part * part * HIGHEST_FEET;

function short(feet: number, metric: boolean): string {
  return metric ? `${(Math.round(feet * 0.03048) / 100).toFixed(1)}k` : `${feet / 1000}k`;
}
