"""Questions about flights are gathered, answered together, and outlive a database that is away."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from aerotrack.actors.messages import FindIdentity, IdentitiesFound, RegisterChanged
from aerotrack.db.errors import DatabaseUnavailable
from aerotrack.domain.airframe import KnownAirframe
from aerotrack.feeds.feed import Clock
from aerotrack.runtime import register as module
from aerotrack.runtime.register import Register

PATIENCE_S = 30.0
KNOWN = {
    icao24: KnownAirframe(icao24, f"EI-{icao24}", None, None, None, None)
    for icao24 in ("4ca2d6", "4ca2d7")
}


class Database:
    """A reader that can be away."""

    def __init__(self) -> None:
        self.away = False
        self.asked: list[set[str]] = []
        self.imported = 1

    async def airframes(self, icao24s: Collection[str]) -> list[KnownAirframe]:
        self.asked.append(set(icao24s))
        if self.away:
            raise DatabaseUnavailable("the database is away")
        return [KNOWN[icao24] for icao24 in icao24s if icao24 in KNOWN]

    async def routes(self, callsigns: Collection[str]) -> dict[str, tuple[str, ...]]:
        filed = {"BAW123": ("LHR", "KJFK"), "BAW9": ("EGLL", "ZZZ9")}
        return {name: codes for name, codes in filed.items() if name in callsigns}

    async def latest_import(self) -> int:
        if self.away:
            raise DatabaseUnavailable("the database is away")
        return self.imported


class Scene:
    """A register on a database, with pauses that last as long as the test says."""

    def __init__(self) -> None:
        self.database: Database | None = Database()
        self.answers: asyncio.Queue[IdentitiesFound | RegisterChanged] = asyncio.Queue()
        self.pauses: dict[float, asyncio.Queue[asyncio.Event]] = {}
        self.register = Register(
            reader=lambda: self.database,  # type: ignore[arg-type,return-value]  # a fake
            answer=self.answers.put_nowait,
            clock=Clock(wall=lambda: 5.0, monotonic=lambda: 6.0),
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        """Gathering takes no time; every other pause ends when the test ends it."""
        if seconds == module.GATHER_S:
            await asyncio.sleep(0)
            return
        over = asyncio.Event()
        self.pauses.setdefault(seconds, asyncio.Queue()).put_nowait(over)
        await over.wait()

    async def end_pause(self, seconds: float) -> None:
        """Wait until somebody pauses that long, and let it go on."""
        pauses = self.pauses.setdefault(seconds, asyncio.Queue())
        (await pauses.get()).set()

    def ask(self, icao24: str, callsign: str | None = None) -> None:
        self.register.ask(FindIdentity(icao24, callsign))

    def figure(self, name: str) -> float:
        return {figure.name: figure.value for figure in self.register.figures().values}[name]


def played(play: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        scene = Scene()
        scene.register.start()
        try:
            await asyncio.wait_for(play(scene), PATIENCE_S)
        finally:
            await scene.register.stop()

    asyncio.run(main())


def test_questions_asked_together_are_answered_together() -> None:
    async def play(scene: Scene) -> None:
        scene.ask("4ca2d6")
        scene.ask("4ca2d7", "BAW123")
        scene.ask("3c6444")
        found = await scene.answers.get()
        assert isinstance(found, IdentitiesFound)
        assert [("4ca2d6", None), ("4ca2d7", "EGLL-KJFK")] == [
            (each.icao24, each.route and each.route.text) for each in found.found
        ]
        assert (KNOWN["4ca2d6"], 5.0, 6.0) == (found.found[0].airframe, found.now, found.received)
        assert scene.database is not None
        assert [{"4ca2d6", "4ca2d7", "3c6444"}] == scene.database.asked
        assert (3, 2, 0) == tuple(
            scene.figure(name) for name in ("questions_total", "found_total", "waiting")
        )

    played(play)


def test_a_route_whose_airports_nobody_knows_is_none() -> None:
    async def play(scene: Scene) -> None:
        scene.ask("4ca2d6", "BAW9")
        found = await scene.answers.get()
        assert isinstance(found, IdentitiesFound)
        assert [None] == [each.route for each in found.found]

    played(play)


def test_questions_wait_while_the_database_is_away() -> None:
    async def play(scene: Scene) -> None:
        database, scene.database = scene.database, None  # not ready
        assert database is not None
        scene.ask("4ca2d6", "BAW123")
        await scene.end_pause(module.RETRY_S)
        scene.database, database.away = database, True  # ready, and lost again
        await scene.end_pause(module.RETRY_S)
        scene.ask("4ca2d6", None)  # the callsign changed meanwhile
        database.away = False
        found = await scene.answers.get()
        assert isinstance(found, IdentitiesFound)
        assert [("4ca2d6", None)] == [(each.icao24, each.route) for each in found.found]
        assert 0 == scene.figure("waiting")

    played(play)


def test_too_many_questions_are_asked_again_by_the_flights(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "WAITING_MOST", 2)

    async def play(scene: Scene) -> None:
        for icao24 in ("4ca2d6", "4ca2d7", "3c6444"):
            scene.ask(icao24)
        assert isinstance(await scene.answers.get(), IdentitiesFound)
        assert RegisterChanged() == await scene.answers.get()
        assert 1 == scene.figure("forgotten_total")

    played(play)


def test_more_questions_than_one_query_takes_are_all_answered(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)

    async def play(scene: Scene) -> None:
        scene.ask("4ca2d6")
        scene.ask("4ca2d7")
        both = [await scene.answers.get(), await scene.answers.get()]
        assert ["4ca2d6", "4ca2d7"] == [
            answer.found[0].icao24 for answer in both if isinstance(answer, IdentitiesFound)
        ]

    played(play)


def test_an_import_makes_every_flight_ask_again_and_only_that() -> None:
    async def play(scene: Scene) -> None:
        assert scene.database is not None
        await scene.end_pause(module.WATCH_S)
        await scene.end_pause(module.WATCH_S)
        assert scene.answers.empty()
        scene.database.away = True
        await scene.end_pause(module.WATCH_S)
        scene.database.away, scene.database.imported = False, 2
        await scene.end_pause(module.WATCH_S)
        assert RegisterChanged() == await scene.answers.get()

    played(play)
