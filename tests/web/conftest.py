"""A real HTTP server on a free port, in front of in-memory fakes of what the web needs."""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Any

import msgspec
import pytest
from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

from aerotrack.actors.messages import (
    DurableDone,
    Figure,
    Figures,
    FlightFound,
    GetFlight,
    GetPicture,
    Picture,
    SendFrame,
    Subscribe,
)
from aerotrack.domain.airframe import KnownAirframe
from aerotrack.domain.observation import Observation, Posted, from_posted
from aerotrack.domain.past import (
    AircraftRecord,
    EventSearch,
    FlightSearch,
    PastEvent,
    PastState,
)
from aerotrack.domain.records import FlightRecord, TrackPoint, flight_id_of_key
from aerotrack.feeds.feed import Clock, FeedFigures
from aerotrack.feeds.receivers import Receiver
from aerotrack.web.app import AeroTrackApplication, make_app, make_server
from aerotrack.web.ports import (
    Check,
    DatabaseState,
    NotDurable,
    Outbox,
    Ports,
    Rejection,
    ServerStats,
)
from aerotrack.web.settings import WebSettings

NOW = 1_764_000_000.5
# Nothing in these tests takes long; what does is broken.
PATIENCE_S = 30.0
FLIGHT = b'{"icao24":"4ca2d6","flight_id":"4ca2d6-692159a0","callsign":"RYR4TK","feed":"home"}'


class FakeTime:
    """Two clocks the test moves."""

    def __init__(self) -> None:
        self.wall = NOW
        self.monotonic = 1000.0

    def advance(self, seconds: float) -> None:
        """Both go on."""
        self.wall += seconds
        self.monotonic += seconds

    @property
    def clock(self) -> Clock:
        """As the web takes it."""
        return Clock(lambda: self.wall, lambda: self.monotonic)


class FakeActors:
    """An actor system with mailboxes; like the real one it delivers on a later turn of the loop.

    ``told`` holds what was told to actors that are no mailboxes. ``answers`` gives the answer to a
    message type; without one the asker waits in vain.
    """

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.asked: list[Any] = []
        self.answers: dict[type, Callable[[Any], Any]] = {}
        self.mailboxes: dict[str, Callable[[Any, Any], object]] = {}
        self._names = itertools.count(1)

    def tell(self, to: str, message: Any) -> None:
        asyncio.get_running_loop().call_soon(self._deliver, to, message)

    def _deliver(self, to: str, message: Any) -> None:
        if to.startswith("mailbox"):
            if to in self.mailboxes:
                self.mailboxes[to](message, "sender")
            return
        self.told.append((to, message))

    async def ask_async(self, to: str, message: Any, timeout_s: float) -> Any:
        self.asked.append(message)
        answer = self.answers.get(type(message))
        if answer is None:
            raise TimeoutError(f"{to} did not answer in {timeout_s} s")
        await asyncio.sleep(0)
        return answer(message)

    def create_mailbox(self, callback: Callable[[Any, Any], object]) -> str:
        name = f"mailbox-{next(self._names)}"
        self.mailboxes[name] = callback
        return name

    def close_mailbox(self, address: str) -> None:
        self.mailboxes.pop(address, None)

    def of(self, kind: type) -> list[Any]:
        """What was told of that type."""
        return [message for _, message in self.told if isinstance(message, kind)]


