"""Traces: what readsb and tar1090 keep of an aircraft's day (``trace_full_4ca2d6.json``).

An object with the aircraft's address and register entry, the epoch second it counts from, and a
list of points: seconds, latitude, longitude, altitude in feet or ``"ground"``, speed, track, flags,
rate of climb, now and then an aircraft object as in ``aircraft.json``, and in newer files what gave
the position, geometric altitude and rate, airspeed and roll. ``null`` is unknown.
"""

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from aerotrack.domain.observation import Observation
from aerotrack.domain.vocabulary import CHECKS
from aerotrack.feeds.aircraft import number, parse_aircraft
from aerotrack.feeds.feed import FeedError
from aerotrack.feeds.recording import open_recording

# A point a second all day long takes some ten megabytes; whatever is larger is none.
TRACE_LIMIT_BYTES: Final = 64 * 1024 * 1024
# Bits of a point's flags; stale is one that comes more than 20 s after the last.
STALE: Final = 1
NEW_LEG: Final = 2
RATE_IS_GEOMETRIC: Final = 4
ALTITUDE_IS_GEOMETRIC: Final = 8
_SHORTEST_POINT: Final = 7  # up to the flags
# Files begin the day before at the earliest, and span little more than a day.
_LAST_START: Final = 4e9
# Where the columns of a point stand under which name of an aircraft object.
_COLUMNS: Final = ((4, "gs"), (5, "track"), (10, "alt_geom"), (11, "geom_rate"), (12, "ias"),
                   (13, "roll"))  # fmt: skip
_HEADER: Final = ("r", "t", "desc", "dbFlags", "ownOp")
# Of an aircraft object these count back from a time it does not say, or are the point's.
_NOT_OF_THE_POINT: Final = frozenset({"hex", "lat", "lon", "seen", "seen_pos", "alt_baro"})


class Trace(NamedTuple):
    """A file as read: whose it is, what its header says of the aircraft, and its points, raw."""

    icao24: str
    start: float
    header: dict[str, Any]
    points: list[Any]


class TracePoint(NamedTuple):
    """What a point says, and whether the tracker began another leg with it."""

    observation: Observation
    new_leg: bool


def read_trace(path: Path) -> Trace:
    """The file, gzip or plain.

    Raises:
        FeedError: ``bad_gzip``, ``too_large``, ``bad_json``, ``not_a_trace``, ``bad_icao24``.
        OSError: it cannot be read.
    """
    try:
        with open_recording(path) as file:
            body = file.read(TRACE_LIMIT_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as damage:
        raise FeedError("bad_gzip", f"{path} is cut or damaged: {damage}") from damage
    if len(body) > TRACE_LIMIT_BYTES:
        raise FeedError("too_large", f"{path} has more than {TRACE_LIMIT_BYTES} bytes")
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            document = json.loads(body)  # takes NaN, which costs just that value
        except (ValueError, RecursionError) as wrong:
            raise FeedError("bad_json", f"{path} is no JSON: {wrong}") from wrong
    if not isinstance(document, dict) or not isinstance(document.get("trace"), list):
        raise FeedError("not_a_trace", f"{path} has no list of points")
    start, icao24 = number(document.get("timestamp")), document.get("icao")
    if start is None or not 0.0 <= start <= _LAST_START:
        raise FeedError("not_a_trace", f"{path} does not say when it begins")
    if not isinstance(icao24, str) or CHECKS["icao24"](icao24.lower()) is None:
        raise FeedError("bad_icao24", f"{path} does not say whose it is")
    header = {key: document[key] for key in _HEADER if document.get(key) not in (None, "")}
    return Trace(icao24.lower(), float(start), header, document["trace"])


def trace_points(trace: Trace, *, feed: str, dropped: Counter[str]) -> Iterator[TracePoint]:
    """What the points of ``trace`` say, in the order of the file. Never raises.

    Points that are none, and values that cannot be, are counted in ``dropped``. What gave the
    position holds until a point says otherwise.
    """
    kind: str | None = None
    for index, raw in enumerate(trace.points):
        seconds = number(raw[0]) if isinstance(raw, list) and len(raw) >= _SHORTEST_POINT else None
        if seconds is None or not 0.0 <= trace.start + seconds <= _LAST_START:
            dropped["bad_point"] += 1
            continue
        flags = raw[6] if type(raw[6]) is int else 0
        entry = _entry(raw, flags)
        said = raw[9] if len(raw) > 9 else None
        said = entry.get("type") if said is None else said
        if isinstance(said, str):
            kind = said
        if kind is not None:
            entry["type"] = kind
        # The register's entry goes with whatever may begin a flight, and now and then besides.
        if index == 0 or flags & (STALE | NEW_LEG) or (len(raw) > 8 and raw[8]):
            entry |= trace.header
        entry["hex"] = trace.icao24
        parsed = parse_aircraft(entry, now=trace.start + seconds, feed=feed, dropped=dropped)
        if isinstance(parsed, str):
            dropped[parsed] += 1
        else:
            yield TracePoint(parsed, bool(flags & NEW_LEG))


def _entry(raw: list[Any], flags: int) -> dict[str, Any]:
    """The point as an aircraft object; what stands in its columns before what is in its own."""
    said = raw[8] if len(raw) > 8 and isinstance(raw[8], dict) else {}
    entry = {key: value for key, value in said.items() if key not in _NOT_OF_THE_POINT}
    entry["lat"], entry["lon"] = raw[1], raw[2]
    for column, name in _COLUMNS:
        if column < len(raw) and raw[column] is not None:
            entry[name] = raw[column]
    altitude, geometric = raw[3], flags & ALTITUDE_IS_GEOMETRIC
    if altitude is not None:
        entry["alt_geom" if geometric and altitude != "ground" else "alt_baro"] = altitude
    elif not geometric and "alt_baro" in said:
        entry["alt_baro"] = said["alt_baro"]
    if len(raw) > 7 and raw[7] is not None:
        entry["geom_rate" if flags & RATE_IS_GEOMETRIC else "baro_rate"] = raw[7]
    return entry
