"""Recordings made for tests, with their truth: aircraft on known ways, heard by several receivers.

An :class:`Aircraft` sends what its kind sends along a *way* (a function from seconds to
:class:`Where`); :func:`heard` is what receivers with clocks, crystals and lines of their own make
of it, in the order it arrives in one stream; :func:`truth` is what a decoder should find.
"""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from aerotrack.domain.cpr import encode, resolve_near
from aerotrack.domain.geo import wrap_lon
from aerotrack.feeds.modes.codes import SQUAWK
from aerotrack.feeds.modes.parity import with_parity

from .frames import all_call, altitude_code, reply

HZ = 12_000_000
NMI_PER_DEG = 60.0
LETTERS = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ##### ###############0123456789######"
# Movement codes of surface positions (DO-260B, 2.2.3.2.3.3): from this speed on, by this step.
MOVEMENT = ((175.0, 124, 0.0), (100.0, 109, 5.0), (70.0, 94, 2.0), (15.0, 39, 1.0),
            (2.0, 13, 0.5), (1.0, 9, 0.25), (0.125, 2, 0.125))  # fmt: skip


class Where(NamedTuple):
    """Degrees, feet, knots, degrees, feet a minute."""

    lat: float
    lon: float
    alt: float
    gs: float
    track: float
    climb: float = 0.0
    ground: bool = False


Way = Callable[[float], Where]


class Sent(NamedTuple):
    """A message: when (seconds), its bytes, whose, and where its sender is if it says so."""

    at: float
    message: bytes
    icao24: str
    lat: float | None = None
    lon: float | None = None


def great_circle(lat: float, lon: float, track: float, gs: float, alt: float = 36_000) -> Way:
    """Straight ahead, over the poles and the antimeridian too."""
    phi, lam, course = map(math.radians, (lat, lon, track))

    def at(seconds: float) -> Where:
        flown = math.radians(gs * seconds / 3600 / NMI_PER_DEG)
        s = math.sin(phi) * math.cos(flown) + math.cos(phi) * math.sin(flown) * math.cos(course)
        there = math.asin(max(-1.0, min(1.0, s)))
        y = math.sin(course) * math.sin(flown) * math.cos(phi)
        x = math.cos(flown) - math.sin(phi) * s
        east = lam + math.atan2(y, x)
        # The course on the way is the direction away from where it came from.
        back_y = math.sin(lam - east) * math.cos(phi)
        back_x = math.cos(there) * math.sin(phi) - math.sin(there) * math.cos(phi) * math.cos(
            lam - east
        )
        now = math.degrees(math.atan2(back_y, back_x)) + 180.0 if seconds > 0 else track
        return Where(math.degrees(there), wrap_lon(math.degrees(east)), alt, gs, now % 360.0)

    return at


def circle(lat: float, lon: float, nmi: float, gs: float, alt: float = 9_000) -> Way:
    """Round and round a place."""

    def at(seconds: float) -> Where:
        angle = gs * seconds / 3600 / nmi
        north = nmi / NMI_PER_DEG * math.cos(angle)
        east = nmi / NMI_PER_DEG * math.sin(angle) / math.cos(math.radians(lat))
        return Where(
            lat + north, wrap_lon(lon + east), alt, gs, (math.degrees(angle) + 90.0) % 360.0
        )

    return at


class Leg(NamedTuple):
    """Part of a way: seconds, knots at its end, track at its end, feet a minute, wheels down."""

    seconds: float
    gs: float
    track: float
    climb: float = 0.0
    ground: bool = True


def legs(lat: float, lon: float, track: float, *parts: Leg, alt: float = 0.0) -> Way:
    """One leg after the other from a place, speed and track changing evenly within each."""
    step, way = 0.1, []
    gs = 0.0 if not parts or parts[0].ground else parts[0].gs
    for part in parts:
        steps = round(part.seconds / step)
        turn = (part.track - track + 180.0) % 360.0 - 180.0
        faster = part.gs - gs
        for _ in range(steps):
            way.append(Where(lat, lon, alt, gs, track % 360.0, part.climb, part.ground))
            flown = gs * step / 3600 / NMI_PER_DEG
            lat += flown * math.cos(math.radians(track))
            lon += flown * math.sin(math.radians(track)) / math.cos(math.radians(lat))
            alt += part.climb * step / 60
            track += turn / steps
            gs += faster / steps

    def at(seconds: float) -> Where:
        index = min(int(seconds / step), len(way) - 2)
        share = min(1.0, seconds / step - index)
        one, two = way[index], way[index + 1]
        return one._replace(
            lat=one.lat + (two.lat - one.lat) * share, lon=one.lon + (two.lon - one.lon) * share
        )

    return at


