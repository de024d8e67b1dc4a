"""What changed since clients were last told: encoded once, for all who are served at a beat."""

from collections.abc import Sequence
from typing import Final

import msgspec
import orjson

from aerotrack.domain.geo import Box
from aerotrack.domain.picture import TIME_DECIMALS, Entry
from aerotrack.domain.types import Value

# A position older than this when its delta is made says how old it is.
FRESH_S: Final = 1.0


class Change(msgspec.Struct, gc=False):
    """One report of a flight: the fields that changed, ``None`` where cleared."""

    entry: Entry
    pairs: tuple[tuple[str, Value], ...]
    _encoded: bytes | None = None

    def encoded(self) -> bytes:
        """As an entry of a delta; made once, whoever asks."""
        if self._encoded is None:
            self._encoded = orjson.dumps(dict((("icao24", self.entry.icao24), *self.pairs)))
        return self._encoded


class Pending(msgspec.Struct, gc=False):
    """What changed of one flight since the last beat, and the oldest feed read behind it.

    ``merged`` holds the fields once there was more than one report.
    """

    entry: Entry
    change: Change
    whole: bool
    received: float
    merged: dict[str, Value] | None = None
    _delta: bytes | None = None

    def add(self, change: Change, *, whole: bool) -> None:
        """Another report of the same flight."""
        if self.merged is None:
            self.merged = dict(self.change.pairs)
        self.merged.update(change.pairs)
        self.entry = change.entry
        self.whole = self.whole or whole

    def delta(self, now: float) -> bytes:
        """What changed, and the time of a position that is not fresh; for one beat, at ``now``.

        A position whose time it does not give is one of just now, also one that did not change.
        """
        if self._delta is None:
            self._delta = self._made(now)
        return self._delta

    def _made(self, now: float) -> bytes:
        if self.merged is None:
            encoded = self.change.encoded()
        else:
            encoded = orjson.dumps({"icao24": self.entry.icao24, **self.merged})
        at = self.entry.time_position
        if at is None or abs(now - at) <= FRESH_S:
            return encoded
        return b'%b,"time_position":%.*f}' % (encoded[:-1], TIME_DECIMALS, at)


class Changes:
    """Everything pending at a beat at ``now``, for all its views."""

    __slots__ = ("_joined", "_now", "pending", "rows")

    def __init__(self, pending: dict[str, Pending], now: float) -> None:
        self.pending: Final = pending
        self.rows: Final = list(pending.values())
        self._now: Final = now
        self._joined: bytes | None = None

    def inside(self, box: Box | None) -> Sequence[Pending]:
        """What changed in a view of ``box``."""
        if box is None:
            return self.rows
        # Written out: this looks at every change for every view. A flight of unknown position is
        # nowhere, since every comparison with it fails.
        west, south, east, north = box.west, box.south, box.east, box.north
        if west <= east:
            return [
                row for row in self.rows
                if west <= row.entry.lon <= east and south <= row.entry.lat <= north
            ]  # fmt: skip
        return [
            row for row in self.rows
            if (row.entry.lon >= west or row.entry.lon <= east) and south <= row.entry.lat <= north
        ]  # fmt: skip

    def joined(self) -> bytes:
        """All deltas as they stand between the brackets of a frame; made once, whoever asks."""
        if self._joined is None:
            now = self._now
            self._joined = b",".join([row.delta(now) for row in self.rows])
        return self._joined

    @property
    def any_whole(self) -> bool:
        """Whether a flight among them must be sent whole."""
        return any(row.whole for row in self.rows)

    @property
    def oldest(self) -> float | None:
        """The oldest feed read behind all of it."""
        return min((row.received for row in self.rows), default=None)


NOTHING: Final = Changes({}, 0.0)
