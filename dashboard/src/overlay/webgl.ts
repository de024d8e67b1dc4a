// Draws aircraft with WebGL2, on a canvas of its own: the base map is not redrawn for a frame of
// motion, and 20,000 points cost one call.

import atlasUrl from "generated:silhouettes.bin";
import { colourOf, type PaletteName, type Rgb } from "../colour/altitude";
import { Flag, type FlightStore } from "../flights/store";
import { shortWay } from "../core/mercator";
import { ATLAS_COLUMNS, CELL_PIXELS, SILHOUETTES } from "../silhouettes/shapes";
import { type Camera, sizeAt, worldCopies } from "./camera";
import type { Look, Painter } from "./look";
import { ALARM_SHAPE, FRAGMENT, RING_SHAPE, VERTEX } from "./shaders";

/** CSS pixels drawn beyond the view: a point vanishes when its middle leaves the canvas. */
export const MARGIN = 40;
const FLOATS = 13;
const STRIDE = FLOATS * 4;
// A silhouette's cell is this much wider than the silhouette (CELL_REACH).
const CELL_TIMES = 1.25;
// Floats hold about seven digits: farther than this from the origin, in pixels, a pixel is lost.
const ORIGIN_PIXELS = 200_000;
const PULSE_S = 1.4;
const RING: Rgb = [255, 255, 255];
const RING_LIGHT: Rgb = [16, 24, 40];
const ALARM: Rgb = [255, 59, 71];
// Colours are looked up by altitude in steps of this many feet.
const STEP_FEET = 250;
const LOWEST_FEET = -1000;
const STEPS = 220;

export class WebGlPainter implements Painter {
  readonly kind = "webgl";
  readonly limit = null;
  readonly #gl: WebGL2RenderingContext;
  readonly #uniforms: Record<string, WebGLUniformLocation | null> = {};
  readonly #buffer: WebGLBuffer;
  #floats = new Float32Array(FLOATS * 1024);
  /** The same memory as whole words: a colour is one of them. */
  #words = new Uint32Array(this.#floats.buffer);
  #drawn = 0;
  #marks = 0;
  #origin: [x: number, y: number] = [0, 0];
  #base = 0;
  #filled = "";
  #colours: { palette: PaletteName; table: Uint32Array } | null = null;
  #ready = false;

