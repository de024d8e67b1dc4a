"""Filed routes: which airports a callsign goes by, and whether an aircraft may be on that way.

Lists of routes are made by a community from what it saw; callsigns are used again on other days, on
the way back and by other airlines. So a route is shown only while the aircraft's place and
direction agree with it, and never mixed with what was seen of take-off and landing.
"""

import math
import re
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from aerotrack.domain.airports import Airports
from aerotrack.domain.geo import EARTH_RADIUS_NMI, bearing_deg, distance_nmi
from aerotrack.domain.types import Value

Verdict = Literal["likely", "undecided", "unlikely"]

# How far beside the great circle a flight may be: weather, airways and closed airspace cost short
# legs tens of miles and long ones a share of their length (the tracks over the North Atlantic lie
# up to 0.15 of the leg away from it).
BESIDE_NMI: Final = 60.0
BESIDE_SHARE: Final = 0.15
# Arrivals are led past their airport and departures round it, about this far.
TERMINAL_NMI: Final = 40.0
# Who is on the ground this near an airport's reference point is at it (the largest are 6 across).
FIELD_NMI: Final = 5.0
# Outside the terminal areas the track may differ this much from the way to the destination.
ASTRAY_DEG: Final = 90.0
# Near an airport a climb or descent steeper than this says whether it is left or reached.
VERTICAL_FPM: Final = 400
# Doubts must last: a racetrack hold flies away from its destination for two or three minutes.
DOUBTED_FOR_S: Final = 300.0
# A flight is looked at again after this long; at 9 nmi a minute nothing changes faster.
REVIEW_S: Final = 30.0

MOST_AIRPORTS: Final = 20
_CODE: Final = re.compile(r"[A-Z0-9]{3,4}")


class Stop(msgspec.Struct, frozen=True, gc=False):
    """An airport of a route; degrees."""

    code: str
    lat: float
    lon: float


class FiledRoute(msgspec.Struct, frozen=True, gc=False):
    """The airports a callsign goes by, in order."""

    callsign: str
    stops: tuple[Stop, ...]

    @property
    def text(self) -> str:
        """As the vocabulary's ``route`` has it."""
        return "-".join(stop.code for stop in self.stops)


def airport_codes(text: str) -> tuple[str, ...] | None:
    """The codes in ``EGLL-KJFK`` (also parted by spaces, commas or ``>``), ``None`` if it is none.

    Twice the same airport in a row counts once; a route has at least two.
    """
    codes: list[str] = []
    for code in re.split(r"[-\s,>]+", text.strip().upper()):
        if not _CODE.fullmatch(code):
            return None
        if not codes or codes[-1] != code:
            codes.append(code)
    return tuple(codes) if 2 <= len(codes) <= MOST_AIRPORTS else None


def filed_route(callsign: str, codes: Sequence[str], airports: Airports) -> FiledRoute | None:
    """The route with the places of its airports; ``None`` where one of them is not known.

    Codes may be ICAO's or IATA's; the route has ICAO's.
    """
    stops: list[Stop] = []
    for code in codes:
        found = airports.by_icao(code) if len(code) == 4 else airports.by_iata(code)
        if found is None:
            return None
        stops.append(Stop(found.icao, found.lat, found.lon))
    return FiledRoute(callsign, tuple(stops))


def judge(
    route: FiledRoute,
    lat: float,
    lon: float,
    *,
    track: float | None = None,
    rate: int | None = None,
    on_ground: bool = False,
) -> Verdict:
    """Whether an aircraft there may be flying ``route``: the best its legs give.

    ``lat``/``lon`` and ``track`` (over ground) in degrees, ``rate`` of climb in feet a minute.
    """
    if on_ground:
        return _judge_ground(route, lat, lon)
    legs = zip(route.stops, route.stops[1:], strict=False)
    verdicts = {_judge_leg(leg, lat, lon, track=track, rate=rate) for leg in legs}
    if "likely" in verdicts:
        return "likely"
    return "undecided" if "undecided" in verdicts else "unlikely"


def _judge_ground(route: FiledRoute, lat: float, lon: float) -> Verdict:
    """At an airport it leaves from the route is likely; at the last it may be the next flight."""
    at = [distance_nmi(stop.lat, stop.lon, lat, lon) <= FIELD_NMI for stop in route.stops]
    if any(at[:-1]):
        return "likely"
    return "undecided" if at[-1] else "unlikely"


