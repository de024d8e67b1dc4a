// Events in words.

import type { Event } from "../stream/live";

export type Kind = Event["event"];

const WORDS: Readonly<Record<string, string>> = {
  started: "Heard first", takeoff: "Took off", landing: "Landed", emergency: "Emergency", ended: "Ended",
};

/** What happened, with where or why: "Took off, EIDW". */
export function wordsOf({ event, detail }: Event): string {
  const what = WORDS[event] ?? event;
  return detail === undefined ? what : `${what}, ${detail}`;
}

/** Who comes and goes is told only to who asks: there are hundreds of them. */
export const isQuiet = ({ event }: Event): boolean => event === "started" || event === "ended";

/** What several events come to, for who cannot see the list. */
export function summary(events: readonly Event[]): string {
  const last = events[0];
  if (!last) return "";
  const one = `${last.callsign ?? last.icao24}: ${wordsOf(last)}`;
  return events.length === 1 ? one : `${events.length} events, the last ${one}`;
}
