"""The thread that writes the history: batches in, answers out, its connection its own.

The persistence actor submits a batch and gets :class:`BatchStored` or :class:`BatchFailed` for it,
always exactly one. A failed batch is for the actor to submit again, under the same number: if its
commit had gone through after all, it is found recorded and not stored twice.
"""

import logging
import queue
import random
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

import psycopg

from aerotrack.actors.messages import BatchFailed, BatchStored
from aerotrack.db.connection import connect, first_line
from aerotrack.db.partitions import Partitions
from aerotrack.db.store import BatchStore, yield_turn
from aerotrack.domain.records import Batch
from aerotrack.logs import log_event

log = logging.getLogger(__name__)

Message = TypeVar("Message", BatchStored, BatchFailed)

# After a failure the next attempt waits, twice as long each time: soon enough to go unnoticed when
# a server restarts, seldom enough to leave one alone that is down for hours.
FIRST_BACKOFF_S: Final = 0.1
LONGEST_BACKOFF_S: Final = 5.0
# Longer than the largest batch takes on the slowest disk; a lock or a stuck disk is behind more.
STATEMENT_TIMEOUT_S: Final = 60
LOCK_TIMEOUT_S: Final = 10
# What a cancelled statement takes to come back, when stopping has run out of time.
CANCEL_GRACE_S: Final = 2.0

# Codes of BatchFailed beside SQLSTATEs.
CONNECTION_FAILED: Final = "connection_failed"
WRITER_STOPPED: Final = "writer_stopped"
INTERNAL_ERROR: Final = "internal_error"


class BatchWriter:
    """Stores batches of ``run`` in the order submitted, one at a time, in a thread of its own.

    ``on_stored`` and ``on_failed`` are called in that thread (in the caller's for a batch that
    comes after :meth:`stop`); they must not block. ``run`` names this writer's batches for good:
    numbers are never used again under it.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        run: UUID,
        on_stored: Callable[[BatchStored], None],
        on_failed: Callable[[BatchFailed], None],
        first_backoff: float = FIRST_BACKOFF_S,
        longest_backoff: float = LONGEST_BACKOFF_S,
    ) -> None:
        self._conninfo = conninfo
        self._run = run
        self._on_stored = on_stored
        self._on_failed = on_failed
        self._first_backoff = first_backoff
        self._longest_backoff = longest_backoff
        self._submitted: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._gate = threading.Lock()  # between submit and stop: no batch slips in behind the end
        self._stopping = threading.Event()
        self._abandoned = threading.Event()
        self._partitions = Partitions()
        self._connection: psycopg.Connection | None = None
        self._store: BatchStore | None = None
        self._failures = 0
        self._thread = threading.Thread(target=self._work, name="batch-writer", daemon=True)

    def start(self) -> None:
        """Start the thread; it connects when the first batch comes."""
        self._thread.start()

    def submit(self, batch: Batch) -> None:
        """Take ``batch`` from any thread; never blocks. One answer will follow."""
        with self._gate:
            if not self._stopping.is_set():
                self._submitted.put(batch)
                return
        self._answer_failed(batch, WRITER_STOPPED, "the writer was stopped")

    def stop(self, timeout: float) -> bool:
        """Finish what was submitted, then end; whether that took no more than ``timeout`` seconds.

        Where it takes longer the statement at work is cancelled, and what is left is answered as
        failed with code ``writer_stopped``.
        """
        with self._gate:
            if not self._stopping.is_set():
                self._stopping.set()
                self._submitted.put(None)
        if self._thread.ident is None:  # never started: nobody else will answer what waits
            self._abandoned.set()
            self._work()
            return True
        self._thread.join(timeout)
        if not self._thread.is_alive():
            return True
        self._abandoned.set()
        connection = self._connection
        if connection is not None:
            try:
                connection.cancel_safe(timeout=CANCEL_GRACE_S)
            except psycopg.Error as error:
                log_event(
                    log, "batch_cancel_failed", level=logging.WARNING, reason=first_line(error)
                )
        self._thread.join(CANCEL_GRACE_S)
        return False

    # -- in the thread -----------------------------------------------------------------------------

    def _work(self) -> None:
        while (batch := self._submitted.get()) is not None:
            if self._abandoned.is_set():
                self._answer_failed(batch, WRITER_STOPPED, "the writer was stopped")
            else:
                self._write(batch)
        self._disconnect()

    def _write(self, batch: Batch) -> None:
        if self._failures:
            self._stopping.wait(self._backoff())
        started = time.monotonic()
        try:
            counts = self._connected().store(batch)
        except psycopg.Error as error:
            self._failed(batch, error.sqlstate or CONNECTION_FAILED, first_line(error))
        except Exception as error:
            log_event(
                log,
                "batch_writer_error",
                level=logging.ERROR,
                error=error,
                number=batch.number,
            )
            self._failed(batch, INTERNAL_ERROR, first_line(error))
        else:
            if self._failures:
                log_event(log, "database_writes_again", failures=self._failures)
            self._failures = 0
            self._call(
                self._on_stored,
                BatchStored(
                    number=batch.number,
                    stored=counts.stored,
                    duplicate=counts.duplicate,
                    rejected=counts.rejected,
                    seconds=time.monotonic() - started,
                ),
            )

    def _connected(self) -> BatchStore:
        if self._store is None:
            connection = connect(self._conninfo, "aerotrack writer")
            self._connection = connection
            connection.execute(
                f"SET statement_timeout = '{STATEMENT_TIMEOUT_S}s'; "
                f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'".encode()
            )
            self._store = BatchStore(
                connection, run=self._run, partitions=self._partitions, yield_turn=yield_turn
            )
        return self._store

    def _failed(self, batch: Batch, code: str, reason: str) -> None:
        # A new connection costs little beside the back-off, and forgets whatever state went wrong.
        self._disconnect()
        if not self._failures:
            log_event(
                log,
                "batch_failed",
                level=logging.WARNING,
                number=batch.number,
                code=code,
                reason=reason,
            )
        self._failures += 1
        self._answer_failed(batch, code, reason)

    def _disconnect(self) -> None:
        connection, self._connection, self._store = self._connection, None, None
        self._partitions.forget()  # with the server back from a backup, they may not be there
        if connection is not None:
            connection.close()

    def _backoff(self) -> float:
        # The exponent is capped so that the power stays a float after days of failures.
        doubled = self._first_backoff * 2.0 ** min(self._failures - 1, 30)
        return min(doubled, self._longest_backoff) * random.uniform(0.5, 1.0)

    def _answer_failed(self, batch: Batch, code: str, reason: str) -> None:
        self._call(self._on_failed, BatchFailed(number=batch.number, code=code, reason=reason))

    def _call(self, answer: Callable[[Message], None], message: Message) -> None:
        try:
            answer(message)
        except Exception:
            log.exception("batch_answer_lost message=%s", type(message).__name__)