def departure(lat: float, lon: float) -> Way:
    """Parked, pushed back, taxiing with a stop, a take-off run, a climb: seven minutes."""
    return legs(
        lat, lon, 90.0,
        Leg(40, 0, 90), Leg(20, 3, 120), Leg(30, 18, 180), Leg(60, 18, 180), Leg(10, 0, 200),
        Leg(30, 0, 200), Leg(10, 12, 240), Leg(20, 8, 270), Leg(35, 150, 270),
        Leg(40, 180, 270, 2000, ground=False), Leg(125, 260, 330, 2500, ground=False),
    )  # fmt: skip


def arrival(lat: float, lon: float) -> Way:
    """An approach from the east, a landing, a turn off the runway, taxiing, parked."""
    return legs(
        lat, lon, 270.0,
        Leg(120, 140, 270, -750, ground=False), Leg(20, 130, 270, -300, ground=False),
        Leg(35, 25, 270), Leg(15, 12, 330), Leg(60, 20, 30), Leg(20, 0, 90), Leg(150, 0, 90),
        alt=1_650,
    )  # fmt: skip


def bits(*fields: tuple[int, int]) -> int:
    """A number of fields, each (value, width), the first on the left."""
    number = 0
    for value, width in fields:
        number = number << width | value & (1 << width) - 1
    return number


def movement(gs: float) -> int:
    """The movement code of a ground speed in knots."""
    for least, code, step in MOVEMENT:
        if gs >= least:
            return code + (int((gs - least) / step) if step else 0)
    return 1


class Aircraft:
    """One that sends along ``way`` from ``begins`` to ``ends`` (seconds).

    ``df`` and ``low`` are the format of its squitters and the three bits behind it; ``version`` its
    ADS-B version (0 sends no operational status).
    """

    def __init__(
        self,
        address: int,
        way: Way,
        *,
        begins: float = 0.0,
        ends: float,
        df: int = 17,
        low: int = 5,
        version: int = 2,
        callsign: str = "",
        seed: int = 0,
    ) -> None:
        self.address, self.way, self.begins, self.ends = address, way, begins, ends
        self.df, self.low, self.version = df, low, version
        self.callsign = callsign or f"AT{address & 0xFFFF:04X}"
        self.chance = random.Random(address * 1000 + seed)

    @property
    def icao24(self) -> str:
        """As we call it."""
        foreign = self.df == 18 and self.low in (1, 5)
        return ("~" if foreign else "") + f"{self.address:06x}"

    def squitter(self, me: int) -> bytes:
        head = bytes([self.df << 3 | self.low]) + self.address.to_bytes(3, "big")
        return with_parity(head + me.to_bytes(7, "big"))

    def sends(self) -> Iterator[Sent]:
        """All its messages; in no order."""
        yield from self._positions()
        yield from self._each(0.5, 0.05, self._velocity)
        yield from self._each(5.0, 0.2, self._identification)
        if self.version:
            yield from self._each(2.5, 0.1, self._status)
        if self.df == 17:
            yield from self._each(1.0, 0.1, lambda _: all_call(self.address))
            yield from self._each(4.0, 1.0, self._altitude_reply)
            yield from self._each(4.0, 1.0, self._identity_reply)

    def _each(
        self, every: float, jitter: float, say: Callable[[Where], bytes | None]
    ) -> Iterator[Sent]:
        at = self.begins + self.chance.uniform(0, every)
        while at < self.ends:
            message = say(self.way(at))
            if message is not None:
                yield Sent(at, message, self.icao24)
            at += every + self.chance.uniform(-jitter, jitter)

    def _positions(self) -> Iterator[Sent]:
        at, odd = self.begins + self.chance.uniform(0, 0.5), False
        while at < self.ends:
            where = self.way(at)
            message, lat, lon = self._position(where, odd)
            yield Sent(at, message, self.icao24, lat, lon)
            odd = not odd
            still = where.ground and where.gs < 0.1
            at += self.chance.uniform(4.8, 5.2) if still else self.chance.uniform(0.4, 0.6)

    def _position(self, where: Where, odd: bool) -> tuple[bytes, float, float]:
        frame = encode(where.lat, where.lon, odd=odd, surface=where.ground)
        place = (0, 1), (frame.odd, 1), (frame.lat, 17), (frame.lon, 17)
        if where.ground:
            track = round(where.track * 128 / 360) & 0x7F
            me = bits((7, 5), (movement(where.gs), 7), (1, 1), (track, 7), *place)
        else:
            code = altitude_code(round(where.alt / 25) * 25)
            me = bits((11, 5), (0, 3), ((code & 0x1F80) >> 1 | code & 0x3F, 12), *place)
        sent = resolve_near(frame, where.lat, where.lon)
        assert sent is not None
        return self.squitter(me), *sent

    def _velocity(self, where: Where) -> bytes | None:
        if where.ground:
            return None
        east = round(where.gs * math.sin(math.radians(where.track)))
        north = round(where.gs * math.cos(math.radians(where.track)))
        rate = round(where.climb / 64)
        me = bits(
            (19, 5), (1, 3), (0, 5), (east < 0, 1), (abs(east) + 1, 10), (north < 0, 1),
            (abs(north) + 1, 10), (1, 1), (rate < 0, 1), (abs(rate) + 1, 9), (0, 3), (0, 7),
        )  # fmt: skip
        return self.squitter(me)

    def _identification(self, where: Where) -> bytes:
        text = bits(*((LETTERS.index(c), 6) for c in self.callsign.ljust(8)[:8]))
        return self.squitter(bits((4, 5), (3, 3), (text, 48)))

    def _status(self, where: Where) -> bytes:
        return self.squitter(bits((31, 5), (where.ground, 3), (0, 32), (self.version, 3), (0, 13)))

    def _altitude_reply(self, where: Where) -> bytes:
        code = altitude_code(round(where.alt / 25) * 25)
        return reply(4, self.address, code, status=1 if where.ground else 0)

    def _identity_reply(self, where: Where) -> bytes:
        return reply(5, self.address, SQUAWK.index("1234"), status=1 if where.ground else 0)


