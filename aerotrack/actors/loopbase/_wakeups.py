"""Wakeups of actors: a heap of due times behind one timer of the loop."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import timedelta
from heapq import heapify, heappop, heappush
from typing import Any

from thespian.actors import WakeupMessage
from thespian.system.timing import ExpirationTimer, timePeriodSeconds

COMPACT_ABOVE = 1000
"""Dead entries tolerated before a rebuild of the heap: fewer are not worth one."""

_Entry = tuple[float, int, str, timedelta | float, Any]  # due, order, key, delay as asked, payload


class Wakeups:
    """Pending wakeups by due time; those of dead actors are dropped, at the latest when due.

    `deliver(key, message)` is called on the loop's thread for each wakeup that fell due. Adding
    and firing cost O(log n), forgetting an actor O(1) amortised.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, deliver: Callable[[str, WakeupMessage], None]
    ) -> None:
        self._loop = loop
        self._deliver = deliver
        self._heap: list[_Entry] = []
        self._pending: dict[str, int] = {}  # key -> wakeups of a live actor
        self._order = 0
        self._dead = 0
        self._handle: asyncio.TimerHandle | None = None
        self._closed = False

    def __len__(self) -> int:
        """Wakeups of live actors."""
        return len(self._heap) - self._dead

    def add(self, key: str, delay: timedelta | float, payload: Any) -> None:
        """Wake the actor `key` after `delay` (seconds or timedelta).

        Raises TypeError for anything else and ValueError for a delay that is not finite.
        """
        seconds = timePeriodSeconds(delay)
        if not math.isfinite(seconds):
            raise ValueError(f"a wakeup needs a finite delay, not {delay!r}")
        if self._closed:
            return
        due = self._loop.time() + max(0.0, seconds)
        self._order += 1
        heappush(self._heap, (due, self._order, key, delay, payload))
        self._pending[key] = self._pending.get(key, 0) + 1
        if self._heap[0][1] == self._order:
            self._arm()

    def forget(self, key: str) -> None:
        """Drop the wakeups of an actor that is gone."""
        self._dead += self._pending.pop(key, 0)
        if self._dead > COMPACT_ABOVE and self._dead * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2] in self._pending]
            heapify(self._heap)
            self._dead = 0
            self._arm()

    def of(self, key: str) -> list[ExpirationTimer]:
        """Pending wakeups of one actor as Thespian's status shows them; scans the heap."""
        now = self._loop.time()
        timers = []
        for due, _order, owner, delay, _payload in sorted(self._heap, key=lambda entry: entry[:2]):
            if owner == key:
                timer = ExpirationTimer(max(0.0, due - now))
                timer.duration = delay
                timers.append(timer)
        return timers

    def close(self) -> None:
        """Forget everything and leave nothing on the loop."""
        self._closed = True
        self._heap.clear()
        self._pending.clear()
        self._dead = 0
        self._arm()

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._heap:
            self._handle = self._loop.call_at(self._heap[0][0], self._fire)

    def _fire(self) -> None:
        self._handle = None
        heap = self._heap
        # The loop fires a timer up to one tick of its clock early; it is due all the same.
        now = max(self._loop.time(), heap[0][0]) if heap else 0.0
        while heap and heap[0][0] <= now:
            _due, _order, key, delay, payload = heappop(heap)
            left = self._pending.get(key, 0)
            if not left:
                self._dead -= 1
                continue
            if left == 1:
                del self._pending[key]
            else:
                self._pending[key] = left - 1
            self._deliver(key, WakeupMessage(delay, payload))
        self._arm()