class FakeHistory:
    """PostgreSQL with a few rows; ``away`` makes every question fail as a lost server does."""

    def __init__(self) -> None:
        self.records: list[FlightRecord] = []
        self.points: list[TrackPoint] = []
        self.states: list[PastState] = []
        self.flights_found: list[FlightRecord] = []
        self.events_found: list[PastEvent] = []
        self.aircraft_known: dict[str, AircraftRecord] = {}
        self.airframes: dict[str, KnownAirframe] = {}
        self.asked: list[Any] = []  # searches and moments
        self.parts = 0  # of tracks
        self.fails_after: int | None = None
        self.away = False
        self.slow = False

    def _ask(self) -> None:
        if self.slow:
            raise TimeoutError("statement timeout")
        if self.away:
            raise ConnectionRefusedError("no server")

    async def flight(self, name: str) -> FlightRecord | None:
        self._ask()
        named = [f for f in self.records if name in (f.icao24, flight_id_of_key(f.flight))]
        return max(named, key=lambda f: f.started, default=None)

    async def track_part(
        self, flight: int, after: float, until: float, limit: int
    ) -> Sequence[TrackPoint]:
        self._ask()
        found = [p for p in self.points if p.flight == flight and after < p.ts <= until]
        self.parts += 1
        if self.fails_after is not None and self.parts > self.fails_after:
            raise ConnectionResetError("the server ended")
        return found[:limit]

    async def picture(self, at: float, box: Any, follow: Any = ()) -> Sequence[PastState]:
        self._ask()
        self.asked.append((at, box))
        return self.states

    async def flights(self, search: FlightSearch) -> Sequence[FlightRecord]:
        self._ask()
        self.asked.append(search)
        return self.flights_found[: search.limit]

    async def register(self, icao24s: Collection[str]) -> dict[str, KnownAirframe]:
        self._ask()
        return {name: self.airframes[name] for name in icao24s if name in self.airframes}

    async def events(self, search: EventSearch) -> Sequence[PastEvent]:
        self._ask()
        self.asked.append(search)
        return self.events_found[: search.limit]

    async def aircraft(self, icao24: str) -> AircraftRecord | None:
        self._ask()
        return self.aircraft_known.get(icao24)


class ParsedFake(msgspec.Struct):
    """What a body turned into."""

    observations: list[Observation]
    rejected: list[Rejection]
    rejected_total: int
    reasons: Counter[str]


def parse_posted(body: bytes, *, feed: str, now: float) -> ParsedFake:
    """A JSON array of observations, each judged on its own."""
    try:
        items = msgspec.json.decode(body, type=list[msgspec.Raw])
    except msgspec.DecodeError as error:
        raise ValueError(f"neither an array nor NDJSON: {error}") from None
    made = ParsedFake([], [], 0, Counter())
    for index, item in enumerate(items):
        try:
            posted = msgspec.json.decode(item, type=Posted)
            made.observations.append(from_posted(posted, feed=feed, now=now))
        except msgspec.ValidationError as error:
            made.rejected.append(Rejection(index, "bad_field", str(error)))
            made.rejected_total += 1
            made.reasons["bad_field"] += 1
    return made


