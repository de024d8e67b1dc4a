// How long to wait before connecting again: doubling, with jitter, so that a server that comes
// back is not met by everybody at once.

export const FIRST_MS = 500;
export const MOST_MS = 30_000;

/** Milliseconds before try number `attempt` (0 is the first again); `random` gives 0 to 1. */
export function backoff(attempt: number, random: () => number): number {
  const whole = Math.min(MOST_MS, FIRST_MS * 2 ** attempt);
  return whole * (0.5 + 0.5 * random());
}
