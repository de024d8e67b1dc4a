"""What the clients of one beat and one layer watch, and what a beat brings them.

A change is filed under every watched cell it lies in, and encoded once; a cell's bytes are joined
once, and a client's frame is joined from its cells'. Changes in cells that nobody watches are not
even encoded.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from aerotrack.domain.stream.changes import Change
from aerotrack.domain.stream.layers import Layer
from aerotrack.domain.stream.movers import NEVER, Mover
from aerotrack.domain.stream.picture import Entry, LivePicture
from aerotrack.domain.stream.pyramid import Area, cells_of
from aerotrack.domain.stream.trails import Trail
from aerotrack.domain.stream.view import View


class _Cell:
    """A cell that somebody watches: who does, and while a beat is filed, its rows."""

    __slots__ = ("oldest", "rows", "watchers")

    def __init__(self) -> None:
        self.watchers: set[View] = set()
        self.rows: list[bytes] = []
        self.oldest = NEVER


class Board:
    """The watched cells of one beat in one layer."""

    __slots__ = ("_cells", "_levels", "_routes", "layer", "views")

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.views: set[View] = set()
        self._cells: dict[int, _Cell] = {}
        self._levels: Counter[int] = Counter()
        # place: the watched cells it lies in; emptied when other cells are watched.
        self._routes: dict[int, tuple[_Cell, ...]] = {}

    def join(self, view: View) -> None:
        """A client watches from now on."""
        self.views.add(view)
        self._levels[view.area.level] += 1
        self._watch(view, view.area.cells)

    def leave(self, view: View) -> None:
        """A client does not watch any more."""
        self.views.discard(view)
        self._levels[view.area.level] -= 1
        if not self._levels[view.area.level]:
            del self._levels[view.area.level]
        self._unwatch(view, view.area.cells)

    def turn(self, view: View, area: Area) -> None:
        """A client that watches looks elsewhere."""
        before = view.area
        self._levels[area.level] += 1
        self._levels[before.level] -= 1
        if not self._levels[before.level]:
            del self._levels[before.level]
        view.area = area
        self._unwatch(view, before.cells - area.cells)
        self._watch(view, area.cells - before.cells)

    def _watch(self, view: View, cells: frozenset[int]) -> None:
        for number in cells:
            cell = self._cells.get(number)
            if cell is None:
                cell = self._cells[number] = _Cell()
                self._routes.clear()
            cell.watchers.add(view)

    def _unwatch(self, view: View, cells: frozenset[int]) -> None:
        for number in cells:
            cell = self._cells[number]
            cell.watchers.discard(view)
            if not cell.watchers:
                del self._cells[number]
                self._routes.clear()

    def _route(self, place: int) -> tuple[_Cell, ...]:
        """The watched cells a place lies in."""
        route = self._routes.get(place)
        if route is None:
            cells = cells_of(place)
            found = (self._cells.get(cells[level]) for level in self._levels)
            route = self._routes[place] = tuple(cell for cell in found if cell is not None)
        return route

    def encode(self, changes: Iterable[Change]) -> None:
        """Encode what somebody watches ahead of the beat."""
        routes, members = self._routes, self.layer.members
        for change in changes:
            entry = change.entry
            route = routes.get(entry.place)
            if route is None:
                route = self._route(entry.place)
            if route and (members is None or entry in members):
                change.encoded()

    def watchers(self, place: int) -> set[View]:
        """Who does."""
        return set[View]().union(*(cell.watchers for cell in self._route(place)))

    def beat(
        self, pending: Mapping[str, Change], picture: LivePicture, since: int, now: float
    ) -> "BoardRound":
        """What changed since ``since``, by ``pending`` and by the layer's moves."""
        trails = self.layer.trails(since)
        self._file(pending, trails, now)
        made = BoardRound(self.layer, since)
        for number, cell in self._cells.items():
            if cell.rows:
                made.share(number, b",".join(cell.rows), cell.oldest, cell.watchers)
                cell.rows, cell.oldest = [], NEVER
        for icao24, trail in trails.items():
            made.movers.add(icao24)
            entry = self._shown(picture.get(icao24))
            cells = self._crossed(trail, entry)
            if cells:
                mover = Mover(icao24, trail, entry, pending.get(icao24), now)
                for number in cells:
                    made.move(number, mover, self._cells[number].watchers)
        return made

    def _shown(self, entry: Entry | None) -> Entry | None:
        return None if entry is None or not self.layer.has(entry) else entry

    def _file(self, pending: Mapping[str, Change], trails: Mapping[str, Trail], now: float) -> None:
        """Put every change of a flight that stayed in its cell into the watched cells."""
        routes, members = self._routes, self.layer.members
        if members is None:
            changes: Iterable[Change] = pending.values()
        elif len(members) < len(pending):
            changes = [pending[e.icao24] for e in members if e.icao24 in pending]
        else:
            changes = [change for change in pending.values() if change.entry in members]
        for change in changes:
            place = change.entry.place
            route = routes.get(place)
            if route is None:
                route = self._route(place)
            if not route or change.entry.icao24 in trails:
                continue
            row, received = change.delta(now), change.received
            for cell in route:
                cell.rows.append(row)
                cell.oldest = min(cell.oldest, received)

    def _crossed(self, trail: Trail, entry: Entry | None) -> set[int]:
        """The watched cells where a flight was or is."""
        places = {move.before for move in trail if move.before is not None}
        if entry is not None:
            places.add(entry.place)
        found = set[int]()
        for place in places:
            cells = cells_of(place)
            found.update(cells[level] for level in self._levels)
        return found & self._cells.keys()


