"""The composition root: builds everything, starts it in order, stops it in reverse."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from aerotrack import __version__
from aerotrack.actors.messages import (
    DoubtClock,
    Figures,
    IdentitiesFound,
    RegisterChanged,
    RestoreFlights,
)
from aerotrack.db.outbox import OutboxUnusable, OwnedOutbox, Spool, SpoolAnswer, open_outbox
from aerotrack.db.store import yield_turn
from aerotrack.domain.airports import load_airports
from aerotrack.domain.observation import Site, site
from aerotrack.domain.rules import FlightRules
from aerotrack.feeds.factory import Shared
from aerotrack.feeds.opensky import OpenSkyCredentials
from aerotrack.feeds.posted import parse_posted
from aerotrack.feeds.url import parse_feed_urls
from aerotrack.logs import log_event
from aerotrack.runtime.actors import Actors
from aerotrack.runtime.checkpoints import (
    SPARING_EVERY_S,
    WRITTEN_EVERY_S,
    Checkpoints,
    read_flights,
    restore,
)
from aerotrack.runtime.clock import (
    ENDING_S,
    LOOKS_S,
    RETENTION_SETTLES_S,
    SETTLES_S,
    ClockWatch,
    Doubt,
)
from aerotrack.runtime.database import Database
from aerotrack.runtime.fanout.pool import FanOutPool
from aerotrack.runtime.fanout.wire import Configure
from aerotrack.runtime.feeds import CLOCK, Feeds
from aerotrack.runtime.history import History, Replays
from aerotrack.runtime.register import Register
from aerotrack.runtime.stats import Stats, totals
from aerotrack.runtime.tasks import in_background
from aerotrack.runtime.turns import short_turns
from aerotrack.settings import Settings
from aerotrack.web.app import AeroTrackApplication, make_app, make_server
from aerotrack.web.ports import Check, Ports, ServerStats
from aerotrack.web.settings import WebSettings

logger = logging.getLogger(__name__)

# How often the figures behind rates and readiness are taken.
SAMPLE_S: Final = 1.0
# A recording that waits for room in the history looks for it this often.
REPLAY_LOOKS_S: Final = 0.5
# A commit is waited for no longer than a flush interval, and no longer than this: whoever asked for
# durable waits meanwhile.
PATIENCE_S: Final = 2.0
# Containers are killed ten seconds after they were told to stop: for so many of them PostgreSQL may
# store what is there, then the local disk takes the rest. What remains is for the last rows of
# flights, the clients' farewell and PostgreSQL's own end.
STORES_WITHIN_S: Final = 6.0


class Server:
    """One AeroTrack server. :meth:`run` returns when it was told to stop and has stopped."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.port = settings.port
        self._stopping = asyncio.Event()
        self._actors: Actors
        self._database: Database
        self._spool: Spool
        self._checkpoints: Checkpoints
        self._clock_watch: ClockWatch
        self._doubted: Doubt | None = None  # why the history is closed, while it is
        self._register: Register
        self._stats: Stats
        self._fanout: FanOutPool | None = None
        self._totals: dict[str, Any] = {}  # what became of everything fed, known at the end
        self._failure: BaseException | None = None
        self.lost = False  # whether something accepted could not be stored

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Ask it to stop; on the loop's thread."""
        self._stopping.set()

    def _fail(self, error: BaseException) -> None:
        """Stop because of ``error``, which :meth:`run` then raises."""
        self._failure = error
        self.stop()

    async def run(self) -> None:
        """Start, serve until :meth:`stop`, stop.

        Raises:
            aerotrack.feeds.url.FeedUrlError: a feed's URL that is none of ours.
            OSError: the address cannot be listened on.
            aerotrack.db.errors.DatabaseError: the database cannot be used at all.
            Exception: a part without which nothing works died; it has been logged.
        """
        settings = self.settings
        started = time.monotonic()
        urls = parse_feed_urls(settings.feeds)
        async with AsyncExitStack() as stack:
            stack.enter_context(short_turns())
            # The port first: another server on it should be said before anything is started.
            sockets = _listen(settings.host, settings.port)
            self.port = sockets[0].getsockname()[1]
            for sock in sockets:
                stack.callback(sock.close)

            outbox = await asyncio.to_thread(_open_outbox, settings.data_dir)
            self._spool = Spool(
                outbox,
                patience=min(settings.flush_interval, PATIENCE_S),
                limit=settings.outbox_limit,
                answer=self._answer,
            )
            self._clock_watch = ClockWatch(
                seen=outbox.file.seen if outbox else None, started=time.monotonic()
            )
            self._checkpoints = Checkpoints(
                self._spool,
                every=SPARING_EVERY_S if settings.storage == "compact" else WRITTEN_EVERY_S,
            )
            self._database = Database(
                url=settings.database_url,
                data_dir=settings.data_dir,
                retention_days=settings.retention_days,
                retention_gb=settings.retention_gb,
                forgotten_after=forgotten_after(settings.flight_rules()),
                spool=self._spool,
                identity=outbox.file.identity if outbox else uuid.uuid4(),
                trusted=lambda: self._clock_doubt(RETENTION_SETTLES_S) is None,
                now=time.time,
                sparing=settings.storage == "compact",
                listen=settings.db_listen,
            )
            stack.push_async_callback(self._database.stop)
            self._register = Register(
                reader=lambda: self._database.reader,
                answer=self._tell_known,
                clock=CLOCK,
            )
            self._actors = Actors(
                settings,
                self._database.store,
                self._register.ask,
                first_batch=outbox.file.first_number if outbox else 1,
                keep=self._checkpoints.keep,
            )
            stack.callback(self._actors.stop)
            alive = await asyncio.to_thread(read_flights, outbox) if outbox else []
            self._spool.start()
            self._stats = Stats(
                self._database,
                self._spool,
                flush_interval=settings.flush_interval,
                now=time.time,
                storage=settings.storage,
            )
            await self._database.start()
            # Flights look for the airport beside them, and a handler reads no file.
            await asyncio.to_thread(load_airports)

            self._look_at_clock(stack)
            # Before anybody can tell of an aircraft: it is to find its flight.
            await restore(alive, self._restore, self._actors.room, time.time(), time.monotonic())
            feeds = await Feeds.open(
                urls,
                self._actors.ingest,
                Shared(
                    self._site(),
                    _opensky_account(settings),
                    precision=settings.publish_receiver_precision,
                    room=self._replay_room,
                ),
            )
            web = self._web_settings()
            await self._start_fanout(web, stack)
            app = make_app(self._ports(feeds), web)
            http = make_server(app)
            http.add_sockets(sockets)
            self._actors.start_ticking(time.time, self._fail)
            self._register.start()
            stack.push_async_callback(self._register.stop)
            stack.push_async_callback(self._drain, feeds)
            stack.push_async_callback(self._close_web, http, app)
            checkpoints = in_background(self._checkpoints.run(), "checkpoints", died=self._fail)
            stack.callback(checkpoints.cancel)
            feeds.start()
            stack.push_async_callback(feeds.stop)
            sampler = in_background(self._sample(), "samples", died=self._fail)
            stack.callback(sampler.cancel)
            self._say_started(feeds, time.monotonic() - started)
            await self._stopping.wait()
            log_event(logger, "stopping")
            self._database.finish(STORES_WITHIN_S)
        log_event(logger, "stopped", **self._totals)
        if self._failure is not None:
            raise self._failure

    def _answer(self, message: SpoolAnswer) -> None:
        """What became of a batch, from the spool's thread."""
        self._actors.system.tell(self._actors.persistence, message)

    async def _replay_room(self) -> None:
        """Return when recordings may go on: the actors keep up, the history takes every point."""
        await self._actors.room()
        while self._spool.state.pressure != "none":
            await asyncio.sleep(REPLAY_LOOKS_S)

    def _clock_doubt(self, settles: float = SETTLES_S) -> Doubt | None:
        return self._clock_watch.doubt(time.time(), time.monotonic(), settles)

    def _look_at_clock(self, stack: AsyncExitStack) -> None:
        """Where the clock cannot be believed, keep the history closed until it can."""
        if (doubt := self._clock_doubt()) is not None:
            waiting = in_background(self._wait_for_clock(doubt), "clock", died=self._fail)
            stack.callback(waiting.cancel)

    async def _wait_for_clock(self, doubt: Doubt) -> None:
        system, persistence = self._actors.system, self._actors.persistence
        system.tell(persistence, DoubtClock(True))
        log_event(logger, "clock_doubted", level=logging.ERROR, code=doubt, now=time.time())
        self._doubted = doubt
        while self._clock_doubt() is not None:
            await asyncio.sleep(LOOKS_S)
        await asyncio.sleep(ENDING_S)
        system.tell(persistence, DoubtClock(False))
        self._doubted = None
        log_event(logger, "clock_believed", now=time.time())

    def _restore(self, message: RestoreFlights) -> None:
        """Flights that were alive when the server ended last."""
        self._actors.system.tell(self._actors.registry, message)

    def _tell_known(self, message: IdentitiesFound | RegisterChanged) -> None:
        """What the register knows of flights."""
        self._actors.system.tell(self._actors.registry, message)

    # -- what the web is given ---------------------------------------------------------------------

    def _ports(self, feeds: Feeds) -> Ports:
        return Ports(
            actors=self._actors.system,
            registry=self._actors.registry,
            broadcaster=self._actors.broadcaster,
            history=History(self._database, self.settings.flight_rules()),
            replays=Replays(self._database, self.settings.flight_rules()),
            feeds=lambda: feeds.figures,
            receivers=lambda: feeds.receivers,
            sink=self._actors.ingest,
            durable=self._actors.ingest_durable,
            room=self._actors.room,
            parse_posted=partial(parse_posted, rules=self.settings.flight_rules()),
            figures=self._figures,
            readiness=self._checks,
            stats=self._server_stats,
            clock=CLOCK,
            fanout=self._fanout,
        )

    def _checks(self) -> Sequence[Check]:
        checks = self._stats.checks(time.monotonic())
        if self._doubted is not None:
            detail = "the history waits for a clock that can be believed; live does not"
            checks = (*checks, Check("clock", ok=False, code=self._doubted, detail=detail))
        return checks if self._fanout is None else (*checks, self._fanout.check())

    async def _start_fanout(self, web: WebSettings, stack: AsyncExitStack) -> None:
        """Where the settings want it, start the processes that serve live clients."""
        settings = self.settings
        if not settings.fanout:
            return
        self._fanout = FanOutPool(
            settings.fanout,
            Configure(web.live(), settings.log_level, settings.log_format),
            system=self._actors.system,
            broadcaster=self._actors.broadcaster,
            label=f"aerotrack {settings.data_dir}",
        )
        stack.push_async_callback(self._fanout.stop)
        await self._fanout.start()

    def _site(self) -> Site | None:
        """Where the receiver stands, if the settings say."""
        settings = self.settings
        if settings.receiver_lat is None or settings.receiver_lon is None:
            return None
        return site(
            settings.receiver_lat, settings.receiver_lon, settings.publish_receiver_precision
        )

    def _web_settings(self) -> WebSettings:
        settings, place = self.settings, self._site()
        return WebSettings(
            server=f"aerotrack/{__version__}",
            epoch=uuid.uuid4().hex[:12],
            base_path=settings.base_path,
            allowed_origins=settings.allowed_origins,
            trusted_proxies=settings.trusted_proxies,
            ingest_token=settings.ingest_token,
            receiver=None if place is None else place.shown,
            max_clients=settings.max_clients,
            post_limit=settings.max_body_bytes,
            compress=settings.websocket_compression,
        )

    async def _figures(self) -> Mapping[str, Figures]:
        figures = await self._actors.figures()
        self._stats.sample(figures, time.monotonic())
        fanout = {} if self._fanout is None else self._fanout.figures()
        return {
            **figures,
            **fanout,
            "outbox": self._stats.outbox_figures(),
            "register": self._register.figures(),
        }

    async def _server_stats(self) -> ServerStats:
        return self._stats.stats(await self._figures())

    async def _sample(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_S)
            try:
                await self._figures()
            except TimeoutError:
                log_event(logger, "actors_do_not_answer", level=logging.ERROR)

    # -- start and end -----------------------------------------------------------------------------

    def _say_started(self, feeds: Feeds, seconds: float) -> None:
        settings = self.settings
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
        host = f"[{host}]" if ":" in host else host
        log_event(
            logger,
            "ready",
            url=f"http://{host}:{self.port}{settings.base_path}/",
            version=__version__,
            database=self._database.described,
            data_dir=settings.data_dir,
            storage=settings.storage,
            feeds=len(feeds.figures),
            seconds=round(seconds, 2),
        )

    async def _close_web(self, http: HTTPServer, app: AeroTrackApplication) -> None:
        http.stop()
        app.close()
        if self._fanout is not None:
            await self._fanout.stop()
        await http.close_all_connections()

    async def _drain(self, feeds: Feeds) -> None:
        left = await self._actors.drain(time.time())
        self._checkpoints.write()
        await self._database.close_history()
        self.lost = left != 0
        if left > 0:  # below, nobody answered, and that has been said
            log_event(logger, "rows_lost", level=logging.ERROR, rows=left)
        with contextlib.suppress(TimeoutError):  # drain_timed_out has been said
            self._totals = totals(feeds.figures, await self._figures())


