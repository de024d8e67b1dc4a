"""A real live socket in front of the real broadcaster, whose flights and time the test moves."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from msgspec import structs
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from aerotrack.actors.broadcaster import Broadcaster
from aerotrack.actors.loopbase import start_actor_system
from aerotrack.actors.messages import FlightChanged, FlightGone, GetFigures, Tick
from aerotrack.client import backoff
from aerotrack.feeds.feed import Clock
from aerotrack.web.app import make_app, make_server
from aerotrack.web.ports import Ports
from aerotrack.web.settings import WebSettings

NOW = 1_764_000_000.5
# Nothing in these tests takes long; what does is broken.
PATIENCE_S = 30.0


def unused(*_args: object, **_kwargs: object) -> object:
    raise AssertionError("the live stream needs only actors and clocks")


class World:
    """Flights, a broadcaster that knows them, and a server that can be stopped and started."""

    def __init__(self) -> None:
        self.now = NOW
        self.system = start_actor_system()
        self.broadcaster = self.system.createActor(Broadcaster)
        self.port = 0
        self.epoch = 1
        self._server: HTTPServer | None = None
        self._app: Any = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve; the same port after the first time."""
        ports = Ports(
            **dict.fromkeys((one.name for one in structs.fields(Ports) if one.required), unused)
            | {
                "actors": self.system,
                "registry": self.broadcaster,
                "broadcaster": self.broadcaster,
                "feeds": lambda: (),
                "readiness": lambda: (),
                "clock": Clock(lambda: self.now, time.monotonic),
            }
        )
        settings = WebSettings(server="aerotrack/0.1.0", epoch=f"e{self.epoch}")
        self._app = make_app(ports, settings)
        self._server = make_server(self._app)
        sockets = bind_sockets(self.port, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        self._server.add_sockets(sockets)

    async def stop(self) -> None:
        """Say good-bye to all clients and listen no more."""
        if self._server is None:
            return
        self._server.stop()
        self._app.close()
        async with asyncio.timeout(PATIENCE_S):
            await self._server.close_all_connections()
            while len(self._app.live):
                await asyncio.sleep(0.001)
        self._server = None

    async def restart(self) -> None:
        """Another run of the server: nothing of the one before is known."""
        await self.stop()
        await self.system.drained()
        self.broadcaster = self.system.createActor(Broadcaster)
        self.epoch += 1
        self.start()

    def hang_up(self) -> None:
        """Drop every connection without a word, and stay."""
        for live in self._app.live:
            live.ws_connection.stream.close()

    def change(self, icao24: str, *, whole: bool = False, start: int = 0, **values: Any) -> None:
        """What a flight reports."""
        self.system.tell(
            self.broadcaster,
            FlightChanged(
                icao24=icao24,
                flight_id=f"{icao24}-{0x692159A0 + start:08x}",
                changed=tuple(values.items()),
                whole=whole,
                time_position=self.now,
                last_contact=self.now,
                received=time.monotonic(),
            ),
        )

    def end(self, icao24: str, *, start: int = 0) -> None:
        """A flight falls silent for good."""
        flight_id = f"{icao24}-{0x692159A0 + start:08x}"
        gone = FlightGone(icao24, flight_id, "ended", "silence", self.now)
        self.system.tell(self.broadcaster, gone)

    def tick(self, seconds: float = 1.0) -> None:
        """Time goes on, and frames go out."""
        self.now += seconds
        self.system.tell(self.broadcaster, Tick(self.now))

    async def subscribers(self) -> float:
        """How many clients have a view."""
        figures = await self.system.ask_async(self.broadcaster, GetFigures(), PATIENCE_S)
        return next(figure.value for figure in figures.values if figure.name == "subscribers")

    async def close(self) -> None:
        """Stop everything."""
        await self.stop()
        await self.system.drained()
        self.system.shutdown()


@contextlib.asynccontextmanager
async def _world() -> AsyncIterator[World]:
    world = World()
    world.start()
    try:
        yield world
    finally:
        await world.close()


@pytest.fixture
def world() -> Callable[[], contextlib.AbstractAsyncContextManager[World]]:
    """``async with world() as here`` runs a server."""
    return _world


@pytest.fixture(autouse=True)
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lost a connection tries again at once."""
    monkeypatch.setattr(backoff, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(backoff, "LONGEST_DELAY_S", 0.05)


class Script(WebSocketHandler):
    """A server that says what the test has it say, to every connection."""

    def initialize(self, says: list[str], heard: list[str]) -> None:
        self.says, self.heard = says, heard

    def check_origin(self, origin: str) -> bool:
        return True

    async def open(self, *args: str, **kwargs: str) -> None:
        for message in self.says:
            await self.write_message(message)

    def on_message(self, message: str | bytes) -> None:
        self.heard.append(str(message))


@contextlib.asynccontextmanager
async def _scripted(*says: str) -> AsyncIterator[tuple[str, list[str]]]:
    heard: list[str] = []
    application = Application([("/api/v1/live", Script, {"says": list(says), "heard": heard})])
    server = HTTPServer(application)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    try:
        yield f"ws://127.0.0.1:{sockets[0].getsockname()[1]}", heard
    finally:
        server.stop()
        await server.close_all_connections()


@pytest.fixture
def scripted() -> Callable[..., contextlib.AbstractAsyncContextManager[tuple[str, list[str]]]]:
    """``async with scripted(text, …) as (url, heard)`` runs a server that just says that."""
    return _scripted


async def until(condition: Callable[[], bool]) -> None:
    """Turn the loop until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.001)
