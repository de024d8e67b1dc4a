// The base map: MapLibre GL over tiles that came with the page. North stays up, the world flat.

import "maplibre-gl/dist/maplibre-gl.css";
import baseUrl from "generated:base.pmtiles";
import runwaysUrl from "generated:runways.json";
import workerUrl from "package-file:maplibre-gl/dist/maplibre-gl-worker.mjs";
import { addProtocol, type GeoJSONSource, Map as MapLibre, setWorkerUrl } from "maplibre-gl";
import { Protocol } from "pmtiles";
import { latOf, lonOf, xOf, yOf } from "../core/mercator";
import type { Camera } from "../overlay/camera";
import { FONT, RUNWAY_ZOOM, styleOf } from "./style";
import { DARK, LIGHT } from "./theme";

const MOST_ZOOM = 17;
const LEAST_ZOOM = 1;
const FADE_MS = 120;
// Following moves once an update; a move that takes as long looks like one.
const FOLLOW_MS = 1000;

export interface Place {
  lon: number;
  lat: number;
  zoom: number;
}

export class BaseMap {
  readonly map: MapLibre;
  #dark: boolean;
  #runways: GeoJSON.FeatureCollection | null = null;
  /** CSS pixels. Asking the element would have the browser lay out the page, each frame. */
  #size: [width: number, height: number];

  constructor(container: HTMLElement, at: Place, dark: boolean) {
    this.#dark = dark;
    setWorkerUrl(addressOf(workerUrl));
    addProtocol("pmtiles", new Protocol().tile);
    this.map = new MapLibre({
      container,
      style: this.#style(),
      center: [at.lon, at.lat],
      zoom: at.zoom,
      minZoom: LEAST_ZOOM,
      maxZoom: MOST_ZOOM,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: FADE_MS,
      renderWorldCopies: true,
      localIdeographFontFamily: "sans-serif",
    });
    this.#size = [container.clientWidth, container.clientHeight];
    this.map.on("resize", () => {
      this.#size = [container.clientWidth, container.clientHeight];
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.on("zoomend", () => void this.#showRunways());
    this.map.on("style.load", () => void this.#showRunways());
  }

  /** Load the font before the first label is drawn: a label once drawn keeps its letters. */
  static async ready(): Promise<void> {
    await document.fonts.load(`16px "${FONT}"`);
  }

  setDark(dark: boolean): void {
    if (dark === this.#dark) return;
    this.#dark = dark;
    this.map.setStyle(this.#style());
  }

  /** Bring a place (Web Mercator) to the middle, calmly. */
  centreOn(x: number, y: number): void {
    this.map.easeTo({ center: [lonOf(x), latOf(y)], duration: FOLLOW_MS, easing: (share) => share });
  }

  camera(): Camera {
    const { lng, lat } = this.map.getCenter();
    const [width, height] = this.#size;
    const zoom = this.map.getZoom();
    return {
      x: xOf(lng),
      y: yOf(lat),
      scale: 512 * 2 ** zoom,
      width,
      height,
      zoom,
    };
  }

  #style(): ReturnType<typeof styleOf> {
    return styleOf(this.#dark ? DARK : LIGHT, addressOf(baseUrl));
  }

  /** Runways are loaded once somebody looks that close. */
  async #showRunways(): Promise<void> {
    if (this.map.getZoom() < RUNWAY_ZOOM - 0.5) return;
    this.#runways ??= await loadRunways();
    this.map.getSource<GeoJSONSource>("runways")?.setData(this.#runways);
  }
}

type Runway = [lonA: number, latA: number, lonB: number, latB: number, feet: number, a: string, b: string];

async function loadRunways(): Promise<GeoJSON.FeatureCollection> {
  const answer = await fetch(addressOf(runwaysUrl));
  const rows = (await answer.json()) as Runway[];
  return {
    type: "FeatureCollection",
    features: rows.map(([lonA, latA, lonB, latB]) => ({
      type: "Feature",
      properties: {},
      geometry: { type: "LineString", coordinates: [[lonA, latA], [lonB, latB]] },
    })),
  };
}

const addressOf = (asset: string): string => new URL(asset, import.meta.url).href;
