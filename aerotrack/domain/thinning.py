"""Which points the history still takes while room for it runs out, and how many it did not."""

from typing import Final, Literal

from aerotrack.domain.records import HistoryGap, TrackPoint

Pressure = Literal["none", "thin", "drop"]

# A flight keeps a point this often while points are thinned: in a straight line nothing is missed,
# in a turn (3° a second) the track still shows that it was one.
THINNED_S: Final = 10.0
# What was left out is told this often while it goes on; it is over when nothing was left out for a
# few seconds.
GAP_TOLD_S: Final = 60.0
GAP_OVER_S: Final = 5.0


class Thinning:
    """Takes points or leaves them out, as ``pressure`` says; counts what it left out.

    ``pressure`` is that of the room on disk; where memory is full too, :meth:`dropped` notes it.
    """

    def __init__(self) -> None:
        self.pressure: Pressure = "none"
        self.thinned_total = 0
        self.dropped_total = 0
        self._kept_at: dict[int, float] = {}  # time of the last point kept, by flight
        self._began: float | None = None  # of the gap that is not told yet
        self._latest = 0.0  # when a point was left out last
        self._thinned = 0
        self._dropped = 0

    def press(self, pressure: Pressure) -> None:
        """Room has become less or more."""
        self.pressure = pressure
        if pressure != "thin":
            self._kept_at.clear()

    def takes(self, point: TrackPoint, now: float) -> bool:
        """Whether ``point`` is to be kept; one that is not has been counted."""
        if self.pressure == "none":
            return True
        if self.pressure == "thin":
            last = self._kept_at.get(point.flight)
            if last is None or not 0.0 <= point.ts - last < THINNED_S:
                self._kept_at[point.flight] = point.ts
                return True
            self._begin(now)
            self._thinned += 1
            self.thinned_total += 1
            return False
        self.dropped(now)
        return False

    def dropped(self, now: float) -> None:
        """A point was left out because there was no room for any."""
        self._begin(now)
        self._dropped += 1
        self.dropped_total += 1

    def _begin(self, now: float) -> None:
        self._latest = now
        if self._began is None:
            self._began = now

    def gap(self, now: float, *, last: bool = False) -> HistoryGap | None:
        """What was left out, to be told now: each minute, and when it is over (or ``last``)."""
        began = self._began
        if began is None:
            return None
        over = last or not 0.0 <= now - self._latest < GAP_OVER_S
        if not over and 0.0 <= now - began < GAP_TOLD_S:
            return None
        gap = HistoryGap(began, max(began, self._latest), self._thinned, self._dropped)
        self._began, self._thinned, self._dropped = None, 0, 0
        return gap
