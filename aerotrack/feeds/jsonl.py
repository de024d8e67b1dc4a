"""JSON lines over TCP: an object a line, of readsb's shape or of our own.

readsb sends its aircraft objects on ``--net-json-port``, each with its own ``now``; programs made
for AeroTrack send what they would POST. The key tells: ``hex`` is theirs, ``icao24`` ours.
"""

from collections import Counter
from functools import partial
from typing import Any, Final

import msgspec

from aerotrack.domain.observation import from_posted
from aerotrack.domain.rules import FlightRules
from aerotrack.feeds.aircraft import number, parse_aircraft
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.lines import ArrivalStamps, LineDecoder, Parsed
from aerotrack.feeds.posted import BAD_INPUT, decode_posted, wrong_with

# A whole aircraft object has about 1,000 bytes; 64 kB leaves room for keys we know nothing of.
LINE_LIMIT: Final = 65_536
RULES: Final = FlightRules()

_decode_any = msgspec.json.Decoder().decode


def parse_json_line(
    line: bytes,
    arrived: float,
    *,
    feed: str,
    receiver: str | None = None,
    dropped: Counter[str],
    rules: FlightRules = RULES,
) -> Parsed:
    """What ``line``, which arrived at ``arrived`` (epoch seconds), says. Never raises.

    An observation; ``None`` for a blank line; or the reason it is refused for: ``bad_json``,
    ``not_an_object``, ``bad_icao24``, ``bad_value``, ``bad_position``, ``future``. Of readsb's
    shape a bad value costs that field only, as :func:`parse_aircraft` says; a record of our own
    shape is taken whole or not at all.
    """
    line = line.strip().removesuffix(b",")  # some write the lines of an array
    if not line:
        return None
    if b'"icao24"' in line:
        posted = decode_posted(line)
        if not isinstance(posted, tuple):
            if (wrong := wrong_with(posted, now=arrived, rules=rules)) is not None:
                return wrong
            return from_posted(posted, feed=feed, now=arrived, receiver=receiver)
        if b'"hex"' not in line:
            return posted[0]
    try:
        entry: Any = _decode_any(line)
    except BAD_INPUT:
        return "bad_json"
    if not isinstance(entry, dict):
        return "not_an_object"
    stated = number(entry.get("now"))
    now = arrived if stated is None else float(stated)
    if now > arrived + rules.future_tolerance:
        return "future"
    # It cannot be known before it happened: a clock that is a little ahead is put back.
    now = min(now, arrived)
    return parse_aircraft(entry, now=now, feed=feed, receiver=receiver, dropped=dropped)


def jsonl_decoder(
    *, figures: FeedFigures, stamps: ArrivalStamps, receiver: str | None
) -> LineDecoder:
    """A decoder for one connection of the feed that ``figures`` belong to."""
    parse = partial(parse_json_line, feed=figures.name, receiver=receiver, dropped=figures.dropped)
    return LineDecoder(parse, figures=figures, stamps=stamps, limit=LINE_LIMIT, whole_tail=True)
