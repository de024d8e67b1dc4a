"""Traffic as a feed brings it: the world's flights, one update a second each, as bytes.

Every flight flies straight on. From one second to the next its position changes, and of the rest
about as much as in the recordings of readsb in the field: speed and track of every seventh, rates
and altitudes of every sixth; squawk, callsign and the like never.
"""

import json
import math
import random
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.jsonl import jsonl_decoder
from aerotrack.feeds.lines import ArrivalStamps
from aerotrack.feeds.sbs import sbs_decoder

SPEED_CHANGES: Final = 0.14
RATE_CHANGES: Final = 0.16
# A fifth of all flights climb or descend; level ones wander by a step now and then.
CLIMBING: Final = 0.2
WANDERS: Final = 0.05


class Aircraft:
    """One in the air."""

    __slots__ = (
        "alt", "callsign", "east", "gs", "icao24", "lat", "lon", "north", "rate", "squawk", "track",
    )  # fmt: skip

    def __init__(
        self, number: int, chance: random.Random, place: tuple[float, float] | None = None
    ) -> None:
        self.icao24 = f"{0x100000 + number * 61:06x}"
        self.callsign = f"AT{number:05d}"
        self.squawk = f"{chance.randrange(8**4):04o}"
        self.lat, self.lon = place or (chance.uniform(-50, 65), chance.uniform(-180, 179))
        self.alt = chance.randrange(100, 400) * 100
        self.rate = chance.choice((-1_800, 1_800)) if chance.random() < CLIMBING else 0
        self.fly(chance.uniform(300, 500), chance.uniform(0, 360))

    def fly(self, gs: float, track: float) -> None:
        """This fast, there from now on."""
        self.gs, self.track = round(gs, 1), round(track % 360.0, 2) % 360.0
        degrees = self.gs / 3600 / 60
        self.north = degrees * math.cos(math.radians(self.track))
        self.east = degrees * math.sin(math.radians(self.track))
        self.east /= math.cos(math.radians(self.lat))

    def move(self, chance: random.Random) -> None:
        """A second later."""
        self.lat += self.north
        self.lon += self.east
        if self.lon >= 180.0:
            self.lon -= 360.0
        elif self.lon < -180.0:
            self.lon += 360.0
        if chance.random() < SPEED_CHANGES:
            self.fly(
                min(500.0, max(300.0, self.gs + chance.uniform(-2, 2))),
                self.track + chance.uniform(-1, 1),
            )
        if self.rate:
            if chance.random() < RATE_CHANGES:
                self.rate += chance.choice((-64, 64))
            self.alt += round(self.rate / 60)
            if not 5_000 < self.alt < 41_000:
                self.rate = -self.rate
        elif chance.random() < WANDERS:
            self.alt += chance.choice((-25, 25))


def jsonl(craft: Aircraft, now: float) -> bytes:
    """A line as programs written for AeroTrack send it: everything known, each time."""
    return b'{"icao24":"%b","ts":%.3f,"source":"adsb_icao","callsign":"%b","category":"A3","lat":%.6f,"lon":%.6f,"alt_baro":%d,"alt_geom":%d,"on_ground":false,"gs":%.1f,"track":%.2f,"baro_rate":%d,"squawk":"%b","emergency":"none"}\n' % (  # noqa: E501
        craft.icao24.encode(), now, craft.callsign.encode(), craft.lat, craft.lon, craft.alt,
        craft.alt + 600, craft.gs, craft.track, craft.rate, craft.squawk.encode(),
    )  # fmt: skip


def undated(craft: Aircraft) -> bytes:
    """The same line without its time: that of its arrival counts."""
    line = jsonl(craft, 0.0)
    return line.replace(b'"ts":0.000,', b"", 1)


# What a whole object of readsb holds beside what moves, as its port for JSON lines sends it.
_READSB: Final[dict[str, Any]] = {
    "type": "adsb_icao", "r": "N770TM", "t": "B738", "emergency": "none", "category": "A3",
    "nav_qnh": 1012.8, "nav_altitude_mcp": 36_992, "nic": 8, "rc": 186, "version": 2,
    "nic_baro": 1, "nac_p": 10, "nac_v": 1, "sil": 3, "sil_type": "perhour", "gva": 2, "sda": 2,
    "alert": 0, "spi": 0, "mlat": [], "tisb": [], "messages": 116, "seen": 0.0, "rssi": -25.9,
    "seen_pos": 0.0, "r_dst": 171.4, "r_dir": 278.2,
}  # fmt: skip


def readsb(craft: Aircraft, now: float) -> bytes:
    """A line of readsb's port for JSON."""
    entry = {
        "now": round(now, 3), "hex": craft.icao24, "flight": craft.callsign.ljust(8),
        "alt_baro": craft.alt, "alt_geom": craft.alt + 600, "gs": craft.gs, "track": craft.track,
        "baro_rate": craft.rate, "squawk": craft.squawk, "lat": round(craft.lat, 6),
        "lon": round(craft.lon, 6), **_READSB,
    }  # fmt: skip
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def sbs(craft: Aircraft, _now: float) -> bytes:
    """A line with everything in it, as aggregators write them."""
    return b"MSG,3,1,1,%b,1,2026/11/22,06:57:56.716,2026/11/22,06:57:56.716,%b,%d,%.1f,%.1f,%.5f,%.5f,%d,%b,0,0,0,0\r\n" % (  # noqa: E501
        craft.icao24.upper().encode(), craft.callsign.ljust(8).encode(), craft.alt, craft.gs,
        craft.track, craft.lat, craft.lon, craft.rate, craft.squawk.encode(),
    )  # fmt: skip


class Shape(NamedTuple):
    """How an update looks, and what reads it."""

    write: Callable[[Aircraft, float], bytes]
    decoder: Callable[[FeedFigures], Any]


SHAPES: Final = {
    "jsonl": Shape(
        jsonl, lambda f: jsonl_decoder(figures=f, stamps=ArrivalStamps(), receiver=None)
    ),
    "readsb": Shape(
        readsb, lambda f: jsonl_decoder(figures=f, stamps=ArrivalStamps(), receiver=None)
    ),
    "sbs": Shape(
        sbs,
        lambda f: sbs_decoder(figures=f, stamps=ArrivalStamps(), source="adsb_icao", receiver=None),
    ),
}


class Traffic:
    """``flights`` aircraft, written in one shape."""

    def __init__(self, shape: str, flights: int) -> None:
        self._chance = random.Random(1)
        self._write = SHAPES[shape].write
        self._fleet = [Aircraft(number, self._chance) for number in range(flights)]

    def second(self, now: float) -> bytes:
        """What all of them sent in the second that ends ``now``."""
        chance, write, count = self._chance, self._write, len(self._fleet)
        lines = []
        for number, craft in enumerate(self._fleet):
            craft.move(chance)
            lines.append(write(craft, now - 1.0 + number / count))
        return b"".join(lines)
