"""When the garbage collector runs, so that it never stalls the loop for long.

With 25,000 flights alive one full collection takes 40 ms and more, because it walks every object
there is. Nothing of ours needs it: a removed actor is freed by reference counting. What does make
cycles (exceptions, tasks, closed connections) is young. So:

- automatic collections are rare and stay young (`set_threshold`);
- every second, between ticks, `tick` collects what came since the last tick, and moves the
  survivors to the permanent generation (`gc.freeze`), which no later collection walks. Its cost
  follows what changed in that second, not what is alive;
- garbage cycles among frozen objects wait for a `deep` collection, once in `DEEP_SECONDS`. That
  one walks everything and is the only pause that grows with the number of flights.

One policy per process, owned by the composition root; `stop` puts everything back.
"""

from __future__ import annotations

import gc
from time import perf_counter
from typing import Literal

TICK_SECONDS = 1.0
"""How often the owner should call `tick`: 25,000 updates leave few enough new objects to walk."""

YOUNG_THRESHOLD = 50_000
"""Allocations over deallocations that start an automatic collection: a burst of deliveries stays
below it, and walking so many objects takes about 2 ms."""

MIDDLE_THRESHOLD = 50
"""Young collections before the middle generation is looked at: the tick comes first."""

OLD_THRESHOLD = 1_000_000
"""Middle collections before an automatic full one, which is: never."""

DEEP_SECONDS = 3600.0
"""Time between deep collections: rare enough for a pause of 100 ms, often enough for what closed
connections leave (some 10 kB each)."""


class GcPolicy:
    """Collects young and often, freezes the rest. Times are seconds of any monotonic clock.

    `pauses` counts collections of every cause while the policy is on, `longest_pause_s` is the
    longest since `reset_longest_pause`.
    """

    def __init__(self, *, deep_seconds: float = DEEP_SECONDS) -> None:
        self.pauses = 0
        self.longest_pause_s = 0.0
        self._deep_seconds = deep_seconds
        self._last_deep = 0.0
        self._thresholds: tuple[int, int, int] | None = None
        self._started = 0.0

    def start(self, now: float) -> None:
        """Take over the collector; everything that exists by now is frozen. Twice is an error."""
        if self._thresholds is not None:
            raise RuntimeError("the policy is already in force")
        self._thresholds = gc.get_threshold()
        self._last_deep = now
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_THRESHOLD, MIDDLE_THRESHOLD, OLD_THRESHOLD)
        gc.callbacks.append(self._watch)

    def tick(self, now: float) -> None:
        """Collect what came since the last tick and freeze the rest; deep when that is due."""
        if self._thresholds is None:
            return
        if now - self._last_deep >= self._deep_seconds:
            self._last_deep = now
            gc.unfreeze()
        gc.collect()
        gc.freeze()

    def stop(self) -> None:
        """Give the collector back as it was found."""
        if self._thresholds is None:
            return
        gc.callbacks.remove(self._watch)
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()
        self._thresholds = None

    def reset_longest_pause(self) -> None:
        """Start measuring `longest_pause_s` anew."""
        self.longest_pause_s = 0.0

    def _watch(self, phase: Literal["start", "stop"], _details: dict[str, int]) -> None:
        if phase == "start":
            self._started = perf_counter()
            return
        self.pauses += 1
        self.longest_pause_s = max(self.longest_pause_s, perf_counter() - self._started)
