"""Real processes of the fan-out behind a front server in this one: served, watched, replaced."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tornado.netutil import bind_sockets
from tornado.websocket import WebSocketClientConnection, websocket_connect

from aerotrack.actors.loopbase import start_actor_system
from aerotrack.actors.messages import FlightChanged, Tick
from aerotrack.actors.relay import RelayingBroadcaster
from aerotrack.feeds.feed import Clock
from aerotrack.runtime.fanout.pool import FanOutPool
from aerotrack.runtime.fanout.process import Patience
from aerotrack.runtime.fanout.wire import Configure
from aerotrack.web.live_app import LiveApplication, make_server
from aerotrack.web.metrics import Summed
from aerotrack.web.ports import LivePorts
from aerotrack.web.settings import LiveSettings

NOW = 1_764_000_000.0
PATIENCE_S = 30.0
BOX = '{"type":"subscribe","interval":0.1}'


def changed(number: int, *, whole: bool = False, **fields: Any) -> FlightChanged:
    icao24 = f"{number:06x}"
    return FlightChanged(
        icao24, f"{icao24}-692159a0", tuple(fields.items()), whole, NOW, NOW, time.monotonic()
    )


class Stage:
    """The main process of a server, as far as live clients see it."""

    def __init__(self, count: int, patience: Patience | None, **web: Any) -> None:
        self.system = start_actor_system()
        self.broadcaster = self.system.createActor(RelayingBroadcaster)
        settings = LiveSettings(server="aerotrack/0.1.0", epoch="e1", **web)
        self.pool = FanOutPool(
            count,
            Configure(settings, "info", "text"),
            system=self.system,
            broadcaster=self.broadcaster,
            label="aerotrack test",
            patience=patience,
        )
        ports = LivePorts(
            actors=self.system,
            broadcaster=self.broadcaster,
            clock=Clock(time.time, time.monotonic),
            fanout=self.pool,
        )
        self.app = LiveApplication(ports, settings)
        self.server = make_server(self.app)
        listening = bind_sockets(0, "127.0.0.1")
        self.port = listening[0].getsockname()[1]
        self.server.add_sockets(listening)
        self.opened: list[WebSocketClientConnection] = []
        self._ticks = 0

    @property
    def pids(self) -> list[int]:
        return [worker.pid for worker in self.pool._workers.values()]

    def tell(self, *messages: Any) -> None:
        """Reports, then a tick a second after the last."""
        self._ticks += 1
        for message in (*messages, Tick(NOW + self._ticks)):
            self.system.tell(self.broadcaster, message)

    async def connect(self, path: str = "/api/v1/live") -> WebSocketClientConnection:
        """A client behind its welcome."""
        socket = await websocket_connect(f"ws://127.0.0.1:{self.port}{path}")
        self.opened.append(socket)
        assert (await self.heard(socket))["type"] == "welcome"
        return socket

    async def heard(self, socket: WebSocketClientConnection) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            message = await socket.read_message()
        return None if message is None else msgspec.json.decode(message)

    async def subscribed(self) -> tuple[WebSocketClientConnection, Any]:
        """A client of the world, and its snapshot."""
        socket = await self.connect()
        await socket.write_message(BOX)
        return socket, await self.heard(socket)

    async def until(self, so: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not so():
                await asyncio.sleep(0.005)

    def metric(self, name: str, **labels: str) -> float:
        """A sample of the summed metrics."""
        summed = Summed(self.app.metrics.registry, lambda: self.pool.samples)
        return sum(
            sample.value
            for family in summed.collect()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


@contextlib.asynccontextmanager
async def staged(
    count: int = 1, patience: Patience | None = None, **web: Any
) -> AsyncIterator[Stage]:
    stage = Stage(count, patience, **web)
    try:
        await stage.pool.start()
        yield stage
    finally:
        for socket in stage.opened:
            socket.close()
        stage.server.stop()
        pids = stage.pids
        await stage.pool.stop()
        await stage.server.close_all_connections()
        stage.system.shutdown()
        assert [] == [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def run(scene: Callable[[], Any]) -> None:
    asyncio.run(asyncio.wait_for(scene(), 2 * PATIENCE_S))


def test_a_client_gets_the_picture_as_it_was_before_and_follows_it():
    async def scene():
        async with staged() as stage:
            stage.tell(changed(1, whole=True, lat=1.5, lon=2.5))
            socket, snapshot = await stage.subscribed()
            assert ["000001"] == [flight["icao24"] for flight in snapshot["flights"]]
            stage.tell(changed(1, lat=1.6, lon=2.6))
            delta = await stage.heard(socket)
            assert (delta["type"], delta["pos"], delta["flights"][0]["lat"]) == ("delta", 2, 1.6)

    run(scene)


def test_clients_are_spread_and_counted_over_all_processes():
    async def scene():
        async with staged(2, max_clients=4) as stage:
            sockets = [await stage.connect() for _ in range(4)]
            assert [2, 2] == [worker.clients for worker in stage.pool._workers.values()]
            assert 4 == stage.pool.clients == stage.app.clients
            with pytest.raises(Exception, match="503"):
                await stage.connect()
            sockets[0].close()
            await stage.until(lambda: stage.pool.clients == 3)
            await stage.connect()

    run(scene)


def test_positions_are_the_same_in_every_process():
    async def scene():
        async with staged(2) as stage:
            stage.tell(changed(1, whole=True, lat=1.5), changed(2, whole=True, lat=2.5))
            clients = [await stage.subscribed() for _ in range(2)]
            assert [2, 2] == [snapshot["pos"] for _, snapshot in clients]
            stage.tell(changed(1, lat=1.6), changed(2, lat=2.6), changed(1, lat=1.7))
            deltas = [await stage.heard(socket) for socket, _ in clients]
            assert [5, 5] == [delta["pos"] for delta in deltas]

    run(scene)


def test_a_request_that_is_no_websocket_is_answered_here():
    async def scene():
        async with staged() as stage:
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            half = "GET /api/v1/live HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
            for _ in range(2):  # on the same connection
                writer.write(f"{half}Connection: Upgrade\r\n\r\n".encode())
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
                assert b" 426 " in head.splitlines()[0]
                assert b"Content-Length: 0" in head
            assert 0 == stage.pool.clients
            writer.close()

    run(scene)


def test_it_works_below_a_base_path_and_with_origins_judged_here():
    async def scene():
        async with staged(base_path="/flights", allowed_origins=("https://ours",)) as stage:
            await stage.connect("/flights/api/v1/live")
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            writer.write(
                b"GET /flights/api/v1/live HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n"
                b"Origin: https://theirs\r\n\r\n"
            )
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
            assert b" 403 " in head.splitlines()[0]
            assert 1 == stage.pool.clients
            writer.close()

    run(scene)


def test_what_the_web_counts_there_is_counted_here_also_of_a_process_that_died():
    async def scene():
        async with staged() as stage:
            stage.tell(changed(1, whole=True, lat=1.5))
            socket, _ = await stage.subscribed()
            stage.tell(changed(1, lat=1.6))
            await stage.heard(socket)
            await socket.write_message("rubbish")
            await stage.heard(socket)
            frames = "aerotrack_live_frames_total"

            def counted() -> bool:
                return stage.metric("aerotrack_live_errors_total", code="bad_json") == 1

            await stage.until(counted)
            before = stage.metric(frames)
            assert before >= 3  # welcome, snapshot, delta
            assert 1 == stage.metric("aerotrack_feed_to_frame_seconds_count")
            assert 1 == stage.metric("aerotrack_http_responses_total", status="101")
            (pid,) = stage.pids
            os.kill(pid, signal.SIGKILL)
            await stage.until(lambda: stage.pool.up == 1 and stage.pids != [pid])
            assert (before, True) == (stage.metric(frames), counted())
            await stage.subscribed()
            await stage.until(lambda: stage.metric(frames) >= before + 2)

    run(scene)


def test_a_process_that_is_killed_is_replaced_and_shown_the_whole_picture():
    async def scene():
        async with staged() as stage:
            reports = [changed(n, whole=True, lat=1.0, lon=n / 100) for n in range(2_500)]
            stage.tell(*reports)
            socket, _ = await stage.subscribed()
            (pid,) = stage.pids
            os.kill(pid, signal.SIGKILL)
            while await stage.heard(socket) is not None:
                pass
            await stage.until(lambda: stage.pool.clients == 0)
            assert (False, "fanout_down") == (stage.pool.check().ok, stage.pool.check().code)
            with pytest.raises(Exception, match="503"):
                await stage.connect()
            stage.tell(changed(1, lat=2.0))
            await stage.until(lambda: stage.pool.up == 1)
            assert stage.pool.check().ok
            socket, part = await stage.subscribed()
            flights = [*part["flights"]]
            while part.get("more"):
                part = await stage.heard(socket)
                flights += part["flights"]
            assert (2_500, 2_501) == (len(flights), part["pos"])
            lats = {flight["icao24"]: flight["lat"] for flight in flights}
            assert (2.0, 1.0) == (lats["000001"], lats["000002"])

    run(scene)


def test_a_process_that_hangs_is_killed_and_replaced():
    async def scene():
        async with staged(patience=Patience(silence=1.5, look=0.05)) as stage:
            (pid,) = stage.pids
            os.kill(pid, signal.SIGSTOP)
            await stage.until(lambda: stage.pool.up == 1 and stage.pids != [pid])
            assert not Path(f"/proc/{pid}").exists()
            await stage.connect()

    run(scene)


def test_clients_are_told_that_the_server_goes_away():
    async def scene():
        async with staged(2) as stage:
            sockets = [(await stage.subscribed())[0] for _ in range(4)]
            began = time.monotonic()
            stopping = asyncio.create_task(stage.pool.stop())
            for socket in sockets:
                assert await stage.heard(socket) is None
                assert (socket.close_code, socket.close_reason) == (
                    1001, "going_away: the server stops",
                )  # fmt: skip
            await stopping
            assert time.monotonic() - began < Patience().leave

    run(scene)


def test_a_process_told_to_end_says_goodbye_and_is_replaced():
    async def scene():
        async with staged() as stage:
            socket, _ = await stage.subscribed()
            (pid,) = stage.pids
            os.kill(pid, signal.SIGTERM)
            assert await stage.heard(socket) is None
            assert socket.close_code == 1001
            await stage.until(lambda: stage.pool.up == 1 and stage.pids != [pid])

    run(scene)


def test_figures_tell_the_processes_apart():
    async def scene():
        async with staged(2) as stage:
            await stage.connect()

            def value(part: str, name: str) -> dict[str, float]:
                figures = stage.pool.figures()
                found = figures[part].values if part in figures else ()
                return {f.labels[0][1]: f.value for f in found if f.name == name}

            await stage.until(lambda: sum(value("fanout", "clients").values()) == 1)
            assert {"fanout-1": 1.0, "fanout-2": 1.0} == value("fanout", "up")
            assert {"fanout-1": 0.0, "fanout-2": 0.0} == value("fanout", "restarts_total")
            await stage.until(lambda: len(value("fanout_broadcaster", "subscribers")) == 2)

    run(scene)


def test_a_client_resumes_at_another_process_and_not_at_one_that_has_just_begun():
    async def scene():
        async with staged(2) as stage:
            stage.tell(changed(1, whole=True, lat=1.5), changed(2, whole=True, lat=2.5))
            first, snapshot = await stage.subscribed()

            async def resumed() -> Any:
                socket = await stage.connect()
                resume = {"epoch": "e1", "pos": snapshot["pos"]}
                message = {"type": "subscribe", "interval": 0.1, "resume": resume}
                await socket.write_message(msgspec.json.encode(message).decode())
                return await stage.heard(socket)

            # The first process still counts its client, so the next goes to the other one.
            stage.tell(changed(1, lat=1.6))
            await stage.heard(first)
            answer = await resumed()
            assert ("delta", 3) == (answer["type"], answer["pos"])
            assert [("000001", 1.6)] == [(f["icao24"], f["lat"]) for f in answer["flights"]]
            for pid in stage.pids:
                os.kill(pid, signal.SIGKILL)
            await stage.until(lambda: stage.pool.up == 0)
            await stage.until(lambda: stage.pool.up == 2)
            answer = await resumed()
            assert ("snapshot", 3, 2) == (answer["type"], answer["pos"], len(answer["flights"]))

    run(scene)
