"""What runs in a process of the fan-out: a broadcaster that follows, and the clients' sockets.

The process owns nothing: it ends when the main process says so, when the link to it ends for any
reason (so that none is left when the main process is killed), or by SIGTERM. Each time its clients
are told to come again.
"""

import asyncio
import contextlib
import logging
import resource
import signal
import socket
import time
from collections.abc import Callable
from typing import Final

from tornado.httpserver import HTTPServer

from aerotrack import logs
from aerotrack.actors.loopbase import LoopActorSystem, start_actor_system
from aerotrack.actors.messages import Figure, Figures, GetFigures, PictureBatch
from aerotrack.actors.relay import FollowingBroadcaster
from aerotrack.feeds.feed import Clock
from aerotrack.gc_policy import TICK_SECONDS, GcPolicy
from aerotrack.logs import log_event
from aerotrack.runtime.fanout import wire
from aerotrack.runtime.fanout.link import Link
from aerotrack.runtime.fanout.passing import SocketReceiver
from aerotrack.runtime.tasks import in_background
from aerotrack.web.handover import serve
from aerotrack.web.live import CLOSE_GOING_AWAY
from aerotrack.web.live_app import LiveApplication, make_server
from aerotrack.web.ports import Address, LivePorts

logger = logging.getLogger(__name__)

# With more batches than this between the link and the broadcaster nothing more is read, so that
# what this process cannot do waits in the main one, which watches it.
BATCHES_WAITING: Final = 32
# Connections closed within this time are told in one message.
RELEASE_WITHIN_S: Final = 0.05
# Clients are given this long to answer a goodbye.
GOODBYE_S: Final = 1.0
_ASK_TIMEOUT_S: Final = 5.0
_GOODBYE_POLL_S: Final = 0.02


class Worker:
    """One process of the fan-out, at work for as long as :meth:`run` runs."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._leaving = asyncio.Event()
        self._goodbye = wire.Leave(CLOSE_GOING_AWAY, "going_away: the server stops")
        self._link: Link
        self._serving: _Serving | None = None

    async def run(self, link: socket.socket, passing: socket.socket) -> None:
        """Serve what comes over ``passing`` until told to leave, or the link ends."""
        self._link = Link(link, self._told, self._leaving.set)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._leaving.set)
        passing.setblocking(False)
        self._passing = passing
        self._link.send(wire.encode(wire.Started()))
        await self._leaving.wait()
        if self._serving is not None:
            await self._serving.end(self._goodbye)
        self._link.close()
        passing.close()

    def _told(self, message: bytes) -> None:
        told = wire.decode_to_worker(message)
        if isinstance(told, PictureBatch):
            assert self._serving is not None
            self._serving.take(told)
        elif isinstance(told, wire.Leave):
            self._goodbye = told
            self._leaving.set()
        else:
            logs.setup(told.log_level, told.log_format, process=self._name)
            self._serving = _Serving(told, self._link, self._passing, self._leaving.set)


class _Serving:
    """Everything of a worker that is configured."""

    def __init__(
        self,
        settings: wire.Configure,
        link: Link,
        passing: socket.socket,
        died: Callable[[], None],
    ) -> None:
        self._link = link
        self._system: LoopActorSystem = start_actor_system()
        self._broadcaster: Address = self._system.createActor(FollowingBroadcaster)
        self._behind: Address = self._system.create_mailbox(self._batch_done)
        ports = LivePorts(
            actors=self._system,
            broadcaster=self._broadcaster,
            clock=Clock(wall=time.time, monotonic=time.monotonic),
        )
        self._app = LiveApplication(ports, settings.live)
        self._server: HTTPServer = make_server(self._app)
        self._receiver = SocketReceiver(passing, self._serve)
        self._gc = GcPolicy()
        self._complete = False
        self._waiting = 0  # batches under way to the broadcaster
        self._late = 0.0  # the most a tick came late, since the last report
        self._released = 0
        self._telling: asyncio.TimerHandle | None = None
        self._reporter = in_background(self._report(), "report", died=lambda _: died())

    # -- the picture -------------------------------------------------------------------------------

    def take(self, batch: PictureBatch) -> None:
        """Hand a batch to the broadcaster, and notice when it is through."""
        self._system.tell(self._broadcaster, batch)
        self._system.tell(self._behind, batch)
        self._waiting += 1
        if self._waiting > BATCHES_WAITING:
            self._link.pause()

    def _batch_done(self, batch: PictureBatch, _sender: Address) -> None:
        self._waiting -= 1
        if self._waiting <= BATCHES_WAITING // 2:
            self._link.resume()
        if batch.now is not None:
            self._late = max(self._late, time.time() - batch.now)
        if batch.complete and not self._complete:
            self._complete = True
            self._gc.start(time.monotonic())
            self._link.send(wire.encode(wire.Complete()))

    # -- clients -----------------------------------------------------------------------------------

    def _serve(self, connection: socket.socket, said: bytes) -> None:
        serve(self._server, connection, said, self._closed)

    def _closed(self) -> None:
        self._released += 1
        if self._telling is None:
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(RELEASE_WITHIN_S, self._tell_released)

    def _tell_released(self) -> None:
        self._telling = None
        self._link.send(wire.encode(wire.Released(self._released)))

    # -- figures -----------------------------------------------------------------------------------

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self._complete:
                self._gc.tick(time.monotonic())
            figures = {"process": self._figures()}
            with contextlib.suppress(TimeoutError):  # a busy broadcaster must not hide the rest
                figures["broadcaster"] = await self._system.ask_async(
                    self._broadcaster, GetFigures(), _ASK_TIMEOUT_S
                )
            self._late = 0.0
            report = wire.Report(self._app.metrics.samples(), self._app.live.slow, figures)
            self._link.send(wire.encode(report))

    def _figures(self) -> Figures:
        used = resource.getrusage(resource.RUSAGE_SELF)
        base = self._system.figures()
        values = {
            "clients": len(self._app.live),
            "cpu_seconds_total": used.ru_utime + used.ru_stime,
            "longest_tick_delay_seconds": self._late,
            "longest_slice_s": base.longest_slice_s,
            "queue_depth": base.queue_depth,
            "handler_failures_total": sum(self._system.failures.snapshot().values()),
            "dead_letters_total": base.dead_letters,
            "connections_lost_total": self._receiver.lost,
            "gc_longest_pause_seconds": self._gc.longest_pause_s,
        }
        return Figures(tuple(Figure(name, float(value)) for name, value in values.items()))

    # -- the end -----------------------------------------------------------------------------------

    async def end(self, goodbye: wire.Leave) -> None:
        """Say goodbye to every client, give them a moment, then stop."""
        self._receiver.close()
        self._reporter.cancel()
        self._app.live.close_all(goodbye.code, goodbye.reason)
        loop = asyncio.get_running_loop()
        until = loop.time() + GOODBYE_S
        while len(self._app.live) and loop.time() < until:
            await asyncio.sleep(_GOODBYE_POLL_S)
        if self._telling is not None:
            self._telling.cancel()
        self._system.shutdown()
        log_event(logger, "fanout_stopped", clients_left=len(self._app.live))


def main(name: str, link_fd: int, passing_fd: int) -> None:
    """Run a worker with these ends of the main process's sockets; returns when it has left."""
    # Ctrl-C goes to every process of the terminal; the main one decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def run() -> None:
        await Worker(name).run(socket.socket(fileno=link_fd), socket.socket(fileno=passing_fd))

    asyncio.run(run())
