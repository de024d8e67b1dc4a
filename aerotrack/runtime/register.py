"""What the register knows of flights, asked of PostgreSQL beside everything else.

Flights ask by message and go on; questions are gathered, answered hundreds at a time, and kept
while the database is away.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Final

from aerotrack.actors.messages import (
    Figure,
    Figures,
    FindIdentity,
    IdentitiesFound,
    Identity,
    RegisterChanged,
)
from aerotrack.db.errors import DatabaseError
from aerotrack.db.reader import Reader
from aerotrack.domain.airports import load_airports
from aerotrack.domain.routes import FiledRoute, filed_route
from aerotrack.feeds.feed import Clock
from aerotrack.logs import log_event
from aerotrack.runtime.tasks import in_background

logger = logging.getLogger(__name__)

# A feed's first batch starts hundreds of flights; this long they gather into one query.
GATHER_S: Final = 0.1
# Rows of one query; ten milliseconds of the loop's time, so that sockets do not wait for it.
AT_ONCE: Final = 500
# A database that is away is asked again after this long.
RETRY_S: Final = 5.0
# Four times the world's traffic; beyond it questions are forgotten, and all flights asked to ask.
WAITING_MOST: Final = 100_000
# How soon flights show what was imported while they fly.
WATCH_S: Final = 30.0


class Register:
    """Answers ``FindIdentity``. Made and used on the loop's thread.

    ``reader`` gives the database's reader, ``None`` while it is not ready. ``answer`` takes
    ``IdentitiesFound`` and ``RegisterChanged``.
    """

    def __init__(
        self,
        *,
        reader: Callable[[], Reader | None],
        answer: Callable[[IdentitiesFound | RegisterChanged], None],
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._reader = reader
        self._answer = answer
        self._clock = clock
        self._sleep = sleep
        self._waiting: dict[str, str | None] = {}
        self._asked = asyncio.Event()
        self._ask_again = False
        self._tasks: list[asyncio.Task[None]] = []
        self._questions = self._found = self._failures = self._forgotten = 0

    def start(self) -> None:
        """Begin to answer."""
        self._tasks = [
            in_background(self._answer_questions(), "register"),
            in_background(self._watch_imports(), "register imports"),
        ]

    async def stop(self) -> None:
        """Answer no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def ask(self, message: FindIdentity) -> None:
        """Take a question; never blocks. Of one aircraft's the last counts."""
        self._questions += 1
        if len(self._waiting) >= WAITING_MOST and message.icao24 not in self._waiting:
            self._forgotten += 1
            self._ask_again = True
            return
        self._waiting[message.icao24] = message.callsign
        self._asked.set()

    def figures(self) -> Figures:
        """What it counts."""
        return Figures(
            (
                Figure("questions_total", self._questions),
                Figure("found_total", self._found),
                Figure("failures_total", self._failures),
                Figure("forgotten_total", self._forgotten),
                Figure("waiting", len(self._waiting)),
            )
        )

    # -- questions ---------------------------------------------------------------------------------

    async def _answer_questions(self) -> None:
        while True:
            await self._asked.wait()
            if len(self._waiting) < AT_ONCE:
                await self._sleep(GATHER_S)
            some = dict(islice(self._waiting.items(), AT_ONCE))
            for icao24 in some:
                del self._waiting[icao24]
            if not await self._answer_some(some):
                self._waiting = some | self._waiting  # what was asked meanwhile counts
                await self._sleep(RETRY_S)
                continue
            if not self._waiting:
                self._asked.clear()
                if self._ask_again:
                    self._ask_again = False
                    self._answer(RegisterChanged())

    async def _answer_some(self, some: dict[str, str | None]) -> bool:
        """Whether the database answered."""
        reader = self._reader()
        if reader is None:
            return False
        callsigns = {callsign for callsign in some.values() if callsign is not None}
        try:
            airframes = {each.icao24: each for each in await reader.airframes(some)}
            routes = await reader.routes(callsigns) if callsigns else {}
        except DatabaseError as error:
            self._failed(error)
            return False
        filed = await self._filed(routes) if routes else {}
        found = tuple(
            Identity(icao24, airframes.get(icao24), filed.get(callsign or ""))
            for icao24, callsign in some.items()
            if icao24 in airframes or callsign in filed
        )
        if found:
            self._found += len(found)
            self._answer(IdentitiesFound(found, self._clock.wall(), self._clock.monotonic()))
        return True

    async def _filed(self, routes: dict[str, tuple[str, ...]]) -> dict[str, FiledRoute]:
        """The routes whose airports we know."""
        airports = await asyncio.to_thread(load_airports)  # reads its table the first time
        placed = {name: filed_route(name, codes, airports) for name, codes in routes.items()}
        return {name: route for name, route in placed.items() if route is not None}

    def _failed(self, error: DatabaseError) -> None:
        self._failures += 1
        if self._failures & (self._failures - 1) == 0:  # a day without a database is a few lines
            log_event(
                logger,
                "register_away",
                level=logging.WARNING,
                code=error.code,
                reason=str(error),
                waiting=len(self._waiting),
            )

    # -- imports -----------------------------------------------------------------------------------

    async def _watch_imports(self) -> None:
        """Have flights ask again after each import."""
        seen: int | None = None
        while True:
            reader = self._reader()
            if reader is not None:
                try:
                    latest = await reader.latest_import()
                except DatabaseError as error:
                    self._failed(error)
                else:
                    if seen is not None and latest != seen:
                        log_event(logger, "register_changed", number=latest)
                        self._answer(RegisterChanged())
                    seen = latest
            await self._sleep(WATCH_S)
