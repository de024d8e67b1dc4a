// AeroTrack's live stream in a browser: what /client.js exports. Needs nothing but a WebSocket.
//
//   import { LiveStream } from "http://127.0.0.1:8480/client.js";
//   const stream = new LiveStream({ url: "http://127.0.0.1:8480/api/v1/live" });
//   stream.on("change", ({ changed, gone }) => console.log(stream.flights.size));
//   stream.subscribe({ bbox: [-11, 51, -5, 56] });

import type { ErrorMessage, Event, Filter, Flight, Gone } from "./live";

export type { ErrorMessage, Event, Filter, Flight, Gone };

/** Which flights to send; without `bbox` the whole world. */
export interface View {
  /** West, south, east, north in degrees. */
  bbox?: [number, number, number, number];
  /** Seconds between frames, 0.1 to 60. */
  interval?: number;
  filter?: Filter;
  /** Addresses wanted wherever they are. */
  follow?: string[];
}

/**
 * `connecting` for the first time or again, `open`, `waiting` to try again at `retryAt`, or
 * `closed` by `close()`.
 */
export type ConnectionState = "connecting" | "open" | "waiting" | "closed";

export interface Status {
  state: ConnectionState;
  /** The server's name and version, once it said so. */
  server: string | null;
  /** Names the server's run. */
  epoch: string | null;
  /** When the next try comes, in milliseconds of `Date.now()`. */
  retryAt: number | null;
  /** Tries that failed since it was last open. */
  attempts: number;
}

export interface Change {
  /** Flights that are new or have changed, as they are now. */
  changed: Flight[];
  /** Flights that are no longer in the picture, and why. */
  gone: Gone[];
  /** Whether everything held before was replaced: what is not in `changed` is gone too. */
  replaced: boolean;
  /** Whether more parts of a large picture follow at once. */
  more: boolean;
  /** The server's clock, epoch seconds. */
  now: number;
}

export interface StreamEvents {
  status: Status;
  change: Change;
  event: Event;
  /** A request was not acted on; `not_supported` is what the server cannot do yet. */
  error: ErrorMessage;
}

export interface StreamOptions {
  /** The endpoint, http(s) or ws(s); by default `api/v1/live` beside the page. */
  url?: string | URL;
  /** For tests: what stands in for the browser. */
  WebSocket?: new (url: string) => WebSocket;
  random?: () => number;
}

/** Follows a view of the live picture, over any number of connections, until it is closed. */
export class LiveStream {
  constructor(options?: StreamOptions);
  /** The picture as it is now, by address. Keep no entry: fields change in place. */
  readonly flights: ReadonlyMap<string, Flight>;
  readonly status: Status;
  /** How much later than the quickest a frame arrived last, in seconds; 0 where nothing came yet. */
  readonly lag: number;
  /** Connects if need be, and asks for this view from now on. */
  subscribe(view: View): void;
  /** The server's clock now, epoch seconds, as far as can be told. */
  now(): number;
  /** Calls `listener` with what happens; gives the way to stop that. */
  on<Name extends keyof StreamEvents>(
    name: Name,
    listener: (happened: StreamEvents[Name]) => void,
  ): () => void;
  /** Try again at once, where it waits. */
  retry(): void;
  close(): void;
}
