// Says things to screen readers: one at a time, and not so often that they talk all day.

import { h } from "../core/dom";

const LEAST_MS = 4000;
// More than this waiting is old news.
const MOST_WAITING = 3;

export class Announcer {
  readonly element = h("div", { class: "hidden-visually", "aria-live": "assertive", role: "alert" });
  readonly #waiting: string[] = [];
  #busy = false;

  say(text: string): void {
    if (this.#waiting.includes(text)) return;
    this.#waiting.push(text);
    while (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    this.#next();
  }

  #next(): void {
    const text = this.#busy ? undefined : this.#waiting.shift();
    if (text === undefined) return;
    this.#busy = true;
    this.element.textContent = text;
    setTimeout(() => {
      this.#busy = false;
      this.#next();
    }, LEAST_MS);
  }
}
