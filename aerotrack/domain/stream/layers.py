"""Who is shown to clients of one filter, and who came, moved and left of late.

A layer is the picture as one filter shows it; the one without a filter shows everybody. What a
client holds follows from its view and the position of its last frame: those who were then at a
place in the view. The layer remembers the moves since, for a window of time, so that this can be
told of any position within it.
"""

from collections import deque
from typing import Final

from aerotrack.domain.stream.filters import FlightFilter
from aerotrack.domain.stream.picture import Entry, LivePicture
from aerotrack.domain.stream.trails import Move, Trail, Trails, by_flight
from aerotrack.domain.types import Value

# Moves remembered, should a minute bring more than that: 1,000 flights a second that appear and end
# make 120,000, of 100 bytes each.
MOVES_KEPT: Final = 120_000


class Layer:
    """The picture through one filter (``None``: all of it).

    ``members`` are the flights it shows, ``None`` for all; ``views`` counts those who look through
    it. Moves up to ``forgotten`` are not remembered any more.
    """

    __slots__ = (
        "_born", "_fields", "_moves", "_picture", "_trails", "filter", "forgotten", "members",
        "views",
    )  # fmt: skip

    def __init__(self, which: FlightFilter | None, picture: LivePicture, pos: int) -> None:
        self.filter: Final = which
        self.forgotten = 0
        self.views = 0
        self._born: Final = pos
        self._moves: deque[Move] = deque()
        self._picture: Final = picture
        self._trails: tuple[int, Trails] | None = None  # as of which position, until one moves
        self.members: set[Entry] | None = None
        self._fields = frozenset[str]() if which is None else which.fields
        if which is not None:
            self.members = {entry for entry in picture if which.passes(entry.values)}

    @property
    def floor(self) -> int:
        """The position after which every move is known."""
        return max(self._born, self.forgotten)

    def has(self, entry: Entry) -> bool:
        """Whether a live flight is shown."""
        return self.members is None or entry in self.members

    def came(self, entry: Entry, pos: int) -> None:
        """A flight entered the picture."""
        if self.members is not None:
            if self.filter is None or not self.filter.passes(entry.values):
                return
            self.members.add(entry)
        self._note(Move(pos, entry.icao24, entry.flight_id, None))

    def changed(self, entry: Entry, before: int, fields: frozenset[str] | None, pos: int) -> None:
        """These fields of a flight that was at ``before`` changed; ``None`` means any may have."""
        if self.members is not None and self.filter is not None:
            was = entry in self.members
            if fields is None or not self._fields.isdisjoint(fields):
                passes = self.filter.passes(entry.values)
                if passes != was:
                    self._flip(entry, before, pos, passes)
                    return
            if not was:
                return
        if entry.place != before:
            self._note(Move(pos, entry.icao24, entry.flight_id, before))

    def _flip(self, entry: Entry, before: int, pos: int, passes: bool) -> None:
        assert self.members is not None
        if passes:
            self.members.add(entry)
            self._note(Move(pos, entry.icao24, entry.flight_id, None))
        else:
            self.members.discard(entry)
            self._note(Move(pos, entry.icao24, entry.flight_id, before, "filtered"))

    def left(self, entry: Entry, reason: str, cause: str | None, pos: int) -> None:
        """A flight left the picture."""
        if self.members is not None:
            if entry not in self.members:
                return
            self.members.discard(entry)
        self._note(Move(pos, entry.icao24, entry.flight_id, entry.place, reason, cause))

    def _note(self, move: Move) -> None:
        self._moves.append(move)
        self._trails = None
        if len(self._moves) > MOVES_KEPT:
            self.forgotten = self._moves.popleft().pos

    def forget(self, pos: int) -> None:
        """Moves up to ``pos`` are not needed any more."""
        moves = self._moves
        while moves and moves[0].pos <= pos:
            moves.popleft()
        self.forgotten = max(self.forgotten, pos)

    def forget_all(self, pos: int) -> None:
        """Nothing is known of what was up to ``pos``."""
        self._moves.clear()
        self._trails = None
        self.forgotten = pos

    def trails(self, since: int) -> dict[str, Trail]:
        """The moves after ``since``, by icao24. They are all there where ``since >= floor``."""
        later: list[Move] = []
        for move in reversed(self._moves):
            if move.pos <= since:
                break
            later.append(move)
        return by_flight(reversed(later))

    def trails_by_place(self, since: int) -> Trails:
        """The same by place; between two moves those who ask of one position share it."""
        if self._trails is None or self._trails[0] != since:
            self._trails = since, Trails(self.trails(since), self._picture)
        return self._trails[1]


