// Whose data the map is.

import { h } from "../core/dom";

const link = (text: string, href: string): HTMLElement => h("a", { href, target: "_blank", rel: "noreferrer" }, text);

export function credit(): HTMLElement {
  return h(
    "div", { class: "credit" },
    link("Natural Earth", "https://www.naturalearthdata.com/"), " · ",
    link("GeoNames", "https://www.geonames.org/"), " (CC BY) · ",
    link("OurAirports", "https://ourairports.com/"), " · ",
    link("MapLibre", "https://maplibre.org/"), " · ",
    h("a", { href: "licences.txt", target: "_blank" }, "Licences"),
  );
}
