// The page begins: styles, font, and the parts put together.

import "@fontsource-variable/inter";
import "./style/main.css";
import { App } from "./app";
import { BaseMap } from "./basemap/map";

void BaseMap.ready().then(() => {
  const root = document.getElementById("app");
  if (root) new App(root);
});
