// How the server's clock stands against ours, and how late frames are, from their `now`.

// The quickest frame of about this many tells the offset; a clock that is set shows within as many.
const WINDOW = 60;

export class ServerClock {
  #offsets: number[] = [];
  #next = 0;
  #offset: number | null = null;
  /** Seconds by which the last frame was slower than the quickest. */
  lag = 0;

  /** A frame stamped `server` arrived at `local`, both epoch seconds. */
  heard(server: number, local: number): void {
    const offset = local - server;
    this.#offsets[this.#next] = offset;
    this.#next = (this.#next + 1) % WINDOW;
    this.#offset = Math.min(...this.#offsets);
    this.lag = offset - this.#offset;
  }

  /** The server's clock when ours shows `local`. */
  at(local: number): number {
    return local - (this.#offset ?? 0);
  }

  /** Forget what was heard: another run, or another machine, answers now. */
  restart(): void {
    this.#offsets = [];
    this.#next = 0;
    this.#offset = null;
    this.lag = 0;
  }
}
