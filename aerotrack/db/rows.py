"""Records as rows of binary COPY: columns, types, conversions, and what makes a row impossible.

A table's columns are the fields of its struct, by the same names and in the same order. Encoding
is checked as little as safety asks, since all of the history passes here; :meth:`Table.fault`
looks at everything, for the few rows of a batch that the server refused.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import astuple

from aerotrack.domain.records import FlightEvent, FlightRecord, TrackPoint

Row = tuple[Any, ...]

MICROSECONDS: Final = 1_000_000
DAY_US: Final = 86_400 * MICROSECONDS
# timestamptz counts microseconds from 2000-01-01 UTC.
PG_EPOCH_US: Final = 946_684_800 * MICROSECONDS
# The range of a Timestamp (1970 to 2096), which is also what keeps partitions countable.
LAST_TS: Final = 4e9
INT4_MAX: Final = 2**31 - 1
INT8_MAX: Final = 2**63 - 1

# SQLSTATEs of what we find before the server does; the same as it would give.
OUT_OF_RANGE: Final = "22003"
BAD_TIME: Final = "22008"
BAD_TEXT: Final = "22021"
MISSING: Final = "23502"
OUT_OF_BOUNDS: Final = "23514"


class Kind(NamedTuple):
    """What a column holds: the type its bytes are sent as, and its bounds, inclusive."""

    wire: str
    low: float = 0
    high: float = 0


# The bytes of a timestamptz are those of an int8 of microseconds, and COPY sends no types: so
# times go as int8, without a datetime made of each.
_TIME = Kind("int8", 0.0, LAST_TS)
_KEY = Kind("int8", 0, INT8_MAX)
_INT4 = Kind("int4", -INT4_MAX, INT4_MAX)
_BOOL = Kind("bool")
_TEXT = Kind("text")
_LATITUDE = Kind("float8", -90.0, 90.0)
_LONGITUDE = Kind("float8", -180.0, 180.0)

_KINDS: Final[dict[str, Kind]] = {
    "flight": _KEY,
    "ts": _TIME,
    "started": _TIME,
    "last_contact": _TIME,
    "ended": _TIME,
    "lat": _LATITUDE,
    "lon": _LONGITUDE,
    "first_lat": _LATITUDE,
    "first_lon": _LONGITUDE,
    "last_lat": _LATITUDE,
    "last_lon": _LONGITUDE,
    "alt_baro": _INT4,
    "alt_geom": _INT4,
    "baro_rate": _INT4,
    "points": _INT4,
    "db_flags": _INT4,
    "on_ground": _BOOL,
    "gs": Kind("float4", 0.0, 4_000.0),
    "track": Kind("float4", 0.0, 360.0),
}


class Fault(NamedTuple):
    """Why a row cannot be stored: a SQLSTATE and a sentence."""

    code: str
    message: str


def microseconds(ts: float) -> int:
    """Epoch seconds as the wire has them. Raises ``ValueError`` or ``OverflowError``."""
    return int(ts * MICROSECONDS + 0.5) - PG_EPOCH_US


def day_of(ts: float) -> int:
    """The UTC day of ``ts`` as the database will see it, counted from 1970-01-01."""
    return int(ts * MICROSECONDS + 0.5) // DAY_US


def is_storable_time(ts: float) -> bool:
    """Whether there can be a partition for ``ts``; NaN fails every comparison."""
    return 0.0 <= ts <= LAST_TS


def encode_points(points: Sequence[TrackPoint]) -> list[Row]:
    """Rows of ``position``; written out, since all of the history passes here.

    Raises ``OverflowError`` where an int leaves 32 bits: the driver would cut it off silently.
    """
    top, bottom, epoch = INT4_MAX, -INT4_MAX, PG_EPOCH_US
    rows: list[Row] = []
    for p in points:
        alt_baro, alt_geom, baro_rate = p.alt_baro, p.alt_geom, p.baro_rate
        if (
            (alt_baro is not None and not bottom <= alt_baro <= top)
            or (alt_geom is not None and not bottom <= alt_geom <= top)
            or (baro_rate is not None and not bottom <= baro_rate <= top)
        ):
            raise OverflowError("integer out of range")
        rows.append(
            (
                p.flight,
                int(p.ts * 1e6 + 0.5) - epoch,
                p.lat,
                p.lon,
                alt_baro,
                alt_geom,
                p.on_ground,
                p.gs,
                p.track,
                baro_rate,
                p.callsign,
                p.squawk,
                p.emergency,
                p.source,
                p.feed,
            )
        )
    return rows


class Table:
    """One table of the history and the struct whose instances are its rows."""

    def __init__(
        self,
        name: str,
        struct: type[msgspec.Struct],
        required: frozenset[str],
        encode: Callable[[Sequence[Any]], list[Row]] | None = None,
    ) -> None:
        self.name: Final = name
        self.columns: Final = struct.__struct_fields__
        self.kinds: Final = tuple(_KINDS.get(column, _TEXT) for column in self.columns)
        self.wire_types: Final = [kind.wire for kind in self.kinds]
        self.encode: Final = encode or self._encode
        self._required = required
        self._times = tuple(i for i, kind in enumerate(self.kinds) if kind is _TIME)
        self._int4s = tuple(i for i, kind in enumerate(self.kinds) if kind is _INT4)

    def copy_into(self, table: str) -> bytes:
        """The COPY statement that takes this table's rows into ``table``."""
        return f"COPY {table} ({', '.join(self.columns)}) FROM STDIN (FORMAT binary)".encode()

    def fault(self, record: msgspec.Struct) -> Fault | None:
        """What is wrong with ``record``, as far as can be said without the server."""
        for column, kind, value in zip(self.columns, self.kinds, astuple(record), strict=True):
            if value is None:
                if column in self._required:
                    return Fault(MISSING, f"{column} is missing")
            elif (found := _value_fault(column, kind, value)) is not None:
                return found
        return None

    def describe(self, record: msgspec.Struct) -> dict[str, object]:
        """``record`` as JSON can hold it, for people to look at."""
        return {
            column: _describe(value)
            for column, value in zip(self.columns, astuple(record), strict=True)
            if value is not None
        }

    def _encode(self, records: Sequence[msgspec.Struct]) -> list[Row]:
        rows = []
        for record in records:
            values = list(astuple(record))
            for i in self._int4s:
                if values[i] is not None and not -INT4_MAX <= values[i] <= INT4_MAX:
                    raise OverflowError("integer out of range")
            for i in self._times:
                if values[i] is not None:
                    if not is_storable_time(values[i]):
                        raise OverflowError("time out of range")
                    values[i] = microseconds(values[i])
            rows.append(tuple(values))
        return rows


