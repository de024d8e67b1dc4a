"""Flights that came, left or changed their cell: what a client is told depends on what it holds.

They are few: at 25,000 flights under 100 a second change their cell of a degree. For each client
that watches one of their cells it is judged whether it held them, and whether it shows them now.
"""

from typing import Final

from aerotrack.domain.stream.changes import Change, gone
from aerotrack.domain.stream.layers import Layer
from aerotrack.domain.stream.picture import Entry
from aerotrack.domain.stream.pyramid import Area
from aerotrack.domain.stream.trails import Trail

NEVER: Final = float("inf")


class Mover:
    """A flight that is judged for each client; as it is at the beat.

    ``place`` is ``None`` where the layer does not show it (any more). ``trail`` may be empty: it is
    a followed flight then, which stayed where it was.
    """

    __slots__ = ("_delta", "_full", "_received", "icao24", "in_cells", "place", "trail")

    def __init__(
        self,
        icao24: str,
        trail: Trail,
        entry: Entry | None,
        change: Change | None,
        now: float,
    ) -> None:
        self.icao24 = icao24
        self.trail = trail
        self.place = None if entry is None else entry.place
        self._received = NEVER if change is None else change.received
        self._full = None if entry is None else entry.encoded_full()
        self._delta = self._full if change is None or entry is None else change.delta(now)
        self.in_cells: frozenset[Layer] = frozenset()  # layers whose cells carry its change

    def tell(self, area: Area, since: int, leaving: list[bytes], entries: list[bytes]) -> float:
        """Add what a client of ``area``, whose flights are as of ``since``, is told of it.

        Returns the oldest feed read behind that, ``NEVER`` where there is none.
        """
        trail = self.trail
        if trail and trail[0].pos <= since:
            trail = [move for move in trail if move.pos > since]
        shown = self.place is not None and area.contains(self.place)
        gone = leave(trail, area, shown=shown) if trail else None
        if gone is not None:
            leaving.append(gone)
        if not shown or self._full is None or self._delta is None:
            return NEVER
        new = gone is not None or (bool(trail) and not held(trail, area))
        entries.append(self._full if new else self._delta)
        return self._received


def held(trail: Trail, area: Area) -> bool:
    """Whether a client of ``area`` holds the flight as of the time before its moves."""
    before = trail[0].before
    return before is not None and area.contains(before)


def leave(trail: Trail, area: Area, *, shown: bool) -> bytes | None:
    """The entry of ``gone``, where a client of ``area`` held the flight before these moves.

    One that ended is told of even where the next flight of its aircraft is ``shown`` already.
    """
    if not held(trail, area):
        return None
    first, last = trail[0], trail[-1]
    for move in trail:
        if move.over and move.reason is not None:
            return gone(first.icao24, first.flight_id, move.reason, move.cause)
    if shown:
        return None
    return gone(first.icao24, first.flight_id, last.reason or "left_view")
