"""Clients of one interval share a beat: what changed meanwhile is gathered for all of them.

At a beat the changes become a :class:`Round`, whose frames are handed out a few clients at a time.
Nobody is visited who has nothing to be told.
"""

from collections.abc import Iterator
from typing import Final

from aerotrack.domain.stream.boards import Board, BoardRound
from aerotrack.domain.stream.changes import Change
from aerotrack.domain.stream.happenings import Happening
from aerotrack.domain.stream.layers import Layer
from aerotrack.domain.stream.movers import NEVER, Mover
from aerotrack.domain.stream.picture import LivePicture
from aerotrack.domain.stream.pyramid import WORLD_AREA, Area
from aerotrack.domain.stream.view import Made, View

# Seconds between frames. Every change is noted once for each interval in use, so there are few;
# what lies between two gets the longer.
INTERVALS: Final = (
    0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 60.0,
)  # fmt: skip


def interval_for(wanted: float) -> float:
    """The interval that is served to who wants a frame every ``wanted`` seconds at most."""
    return next((interval for interval in INTERVALS if interval >= wanted), INTERVALS[-1])


class Beat:
    """What clients of one interval have not been told yet, since position ``last``.

    Clients in ``behind`` were passed over at a beat, or come from elsewhere: they are caught up
    with by their own position instead.
    """

    __slots__ = (
        "_base", "_boards", "_followers", "_fresh", "_happened", "behind", "due", "interval",
        "last", "pending", "views",
    )  # fmt: skip

    def __init__(self, interval: float, base: Layer, pos: int, now: float) -> None:
        self.interval: Final = interval
        self.due = now + interval
        self.last = pos
        self.pending: dict[str, Change] = {}
        self.views: set[View] = set()
        self.behind: set[View] = set()
        self._base: Final = base
        self._boards: dict[Layer, Board] = {}
        self._followers: dict[str, set[View]] = {}
        self._happened: list[Happening] = []
        self._fresh: list[Change] = []  # not looked at by prepare() yet

    # -- clients -----------------------------------------------------------------------------------

    def join(self, view: View) -> None:
        """Serve a client from now on."""
        board = self._boards.get(view.layer)
        if board is None:
            board = self._boards[view.layer] = Board(view.layer)
        board.join(view)
        self.views.add(view)
        for icao24 in view.follow:
            self._followers.setdefault(icao24, set()).add(view)
        if view.pos < self.last:
            self.behind.add(view)

    def leave(self, view: View) -> None:
        """Serve a client no more; its positions are then as they are without a beat."""
        self.settle(view)
        board = self._boards[view.layer]
        board.leave(view)
        if not board.views:
            del self._boards[view.layer]
        self.views.discard(view)
        self.behind.discard(view)
        for icao24 in view.follow:
            followers = self._followers[icao24]
            followers.discard(view)
            if not followers:
                del self._followers[icao24]

    def settle(self, view: View) -> None:
        """Bring the positions of a client up to what being in time means."""
        if view not in self.behind:
            view.pos = max(view.pos, self.last)
            view.held = max(view.held, self.last)

    def turn(self, view: View, area: Area) -> None:
        """A client of this beat looks at another area of its layer."""
        self._boards[view.layer].turn(view, area)

    # -- what happens ------------------------------------------------------------------------------

    def note(self, icao24: str, change: Change) -> None:
        """Something of a flight changed."""
        first = self.pending.setdefault(icao24, change)
        if first is change:
            self._fresh.append(change)
        else:
            self.pending[icao24] = first.with_later(change)

    def note_happening(self, one: Happening) -> None:
        """Something happened to a flight."""
        self._happened.append(one)

    def prepare(self) -> None:
        """Encode what came lately and somebody watches, so that not all is left for the beat."""
        for board in self._boards.values():
            board.encode(self._fresh)
        self._fresh.clear()

    # -- the beat ----------------------------------------------------------------------------------

    def begin(self, picture: LivePicture, pos: int, now: float) -> "Round":
        """The beat at ``pos``: what everybody is told. Then nothing is pending."""
        pending, since = self.pending, self.last
        for layer, board in self._boards.items():
            if layer.forgotten > since:  # more moves than are remembered: for all of them
                self.behind |= board.views
        boards = {
            layer: board.beat(pending, picture, since, now) for layer, board in self._boards.items()
        }
        made = Round(since, pos, now, boards)
        self._add_followed(made, picture)
        self._add_happenings(made)
        made.close_queue(self.behind)
        self.pending, self._fresh, self.last = {}, [], pos
        self._happened = []
        return made

    def _add_followed(self, made: "Round", picture: LivePicture) -> None:
        if not self._followers:
            return
        trails = self._base.trails(self.last)
        for icao24 in self._followers.keys() & (self.pending.keys() | trails.keys()):
            change, entry = self.pending.get(icao24), picture.get(icao24)
            mover = Mover(icao24, trails.get(icao24, []), entry, change, made.now)
            if entry is not None and change is not None:
                mover.in_cells = frozenset(
                    layer
                    for layer, board in made.boards.items()
                    if icao24 not in board.movers and layer.has(entry)
                )
            made.add_followed(mover, self._followers[icao24])

    def _add_happenings(self, made: "Round") -> None:
        for one in self._happened:
            seen = set(self._followers.get(one.icao24, ()))
            for layer in one.layers:
                board = self._boards.get(layer)
                if board is not None:
                    seen |= board.watchers(one.place)
            for view in seen:
                made.happened.setdefault(view, []).append(one)


