"""A few of a flight's past positions, ever farther apart, to judge late ones by."""

from array import array
from typing import Final

from aerotrack.domain.geo import wrap_lon

# Nearer together they add little: between two of them it has hardly turned.
APART_S: Final = 10.0
# With gaps that grow with age, this many reach back half an hour; 24 bytes each.
KEPT: Final = 8
_WIDTH: Final = 3  # time, latitude, longitude

Place = tuple[float, float, float]  # epoch seconds, latitude, longitude


def between(before: Place, after: Place, at: float) -> tuple[float, float]:
    """Where it was at a time between two places, had it flown straight; degrees."""
    part = (at - before[0]) / (after[0] - before[0])
    east = wrap_lon(after[2] - before[2])
    return before[1] + part * (after[1] - before[1]), wrap_lon(before[2] + part * east)


class Trail:
    """Positions by time, as a flat array of ``at, lat, lon`` (epoch seconds, degrees)."""

    __slots__ = ("_flat",)

    def __init__(self) -> None:
        self._flat = array("d")

    def __len__(self) -> int:
        return len(self._flat) // _WIDTH

    def add(self, at: float, lat: float, lon: float) -> None:
        """Remember a position, later than all before; what lies too near the last is left out."""
        flat = self._flat
        if flat and at - flat[-_WIDTH] < APART_S:
            return
        flat.extend((at, lat, lon))
        if len(flat) > KEPT * _WIDTH:
            self._thin(at)

    def _thin(self, now: float) -> None:
        """Forget the one that leaves the smallest gap for its age; never the first or the last."""
        flat = self._flat
        least, gone = 2.0, _WIDTH  # no gap is twice its age
        before, at = flat[0], flat[_WIDTH]
        for place in range(_WIDTH, len(flat) - _WIDTH, _WIDTH):
            after = flat[place + _WIDTH]
            share = (after - before) / (now - at + APART_S)
            if share < least:
                least, gone = share, place
            before, at = at, after
        del flat[gone : gone + _WIDTH]

    def around(self, at: float) -> list[Place]:
        """The last one not after ``at`` and the first one after it, where there are such."""
        flat = self._flat
        found: list[Place] = []
        for i in range(len(flat) - _WIDTH, -1, -_WIDTH):
            one = (flat[i], flat[i + 1], flat[i + 2])
            if one[0] <= at:
                found.append(one)
                break
            found[:] = [one]
        return found