class Station(NamedTuple):
    """A receiver: what its clock reads at the start (seconds), how fast it runs (parts per
    million), the delay of its line (at least, at most), its share of the messages, its clock; and
    when and by how much that is set once."""

    reads: float = 1_000.0
    ppm: float = 0.0
    delay: tuple[float, float] = (0.0, 0.02)
    share: float = 0.7
    gps: bool = False
    set_by: tuple[float, float] = (0.0, 0.0)

    def clock(self, at: float) -> int:
        seconds = self.reads + at * (1.0 + self.ppm * 1e-6)
        if at > self.set_by[0]:
            seconds += self.set_by[1]
        if self.gps:
            seconds %= 86_400.0
            return int(seconds) << 30 | int(seconds % 1.0 * 1e9)
        return round(seconds * HZ) & 0xFFFFFFFFFFFF


Arrived = tuple[float, bytes, int, Sent]  # when, message as it came, clock, what was sent


def heard(
    sent: Iterable[Sent],
    stations: Iterable[Station],
    *,
    seed: int = 1,
    damaged: float = 0.0,
    again: float = 0.0,
) -> list[Arrived]:
    """What comes in one stream, in order; each line keeps its own order.

    A share ``damaged`` has some bits wrong; a share ``again`` comes another time seconds later.
    """
    chance = random.Random(seed)
    messages = sorted(sent)
    arrived: list[Arrived] = []
    for station in stations:
        last = 0.0
        for one in messages:
            if chance.random() >= station.share:
                continue
            last = max(last, one.at + chance.uniform(*station.delay))
            message, clock = one.message, station.clock(one.at)
            if chance.random() < damaged:
                wrong = bytearray(message)
                for _ in range(chance.randrange(1, 4)):
                    wrong[chance.randrange(len(wrong))] ^= 1 << chance.randrange(8)
                message = bytes(wrong)
            arrived.append((last, message, clock, one))
            if chance.random() < again:
                arrived.append((last + chance.uniform(1.5, 6.0), message, clock, one))
    arrived.sort()
    return arrived


class Found(NamedTuple):
    """A position that a decoder should find."""

    icao24: str
    at: float
    lat: float
    lon: float


def truth(arrived: Iterable[Arrived]) -> list[Found]:
    """The positions of all frames that came whole, from the first pair of each aircraft on.

    A pair is an even and an odd frame within ten seconds.
    """
    found: list[Found] = []
    last: dict[tuple[str, bool], float] = {}
    known: set[str] = set()
    for one in sorted({sent for _, message, _, sent in arrived if message == sent.message}):
        at, message, icao24, lat, lon = one
        if lat is None or lon is None:
            continue
        odd = bool(message[6] >> 2 & 1)
        last[icao24, odd] = at
        if at - last.get((icao24, not odd), -1e9) <= 10.0:
            known.add(icao24)
        if icao24 in known:
            found.append(Found(icao24, at, lat, lon))
    return found