class Round:
    """One beat's frames, as of its moment; they are handed out bit by bit."""

    __slots__ = ("_followed", "boards", "happened", "now", "pos", "queue", "since")

    def __init__(self, since: int, pos: int, now: float, boards: dict[Layer, BoardRound]) -> None:
        self.since = since
        self.pos = pos
        self.now = now
        self.boards = boards
        self.happened: dict[View, list[Happening]] = {}
        self.queue: dict[View, None] = {}  # who is to be served yet, in order
        self._followed: dict[View, list[Mover]] = {}

    def add_followed(self, mover: Mover, followers: set[View]) -> None:
        """Something is to be told of a followed flight."""
        for view in followers:
            self._followed.setdefault(view, []).append(mover)

    def close_queue(self, behind: set[View]) -> None:
        """All is in that is told; whoever has something coming is to be served."""
        for board in self.boards.values():
            self.queue.update(dict.fromkeys(board.touched))
        self.queue.update(dict.fromkeys((*self._followed, *self.happened, *behind)))

    def frames(self, view: View) -> Iterator[Made]:
        """The frames of a client that is in time: events, then what changed."""
        for one in self.happened.get(view, ()):
            if one.pos > view.held:
                yield view.event(one.body, max(view.pos, self.since), self.now), None
        leaving, entries, oldest = self.boards[view.layer].body(view)
        followed = self._followed.get(view)
        if followed:
            leaving, entries, oldest = self._with_followed(view, followed, leaving, entries, oldest)
        if leaving or entries:
            frame = view.delta(leaving, entries, self.pos, self.now)
            yield frame, (None if oldest == NEVER else oldest)
        view.pos = self.pos
        view.held = max(view.held, self.pos)

    def _with_followed(
        self, view: View, movers: list[Mover], leaving: bytes, entries: bytes, oldest: float
    ) -> tuple[bytes, bytes, float]:
        """The same with what is told of flights the client follows."""
        gone = [leaving] if leaving else []
        rows = [entries] if entries else []
        for mover in movers:
            in_cells = (
                view.layer in mover.in_cells
                and mover.place is not None
                and view.area.contains(mover.place)
            )
            if in_cells:
                continue  # its cell has told it
            oldest = min(oldest, mover.tell(WORLD_AREA, max(self.since, view.held), gone, rows))
        return b",".join(gone), b",".join(rows), oldest
