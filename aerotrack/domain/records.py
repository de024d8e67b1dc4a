"""What the history keeps: track points, flights, events, as actors hand them to the database."""

from typing import Final, Literal

import msgspec

NON_ICAO_BIT: Final = 1 << 24  # above the 24 bits of an address: set where icao24 begins with ~

EndCause = Literal["silence", "landed", "replaced"]
EventKind = Literal["started", "takeoff", "landing", "emergency", "ended", "resumed"]


def flight_id(icao24: str, started: float) -> str:
    """The name of the flight of ``icao24`` whose first observation was at ``started`` (epoch s)."""
    return f"{icao24}-{int(started):08x}"


def flight_key(icao24: str, started: float) -> int:
    """The same as a 57-bit number, the key of the tables: address bits above 32 bits of seconds."""
    address = int(icao24[-6:], 16) | (NON_ICAO_BIT if icao24[0] == "~" else 0)
    return address << 32 | int(started)


def flight_id_of_key(key: int) -> str:
    """The flight_id that :func:`flight_key` made a number of."""
    address = key >> 32
    tilde = "~" if address & NON_ICAO_BIT else ""
    return f"{tilde}{address & 0xFFFFFF:06x}-{key & 0xFFFFFFFF:08x}"


def key_of_flight_id(name: str) -> int:
    """The number of a flight_id. Raises ``ValueError`` where it is none."""
    icao24, _, second = name.partition("-")
    return flight_key(icao24, int(second, 16))


def flight_key_range(icao24: str) -> tuple[int, int]:
    """The least and the greatest key a flight of ``icao24`` can have."""
    least = flight_key(icao24, 0)
    return least, least | 0xFFFFFFFF


class TrackPoint(msgspec.Struct, frozen=True, gc=False):
    """One row of the history: the flight's state at ``ts`` when something in it changed.

    ``flight`` is :func:`flight_key`; ``ts`` epoch seconds, unique to the microsecond within its
    flight. ``lat``/``lon`` are given only where this change brought a position. Units as in
    :mod:`aerotrack.domain.types`.
    """

    flight: int
    ts: float
    lat: float | None
    lon: float | None
    alt_baro: int | None
    alt_geom: int | None
    on_ground: bool | None
    gs: float | None
    track: float | None
    baro_rate: int | None
    callsign: str | None
    squawk: str | None
    emergency: str | None
    source: str
    feed: str


class FlightRecord(msgspec.Struct, frozen=True, gc=False):
    """The row of a flight as of ``last_contact``; written over the one before it.

    ``points`` counts the track points recorded so far. ``ended`` and ``end_cause`` stay ``None``
    while the flight is alive. ``first_*``/``last_*`` positions are degrees.
    """

    flight: int
    icao24: str
    started: float
    last_contact: float
    points: int
    ended: float | None = None
    end_cause: EndCause | None = None
    callsign: str | None = None
    registration: str | None = None
    typecode: str | None = None
    category: str | None = None
    db_flags: int | None = None
    squawk: str | None = None
    source: str | None = None
    feed: str | None = None
    first_lat: float | None = None
    first_lon: float | None = None
    last_lat: float | None = None
    last_lon: float | None = None
    phase: str | None = None
    est_departure: str | None = None
    est_arrival: str | None = None


class FlightEvent(msgspec.Struct, frozen=True, gc=False):
    """Something that happened to a flight at ``ts`` (epoch seconds)."""

    flight: int
    ts: float
    kind: EventKind
    detail: str | None = None
    lat: float | None = None
    lon: float | None = None


class HistoryGap(msgspec.Struct, frozen=True, gc=False):
    """Between two times (epoch seconds) points were left out of the history, for want of room.

    ``thinned`` of them because a flight had one within the last seconds, ``dropped`` whatever came.
    """

    started: float
    ended: float
    thinned: int
    dropped: int


class Batch(msgspec.Struct, frozen=True, gc=False):
    """What goes to PostgreSQL in one transaction; ``number`` goes up by one within a run."""

    number: int
    points: tuple[TrackPoint, ...]
    flights: tuple[FlightRecord, ...]
    events: tuple[FlightEvent, ...]
    gaps: tuple[HistoryGap, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows it asks to be written."""
        return len(self.points) + len(self.flights) + len(self.events) + len(self.gaps)


__all__ = [
    "Batch",
    "EndCause",
    "EventKind",
    "FlightEvent",
    "FlightRecord",
    "HistoryGap",
    "TrackPoint",
    "flight_id",
    "flight_id_of_key",
    "flight_key",
    "flight_key_range",
    "key_of_flight_id",
]
