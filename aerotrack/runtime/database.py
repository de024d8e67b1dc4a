"""The database: brought up, kept up, and never waited for by live traffic."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

from aerotrack.actors.messages import StoreBatch
from aerotrack.db.embedded import SPARING_SETTINGS, EmbeddedPostgres
from aerotrack.db.errors import DatabaseError, DatabaseTimeout, DatabaseUnavailable
from aerotrack.db.migrate import bundled, migrate
from aerotrack.db.outbox import Spool
from aerotrack.db.past import PastReader
from aerotrack.db.reader import Reader
from aerotrack.db.retention import close_forgotten, drop_beyond, drop_old
from aerotrack.db.writer import BatchWriter
from aerotrack.logs import log_event
from aerotrack.runtime.tasks import in_background

logger = logging.getLogger(__name__)

# A server that is away is asked again after this long, doubling to the second, seconds.
RETRY_FIRST_S: Final = 0.5
RETRY_MOST_S: Final = 15.0
# How often the embedded server is looked at, and started again if it died.
WATCH_S: Final = 2.0
RETENTION_EVERY_S: Final = 3600.0
# How often a clock that retention does not trust is looked at again.
TRUST_LOOKS_S: Final = 10.0
# Positions may take one part in so many of the embedded database's disk: others live on it, too.
DISK_SHARE: Final = 4
# What the outbox has to put on the disk at the end: a batch, and what was drained to be forgotten.
SPOOL_STOP_S: Final = 5.0
# At a stop, for PostgreSQL to take what waits in the outbox: after a busy moment that is a batch or
# two. Hours of it are better left to the next start, which serves meanwhile.
DRAINED_WITHIN_S: Final = 4.0
# What may pass by itself; anything else (a newer schema, a wrong server) is for a human.
AWAY: Final = (DatabaseTimeout, DatabaseUnavailable)


class Database:
    """PostgreSQL, embedded or given: starts it, migrates it, owns writer and reader.

    ``identity`` names its batches together with their numbers. What is handed to :meth:`store` goes
    to ``spool``, which is told of the writer when there is one. ``sparing``: the embedded server
    writes to its disk as seldom as it safely can.
    """

    def __init__(
        self,
        *,
        url: str | None,
        data_dir: Path,
        retention_days: int,
        retention_gb: float | None,
        forgotten_after: float,
        spool: Spool,
        identity: UUID,
        trusted: Callable[[], bool] = lambda: True,
        now: Callable[[], float],
        sparing: bool = False,
    ) -> None:
        own = SPARING_SETTINGS if sparing else {}
        self._embedded = (
            None if url else EmbeddedPostgres(data_dir, progress=_progress, settings=own)
        )
        self._conninfo = url
        self._retention_days = retention_days
        self._retention_gb = retention_gb
        self._data_dir = data_dir
        self._forgotten_after = forgotten_after
        self._spool = spool
        self._identity = identity
        self._trusted = trusted
        self._now = now
        self._writer: BatchWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.reader: Reader | None = None
        self.past: PastReader | None = None  # for searches and past moments
        self.replays: PastReader | None = None  # for playback
        self.error: str | None = "starting"  # code of what stands in the way of being ready
        self._said = ""  # the reason it is away, as it was logged last

    @property
    def described(self) -> str:
        """What an operator reads at the start."""
        if self._embedded is None:
            return "external"
        return f"embedded PostgreSQL {self._embedded.server_version}"

    @property
    def pid(self) -> int | None:
        """Process id of the embedded server."""
        return None if self._embedded is None else self._embedded.pid

    async def start(self) -> None:
        """Bring it up. A given server that is away is waited for in the background.

        Raises:
            DatabaseError: the embedded server cannot start, or the schema is not one we know.
        """
        if self._embedded is not None:
            self._conninfo = await asyncio.to_thread(self._embedded.start)
            await self._prepare()
            self._tasks.append(in_background(self._watch_embedded(self._embedded), "watch"))
            return
        try:
            await self._prepare()
        except DatabaseError as error:
            if not isinstance(error, AWAY):
                raise
            self.error, self._said = error.code, str(error)
            log_event(
                logger, "database_away", level=logging.WARNING, code=error.code, reason=str(error)
            )
            self._tasks.append(in_background(self._prepare_later(), "prepare"))

    async def _prepare(self) -> None:
        """Migrate, then open writer and reader."""
        conninfo = self._conninfo
        assert conninfo is not None
        await asyncio.to_thread(migrate, conninfo)
        answered = self._spool.writer_answered
        self._writer = BatchWriter(
            conninfo, run=self._identity, on_stored=answered, on_failed=answered
        )
        self._writer.start()
        self._spool.attach(self._writer)
        self.reader = Reader(conninfo)
        self.past = PastReader(conninfo, "history")
        self.replays = PastReader(conninfo, "playback")
        self.error = None
        self._tasks.append(in_background(self._keep_retention(conninfo), "retention"))
        log_event(logger, "database_ready", server=self.described, schema_version=len(bundled()))

    async def _prepare_later(self) -> None:
        wait = RETRY_FIRST_S
        while True:
            await asyncio.sleep(wait)
            try:
                await self._prepare()
            except DatabaseError as error:
                self.error = error.code
                if not isinstance(error, AWAY):
                    log_event(
                        logger,
                        "database_unusable",
                        level=logging.ERROR,
                        code=error.code,
                        reason=str(error),
                    )
                    return
                self._say_away(error)
                wait = min(RETRY_MOST_S, 2 * wait)
            else:
                return

    def _say_away(self, error: DatabaseError) -> None:
        """Log why it is still away, once a reason: "refused" may become "wrong password"."""
        if (reason := str(error)) != self._said:
            self._said = reason
            log_event(
                logger, "database_away", level=logging.WARNING, code=error.code, reason=reason
            )

    async def _watch_embedded(self, embedded: EmbeddedPostgres) -> None:
        """Start the embedded server again when it died: under the same address, the same data."""
        while True:
            await asyncio.sleep(WATCH_S)
            if await asyncio.to_thread(lambda: embedded.is_running):
                continue
            log_event(logger, "embedded_postgres_died", level=logging.ERROR)
            try:
                await asyncio.to_thread(embedded.start)
            except Exception as error:  # whatever it is, the next look may find it gone
                _log_failure("embedded_postgres_start_failed", error)

    async def _keep_retention(self, conninfo: str) -> None:
        """Drop days older or more than are kept, and end flights nobody ended; hourly."""
        while True:
            while not self._trusted():  # a clock that is ahead would have it all dropped
                await asyncio.sleep(TRUST_LOOKS_S)
            try:
                silent_since = self._now() - self._forgotten_after
                await asyncio.to_thread(close_forgotten, conninfo, silent_since=silent_since)
                await asyncio.to_thread(
                    drop_old, conninfo, now=self._now(), keep_days=self._retention_days
                )
                if (limit := self._space()) is not None:
                    await asyncio.to_thread(drop_beyond, conninfo, limit=limit)
            except Exception as error:  # the next hour is another chance
                _log_failure("retention_failed", error)
            await asyncio.sleep(RETENTION_EVERY_S)

    def _space(self) -> int | None:
        """The bytes that positions may take; ``None`` is no limit."""
        if self._retention_gb is not None:
            return int(self._retention_gb * 1e9)
        if self._embedded is None:
            return None  # the disk is another machine's
        return shutil.disk_usage(self._data_dir).total // DISK_SHARE

    def store(self, message: StoreBatch) -> None:
        """Hand a batch to the writer or the outbox; the spool answers."""
        self._spool.submit(message.batch)

    async def finish(self, timeout: float) -> None:
        """Store what was handed over, as far as it can be; what is in the outbox then, stays there.

        What became of each batch has been answered. More is not taken.
        """
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._spool.await_stored, DRAINED_WITHIN_S)
        self._spool.detach()
        if self._writer is not None:
            await asyncio.to_thread(self._writer.stop, timeout)
        await asyncio.to_thread(self._spool.await_stored, SPOOL_STOP_S)  # for its last answers

    async def stop(self, timeout: float) -> None:
        """Finish, where that was not done yet, then close; the embedded server last."""
        await self.finish(timeout)
        await asyncio.to_thread(self._spool.stop, SPOOL_STOP_S)
        for reader in (self.reader, self.past, self.replays):
            if reader is not None:
                await reader.close()
        if self._embedded is not None:
            await asyncio.to_thread(self._embedded.stop)


def _log_failure(event: str, error: Exception) -> None:
    """An error of the database by its code, any other with its traceback."""
    known = isinstance(error, DatabaseError)
    log_event(
        logger,
        event,
        level=logging.ERROR,
        error=None if known else error,
        code=error.code if isinstance(error, DatabaseError) else "internal_error",
        reason=str(error),
    )


def _progress(line: str) -> None:
    log_event(logger, "embedded_postgres", progress=line)
