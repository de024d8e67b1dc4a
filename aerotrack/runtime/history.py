"""The database as the web asks it, its errors turned into those the web knows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from aerotrack.db.errors import DatabaseError, DatabaseTimeout
from aerotrack.db.past import PastReader
from aerotrack.domain.airframe import KnownAirframe
from aerotrack.domain.geo import Box
from aerotrack.domain.past import (
    AircraftRecord,
    Airframe,
    EventSearch,
    FlightSearch,
    PastEvent,
    PastState,
    Stretch,
)
from aerotrack.domain.records import FlightRecord, TrackPoint, key_of_flight_id
from aerotrack.domain.rules import FlightRules
from aerotrack.runtime.database import Database

T = TypeVar("T")


class History:
    """Fulfils ``aerotrack.web.ports.History``.

    Raises ``TimeoutError`` where an answer takes too long, else ``ConnectionError`` when it cannot
    answer.
    """

    def __init__(self, database: Database, rules: FlightRules) -> None:
        self._database = database
        self._rules = rules

    async def flight(self, name: str) -> FlightRecord | None:
        """The flight of that flight_id, or the newest one of that icao24."""
        with _translated():
            reader = _ready(self._database.reader, self._database)
            if "-" not in name:
                return await reader.latest_flight(name)
            try:
                key = key_of_flight_id(name)
            except ValueError:
                return None
            return await reader.flight(key)

    async def track_part(
        self, flight: int, after: float, until: float, limit: int
    ) -> Sequence[TrackPoint]:
        """Points of the flight with that key later than ``after`` up to ``until``, in order."""
        with _translated():
            return await self._past.track_part(flight, after, until, limit)

    async def picture(
        self, at: float, box: Box | None, follow: Collection[str] = ()
    ) -> Sequence[PastState]:
        """The flights shown at a moment."""
        with _translated():
            return await self._past.picture(at, box, follow, self._rules)

    async def flights(self, search: FlightSearch) -> Sequence[FlightRecord]:
        """The flights searched for."""
        with _translated():
            return await self._past.flights(search)

    async def events(self, search: EventSearch) -> Sequence[PastEvent]:
        """The events searched for."""
        with _translated():
            return await self._past.events(search)

    async def aircraft(self, icao24: str) -> AircraftRecord | None:
        """What is known of an aircraft."""
        with _translated():
            return await self._past.aircraft(icao24)

    async def register(self, icao24s: Collection[str]) -> Mapping[str, KnownAirframe]:
        """What the register says of these aircraft, of those that it knows."""
        with _translated():
            reader = _ready(self._database.reader, self._database)
            return {known.icao24: known for known in await reader.airframes(icao24s)}

    @property
    def _past(self) -> PastReader:
        return _ready(self._database.past, self._database)


class Replays:
    """Fulfils ``aerotrack.web.ports.Replays``; raises as :class:`History`."""

    def __init__(self, database: Database, rules: FlightRules) -> None:
        self._database = database
        self.rules = rules

    async def picture(
        self, at: float, box: Box | None, follow: Collection[str] = ()
    ) -> Sequence[PastState]:
        """The flights shown at a moment."""
        with _translated():
            return await self._reader.picture(at, box, follow, self.rules)

    async def points_between(self, stretch: Stretch) -> Sequence[TrackPoint]:
        """The rows of a stretch."""
        with _translated():
            return await self._reader.points_between(stretch)

    async def events_between(self, since: float, until: float, limit: int) -> Sequence[PastEvent]:
        """Events later than ``since`` up to ``until``, in order."""
        with _translated():
            return await self._reader.events_between(since, until, limit)

    async def airframes(self, flights: Collection[int]) -> Mapping[int, Airframe]:
        """Which aircraft flights were."""
        with _translated():
            return await self._reader.airframes(flights)

    @property
    def _reader(self) -> PastReader:
        return _ready(self._database.replays, self._database)


def _ready(reader: T | None, database: Database) -> T:
    if reader is None:
        raise ConnectionError(f"the database is not ready: {database.error}")
    return reader


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DatabaseTimeout as error:
        raise TimeoutError(str(error)) from error
    except DatabaseError as error:
        raise ConnectionError(f"{error.code}: {error}") from error