class _Share:
    """What a cell brings to the frames of its watchers."""

    __slots__ = ("joined", "movers", "oldest")

    def __init__(self, joined: bytes, oldest: float) -> None:
        self.joined = joined
        self.oldest = oldest
        self.movers: list[Mover] = []


Body = tuple[bytes, bytes, float]
"""What a frame says: entries of ``gone``, of ``flights``, and the oldest feed read behind them."""


class BoardRound:
    """A beat of one layer: what its clients are told, each as it needs.

    It is as of the moment of the beat and does not change, so frames may be made later.
    """

    __slots__ = ("_bodies", "_shares", "layer", "movers", "since", "touched")

    def __init__(self, layer: Layer, since: int) -> None:
        self.layer = layer
        self.since = since
        self.movers: set[str] = set()
        self.touched: set[View] = set()
        self._shares: dict[int, _Share] = {}
        self._bodies: dict[object, Body] = {}

    def share(self, cell: int, joined: bytes, oldest: float, watchers: set[View]) -> None:
        """The rows of a cell."""
        self._shares[cell] = _Share(joined, oldest)
        self.touched |= watchers

    def move(self, cell: int, mover: Mover, watchers: set[View]) -> None:
        """A flight that moved into, out of or within a cell."""
        share = self._shares.get(cell)
        if share is None:
            share = self._shares[cell] = _Share(b"", NEVER)
        share.movers.append(mover)
        self.touched |= watchers

    def body(self, view: View) -> Body:
        """What a client in time is told of its cells; those with the same view share it."""
        area, since = view.area, max(self.since, view.held)
        if view.follow or since > self.since:
            return self._body(area, since, view.follow)
        key = (area.level, area.rows, area.columns)
        made = self._bodies.get(key)
        if made is None:
            made = self._bodies[key] = self._body(area, since, view.follow)
        return made

    def _body(self, area: Area, since: int, follow: frozenset[str]) -> Body:
        shares = self._shares
        leaving: list[bytes] = []
        entries: list[bytes] = []
        movers: dict[str, Mover] = {}
        oldest = NEVER
        for cell in area.cells:
            share = shares.get(cell)
            if share is None:
                continue
            if share.joined:
                entries.append(share.joined)
                oldest = min(oldest, share.oldest)
            for mover in share.movers:
                movers[mover.icao24] = mover
        for icao24, mover in movers.items():
            if icao24 not in follow:
                oldest = min(oldest, mover.tell(area, since, leaving, entries))
        return b",".join(leaving), b",".join(entries), oldest