def _judge_leg(
    leg: tuple[Stop, Stop], lat: float, lon: float, *, track: float | None, rate: int | None
) -> Verdict:
    start, end = leg
    gone = distance_nmi(start.lat, start.lon, lat, lon)
    left = distance_nmi(lat, lon, end.lat, end.lon)
    if min(gone, left) > TERMINAL_NMI:
        if beside_leg_nmi(start, end, lat, lon) > beside_limit_nmi(start, end):
            return "unlikely"
        if track is None:
            return "undecided"
        off = abs((track - bearing_deg(lat, lon, end.lat, end.lon) + 180.0) % 360.0 - 180.0)
        return "likely" if off < ASTRAY_DEG else "unlikely"
    # Within a terminal area tracks say nothing; up and down say which end this is.
    if rate is None or abs(rate) < VERTICAL_FPM or abs(gone - left) < FIELD_NMI:
        return "undecided"
    return "likely" if (rate > 0) == (gone < left) else "unlikely"


def beside_limit_nmi(start: Stop, end: Stop) -> float:
    """How far beside the leg's great circle is still on the way, nautical miles."""
    length = distance_nmi(start.lat, start.lon, end.lat, end.lon)
    return max(BESIDE_NMI, BESIDE_SHARE * length)


def beside_leg_nmi(start: Stop, end: Stop, lat: float, lon: float) -> float:
    """Distance of a point from the leg: from its great circle, beyond an end from that airport.

    Cross-track and along-track distance as in Ed Williams' Aviation Formulary; nautical miles.
    """
    gone = distance_nmi(start.lat, start.lon, lat, lon)
    length = distance_nmi(start.lat, start.lon, end.lat, end.lon)
    turn = math.radians(
        bearing_deg(start.lat, start.lon, lat, lon)
        - bearing_deg(start.lat, start.lon, end.lat, end.lon)
    )
    if math.cos(turn) < 0.0:
        return gone
    arc = gone / EARTH_RADIUS_NMI
    across = math.asin(max(-1.0, min(1.0, math.sin(arc) * math.sin(turn))))
    along = math.acos(max(-1.0, min(1.0, math.cos(arc) / math.cos(across)))) * EARTH_RADIUS_NMI
    if along > length:
        return distance_nmi(lat, lon, end.lat, end.lon)
    return abs(across) * EARTH_RADIUS_NMI


class RouteWatch:
    """Whether the route of one flight is shown: once likely, until doubted for minutes on end."""

    __slots__ = ("_doubted_since", "_next", "route", "shown")

    def __init__(self, route: FiledRoute) -> None:
        self.route = route
        self.shown = False
        self._doubted_since: float | None = None
        self._next = 0.0

    def review(self, values: dict[str, Any], now: float) -> tuple[tuple[str, Value], ...]:
        """Look at the flight's ``values`` at ``now`` (epoch seconds), if it is time.

        Writes ``route`` there, and returns what changed. Without a position nothing does.
        """
        lat, lon = values.get("lat"), values.get("lon")
        if now < self._next or lat is None or lon is None:
            return ()
        self._next = now + REVIEW_S
        rate = values.get("baro_rate")
        verdict = judge(
            self.route,
            lat,
            lon,
            track=values.get("track"),
            rate=values.get("geom_rate") if rate is None else rate,
            on_ground=values.get("on_ground") is True,
        )
        if verdict != "unlikely":
            self._doubted_since = None
            if self.shown or verdict == "undecided":
                return ()
            self.shown = True
            values["route"] = self.route.text
            return (("route", self.route.text),)
        if not self.shown:
            return ()
        if self._doubted_since is None:
            self._doubted_since = now
        if now - self._doubted_since < DOUBTED_FOR_S:
            return ()
        return self.withdraw(values)

    def withdraw(self, values: dict[str, Any]) -> tuple[tuple[str, Value], ...]:
        """Show it no longer; what changed."""
        self._doubted_since = None
        if not self.shown:
            return ()
        self.shown = False
        values.pop("route", None)
        return (("route", None),)
