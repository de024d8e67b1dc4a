"""What searches, past moments and playback ask of the history, on connections of their own.

Every question is bounded in rows and in time and holds no connection while its asker works on the
answer, so that a slow client holds nothing. Raises as :mod:`aerotrack.db.pool`.
"""

from collections.abc import Collection
from typing import Any, Final

from aerotrack.db import queries
from aerotrack.db.pool import ReadPool
from aerotrack.db.reader import point_of_row
from aerotrack.domain.geo import WORLD, Box
from aerotrack.domain.past import (
    AircraftRecord,
    Airframe,
    EventSearch,
    FlightSearch,
    PastEvent,
    PastState,
    Stretch,
)
from aerotrack.domain.records import FlightRecord, TrackPoint, flight_key, flight_key_range
from aerotrack.domain.rules import FlightRules

# Searches and viewers of the past share the machine with the writer, who must not wait for them.
POOL_SIZE: Final = 3
WAIT_S: Final = 5.0
STATEMENT_TIMEOUT_S: Final = 10.0
# Compiling a query takes longer than these take; sorts of one moment fit into this memory.
SETUP: Final = b"SET jit = off; SET work_mem = '32MB'"
# Observations that came late hold little; seldom more than a few of them follow each other.
LATEST_ROWS: Final = 12
# More flights than anybody has ever tracked at once.
PICTURE_LIMIT: Final = 50_000
# A search for a time looks at flights that began this long before it; what is in contact longer is
# a beacon, a balloon or a test transmitter, and found by the time it began.
LONGEST_FLIGHT_S: Final = 2 * 86_400.0


class PastReader:
    """Reads from ``conninfo``; ``name`` is what the server calls its connections."""

    def __init__(
        self,
        conninfo: str,
        name: str,
        *,
        statement_timeout: float = STATEMENT_TIMEOUT_S,
        wait: float = WAIT_S,
        size: int = POOL_SIZE,
    ) -> None:
        self._sql = queries.load("past")
        self._pool = ReadPool(
            conninfo,
            name,
            size=size,
            statement_timeout=statement_timeout,
            wait=wait,
            setup=SETUP,
            replan=True,
        )

    async def close(self) -> None:
        """Close what is open; a later question opens it again."""
        await self._pool.close()

    async def picture(
        self, at: float, box: Box | None, follow: Collection[str], rules: FlightRules
    ) -> list[PastState]:
        """The flights shown at a moment (epoch seconds) that lie in ``box`` or are followed
        (icao24s), in the order of their keys."""
        rows = await self._pool.rows(
            self._sql["picture"],
            _area(box, follow)
            | {
                "at": at,
                "shown": rules.gone_after,
                "slow": rules.gone_after_slow,
                "rows": LATEST_ROWS,
                "limit": PICTURE_LIMIT,
            },
        )
        wanted = frozenset(follow)
        states = (_state(row) for row in rows)
        return sorted(
            (
                state
                for state in states
                if state.live_until(rules) > at and (state.within(box) or state.icao24 in wanted)
            ),
            key=lambda state: state.point.flight,
        )

    async def airframes(self, flights: Collection[int]) -> dict[int, Airframe]:
        """Which aircraft flights were, by their keys, of those that have a record."""
        rows = await self._pool.rows(self._sql["airframes_of"], {"flights": list(flights)})
        return {row[0]: Airframe(*row[1:]) for row in rows}

    async def points_between(self, stretch: Stretch) -> list[TrackPoint]:
        """The rows of a stretch, at most ``stretch.limit``."""
        since, after = stretch.since
        rows = await self._pool.rows(
            self._sql["points_between"],
            _area(stretch.box, stretch.follow)
            | {
                "since": since,
                "after": after,
                "until": stretch.until,
                "known": list(stretch.known),
                "limit": stretch.limit,
            },
        )
        return [point_of_row(row) for row in rows]

    async def events_between(self, since: float, until: float, limit: int) -> list[PastEvent]:
        """Events later than ``since`` up to ``until``, in order."""
        rows = await self._pool.rows(
            self._sql["events_between"], {"since": since, "until": until, "limit": limit}
        )
        return [PastEvent(*row) for row in rows]

    async def track_part(
        self, flight: int, after: float, until: float, limit: int
    ) -> list[TrackPoint]:
        """Points of a flight later than ``after`` up to ``until``, the oldest first."""
        rows = await self._pool.rows(
            self._sql["track_part"],
            {"flight": flight, "after": after, "until": until, "limit": limit},
        )
        return [point_of_row(row) for row in rows]

    async def aircraft(self, icao24: str) -> AircraftRecord | None:
        """What is known of an aircraft, ``None`` where nobody ever heard of it."""
        rows = await self._pool.rows(self._sql["aircraft"], {"icao24": icao24})
        return AircraftRecord(*rows[0]) if rows else None

    async def flights(self, search: FlightSearch) -> list[FlightRecord]:
        """The flights searched for."""
        box = search.box
        started, flight = (None, None) if search.before is None else search.before
        rows = await self._pool.rows(
            self._sql["flights"],
            _of_aircraft(search.icao24)
            | {
                "begin": search.begin,
                "end": search.end,
                "longest": LONGEST_FLIGHT_S,
                "started": started,
                "flight": flight,
                "callsign": _beginning(search.callsign),
                "registration": _beginning(search.registration),
                "typecode": search.typecode,
                "airport": search.airport,
                "west": None if box is None else box.west,
                "south": None if box is None else box.south,
                "east": None if box is None else box.east,
                "north": None if box is None else box.north,
                "limit": search.limit,
            },
        )
        return [FlightRecord(*row) for row in rows]

    async def events(self, search: EventSearch) -> list[PastEvent]:
        """The events searched for."""
        at, flight, kind = (None, None, None) if search.before is None else search.before
        rows = await self._pool.rows(
            self._sql["events"],
            _of_aircraft(search.icao24)
            | {
                "begin": search.begin,
                "end": search.end,
                "at": at,
                "flight": flight,
                "last_kind": kind,
                "kind": search.event,
                "airport": search.airport,
                "limit": search.limit,
            },
        )
        return [PastEvent(*row) for row in rows]


def _area(box: Box | None, follow: Collection[str]) -> dict[str, Any]:
    edges = WORLD if box is None else box
    return {
        "world": box is None,
        "west": edges.west,
        "south": edges.south,
        "east": edges.east,
        "north": edges.north,
        "addresses": [flight_key(icao24, 0) >> 32 for icao24 in follow],
    }


def _of_aircraft(icao24: str | None) -> dict[str, Any]:
    first, last = (None, None) if icao24 is None else flight_key_range(icao24)
    return {"first": first, "last": last}


def _beginning(text: str | None) -> str | None:
    """A pattern for LIKE of what begins with ``text``, whose own signs stand for themselves."""
    if text is None:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def _state(row: tuple[Any, ...]) -> PastState:
    """A row of ``picture``."""
    return PastState(point_of_row(row[:15]), row[15], Airframe(*row[16:]))
