// Keyboard shortcuts: one list, from which the help sheet is made.

export interface Shortcut {
  readonly key: string;
  readonly does: string;
  readonly run: () => void;
}

export class Keys {
  readonly shortcuts: Shortcut[] = [];

  constructor(target: Document) {
    target.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** Keys as the event names them: "f", "?", "Escape". */
  add(key: string, does: string, run: () => void): void {
    this.shortcuts.push({ key, does, run });
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // An open sheet closes by itself, and nothing else then.
    if (document.querySelector("dialog[open]")) return;
    // What is typed into a field is text; Escape leaves it.
    if (event.key !== "Escape" && isField(event.target)) return;
    const found = this.shortcuts.find(({ key }) => key === event.key);
    if (!found) return;
    event.preventDefault();
    found.run();
  }
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
