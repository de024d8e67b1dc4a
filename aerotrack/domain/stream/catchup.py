"""What a client is told whose view moved, or who was not there for a while.

Both are one question: which flights did it hold at a position, by the view it had, and which should
it hold now, by the view it has. The moves remembered by the layers answer the first. Work goes with
the flights in the two views' difference, and with the moves there since the position.
"""

from collections.abc import Iterator
from itertools import chain

from aerotrack.domain.stream.changes import gone
from aerotrack.domain.stream.layers import Layer
from aerotrack.domain.stream.movers import held, leave
from aerotrack.domain.stream.picture import Entry, LivePicture
from aerotrack.domain.stream.pyramid import WORLD_AREA, WORLD_LEVEL, Area
from aerotrack.domain.stream.trails import Trail
from aerotrack.domain.stream.view import View


class Look:
    """Where a client looks: an area of a layer, and flights it follows."""

    __slots__ = ("area", "follow", "layer")

    def __init__(self, area: Area, layer: Layer, follow: frozenset[str]) -> None:
        self.area = area
        self.layer = layer
        self.follow = follow

    @property
    def everything(self) -> bool:
        """Whether all live flights are shown."""
        return self.area.level == WORLD_LEVEL and self.layer.members is None

    def shows(self, entry: Entry) -> bool:
        """Whether a live flight is shown."""
        if entry.icao24 in self.follow:
            return True
        return self.area.contains(entry.place) and self.layer.has(entry)

    def entries(self, picture: LivePicture, but: "Look | None" = None) -> Iterator[Entry]:
        """The flights shown; of the area in common with ``but``, in one layer, none."""
        common = but.area if but is not None and but.layer is self.layer else None
        for entry in picture.within(self.area, common):
            if self.layer.has(entry) and entry.icao24 not in self.follow:
                yield entry
        for icao24 in self.follow:
            followed = picture.get(icao24)
            if followed is not None:
                yield followed


def catch_up(
    view: View, look: Look, picture: LivePicture, base: Layer, changed_since: int | None
) -> tuple[list[bytes], list[Entry]]:
    """Entries of ``gone``, and flights to be sent whole, that bring what a client holds to what
    ``look`` shows.

    The client holds what ``view`` showed at its position ``held``. Flights that it holds are told
    of where they changed after ``changed_since``, without it not at all. ``base`` is the layer
    without a filter.
    """
    return _CatchUp(view, look, picture, base, changed_since).told()


class _CatchUp:
    """One client's case."""

    def __init__(
        self, view: View, look: Look, picture: LivePicture, base: Layer, changed_since: int | None
    ) -> None:
        self._old = Look(view.area, view.layer, view.follow)
        self._new = look
        self._picture = picture
        self._changed_since = changed_since
        moved = view.layer.trails_by_place(view.held)
        self._moved = moved
        self._trails = moved.of
        self._base_trails: dict[str, Trail] = {}
        if view.follow:
            trails = self._trails if view.layer is base else base.trails(view.held)
            self._base_trails = {i: trails[i] for i in view.follow if i in trails}

    def told(self) -> tuple[list[bytes], list[Entry]]:
        """Entries of ``gone``, and flights to be sent whole."""
        leaving: list[bytes] = []
        entries: list[Entry] = []
        suspects: dict[str, Entry | None] = {}
        picture, but = self._picture, self._old
        if self._changed_since is None:
            for entry in self._new.entries(picture, but):
                suspects[entry.icao24] = entry
        else:
            for entry in self._new.entries(picture):
                suspects[entry.icao24] = entry
        for entry in self._old.entries(picture, self._new):
            suspects[entry.icao24] = entry
        moved = self._moved
        for icao24 in chain(
            moved.within(self._old.area), moved.within(self._new.area), self._base_trails
        ):
            if icao24 not in suspects:
                suspects[icao24] = picture.get(icao24)
        for icao24, now in suspects.items():
            self._tell(icao24, now, leaving, entries)
        return leaving, entries

    def _tell(
        self, icao24: str, entry: Entry | None, leaving: list[bytes], entries: list[Entry]
    ) -> None:
        old = self._old
        follows = icao24 in old.follow
        trail = (self._base_trails if follows else self._trails).get(icao24)
        shown = entry is not None and self._new.shows(entry)
        away: bytes | None = None
        if trail is None:
            holds = entry is not None and old.shows(entry)
            if holds and not shown and entry is not None:
                away = gone(icao24, entry.flight_id, self._why(entry))
        else:
            area = WORLD_AREA if follows else old.area
            holds = held(trail, area)
            away = leave(trail, area, shown=shown)
        if away is not None:
            leaving.append(away)
        if entry is None or not shown:
            return
        changed = self._changed_since is not None and entry.pos > self._changed_since
        if away is not None or not holds or changed:
            entries.append(entry)

    def _why(self, entry: Entry) -> str:
        """Why a flight that did not move is not shown any more."""
        new = self._new
        inside = new.area.contains(entry.place)
        return "filtered" if inside and not new.layer.has(entry) else "left_view"
