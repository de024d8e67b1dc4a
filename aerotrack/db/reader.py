"""What REST asks of the history: short reads on a small pool, in the event loop.

Everything here raises :class:`~aerotrack.db.errors.DatabaseError` only: ``DatabaseUnavailable``
where there is no server, ``DatabaseTimeout`` where a query takes too long, else ``QueryFailed``.
"""

import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg_pool import AsyncConnectionPool

from aerotrack.db import queries
from aerotrack.db.connection import SESSION_SETUP, translated, with_defaults
from aerotrack.db.errors import DatabaseError
from aerotrack.domain.airframe import KnownAirframe
from aerotrack.domain.records import FlightRecord, TrackPoint, flight_key_range

# Reads are short and few beside the live stream; more would take memory from the writer's server.
POOL_SIZE: Final = 4
IDLE_S: Final = 60.0
# A page waits this long for a connection, then says that the history is away.
WAIT_S: Final = 3.0
# No page needs a query that runs longer; whoever does has SQL.
STATEMENT_TIMEOUT_S: Final = 10
# Points of a day-long flight at one a second; more come by asking ``after`` the last.
TRACK_LIMIT: Final = 100_000
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
        self._conninfo = with_defaults(conninfo, "aerotrack reader")
        self._statement_timeout_ms = int(statement_timeout * 1000)
        self._wait = wait
        self._pool: AsyncConnectionPool[AsyncConnection] | None = None

    async def close(self) -> None:
        """Close what is open; a later question opens it again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

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

    async def track(
        self, flight: int, *, after: float | None = None, limit: int = TRACK_LIMIT
    ) -> list[TrackPoint]:
        """Points of a flight in time order: the newest ``limit`` of those later than ``after``."""
        # The key holds the second of the first observation; nothing of the flight is older.
        since = (flight & 0xFFFF_FFFF) - 1 if after is None else after
        rows = await self._rows("track", {"flight": flight, "after": since, "limit": limit})
        return [_point(row) for row in rows]

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
        async with self._cursor() as cursor:
            await cursor.execute(_SQL[name], parameters)
            return await cursor.fetchall()

    @asynccontextmanager
    async def _cursor(self) -> AsyncIterator[AsyncCursor[tuple[Any, ...]]]:
        with translated():
            pool = await self._opened()
            async with pool.connection() as connection, connection.cursor(binary=True) as cursor:
                yield cursor

    async def _opened(self) -> AsyncConnectionPool[AsyncConnection]:
        if self._pool is None:
            self._pool = AsyncConnectionPool(
                self._conninfo,
                min_size=0,
                max_size=POOL_SIZE,
                max_idle=IDLE_S,
                timeout=self._wait,
                # The pool tries no longer than anybody waits, and anew when somebody asks.
                reconnect_timeout=self._wait,
                kwargs={"autocommit": True},
                configure=self._configure,
                check=AsyncConnectionPool.check_connection,
                open=False,
                name="reader",
            )
        await self._pool.open()  # does nothing where it is open
        return self._pool

    async def _configure(self, connection: psycopg.AsyncConnection) -> None:
        await connection.execute(SESSION_SETUP)
        await connection.execute(
            f"SET statement_timeout = {self._statement_timeout_ms}; "
            "SET default_transaction_read_only = on".encode()
        )


def _point(row: tuple[Any, ...]) -> TrackPoint:
    """A row of ``track``; gs and track lie as 4-byte floats, and their precision is a tenth."""
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
