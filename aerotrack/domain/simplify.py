"""A track with fewer points: Ramer-Douglas-Peucker, on parts of bounded length.

The line through the points kept passes every point left out within the tolerance, height counted
as well: a level-off on a straight course stays.
"""

import math
from collections.abc import Iterable
from typing import Final

from aerotrack.domain.geojson import METRES_PER_FOOT
from aerotrack.domain.records import TrackPoint

# Quadratic at worst, so the parts are short; a point kept in so many costs little.
PART: Final = 1024
METRES_PER_DEGREE: Final = 6_371_008.8 * math.pi / 180

Place = tuple[float, float, float]


class Simplifier:
    """Simplifies a track of any length as it is read; ``tolerance`` is metres.

    Each part ends at a point that is kept and begins the next. Points without a position are left
    out.
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._part: list[TrackPoint] = []
        self._begun = False  # whether the first of the part was given out already

    def take(self, points: Iterable[TrackPoint]) -> list[TrackPoint]:
        """Take in the next points; those that are certain to be kept."""
        kept: list[TrackPoint] = []
        for point in points:
            if point.lat is None or point.lon is None:
                continue
            self._part.append(point)
            if len(self._part) == PART:
                kept += self._close()
        return kept

    def rest(self) -> list[TrackPoint]:
        """The last points kept; call it once, at the end."""
        return self._close() if self._part else []

    def _close(self) -> list[TrackPoint]:
        part, begun = self._part, self._begun
        self._part, self._begun = [part[-1]], True
        return kept_of(part, self._tolerance)[begun:]


def kept_of(part: list[TrackPoint], tolerance: float) -> list[TrackPoint]:
    """The first, the last, and what the tolerance needs of these; all have a position."""
    places = _places(part)
    keep = {0, len(part) - 1}
    spans = [(0, len(part) - 1)]
    while spans:
        first, last = spans.pop()
        worst, at = tolerance, -1
        for index in range(first + 1, last):
            missed = distance_to_way(places[index], places[first], places[last])
            if missed > worst:
                worst, at = missed, index
        if at >= 0:
            keep.add(at)
            spans += [(first, at), (at, last)]
    return [part[index] for index in sorted(keep)]


def _places(part: list[TrackPoint]) -> list[Place]:
    """Metres east, north and up, on a plane that touches the earth between the first and the last.

    A height that is not known is that of the point before.
    """
    where = [(p.lat, p.lon, p.alt_baro) for p in part if p.lat is not None and p.lon is not None]
    lat0, lon0, _ = where[0]
    narrow = math.cos(math.radians((lat0 + where[-1][0]) / 2))
    made: list[Place] = []
    up = 0.0
    for lat, lon, altitude in where:
        if altitude is not None:
            up = altitude * METRES_PER_FOOT
        east = (lon - lon0 + 180.0) % 360.0 - 180.0
        made.append((east * narrow * METRES_PER_DEGREE, (lat - lat0) * METRES_PER_DEGREE, up))
    return made


def distance_to_way(place: Place, start: Place, end: Place) -> float:
    """From a place to the straight way between two others, in their unit."""
    dx, dy, dz = end[0] - start[0], end[1] - start[1], end[2] - start[2]
    x, y, z = place[0] - start[0], place[1] - start[1], place[2] - start[2]
    length = dx * dx + dy * dy + dz * dz
    part = 0.0 if length == 0.0 else min(1.0, max(0.0, (dx * x + dy * y + dz * z) / length))
    return math.sqrt((x - part * dx) ** 2 + (y - part * dy) ** 2 + (z - part * dz) ** 2)
