"""What changed of a flight since clients were last told: encoded once, for all who are told."""

from typing import Final

import msgspec
import orjson

from aerotrack.domain.stream.picture import TIME_DECIMALS, Entry
from aerotrack.domain.types import Value

# A position older than this when its delta is made says how old it is.
FRESH_S: Final = 1.0


class Change(msgspec.Struct, gc=False):
    """Reports of one flight: the fields that changed, ``None`` where cleared.

    ``whole``: clients need all of the entry. ``received`` is the oldest feed read behind it. A
    single report is shared by all who note it, so it is never added to; :meth:`with_later` says
    which object goes on.
    """

    entry: Entry
    pairs: tuple[tuple[str, Value], ...]
    whole: bool
    received: float
    _merged: dict[str, Value] | None = None
    _encoded: bytes | None = None

    def with_later(self, later: "Change") -> "Change":
        """Both, the later's values above ours."""
        both = self
        if self._merged is None:
            both = Change(self.entry, (), self.whole, self.received)
            both._merged = dict(self.pairs)
        assert both._merged is not None
        both._merged.update(later.pairs)
        both.whole = self.whole or later.whole
        both._encoded = None
        return both

    def encoded(self) -> bytes:
        """As an entry of a delta but for the time of its position; made once, whoever asks."""
        if self._encoded is None:
            fields: dict[str, Value] = {"icao24": self.entry.icao24}
            fields.update(self.pairs if self._merged is None else self._merged)
            self._encoded = orjson.dumps(fields)
        return self._encoded

    def delta(self, now: float) -> bytes:
        """As an entry of a delta made at ``now``: with the time of a position that is not fresh.

        A position whose time it does not give is one of just now, also one that did not change.
        """
        if self.whole:
            return self.entry.encoded_full()
        at = self.entry.time_position
        if at is None or -FRESH_S <= now - at <= FRESH_S:
            return self._encoded or self.encoded()
        return b'%b,"time_position":%.*f}' % (self.encoded()[:-1], TIME_DECIMALS, at)


def gone(icao24: str, flight_id: str, reason: str, cause: str | None = None) -> bytes:
    """An entry of ``gone``."""
    entry = {"icao24": icao24, "flight_id": flight_id, "reason": reason}
    if cause is not None:
        entry["cause"] = cause
    return orjson.dumps(entry)
