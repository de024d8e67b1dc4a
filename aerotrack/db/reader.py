"""What REST asks of the history: short reads on a small pool, in the event loop.

Everything here raises :class:`~aerotrack.db.errors.DatabaseError` only: ``DatabaseUnavailable``
where there is no server, ``DatabaseTimeout`` where a query takes too long, else ``QueryFailed``.
"""

import time
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from aerotrack.db import queries
from aerotrack.db.errors import DatabaseError
from aerotrack.db.pool import ReadPool
from aerotrack.domain.airframe import KnownAirframe
from aerotrack.domain.records import FlightRecord, TrackPoint, flight_key_range

# Reads are short and few beside the live stream; more would take memory from the writer's server.
POOL_SIZE: Final = 4
# A page waits this long for a connection, then says that the history is away.
WAIT_S: Final = 3.0
# No page needs a query that runs longer; whoever does has SQL.
STATEMENT_TIMEOUT_S: Final = 10
FLIGHTS_LIMIT: Final = 100

_SQL: Final = queries.load("reader")


class Counts(msgspec.Struct, frozen=True, gc=False):
    """Rows of each table."""

    aircraft: int
    flights: int
    points: int
    events: int
    rejected: int


class DatabaseHealth(msgspec.Struct, frozen=True, gc=False):
    """How the database answered just now.

    ``code`` and ``reason`` say what is wrong where not ``ok``; ``seconds`` is what the answer took;
    ``stored_at`` the epoch second at which the last batch was stored, by the server's clock.
    """

    ok: bool
    seconds: float
    stored_at: float | None = None
    code: str | None = None
    reason: str | None = None


class Reader:
    """Reads from ``conninfo``; opens its pool with the first question, in the loop that asks."""

    def __init__(
        self,
        conninfo: str,
        *,
        statement_timeout: float = STATEMENT_TIMEOUT_S,
        wait: float = WAIT_S,
    ) -> None:
        self._pool = ReadPool(
            conninfo, "reader", size=POOL_SIZE, statement_timeout=statement_timeout, wait=wait
        )

    async def close(self) -> None:
        """Close what is open; a later question opens it again."""
        await self._pool.close()

    async def flight(self, flight: int) -> FlightRecord | None:
        """The flight of that key, ``None`` where there is none."""
        rows = await self._rows("flight", {"flight": flight})
        return FlightRecord(*rows[0]) if rows else None

    async def flights_of(self, icao24: str, *, limit: int = FLIGHTS_LIMIT) -> list[FlightRecord]:
        """The flights of an aircraft, latest first, at most ``limit``."""
        first, last = flight_key_range(icao24)
        rows = await self._rows("flights_of", {"first": first, "last": last, "limit": limit})
        return [FlightRecord(*row) for row in rows]

    async def latest_flight(self, icao24: str) -> FlightRecord | None:
        """The flight of the aircraft that began last, alive or not."""
        return next(iter(await self.flights_of(icao24, limit=1)), None)

    async def airframes(self, icao24s: Collection[str]) -> list[KnownAirframe]:
        """What the register says of these aircraft, of those that it knows."""
        rows = await self._rows("known_airframes", {"icao24s": list(icao24s)})
        return [KnownAirframe(*row) for row in rows]

    async def routes(self, callsigns: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The airports filed for these callsigns, for those that have a route."""
        rows = await self._rows("routes_of", {"callsigns": list(callsigns)})
        return {callsign: tuple(airports) for callsign, airports in rows}

    async def latest_import(self) -> int:
        """The number of the last import into register or routes, 0 where there was none."""
        rows = await self._rows("latest_import", {})
        return int(rows[0][0])

    async def counts(self, *, exact: bool = False) -> Counts:
        """How much there is: the server's estimate at once, or counted, which takes its time."""
        rows = await self._rows("exact_counts" if exact else "estimated_counts", {})
        return Counts(*rows[0])

    async def health(self) -> DatabaseHealth:
        """Whether the database answers; never raises."""
        begun = time.monotonic()
        try:
            rows = await self._rows("health", {})
        except DatabaseError as error:
            return DatabaseHealth(
                ok=False, seconds=time.monotonic() - begun, code=error.code, reason=str(error)
            )
        return DatabaseHealth(ok=True, seconds=time.monotonic() - begun, stored_at=rows[0][0])

    async def _rows(self, name: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        return await self._pool.rows(_SQL[name], parameters)


def point_of_row(row: tuple[Any, ...]) -> TrackPoint:
    """A row of a track; gs and track lie as 4-byte floats, and their precision is a tenth."""
    flight, ts, lat, lon, alt_baro, alt_geom, on_ground, gs, track, *rest = row
    return TrackPoint(
        flight,
        ts,
        lat,
        lon,
        alt_baro,
        alt_geom,
        on_ground,
        None if gs is None else round(gs, 1),
        None if track is None else round(track, 1),
        *rest,
    )
