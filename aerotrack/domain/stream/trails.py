"""The moves of a layer's flights after a position, by the places they concern.

Of thousands of moves a view of a few degrees is concerned by a handful. Whoever moves a view asks
once for those; all who ask between two moves share one index.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from aerotrack.domain.stream.picture import LivePicture
from aerotrack.domain.stream.pyramid import COLUMNS, WORLD_LEVEL, Area


class Move(msgspec.Struct, frozen=True, gc=False):
    """A flight changed its place in a layer at ``pos``; ``before`` is the place it had.

    ``before`` is ``None`` where it was not in the layer. ``reason`` and ``cause`` say why it is not
    in the layer any more, ``None`` where it is.
    """

    pos: int
    icao24: str
    flight_id: str
    before: int | None
    reason: str | None = None
    cause: str | None = None

    @property
    def over(self) -> bool:
        """Whether the flight left the picture, not only the layer."""
        return self.reason is not None and self.reason != "filtered"


Trail = list[Move]
"""The moves of one flight, oldest first; never empty."""


def by_flight(moves: Iterable[Move]) -> dict[str, Trail]:
    """The trails of ``moves``, which come oldest first."""
    trails: dict[str, Trail] = {}
    for move in moves:
        trails.setdefault(move.icao24, []).append(move)
    return trails


class Trails:
    """Trails by icao24 (``of``), and which of them concern an area.

    Made of the picture as it stands; valid until a flight of the layer moves again.
    """

    __slots__ = ("_places", "of")

    def __init__(self, of: Mapping[str, Trail], picture: LivePicture) -> None:
        self.of: Final = of
        self._places: Final[dict[int, list[str]]] = {}
        for icao24, trail in of.items():
            before, entry = trail[0].before, picture.get(icao24)
            if before is not None:
                self._places.setdefault(before, []).append(icao24)
            if entry is not None and entry.place != before:
                self._places.setdefault(entry.place, []).append(icao24)

    def within(self, area: Area) -> Iterator[str]:
        """Flights that were in ``area`` before they moved, or are now; some of them twice."""
        places = self._places
        if area.level == WORLD_LEVEL or area.places > len(places):
            for place, found in places.items():
                if area.contains(place):
                    yield from found
            return
        for row in range(*area.rows):
            for column in range(*area.columns):
                yield from places.get(row * COLUMNS + column % COLUMNS, ())
