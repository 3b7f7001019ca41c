import type { Clock } from "#platform";

export interface FakeClock extends Clock {
  advance(ms: number): void;
  set(now: number): void;
}

/** A clock that stands still until told. Starts at 2026-01-01T00:00:00Z. */
export function fakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
    set(time) {
      now = time;
    },
  };
}
