"""What a client says after a lost connection: its view, and where it was if that still counts."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from aerotrack import client
from aerotrack.client import stream

from .conftest import PATIENCE_S, until

NOW = 1_764_000_000.5
HELD = {"icao24": "4ca2d6", "flight_id": "4ca2d6-692159a0", "lat": 53.4, "lon": -6.2}


class Server:
    """A server of one flight that remembers what it is asked, and does as the test sets it."""

    def __init__(self) -> None:
        self.epoch = "e1"
        self.can_resume = True
        self.asked: list[dict[str, Any]] = []
        self.sockets: list[Socket] = []
        self.url = ""

    def answer(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """What is said to a message of a connection."""
        if message["type"] == "ping":
            return [{"type": "pong", "id": message["id"]}]
        self.asked.append({k: v for k, v in message.items() if k not in ("type", "id")})
        if "resume" not in message:
            return [{"type": "snapshot", "seq": 1, "pos": 40, "now": NOW, "flights": [HELD]}]
        if not self.can_resume:
            error = {
                "type": "error",
                "code": "not_supported",
                "message": "No.",
                "id": message["id"],
            }
            return [error]
        moved = {"icao24": "4ca2d6", "lat": 53.9}
        return [{"type": "delta", "seq": 1, "pos": 50, "now": NOW, "gone": [], "flights": [moved]}]


class Socket(WebSocketHandler):
    """A connection to a :class:`Server`."""

    def initialize(self, server: Server) -> None:
        self.server = server

    def check_origin(self, origin: str) -> bool:
        return True

    async def open(self, *args: str, **kwargs: str) -> None:
        self.server.sockets.append(self)
        welcome = {"type": "welcome", "protocol": 1, "server": "s/1", "now": NOW}
        await self.write_message(json.dumps(welcome | {"epoch": self.server.epoch}))

    async def on_message(self, message: str | bytes) -> None:
        for answer in self.server.answer(json.loads(message)):
            await self.write_message(json.dumps(answer))


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    made = Server()
    http = HTTPServer(Application([("/api/v1/live", Socket, {"server": made})]))
    sockets = bind_sockets(0, "127.0.0.1")
    http.add_sockets(sockets)
    made.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        http.stop()
        await http.close_all_connections()


@pytest.mark.parametrize(
    ("case", "resumes", "lat"),
    [("resumes", True, 53.9), ("unable", True, 53.4), ("restarted", False, 53.4)],
)
def test_the_view_is_asked_for_again_from_where_the_client_was(
    case: str, resumes: bool, lat: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SETTLED_S", 0.0)
    monkeypatch.setattr(stream, "SETTLED_INTERVALS", 0.0)

    async def scene() -> None:
        async with serving() as server, client.connect(server.url) as live:
            await live.subscribe(bbox=(-11, 51, -5, 56), filter={"callsign": "EIN"}, interval=0.5)
            view = {"bbox": [-11, 51, -5, 56], "filter": {"callsign": "EIN"}, "interval": 0.5}
            assert [view] == server.asked
            server.can_resume = case != "unable"
            server.epoch = "e2" if case == "restarted" else "e1"
            server.asked.clear()
            server.sockets[0].close()
            await until(lambda: len(server.asked) == (2 if case == "unable" else 1))
            first = view | ({"resume": {"epoch": "e1", "pos": 40}} if resumes else {})
            assert [first, view][: len(server.asked)] == server.asked
            await until(lambda: live.flights["4ca2d6"].lat == lat)

    asyncio.run(asyncio.wait_for(scene(), 2 * PATIENCE_S))


def test_a_view_that_may_not_have_been_seen_yet_is_not_resumed() -> None:
    async def scene() -> None:
        async with serving() as server, client.connect(server.url) as live:
            await live.subscribe()
            server.sockets[0].close()
            await until(lambda: len(server.asked) == 2)
            assert [{"interval": 1.0}] * 2 == server.asked

    asyncio.run(asyncio.wait_for(scene(), 2 * PATIENCE_S))


def test_a_connection_lost_while_a_view_is_asked_for_is_begun_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "SETTLED_S", 0.0)
    monkeypatch.setattr(stream, "SETTLED_INTERVALS", 0.0)

    async def scene() -> None:
        async with serving() as server, client.connect(server.url) as live:
            await live.subscribe()
            answer = server.answer

            def hang_up(message: dict[str, Any]) -> list[dict[str, Any]]:
                server.answer = answer  # type: ignore[method-assign]
                server.sockets[0].close()
                return []

            server.asked.clear()
            server.answer = hang_up  # type: ignore[method-assign]
            await live.subscribe(interval=2)
            # Either the old view first or at once the new one, but never with a place to resume.
            assert {"interval": 2} == {k: int(v) for k, v in server.asked[-1].items()}
            assert [] == [asked for asked in server.asked if "resume" in asked]

    asyncio.run(asyncio.wait_for(scene(), 2 * PATIENCE_S))


def test_after_a_broken_frame_nothing_is_built_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SETTLED_S", 0.0)
    monkeypatch.setattr(stream, "SETTLED_INTERVALS", 0.0)

    async def scene() -> None:
        async with serving() as server, client.connect(server.url) as live:
            await live.subscribe()
            server.asked.clear()
            await server.sockets[0].write_message('{"type":"delta","seq":9,"pos":50,"now":1.5}')
            await until(lambda: bool(server.asked))
            assert [{"interval": 1.0}] == server.asked

    asyncio.run(asyncio.wait_for(scene(), 2 * PATIENCE_S))