def _value_fault(column: str, kind: Kind, value: Any) -> Fault | None:
    if kind is _TEXT:
        if "\0" in value or not _is_unicode(value):
            return Fault(BAD_TEXT, f"{column} holds what no text can")
        return None
    if kind is _BOOL:
        return None
    if kind is _TIME:
        return None if is_storable_time(value) else Fault(BAD_TIME, f"{column} is no time")
    if not kind.low <= value <= kind.high:
        whole = kind.wire in ("int4", "int8")
        return Fault(OUT_OF_RANGE if whole else OUT_OF_BOUNDS, f"{column} is out of range")
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


# Long enough to recognise what came; a rejected row is for looking at, not for restoring.
_LONGEST_TEXT: Final = 500


def _describe(value: object) -> object:
    if isinstance(value, str):
        return (
            value[:_LONGEST_TEXT]
            .encode("utf-8", "backslashreplace")
            .decode()
            .replace("\0", "\\x00")
        )
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > INT8_MAX:
        return (
            f"about 2^{value.bit_length() - 1}"
            if value > 0
            else f"about -2^{value.bit_length() - 1}"
        )
    return value


POSITION: Final = Table(
    "position", TrackPoint, frozenset({"flight", "ts", "source", "feed"}), encode_points
)
FLIGHT: Final = Table(
    "flight", FlightRecord, frozenset({"flight", "icao24", "started", "last_contact", "points"})
)
EVENT: Final = Table("event", FlightEvent, frozenset({"flight", "ts", "kind"}))
