"""SBS-1 / BaseStation lines, as port 30003 of a receiver sends them.

One line a message, 22 comma-separated fields, an empty field says nothing. Read are ``MSG`` lines
of any transmission type, and in each whatever is filled: readsb and mlat-client put everything into
``MSG,3``. The dates in a line are not trusted (some programs write local time), its time is that of
its arrival. Sources: readsb net_io.c (decodeSbsLine, modesSendSBSOutput), woodair.net Barebones42.
"""

import re
from collections import Counter
from functools import partial
from typing import Final

from aerotrack.domain.observation import Observation
from aerotrack.domain.position import implausible
from aerotrack.domain.vocabulary import CHECKS
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.lines import ArrivalStamps, LineDecoder, Parsed

FIELDS: Final = 22
# A full line has about 130 characters; readsb refuses 200 and more, others pad the callsign.
LINE_LIMIT: Final = 512
# What BaseStation itself sends besides data; readers take MSG only.
OTHER_TYPES: Final = frozenset({b"SEL", b"ID", b"AIR", b"STA", b"CLK"})

_icao24 = re.compile(rb"~?[0-9A-Fa-f]{6}").fullmatch
# Python's float() takes 1_000 and infinity, the wire does not.
_number = re.compile(rb"\s*[-+]?(?:\d+\.?\d*|\.\d+)\s*").fullmatch

# Place in the line, name of the field, its check; the other fields have rules of their own.
_NUMBERS: Final = tuple(
    (place, name, CHECKS[name]) for place, name in ((12, "gs"), (13, "track"), (16, "baro_rate"))
)
_FLAGS: Final = {b"-1": True, b"1": True, b"0": False}
_check_callsign = CHECKS["callsign"]
_check_squawk = CHECKS["squawk"]
_check_alt_baro = CHECKS["alt_baro"]
_check_alt_geom = CHECKS["alt_geom"]
# An emergency flag stands for one of these codes; alone it does not say which.
_EMERGENCY_OF: Final = {"7500": "unlawful", "7600": "nordo", "7700": "general"}
# In the original dump1090, known by its empty dates, these types carry constant zeros as flags;
# for type 1 even "not on the ground", which 3 and 4 are by nature.
_CONSTANT_FLAGS: Final = frozenset({b"1", b"3", b"4"})


def _flags(
    fields: list[bytes], values: dict[str, object], source: str, dropped: Counter[str]
) -> None:
    """Alert, emergency, ident and ground into ``values``."""
    alert, emergency, spi, ground = fields[18:FIELDS]
    if not fields[6] and not fields[8] and fields[1] in _CONSTANT_FLAGS:
        alert = emergency = spi = b""
        if fields[1] == b"1":
            ground = b""
    if source == "mlat":  # mlat-server writes a count of receivers and an error estimate here
        alert = emergency = b""
    for text, name in ((alert, "alert"), (spi, "spi"), (ground, "on_ground")):
        if text:
            flag = _FLAGS.get(text.strip())
            if flag is None:
                dropped[f"bad_{name}"] += 1
            else:
                values[name] = flag
    if emergency:
        squawk = values.get("squawk")
        flag = _FLAGS.get(emergency.strip())
        if flag is None:
            dropped["bad_emergency"] += 1
        elif flag:
            values["emergency"] = _EMERGENCY_OF.get(str(squawk), "general")
        elif squawk is not None:  # the flag is about the squawk; without one a zero says nothing
            values["emergency"] = "none"


def _position(
    lat_text: bytes, lon_text: bytes, values: dict[str, object], dropped: Counter[str]
) -> None:
    if _number(lat_text) and _number(lon_text):
        lat, lon = float(lat_text), float(lon_text)
        if lat == 0.0 == lon:  # an empty field, in the spelling of some programs
            return
        if not implausible(lat, lon):
            values["lat"], values["lon"] = lat, lon
            return
    elif not lat_text.strip() and not lon_text.strip():
        return
    dropped["bad_position"] += 1


def parse_sbs(
    line: bytes,
    ts: float,
    *,
    feed: str,
    source: str = "other",
    receiver: str | None = None,
    dropped: Counter[str],
) -> Parsed:
    """What ``line`` (without its end) says, as of ``ts`` (epoch seconds). Never raises.

    Returns an observation, the reason the line is refused for (``bad_line``, ``bad_icao24``), or
    ``None`` for heartbeats and message types that carry no aircraft data. A field that cannot be
    one is left out and counted in ``dropped`` as ``bad_`` and its name; the rest of the line holds.
    """
    fields = line.split(b",")
    if fields[0] != b"MSG":
        return None if fields[0] in OTHER_TYPES or not line.strip() else "bad_line"
    if len(fields) < FIELDS:
        return "bad_line"
    if not _icao24(fields[4]):
        return "bad_icao24"
    values: dict[str, object] = {}
    if text := fields[10]:
        callsign = text.strip(b" \0").decode("latin-1")
        if _check_callsign(callsign):
            values["callsign"] = callsign
        elif callsign:
            dropped["bad_callsign"] += 1
    if text := fields[11]:
        geometric = text[-1:] in b"Hh"
        name = "alt_geom" if geometric else "alt_baro"
        text = text[:-1] if geometric else text
        check = _check_alt_geom if geometric else _check_alt_baro
        altitude = check(float(text)) if _number(text) else None
        if altitude is not None:
            values[name] = altitude
        elif text.strip() or geometric:
            dropped[f"bad_{name}"] += 1
    for place, name, check in _NUMBERS:
        if text := fields[place]:
            value = check(float(text)) if _number(text) else None
            if value is not None:
                values[name] = value
            elif text.strip():
                dropped[f"bad_{name}"] += 1
    if fields[14] or fields[15]:
        _position(fields[14], fields[15], values, dropped)
    if text := fields[17]:
        squawk = text.strip().decode("latin-1")
        if squawk and _check_squawk(squawk.zfill(4)):  # the original dump1090 prints 0112 as 112
            values["squawk"] = squawk.zfill(4)
        elif squawk:
            dropped["bad_squawk"] += 1
    if fields[18] or fields[19] or fields[20] or fields[21]:
        _flags(fields, values, source, dropped)
    return Observation(
        icao24=fields[4].decode("ascii").lower(),
        ts=ts,
        source=source,  # type: ignore[arg-type]  # one of the vocabulary's, by the URL's check
        feed=feed,
        receiver=receiver,
        **values,  # type: ignore[arg-type]  # checked by the vocabulary above
    )


def sbs_decoder(
    *, figures: FeedFigures, stamps: ArrivalStamps, source: str, receiver: str | None
) -> LineDecoder:
    """A decoder for one SBS connection of the feed that ``figures`` belong to."""
    parse = partial(
        parse_sbs, feed=figures.name, source=source, receiver=receiver, dropped=figures.dropped
    )
    return LineDecoder(parse, figures=figures, stamps=stamps, limit=LINE_LIMIT)