def forgotten_after(rules: FlightRules) -> float:
    """Silence after which a flight without an end in the database is nobody's any more, seconds."""
    return rules.silence_ends(slow=True) + 10 * rules.row_interval


def _open_outbox(data_dir: Path) -> OwnedOutbox | None:
    """The outbox of the data directory, ``None`` where there can be none: that is said.

    Raises ``DataDirLocked`` where another server has it.
    """
    try:
        return open_outbox(data_dir, yield_turn=yield_turn)
    except OutboxUnusable as error:
        log_event(logger, "outbox_unusable", level=logging.ERROR, reason=str(error))
        return None


def _listen(host: str, port: int) -> list[socket.socket]:
    """Sockets on the address. Raises ``OSError`` that says which one it could not have."""
    try:
        return bind_sockets(port, host)
    except OSError as error:
        why = error.strerror or str(error)
        hint = "; choose another with --port" if error.errno == errno.EADDRINUSE else ""
        raise OSError(f"cannot listen on {host} port {port}: {why}{hint}") from error


def _opensky_account(settings: Settings) -> OpenSkyCredentials | None:
    name, secret = settings.opensky_client_id, settings.opensky_client_secret
    return None if name is None or secret is None else OpenSkyCredentials(name, secret)


async def serve(settings: Settings) -> bool:
    """Run a server until SIGTERM or SIGINT; whether everything accepted was stored.

    A second signal ends the process at once. That loses what a kill does: nothing that was
    acknowledged as durable, of the rest a flush interval. PostgreSQL's watchdog shuts it down.
    """
    server = Server(settings)
    loop = asyncio.get_running_loop()

    def signalled(number: int) -> None:
        if server.stopping:
            log_event(logger, "stopped_at_once", level=logging.WARNING, signal=number)
            os._exit(128 + number)
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled, number)
    await server.run()
    return not server.lost