  /** Throws where there is no WebGL2. `onReady` is called when it has something to show. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly store: FlightStore,
    onReady: () => void,
  ) {
    const gl = canvas.getContext("webgl2", {
      alpha: true,
      premultipliedAlpha: true,
      antialias: false,
      depth: false,
      powerPreference: "low-power",
    });
    if (!gl) throw new Error("no WebGL2");
    this.#gl = gl;
    const program = link(gl);
    gl.useProgram(program);
    for (const name of ["centre", "half", "scale", "copy", "now", "size", "ratio", "outline", "pulse", "atlas"]) {
      this.#uniforms[name] = gl.getUniformLocation(program, `u_${name}`);
    }
    this.#buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    [2, 2, 2, 2, 4].reduce((offset, size, location) => {
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, gl.FLOAT, false, STRIDE, offset * 4);
      return offset + size;
    }, 0);
    gl.enableVertexAttribArray(5);
    gl.vertexAttribPointer(5, 4, gl.UNSIGNED_BYTE, true, STRIDE, 48);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    void this.#loadAtlas().then(onReady);
  }

  draw(camera: Camera, look: Look, now: number): void {
    const gl = this.#gl;
    const ratio = this.#resize(camera);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.#ready) return;
    this.#fill(camera, look, now);
    const u = this.#uniforms;
    gl.uniform2f(u["centre"]!, shortWay(camera.x - this.#origin[0]), camera.y - this.#origin[1]);
    gl.uniform2f(u["half"]!, camera.width / 2 + MARGIN, camera.height / 2 + MARGIN);
    gl.uniform1f(u["scale"]!, camera.scale);
    gl.uniform1f(u["now"]!, now - this.#base);
    gl.uniform1f(u["size"]!, sizeAt(camera.zoom) * CELL_TIMES * look.scale);
    gl.uniform1f(u["ratio"]!, ratio);
    gl.uniform1f(u["pulse"]!, 0.5 + 0.5 * Math.sin((now / PULSE_S) * 2 * Math.PI));
    if (look.dark) gl.uniform4f(u["outline"]!, 0.02, 0.035, 0.06, 0.9);
    else gl.uniform4f(u["outline"]!, 0.1, 0.13, 0.18, 0.85);
    for (const copy of worldCopies(camera)) {
      gl.uniform1f(u["copy"]!, copy);
      if (this.#marks) gl.drawArrays(gl.POINTS, this.#drawn, this.#marks);
      if (this.#drawn) gl.drawArrays(gl.POINTS, 0, this.#drawn);
    }
  }

  async #loadAtlas(): Promise<void> {
    const answer = await fetch(new URL(atlasUrl, import.meta.url));
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const gl = this.#gl;
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    const width = ATLAS_COLUMNS * CELL_PIXELS;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, bytes.length / width, 0, gl.RED, gl.UNSIGNED_BYTE, bytes);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.uniform1i(this.#uniforms["atlas"]!, 0);
    this.#ready = true;
  }

  #resize({ width, height }: Camera): number {
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    const [wide, high] = [Math.round((width + 2 * MARGIN) * ratio), Math.round((height + 2 * MARGIN) * ratio)];
    if (this.canvas.width !== wide || this.canvas.height !== high) {
      this.canvas.width = wide;
      this.canvas.height = high;
    }
    this.#gl.viewport(0, 0, wide, high);
    return ratio;
  }

  /** Hand the GPU what changed since it was last told; a frame of motion needs nothing. */
  #fill(camera: Camera, look: Look, now: number): void {
    const off = Math.hypot(shortWay(camera.x - this.#origin[0]), camera.y - this.#origin[1]) * camera.scale;
    const wanted = `${this.store.version} ${look.version}`;
    if (wanted === this.#filled && off < ORIGIN_PIXELS) return;
    this.#filled = wanted;
    this.#origin = [camera.x, camera.y];
    this.#base = now;
    const { store } = this;
    this.#reserve(store.count * 2 + 1);
    let index = 0;
    for (let slot = 0; slot < store.count; slot++) {
      if (look.shows === null || look.shows(slot)) this.#write(index++, slot, look);
    }
    this.#drawn = index;
    for (let slot = 0; slot < store.count; slot++) {
      if ((store.flags[slot] as number) & Flag.Emergency) this.#mark(index++, slot, look, ALARM_SHAPE, ALARM, 2.1);
    }
    const ring = look.dark ? RING : RING_LIGHT;
    const marked = look.hovered === null ? [...look.selected] : [...look.selected, look.hovered];
    for (const icao24 of marked.slice(0, store.count)) {
      const slot = store.slotOf(icao24);
      if (slot !== undefined) this.#mark(index++, slot, look, RING_SHAPE, ring, 1.7, look.selected.has(icao24) ? 1 : 0.5);
    }
    this.#marks = index - this.#drawn;
    const gl = this.#gl;
    gl.bufferData(gl.ARRAY_BUFFER, this.#floats.subarray(0, index * FLOATS), gl.DYNAMIC_DRAW);
  }

  #write(index: number, slot: number, look: Look): void {
    const { store } = this;
    const floats = this.#floats;
    const at = index * FLOATS;
    floats[at] = (store.x[slot] as number) - this.#origin[0];
    floats[at + 1] = (store.y[slot] as number) - this.#origin[1];
    floats[at + 2] = store.vx[slot] as number;
    floats[at + 3] = store.vy[slot] as number;
    floats[at + 4] = store.errorX[slot] as number;
    floats[at + 5] = store.errorY[slot] as number;
    floats[at + 6] = (store.fixAt[slot] as number) - this.#base;
    floats[at + 7] = (store.errorAt[slot] as number) - this.#base;
    const shape = SILHOUETTES[store.shape[slot] as number] ?? SILHOUETTES[0];
    const onGround = ((store.flags[slot] as number) & Flag.Ground) !== 0;
    floats[at + 8] = shape.turns ? ((store.heading[slot] as number) * Math.PI) / 180 : 0;
    floats[at + 9] = store.shape[slot] as number;
    floats[at + 10] = shape.scale * (onGround ? 0.72 : 1);
    floats[at + 11] = 0;
    this.#words[at + 12] = this.#colourAt(slot, onGround, look.palette);
  }

  #mark(index: number, slot: number, look: Look, shape: number, colour: Rgb, times: number, alpha = 1): void {
    this.#write(index, slot, look);
    const at = index * FLOATS;
    this.#floats[at + 9] = shape;
    this.#floats[at + 10] = Math.max(0.9, this.#floats[at + 10] as number) * times;
    this.#words[at + 12] = word(colour, 255 * alpha);
  }

  #colourAt(slot: number, onGround: boolean, palette: PaletteName): number {
    if (this.#colours?.palette !== palette) this.#colours = { palette, table: colourTable(palette) };
    const feet = this.store.altitude[slot] as number;
    const step = onGround
      ? STEPS
      : Number.isNaN(feet)
        ? STEPS + 1
        : Math.max(0, Math.min(STEPS - 1, Math.round((feet - LOWEST_FEET) / STEP_FEET)));
    return this.#colours.table[step] as number;
  }

  #reserve(aircraft: number): void {
    if (this.#floats.length >= aircraft * FLOATS) return;
    this.#floats = new Float32Array(aircraft * FLOATS * 1.5);
    this.#words = new Uint32Array(this.#floats.buffer);
  }
}

/** Colours by step of altitude, then that of the ground and that of an unknown altitude. */
function colourTable(palette: PaletteName): Uint32Array {
  const table = new Uint32Array(STEPS + 2);
  for (let step = 0; step < STEPS; step++) {
    table[step] = word(colourOf(LOWEST_FEET + step * STEP_FEET, false, palette));
  }
  table[STEPS] = word(colourOf(null, true, palette));
  table[STEPS + 1] = word(colourOf(null, false, palette));
  return table;
}

/** The four bytes of a colour as the machine's word: what lies first in memory is red. */
function word([red, green, blue]: Rgb, alpha = 255): number {
  return new Uint32Array(Uint8Array.of(red, green, blue, alpha).buffer)[0] as number;
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("WebGL2 was lost");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(gl.getProgramInfoLog(program) ?? "the shaders do not link");
  }
  return program;
}
