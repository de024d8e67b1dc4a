"""A past moment as the history tells it, and what can be asked of the history."""

from typing import Any

import msgspec

from aerotrack.domain.countries import country_of
from aerotrack.domain.geo import Box
from aerotrack.domain.records import EventKind, TrackPoint, flight_id_of_key
from aerotrack.domain.rules import SLOW_SOURCES, FlightRules
from aerotrack.domain.stream.picture import TIME_DECIMALS
from aerotrack.domain.vocabulary import DECIMALS

# What a track point says of a flight beside where and when it was.
STATE_FIELDS = (
    "alt_baro", "alt_geom", "on_ground", "gs", "track", "baro_rate", "callsign", "squawk",
    "emergency", "source", "feed",
)  # fmt: skip


class Airframe(msgspec.Struct, frozen=True, gc=False):
    """Which aircraft a flight was, as its record (else the register) has it, whatever the time."""

    registration: str | None = None
    typecode: str | None = None
    category: str | None = None
    db_flags: int | None = None


UNKNOWN = Airframe()


class PastState(msgspec.Struct, gc=False):
    """A flight at a moment: each value as of the last row that held one.

    ``point.ts`` is its last contact, ``point.lat`` and ``lon`` are those of ``time_position``
    (epoch seconds, ``None`` where no position is known).
    """

    point: TrackPoint
    time_position: float | None
    airframe: Airframe = UNKNOWN

    @property
    def icao24(self) -> str:
        """The aircraft."""
        return flight_id_of_key(self.point.flight).partition("-")[0]

    @property
    def last_contact(self) -> float:
        """Epoch seconds of the last row."""
        return self.point.ts

    def live_until(self, rules: FlightRules) -> float:
        """When it leaves the picture if no position comes any more, epoch seconds."""
        if self.time_position is None:
            return self.point.ts + rules.gone_after
        slow = self.point.source in SLOW_SOURCES
        return self.time_position + (rules.gone_after_slow if slow else rules.gone_after)

    def within(self, box: Box | None) -> bool:
        """Whether it lies in ``box``; without a box it does wherever it is."""
        if box is None:
            return True
        lat, lon = self.point.lat, self.point.lon
        return lat is not None and lon is not None and box.contains(lat, lon)

    def values(self) -> dict[str, Any]:
        """Its fields at public precision, without its times; unknown is absent."""
        name = flight_id_of_key(self.point.flight)
        icao24 = name.partition("-")[0]
        shown: dict[str, Any] = {"icao24": icao24, "flight_id": name}
        for field in ("lat", "lon", *STATE_FIELDS):
            _put(shown, field, getattr(self.point, field))
        for field in Airframe.__struct_fields__:
            _put(shown, field, getattr(self.airframe, field))
        _put(shown, "country", country_of(icao24))
        return shown

    def entry(self) -> dict[str, Any]:
        """The whole entry of the picture."""
        shown = self.values()
        if self.time_position is not None:
            shown["time_position"] = round(self.time_position, TIME_DECIMALS)
        shown["last_contact"] = round(self.point.ts, TIME_DECIMALS)
        return shown

    def take(self, point: TrackPoint) -> None:
        """Take in a later row of this flight: what it does not hold stays."""
        before = self.point
        given = {
            field: value for field in STATE_FIELDS if (value := getattr(point, field)) is not None
        }
        if point.lat is not None and point.lon is not None:
            given |= {"lat": point.lat, "lon": point.lon}
            self.time_position = point.ts
        self.point = msgspec.structs.replace(before, ts=max(before.ts, point.ts), **given)


def _put(shown: dict[str, Any], field: str, value: Any) -> None:
    if value is not None:
        decimals = DECIMALS.get(field)
        shown[field] = value if decimals is None else round(value, decimals)


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Rows later than ``since`` (epoch seconds, key of a flight) up to ``until``, in that order.

    All of them without a box; else those of flights that are in the box at some time between the
    two, of ``known`` flights (keys) wherever they are, and of those followed (icao24s).
    """

    since: tuple[float, int]
    until: float
    box: Box | None = None
    follow: tuple[str, ...] = ()
    known: tuple[int, ...] = ()
    limit: int


class FlightSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Flights in contact between two times (epoch seconds), those that began last first.

    ``callsign`` and ``registration`` are what they begin with, ``airport`` is either end.
    ``before`` is (start in whole microseconds, key) of the last one seen.
    """

    begin: float
    end: float
    callsign: str | None = None
    registration: str | None = None
    icao24: str | None = None
    typecode: str | None = None
    airport: str | None = None
    box: Box | None = None
    before: tuple[int, int] | None = None
    limit: int = 100


class EventSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Events between two times (epoch seconds), the last first.

    ``airport`` is where a take-off or landing was. ``before`` is (time in whole microseconds, key,
    kind) of the last one seen.
    """

    begin: float
    end: float
    event: EventKind | None = None
    icao24: str | None = None
    airport: str | None = None
    before: tuple[int, int, str] | None = None
    limit: int = 100


class PastEvent(msgspec.Struct, frozen=True, gc=False):
    """Something that happened to a flight, with the callsign of the flight's record."""

    flight: int
    ts: float
    kind: EventKind
    detail: str | None
    lat: float | None
    lon: float | None
    callsign: str | None = None


class AircraftRecord(msgspec.Struct, frozen=True, gc=False):
    """What feeds and the register say of an aircraft, and when it was heard (epoch seconds)."""

    icao24: str
    registration: str | None
    typecode: str | None
    desc: str | None
    operator: str | None
    owner: str | None
    serial_number: str | None
    year: int | None
    category: str | None
    db_flags: int | None
    first_seen: float | None
    last_seen: float | None
