"""The database as the web asks it, its errors turned into those the web knows."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aerotrack.db.errors import DatabaseError
from aerotrack.db.reader import Reader
from aerotrack.domain.records import FlightRecord, TrackPoint, key_of_flight_id
from aerotrack.runtime.database import Database


class History:
    """Fulfils ``aerotrack.web.ports.History``: raises ``ConnectionError`` when it cannot answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def flight(self, name: str) -> FlightRecord | None:
        """The flight of that flight_id, or the newest one of that icao24."""
        async with self._reader() as reader:
            if "-" not in name:
                return await reader.latest_flight(name)
            try:
                key = key_of_flight_id(name)
            except ValueError:
                return None
            return await reader.flight(key)

    async def track(self, flight: int, limit: int) -> Sequence[TrackPoint]:
        """The points of the flight with that key, oldest first, the newest ``limit`` of them."""
        async with self._reader() as reader:
            return await reader.track(flight, limit=limit)

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[Reader]:
        reader = self._database.reader
        if reader is None:
            raise ConnectionError(f"the database is not ready: {self._database.error}")
        try:
            yield reader
        except DatabaseError as error:
            raise ConnectionError(f"{error.code}: {error}") from error
