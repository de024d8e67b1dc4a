// The aircraft's shaders: a point sprite each, moved and turned on the GPU.

import { ATLAS_COLUMNS, CELL_PIXELS, FIELD_PIXELS, SILHOUETTES } from "../silhouettes/shapes";
import { CORRECTION_S, STALE_S } from "../flights/store";

const ATLAS_ROWS = Math.ceil(SILHOUETTES.length / ATLAS_COLUMNS);
// A flight without news fades from here, seconds, to this share of itself, until it is gone.
const FADE_FROM_S = STALE_S;
const FADE_TO_S = 50;
const FADED = 0.4;

export const RING_SHAPE = -1;
export const ALARM_SHAPE = -2;

export const VERTEX = `#version 300 es
precision highp float;
layout(location = 0) in vec2 a_place;
layout(location = 1) in vec2 a_speed;
layout(location = 2) in vec2 a_error;
layout(location = 3) in vec2 a_times;
layout(location = 4) in vec4 a_look;
layout(location = 5) in vec4 a_colour;
uniform vec2 u_centre;
uniform vec2 u_half;
uniform float u_scale;
uniform float u_copy;
uniform float u_now;
uniform float u_size;
uniform float u_ratio;
out vec4 v_colour;
out vec2 v_turn;
out vec2 v_cell;
out float v_pixels;
flat out float v_kind;
void main() {
  float age = u_now - a_times.x;
  float done = clamp((u_now - a_times.y) / ${CORRECTION_S.toFixed(3)}, 0.0, 1.0);
  float left = 1.0 - done * done * (3.0 - 2.0 * done);
  vec2 place = a_place + a_speed * clamp(age, 0.0, ${STALE_S.toFixed(1)}) + a_error * left;
  vec2 away = place - u_centre;
  away.x -= round(away.x);
  away.x += u_copy;
  vec2 clip = away * u_scale / u_half;
  gl_Position = vec4(clip.x, -clip.y, 0.0, 1.0);
  float size = u_size * a_look.z;
  gl_PointSize = size * u_ratio;
  v_pixels = size * u_ratio;
  v_turn = vec2(sin(a_look.x), cos(a_look.x));
  v_cell = vec2(mod(a_look.y, ${ATLAS_COLUMNS.toFixed(1)}), floor(a_look.y / ${ATLAS_COLUMNS.toFixed(1)}));
  v_kind = a_look.y;
  float fade = mix(1.0, ${FADED.toFixed(2)}, smoothstep(${FADE_FROM_S.toFixed(1)}, ${FADE_TO_S.toFixed(1)}, age));
  v_colour = vec4(a_colour.rgb, a_colour.a * fade);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
in vec4 v_colour;
in vec2 v_turn;
in vec2 v_cell;
in float v_pixels;
flat in float v_kind;
uniform sampler2D u_atlas;
uniform vec4 u_outline;
uniform float u_ratio;
uniform float u_pulse;
out vec4 colour;
void main() {
  vec2 at = gl_PointCoord - 0.5;
  if (v_kind < 0.0) {
    float pulse = v_kind < -1.5 ? u_pulse : 0.0;
    float radius = v_pixels * mix(0.43, 0.34, pulse);
    float off = abs(length(at) * v_pixels - radius);
    float ring = 1.0 - smoothstep(0.7 * u_ratio, 1.6 * u_ratio, off);
    float alpha = ring * v_colour.a;
    colour = vec4(v_colour.rgb * alpha, alpha);
    return;
  }
  vec2 turned = vec2(at.x * v_turn.y + at.y * v_turn.x, at.y * v_turn.y - at.x * v_turn.x) + 0.5;
  if (any(lessThan(turned, vec2(0.0))) || any(greaterThan(turned, vec2(1.0)))) discard;
  vec2 inside = clamp(turned, 0.5 / ${CELL_PIXELS.toFixed(1)}, 1.0 - 0.5 / ${CELL_PIXELS.toFixed(1)});
  float field = texture(u_atlas, (v_cell + inside) / vec2(${ATLAS_COLUMNS.toFixed(1)}, ${ATLAS_ROWS.toFixed(1)})).r;
  float distance = (field * 255.0 - 128.0) / 127.0 * ${FIELD_PIXELS.toFixed(1)} * v_pixels / ${CELL_PIXELS.toFixed(1)};
  float fill = smoothstep(-0.6, 0.6, distance);
  float edge = smoothstep(-0.6, 0.6, distance + 1.1 * u_ratio) * u_outline.a;
  float alpha = max(fill, edge) * v_colour.a;
  vec3 rgb = mix(u_outline.rgb, v_colour.rgb, fill);
  if (alpha < 0.01) discard;
  colour = vec4(rgb * alpha, alpha);
}`;
