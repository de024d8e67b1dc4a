"""When flights that fell silent are due for a look, without a timer per flight.

One heap entry a flight, pushed again only when it comes up: hearing of a flight costs nothing here.
"""

import itertools
from collections.abc import Mapping
from heapq import heappop, heappush

from aerotrack.domain.rules import SLOW_SOURCES, FlightRules


class Heard:
    """When a flight was last heard: ``at`` by our clock, ``ts`` by its observations'."""

    __slots__ = ("at", "slow", "ts")

    def __init__(self, at: float, ts: float, source: str) -> None:
        self.at = at
        self.ts = ts
        self.slow = source in SLOW_SOURCES

    def again(self, at: float, ts: float, source: str) -> None:
        """It was heard again; a late observation does not turn ``ts`` back."""
        self.at = at
        if ts > self.ts:
            self.ts = ts
            self.slow = source in SLOW_SOURCES

    def gone_at(self, rules: FlightRules) -> float:
        """When it has left the live picture for certain, if it is not heard again.

        No position is later than ``ts``, which a clock that is ahead of ours puts after ``at``.
        """
        return max(self.at, self.ts) + (rules.gone_after_slow if self.slow else rules.gone_after)

    def ends_after(self, rules: FlightRules) -> float:
        """How long it may be silent before the flight is over, seconds."""
        return rules.silence_ends(slow=self.slow)


class SilenceQueue:
    """The silent flights that are due, earliest first.

    A silent flight comes up every ``stale_after`` seconds, so that it leaves the live picture at
    most that much too late, and once more when it is over.
    """

    __slots__ = ("_due", "_numbers", "_rules")

    def __init__(self, rules: FlightRules) -> None:
        self._rules = rules
        # The number decides between two flights of one aircraft that are due at the same moment.
        self._due: list[tuple[float, int, str, Heard]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._due)

    def add(self, icao24: str, heard: Heard) -> None:
        """Watch a new flight. Its entry falls out by itself once :meth:`due` reports its end."""
        self._push(heard.at + self._rules.stale_after, icao24, heard)

    def _push(self, due: float, icao24: str, heard: Heard) -> None:
        heappush(self._due, (due, next(self._numbers), icao24, heard))

    def due(self, now: float, alive: Mapping[str, Heard]) -> list[tuple[str, Heard, bool]]:
        """The flights silent long enough to look at, as (icao24, heard, whether it is over).

        ``alive`` says which flights still count: entries of others are forgotten.
        """
        found: list[tuple[str, Heard, bool]] = []
        step = self._rules.stale_after
        while self._due and self._due[0][0] <= now:
            _, _, icao24, heard = heappop(self._due)
            if alive.get(icao24) is not heard:
                continue
            over_at = heard.at + heard.ends_after(self._rules)
            if now >= over_at:
                found.append((icao24, heard, True))
                continue
            if now - heard.at >= step:
                found.append((icao24, heard, False))
                gone = now >= heard.gone_at(self._rules)
                self._push(over_at if gone else now + step, icao24, heard)
            else:
                self._push(heard.at + step, icao24, heard)
        return found
