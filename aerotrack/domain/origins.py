"""Where each field of a flight comes from and how old it is, in little room.

A flight knows forty fields; as a dict of objects their origins would weigh more than their values.
Here the times are one array and the rest a byte a field, an index into the few givers (source and
feed) a flight has. To the outside it is a mapping from field to :class:`Origin`.
"""

from array import array
from collections.abc import Iterator, MutableMapping
from typing import Final

import msgspec

from aerotrack.domain.observation import REPORTED_FIELDS
from aerotrack.domain.sources import RANKS
from aerotrack.domain.vocabulary import TERMS, Live

# Known from the aircraft register alone, not from observations.
REGISTERED: Final = frozenset({"desc", "operator"})
# What the server says of itself has no origin; every other name of the vocabulary has a place.
_OWN: Final = frozenset(Live.__struct_fields__) - frozenset(REPORTED_FIELDS) - REGISTERED
_NAMES: Final = tuple(name for name in TERMS if name not in _OWN)
PLACES: Final = {name: place for place, name in enumerate(_NAMES)}
NEVER: Final = float("-inf")
_NO_TIMES: Final = array("d", [NEVER]) * len(_NAMES)
# Of a flight that knows one giver only, as most do: all of them share it.
_ALL_FIRST: Final = bytes(len(_NAMES))
# Givers are counted in a byte. A flight heard by more feeds than this names the last one wrongly.
MOST_GIVERS: Final = 256


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a value comes from, and the time it holds for (epoch seconds)."""

    ts: float
    source: str
    feed: str


class Giver(msgspec.Struct, frozen=True, gc=False):
    """Who gives values: a source by a feed; ``rank`` is that of the source."""

    source: str
    feed: str
    rank: int


class Origins(MutableMapping[str, Origin]):
    """A mapping from the names of known fields to their origins.

    For the fold there are its parts: ``times`` by place, minus infinity where unknown, and
    ``givers`` by place as indices into ``known``. As long as there is but one giver every place has
    it, and ``givers`` cannot be written.
    """

    __slots__ = ("givers", "known", "times")

    def __init__(self) -> None:
        self.times = _NO_TIMES[:]
        self.givers: bytes | bytearray = _ALL_FIRST
        self.known: tuple[Giver, ...] = ()

    def giver(self, source: str, feed: str) -> int:
        """The index of a giver, which is noted if it is new."""
        for index, known in enumerate(self.known):
            if known.feed == feed and known.source == source:
                return index
        if self.known and self.givers is _ALL_FIRST:
            self.givers = bytearray(_ALL_FIRST)
        new = Giver(source, feed, RANKS.get(source, 0))
        self.known = (*self.known[: MOST_GIVERS - 1], new)
        return len(self.known) - 1

    def __getitem__(self, name: str) -> Origin:
        place = PLACES[name]
        at = self.times[place]
        if at == NEVER:
            raise KeyError(name)
        giver = self.known[self.givers[place]]
        return Origin(at, giver.source, giver.feed)

    def __setitem__(self, name: str, origin: Origin) -> None:
        place = PLACES[name]
        giver = self.giver(origin.source, origin.feed)
        if isinstance(self.givers, bytearray):
            self.givers[place] = giver
        self.times[place] = origin.ts

    def __delitem__(self, name: str) -> None:
        place = PLACES[name]
        if self.times[place] == NEVER:
            raise KeyError(name)
        self.times[place] = NEVER

    def __iter__(self) -> Iterator[str]:
        return (name for name, at in zip(_NAMES, self.times, strict=True) if at != NEVER)

    def __len__(self) -> int:
        return sum(at != NEVER for at in self.times)