# Distinct filters at once. A flight is judged once for each of them that looks at a field that
# changed, about half a microsecond each.
FILTERS_MOST: Final = 64


class TooManyFilters(Exception):
    """There is no room for another distinct filter."""


class Layers:
    """All layers, and the position of the picture.

    A layer nobody looks through any more is kept for the window, for those who come back.
    """

    __slots__ = ("_layers", "_picture", "_unused", "base", "pos")

    def __init__(self, picture: LivePicture) -> None:
        self.pos = 0
        self.base: Final = Layer(None, picture, 0)
        self._picture: Final = picture
        self._layers: dict[FlightFilter | None, Layer] = {None: self.base}
        self._unused: dict[Layer, float] = {}  # since when; oldest first

    @property
    def all(self) -> tuple[Layer, ...]:
        """Every layer."""
        return tuple(self._layers.values())

    @property
    def filtered(self) -> bool:
        """Whether there is a layer beside the one without a filter."""
        return len(self._layers) > 1

    # -- who looks ---------------------------------------------------------------------------------

    def take(self, which: FlightFilter | None) -> Layer:
        """The layer of a filter, for one more client; :meth:`release` gives it back.

        Raises:
            TooManyFilters: too many others are in use.
        """
        layer = self._layers.get(which)
        if layer is None:
            if len(self._layers) > FILTERS_MOST:
                if not self._unused:
                    raise TooManyFilters(f"at most {FILTERS_MOST} different filters at once")
                self._drop(next(iter(self._unused)))
            layer = self._layers[which] = Layer(which, self._picture, self.pos)
        self._unused.pop(layer, None)
        layer.views += 1
        return layer

    def release(self, layer: Layer, now: float) -> None:
        """A client does not look through it any more."""
        layer.views -= 1
        if not layer.views and layer is not self.base:
            self._unused[layer] = now

    def _drop(self, layer: Layer) -> None:
        del self._unused[layer]
        del self._layers[layer.filter]

    # -- what happens ------------------------------------------------------------------------------

    def came(self, entry: Entry) -> None:
        """A flight entered the picture."""
        for layer in self._layers.values():
            layer.came(entry, self.pos)

    def changed(
        self, entry: Entry, before: int, changed: tuple[tuple[str, Value], ...] | None
    ) -> None:
        """A flight that was at ``before`` changed; ``None`` for ``changed`` means all of it."""
        fields = None if changed is None else frozenset([name for name, _ in changed])
        for layer in self._layers.values():
            layer.changed(entry, before, fields, self.pos)

    def left(self, entry: Entry, reason: str, cause: str | None) -> None:
        """A flight left the picture."""
        for layer in self._layers.values():
            layer.left(entry, reason, cause, self.pos)

    def forget_all(self) -> None:
        """Nothing is known of what was up to the position."""
        for layer in self._layers.values():
            layer.forget_all(self.pos)

    def drop_unused(self, since: float) -> None:
        """Drop the layers nobody has looked through since that time."""
        for layer in [one for one, then in self._unused.items() if then < since]:
            self._drop(layer)

    def forget(self, pos: int) -> None:
        """Drop moves up to ``pos``."""
        for layer in self._layers.values():
            layer.forget(pos)