class Stage:
    """One server with everything around it that a test may want to set or look at."""

    def __init__(self, **settings: Any) -> None:
        self.time = FakeTime()
        self.actors = FakeActors()
        self.history = FakeHistory()
        self.figures = [FeedFigures(name="home", url="sbs://u:secret@host:30003", received=7)]
        self.receivers: list[Receiver] = []
        self.figures[0].refused = Counter({"bad_line": 2})
        self.figures[0].dropped = Counter({"bad_squawk": 3})
        self.sunk: list[Observation] = []
        self.not_durable = ""
        self.waiting_for_room = 0
        self.has_room = asyncio.Event()
        self.has_room.set()
        self.checks = [Check("database", True)]
        self.entries: tuple[bytes, ...] = (FLIGHT,)
        self.live: bytes | None = FLIGHT
        self.actors.answers[GetPicture] = lambda ask: Picture(ask.now, self.entries)
        self.actors.answers[GetFlight] = lambda ask: FlightFound(self.live)
        self.settings = WebSettings(server="aerotrack/0.1.0", epoch="e1", **settings)
        self.app: AeroTrackApplication
        self.server: HTTPServer
        self.port = 0
        self.opened: list[WebSocketClientConnection] = []
        self.client = SimpleAsyncHTTPClient(force_instance=True)

    def _sink(self, observations: Sequence[Observation], *, now: float, received: float) -> None:
        self.sunk.extend(observations)

    async def _durable(
        self, observations: Sequence[Observation], *, now: float, received: float
    ) -> DurableDone:
        if self.not_durable:
            raise NotDurable(self.not_durable)
        self.sunk.extend(observations)
        return DurableDone(len(observations) - 1, 1)

    async def _room(self) -> None:
        self.waiting_for_room += 1
        await self.has_room.wait()
        self.waiting_for_room -= 1

    async def _figures(self) -> dict[str, Figures]:
        refused = Figure("refused_total", 3.0, (("feed", "home"), ("reason", "stale")))
        return {"registry": Figures((Figure("flights", 12.0), refused))}

    async def _stats(self) -> ServerStats:
        return ServerStats(
            flights=12,
            updates_per_s=3.21,
            points_stored=100,
            storage="full",
            outbox=Outbox(0, 0),
            db=DatabaseState("ok", 0.5),
        )

    @property
    def ports(self) -> Ports:
        """What the application is given."""
        return Ports(
            actors=self.actors,
            registry="registry",
            broadcaster="broadcaster",
            history=self.history,
            feeds=lambda: self.figures,
            receivers=lambda: self.receivers,
            sink=self._sink,
            durable=self._durable,
            room=self._room,
            parse_posted=parse_posted,
            figures=self._figures,
            readiness=lambda: self.checks,
            stats=self._stats,
            clock=self.time.clock,
        )

    def url(self, path: str, scheme: str = "http") -> str:
        """The address of ``path``."""
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    async def fetch(self, path: str, **request: Any) -> HTTPResponse:
        """The answer, whatever its status."""
        request.setdefault("follow_redirects", False)
        request.setdefault("request_timeout", PATIENCE_S)
        return await self.client.fetch(HTTPRequest(self.url(path), **request), raise_error=False)

    async def json(self, path: str, **request: Any) -> Any:
        """The decoded body of a 200."""
        response = await self.fetch(path, **request)
        assert (response.code, path) == (200, path), response.body
        return msgspec.json.decode(response.body)

    async def problem(self, path: str, **request: Any) -> tuple[int, str]:
        """Status and code of an error, whose shape is checked on the way."""
        response = await self.fetch(path, **request)
        assert response.headers["Content-Type"] == "application/problem+json", response.body
        document = msgspec.json.decode(response.body)
        assert sorted(document) == ["code", "detail", "instance", "status", "title", "type"]
        assert document["status"] == response.code
        assert document["instance"] == path.partition("?")[0]
        return response.code, document["code"]

    async def connect(self, **headers: str) -> WebSocketClientConnection:
        """An open live socket; the welcome is not read yet."""
        request = HTTPRequest(self.url("/api/v1/live", "ws"), headers=headers)
        socket = await websocket_connect(request)
        self.opened.append(socket)
        return socket

    async def until(self, condition: Callable[[], bool]) -> None:
        """Turn the loop until something is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.001)

    async def heard(self, socket: WebSocketClientConnection) -> Any:
        """The next message, decoded; ``None`` where the socket was closed."""
        async with asyncio.timeout(PATIENCE_S):
            message = await socket.read_message()
        return None if message is None else msgspec.json.decode(message)

    async def asked(self, socket: WebSocketClientConnection, message: object) -> Any:
        """The answer to a message (text, bytes, or something to encode as JSON)."""
        if isinstance(message, bytes):
            await socket.write_message(message, binary=True)
        else:
            text = message if isinstance(message, str) else msgspec.json.encode(message).decode()
            await socket.write_message(text)
        return await self.heard(socket)

    async def welcomed(self, **headers: str) -> WebSocketClientConnection:
        """An open live socket behind its welcome."""
        socket = await self.connect(**headers)
        assert (await self.heard(socket))["type"] == "welcome"
        return socket

    def broadcast(self, client: int, payload: bytes, received: float | None = None) -> None:
        """What the broadcaster does: a frame to the mailbox of a client that subscribed."""
        wanted = [one for one in self.actors.of(Subscribe) if one.client_id == client]
        self.actors.tell(wanted[-1].client, SendFrame(payload, received))


@contextlib.asynccontextmanager
async def _staged(kind: type[Stage] = Stage, **settings: Any) -> AsyncIterator[Stage]:
    stage = kind(**settings)
    stage.app = make_app(stage.ports, stage.settings)
    stage.server = make_server(stage.app)
    sockets = bind_sockets(0, "127.0.0.1")
    stage.port = sockets[0].getsockname()[1]
    stage.server.add_sockets(sockets)
    try:
        yield stage
    finally:
        for socket in stage.opened:
            socket.close()
        stage.server.stop()
        stage.app.close()
        async with asyncio.timeout(PATIENCE_S):
            await stage.server.close_all_connections()
        stage.client.close()
        while len(stage.app.live):
            await asyncio.sleep(0.001)


@pytest.fixture
def staged() -> Callable[..., contextlib.AbstractAsyncContextManager[Stage]]:
    """``async with staged(**settings) as stage`` runs a server."""
    return _staged
