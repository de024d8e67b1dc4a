// The live stream: connects, subscribes, holds the picture, comes back after a loss.

import { backoff } from "./backoff";
import type { ConnectionState, Status, StreamEvents, StreamOptions, View } from "./client";
import { ServerClock } from "./clock";
import type { ClientSubscribe, ErrorMessage, Flight, ServerMessage } from "./live";
import { Picture } from "./picture";

// A quiet view sends nothing, so we ask whether the server is there; an answer takes a round trip.
const PING_MS = 15_000;
const SILENCE_MS = 35_000;
// A server that never finishes the handshake counts as away.
const CONNECT_MS = 10_000;
// A new view is answered by the next frame; a frame this many intervals later is surely of it.
const SETTLED_INTERVALS = 2;

type Listeners = { [Name in keyof StreamEvents]: Set<(happened: StreamEvents[Name]) => void> };

export class LiveStream {
  readonly #picture = new Picture();
  readonly #clock = new ServerClock();
  readonly #listeners: Listeners = {
    status: new Set(),
    change: new Set(),
    event: new Set(),
    error: new Set(),
  };
  readonly #url: string;
  readonly #WebSocket: new (url: string) => WebSocket;
  readonly #random: () => number;
  #status: Status = { state: "closed", server: null, epoch: null, retryAt: null, attempts: 0 };
  #socket: WebSocket | null = null;
  #view: View | null = null;
  #seq = 0;
  #pos: number | null = null;
  #epoch: string | null = null;
  /** The view asked for, in words, and when: a resume needs the one that the picture is of. */
  #asked = "";
  #askedAt = 0;
  #framedAt = 0;
  #resumes = true;
  #resumeId: string | null = null;
  #requests = 0;
  #heardAt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #watchTimer: ReturnType<typeof setInterval> | undefined;

  constructor(options: StreamOptions = {}) {
    this.#url = webSocketUrl(options.url);
    this.#WebSocket = options.WebSocket ?? WebSocket;
    this.#random = options.random ?? Math.random;
  }

  get flights(): ReadonlyMap<string, Flight> {
    return this.#picture.flights;
  }

  get status(): Status {
    return this.#status;
  }

  get lag(): number {
    return this.#clock.lag;
  }

  now(): number {
    return this.#clock.at(Date.now() / 1000);
  }

  on<Name extends keyof StreamEvents>(
    name: Name,
    listener: (happened: StreamEvents[Name]) => void,
  ): () => void {
    this.#listeners[name].add(listener);
    return () => this.#listeners[name].delete(listener);
  }

  subscribe(view: View): void {
    this.#view = view;
    if (this.#status.state === "open") this.#ask(view);
    else if (this.#status.state === "closed") this.#connect();
  }

  retry(): void {
    if (this.#status.state !== "waiting") return;
    clearTimeout(this.#retryTimer);
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#say("closed", { retryAt: null });
  }

  #connect(): void {
    this.#say("connecting", { retryAt: null });
    const socket = new this.#WebSocket(this.#url);
    this.#socket = socket;
    this.#heardAt = Date.now();
    socket.onmessage = ({ data }) => this.#heard(JSON.parse(data as string) as ServerMessage);
    socket.onclose = () => this.#lost();
    clearInterval(this.#watchTimer);
    this.#watchTimer = setInterval(() => this.#watch(), PING_MS / 3);
  }

  #heard(message: ServerMessage): void {
    this.#heardAt = Date.now();
    switch (message.type) {
      case "welcome":
        if (message.epoch !== this.#status.epoch) this.#clock.restart();
        this.#seq = 0;
        this.#say("open", { server: message.server, epoch: message.epoch, attempts: 0 });
        if (this.#view) this.#ask(this.#view, true);
        break;
      case "snapshot":
      case "delta":
        if (!this.#follows(message.seq)) return;
        this.#clock.heard(message.now, Date.now() / 1000);
        this.#pos = message.pos;
        this.#epoch = this.#status.epoch;
        this.#framedAt = Date.now();
        this.#tell(
          "change",
          message.type === "snapshot" ? this.#picture.snapshot(message) : this.#picture.delta(message),
        );
        break;
      case "event":
        if (!this.#follows(message.seq)) return;
        this.#pos = message.pos;
        this.#tell("event", message);
        break;
      case "error":
        this.#refused(message);
        break;
      default: // a pong, or what a newer server may say
    }
  }

  /** Whether the frame is the next one; after a gap the picture is asked for anew. */
  #follows(seq: number): boolean {
    if (seq === this.#seq + 1) {
      this.#seq = seq;
      return true;
    }
    this.#pos = null;
    this.#socket?.close();
    return false;
  }

  /** Ask for the view; `again` on a new connection, where the last one may be resumed. */
  #ask(view: View, again = false): void {
    const id = `s${(this.#requests += 1)}`;
    const words = JSON.stringify(view);
    const message: ClientSubscribe = { type: "subscribe", id, ...view };
    if (again && words === this.#asked && this.#resumable(view)) {
      message.resume = { epoch: this.#epoch ?? "", pos: this.#pos ?? 0 };
      this.#resumeId = id;
    } else if (again) {
      this.#picture.restart();
    }
    this.#asked = words;
    this.#askedAt = Date.now();
    this.#send(message);
  }

  /** Whether the picture held is surely of the view asked for, and of this run of the server. */
  #resumable(view: View): boolean {
    if (!this.#resumes || this.#pos === null || this.#epoch !== this.#status.epoch) return false;
    return this.#framedAt - this.#askedAt > SETTLED_INTERVALS * (view.interval ?? 1) * 1000;
  }

  #refused(message: ErrorMessage): void {
    if (message.id !== undefined && message.id === this.#resumeId) {
      this.#resumeId = null;
      if (message.code === "not_supported") this.#resumes = false;
      this.#picture.restart();
      this.#pos = null;
      if (this.#view) this.#ask(this.#view);
      return;
    }
    this.#tell("error", message);
  }

  #watch(): void {
    const silence = Date.now() - this.#heardAt;
    const limit = this.#status.state === "open" ? SILENCE_MS : CONNECT_MS;
    if (silence > limit) this.#lost();
    else if (silence > PING_MS && this.#status.state === "open") this.#send({ type: "ping" });
  }

  #lost(): void {
    this.#drop();
    if (this.#status.state === "closed") return;
    const attempt = this.#status.attempts;
    const wait = backoff(attempt, this.#random);
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
    this.#say("waiting", { retryAt: Date.now() + wait, attempts: attempt + 1 });
  }

  #drop(): void {
    clearInterval(this.#watchTimer);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #send(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #say(state: ConnectionState, more: Partial<Status>): void {
    this.#status = { ...this.#status, ...more, state };
    this.#tell("status", this.#status);
  }

  #tell<Name extends keyof StreamEvents>(name: Name, happened: StreamEvents[Name]): void {
    for (const listener of this.#listeners[name]) listener(happened);
  }
}

function webSocketUrl(given: string | URL | undefined): string {
  const url = new URL(given ?? "api/v1/live", globalThis.document?.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
