"""Which way a batch goes: straight to PostgreSQL, or by way of the outbox.

A thread of its own holds all of it, the outbox's file too. A batch goes straight while PostgreSQL
takes what it is given in time and nothing waits before it. Where it fails, or takes longer than
:attr:`patience`, the batch is put into the outbox; so is every batch behind it, until the outbox
has been drained, oldest first, and given back its room.

Both ways a batch is named by the outbox's identity and its number, which PostgreSQL records in the
transaction that stores it: one that was on both ways is stored once.
"""

import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Final, Protocol

import msgspec

from aerotrack.actors.messages import (
    BatchDrained,
    BatchFailed,
    BatchKept,
    BatchStored,
    PressureChanged,
)
from aerotrack.db.outbox.alive import AliveFlights
from aerotrack.db.outbox.codec import UnreadableBatch
from aerotrack.db.outbox.opening import OwnedOutbox, is_damage
from aerotrack.db.outbox.salvage import begin_anew
from aerotrack.db.outbox.state import SpoolState, pressure_at
from aerotrack.domain.records import Batch
from aerotrack.domain.thinning import Pressure
from aerotrack.logs import log_event

logger = logging.getLogger(__name__)

_number: Final = attrgetter("number")
SpoolAnswer = BatchStored | BatchFailed | BatchKept | BatchDrained | PressureChanged

# A commit on an SD card in good health; a shorter flush interval is no reason for less patience.
LEAST_PATIENCE_S: Final = 0.25
# Batches of the outbox that are with the writer: one at work, one read meanwhile.
READ_AHEAD: Final = 2
# Drained batches are deleted together, after as many or as long: each deletion is a commit.
DELETED_TOGETHER: Final = 64
DELETED_WITHIN_S: Final = 1.0
# Between a file that could not be written and the next attempt at it.
FILE_AGAIN_S: Final = 1.0

# Codes of BatchFailed and BatchKept.
NOT_READY: Final = "database_not_ready"
BEHIND: Final = ""  # it only waits its turn
OUTBOX_FULL: Final = "outbox_full"
OUTBOX_UNWRITABLE: Final = "outbox_unwritable"
SPOOL_STOPPED: Final = "spool_stopped"


class Writer(Protocol):
    """What stores batches; :class:`aerotrack.db.writer.BatchWriter` is one."""

    def submit(self, batch: Batch) -> None:
        """Take it; exactly one answer follows, by :meth:`Spool.writer_answered`."""


class _Answered(msgspec.Struct, frozen=True):
    answer: BatchStored | BatchFailed


class _Attach(msgspec.Struct, frozen=True):
    writer: Writer


class _Detach(msgspec.Struct, frozen=True):
    pass


class _Flights(msgspec.Struct, frozen=True):
    states: Mapping[int, bytes]


class _Await(msgspec.Struct, frozen=True):
    stored: threading.Event


class _Stop(msgspec.Struct, frozen=True):
    pass


Event = Batch | _Answered | _Attach | _Detach | _Flights | _Await | _Stop | None


class Spool:
    """Takes batches by :meth:`submit` and answers each once: stored, kept (on disk), or failed.

    For a batch that was kept a ``BatchDrained`` follows when PostgreSQL has it, perhaps in another
    run. ``answer`` is called in the spool's thread and must not block. Without an ``outbox`` (it
    cannot be had) batches go straight, and what fails is answered as failed. ``limit`` is the
    outbox's, bytes; ``patience`` seconds.
    """

    def __init__(
        self,
        outbox: OwnedOutbox | None,
        *,
        patience: float,
        limit: int,
        answer: Callable[[SpoolAnswer], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.patience = max(patience, LEAST_PATIENCE_S)
        self._outbox = outbox
        self._limit = limit
        self._answer_to = answer
        self._monotonic = monotonic
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._gate = threading.Lock()  # between submit and stop: no batch slips in behind the end
        self._stopping = False
        self._writer: Writer | None = None
        self._direct: Batch | None = None
        self._direct_until = 0.0
        self._sent: dict[int, Batch] = {}  # with the writer, by number
        self._read_up_to = -1  # numbers up to here were handed to the writer, or are being
        self._again: list[Batch] = []  # came back from the writer, to be sent once more
        self._drained: list[int] = []
        self._delete_by: float | None = None
        self._file_again = 0.0
        self._slow = False  # and that was said; until the outbox is empty again
        self._awaited: list[threading.Event] = []
        self._kept = self._drained_total = self._unreadable = 0
        self._pressure: Pressure = "none"
        self._alive = AliveFlights(outbox.file if outbox else None)
        self._error = "" if outbox else OUTBOX_UNWRITABLE
        self._away = NOT_READY
        self.state = SpoolState(error=self._error)
        self._note()
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    # -- from any thread ---------------------------------------------------------------------------

    def submit(self, batch: Batch) -> None:
        """Take ``batch``; never blocks. One answer will follow."""
        with self._gate:
            if not self._stopping:
                self._events.put(batch)
                return
        self._answer(BatchFailed(batch.number, SPOOL_STOPPED, "the outbox was closed"))

    def attach(self, writer: Writer) -> None:
        """PostgreSQL is there: ``writer`` stores from now on."""
        self._events.put(_Attach(writer))

    def detach(self) -> None:
        """The writer takes no more, it is about to be stopped."""
        self._events.put(_Detach())

    def keep_flights(self, states: Mapping[int, bytes]) -> None:
        """Keep the states of flights, by their number, for the next start."""
        self._events.put(_Flights(states))

    def writer_answered(self, answer: BatchStored | BatchFailed) -> None:
        """The writer's answer to a batch; in whichever thread."""
        self._events.put(_Answered(answer))

    def await_stored(self, timeout: float) -> None:
        """Block until PostgreSQL has everything submitted so far, is away, or there is no writer;
        at most ``timeout`` seconds. What became of each batch has been answered then."""
        if self._thread.is_alive():
            stored = threading.Event()
            self._events.put(_Await(stored))
            stored.wait(timeout)

    def stop(self, timeout: float) -> bool:
        """Put what is under way on disk, then close; whether that took no more than ``timeout``.

        The writer must have been stopped (:meth:`detach` before that): what it answered is taken
        into account.
        """
        with self._gate:
            if not self._stopping:
                self._stopping = True
                self._events.put(_Stop())
        if self._thread.ident is None:
            self._work()
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # -- in the thread -----------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            try:
                event = self._events.get(timeout=self._idle_for())
            except queue.Empty:
                event = None
            if isinstance(event, _Stop):
                break
            try:
                self._handle(event)
            except sqlite3.Error as error:
                self._file_failed(error)
            except Exception as error:
                log_event(logger, "outbox_error", level=logging.ERROR, error=error)
            self._note()
            self._press()
            self._wake()
        self._close()

    def _idle_for(self) -> float | None:
        """Seconds until something is due; ``None`` where only an event can bring anything."""
        due = [
            at
            for at in (
                self._direct_until if self._direct else None,
                self._delete_by,
                self._file_again or None,
            )
            if at is not None
        ]
        return max(0.0, min(due) - self._monotonic()) if due else None

    def _handle(self, event: Event) -> None:
        match event:
            case Batch():
                self._take(event)
            case _Answered():
                self._settle(event.answer)
            case _Attach():
                self._writer, self._away = event.writer, ""
            case _Detach():
                self._writer, self._away = None, NOT_READY
            case _Flights():
                if self._outbox is not None:
                    self._alive.keep(event.states, self._outbox.file)
            case _Await():
                self._awaited.append(event.stored)
            case _:
                pass
        now = self._monotonic()
        if self._direct is not None and now >= self._direct_until:
            if not self._slow:
                log_event(
                    logger,
                    "database_slow",
                    level=logging.WARNING,
                    number=self._direct.number,
                    rows=self._direct.rows,
                    longer_than_s=self.patience,
                )
            self._slow = True
            self._keep(self._direct, BEHIND)
        if self._file_again and now >= self._file_again and self._outbox is not None:
            self._file_again = 0.0
            self._outbox.file.probe()
            if self._error == OUTBOX_UNWRITABLE:
                self._error = ""
                log_event(logger, "outbox_writable_again")
        self._delete(now)
        self._feed_writer()

    def _take(self, batch: Batch) -> None:
        if self._outbox is not None:
            try:
                self._alive.follow(batch, self._outbox.file)
            except sqlite3.Error as error:
                self._file_failed(error)
        straight = self._writer is not None and not self._sent and not self._waiting
        if straight and self._writer is not None:
            self._direct = batch
            self._direct_until = self._monotonic() + self.patience
            self._send(self._writer, batch)
        else:
            self._keep(batch, self._away or BEHIND)

    @property
    def _waiting(self) -> int:
        """Batches in the outbox that PostgreSQL is not known to have."""
        return (self._outbox.file.batches if self._outbox else 0) - len(self._drained)

    def _keep(self, batch: Batch, code: str) -> None:
        """Put ``batch`` on the disk, and say so; or say that it could not be."""
        direct = self._direct is not None and self._direct.number == batch.number
        refusal = self._refusal()
        if refusal is None and self._outbox is not None:
            try:
                encoded = self._outbox.file.put(batch)
            except sqlite3.Error as error:
                self._file_failed(error)
                refusal = BatchFailed(batch.number, OUTBOX_UNWRITABLE, str(error))
            else:
                if encoded.left_out:
                    log_event(
                        logger,
                        "outbox_rows_left_out",
                        level=logging.ERROR,
                        number=batch.number,
                        rows=encoded.left_out,
                    )
                self._error = ""
                self._kept += 1
                if direct:
                    self._direct = None
                if batch.number in self._sent:
                    self._read_up_to = max(self._read_up_to, batch.number)
                self._answer(BatchKept(batch.number, code))
                return
        if direct and batch.number in self._sent:  # it is still with the writer: wait for that
            self._direct_until = self._monotonic() + FILE_AGAIN_S
            return
        if refusal is not None:
            self._answer(BatchFailed(batch.number, refusal.code, refusal.reason))

    def _refusal(self) -> BatchFailed | None:
        """Why nothing can be kept now, if so (under the number 0)."""
        if self._outbox is None:
            return BatchFailed(0, self._away or OUTBOX_UNWRITABLE, "there is no outbox")
        if self._outbox.file.used_bytes >= self._limit:
            self._error = OUTBOX_FULL
            return BatchFailed(0, OUTBOX_FULL, "the outbox has reached its limit")
        return None

    # -- the writer's side -------------------------------------------------------------------------

    def _send(self, writer: Writer, batch: Batch) -> None:
        self._sent[batch.number] = batch
        writer.submit(batch)

    def _settle(self, answer: BatchStored | BatchFailed) -> None:
        batch = self._sent.pop(answer.number, None)
        if batch is None:
            return
        direct = self._direct is not None and self._direct.number == batch.number
        if isinstance(answer, BatchStored):
            self._away = ""
            if direct:
                self._direct = None
                self._answer(answer)
            else:
                self._drained_one(batch, answer)
            return
        self._away = answer.code
        if direct:
            self._keep(batch, answer.code)
            if self._direct is not None:  # it could not be kept, and that has been answered
                self._direct = None
        else:
            self._again.append(batch)  # the writer pauses by itself
            self._again.sort(key=_number)

    def _drained_one(self, batch: Batch, answer: BatchStored) -> None:
        self._drained.append(batch.number)
        self._drained_total += 1
        if self._delete_by is None:
            self._delete_by = self._monotonic() + DELETED_WITHIN_S
        self._answer(
            BatchDrained(
                batch.number, len(batch.points), answer.stored, answer.duplicate, answer.rejected
            )
        )

    def _feed_writer(self) -> None:
        """Hand the writer the next of what waits."""
        writer, outbox = self._writer, self._outbox
        if writer is None or outbox is None or self._direct is not None or self._stopping:
            return
        ahead = 1 if self._away else READ_AHEAD  # oldest first, also while nothing goes through
        while self._again and len(self._sent) < ahead:
            self._send(writer, self._again.pop(0))
        while len(self._sent) < ahead and self._waiting > len(self._sent):
            number = outbox.file.next_after(self._read_up_to)
            if number is None:
                return
            self._read_up_to = number
            if number in self._sent:
                continue
            try:
                batch = outbox.file.read(number)
            except UnreadableBatch as error:
                self._drop_unreadable(number, error)
                continue
            self._send(writer, batch)

    def _drop_unreadable(self, number: int, error: UnreadableBatch) -> None:
        self._unreadable += 1
        log_event(
            logger, "outbox_batch_unreadable", level=logging.ERROR, number=number, reason=str(error)
        )
        self._drained.append(number)

    def _delete(self, now: float) -> None:
        """Delete what PostgreSQL has: now and then, and at once where nothing else is left."""
        if not self._drained or self._outbox is None or self._file_again:
            return
        due = self._delete_by is not None and now >= self._delete_by
        if due or len(self._drained) >= DELETED_TOGETHER or self._waiting == 0:
            self._outbox.file.delete(self._drained)
            self._drained = []
            self._delete_by = None
            if self._waiting == 0:
                log_event(logger, "outbox_drained", batches=self._drained_total)
                self._slow = False

    # -- the file's trouble ------------------------------------------------------------------------

    def _file_failed(self, error: sqlite3.Error) -> None:
        """A damaged file is replaced; one that cannot be written is tried again later."""
        if self._outbox is None:
            return
        self._file_again = self._monotonic() + FILE_AGAIN_S
        if is_damage(error):
            self._replace_file(str(error))
            return
        if self._error != OUTBOX_UNWRITABLE:
            self._error = OUTBOX_UNWRITABLE
            log_event(logger, "outbox_unwritable", level=logging.ERROR, reason=str(error))

    def _replace_file(self, reason: str) -> None:
        outbox = self._outbox
        assert outbox is not None
        directory = outbox.file.path.parent
        with contextlib.suppress(sqlite3.Error):
            outbox.file.close()
        try:
            outbox.file = begin_anew(directory, reason=reason, yield_turn=outbox.yield_turn)
        except (OSError, sqlite3.Error) as error:
            self._outbox = None
            self._error = OUTBOX_UNWRITABLE
            log_event(logger, "outbox_unusable", level=logging.ERROR, reason=str(error))
            return
        # Everything that was salvaged goes again; what PostgreSQL has, it has recorded.
        self._drained, self._delete_by, self._read_up_to = [], None, -1
        self._again.clear()

    # -- what is told ------------------------------------------------------------------------------

    def _answer(self, message: SpoolAnswer) -> None:
        self._note()  # who is answered finds the state as the answer has it
        try:
            self._answer_to(message)
        except Exception:
            logger.exception("batch_answer_lost message=%s", type(message).__name__)

    def _note(self) -> None:
        """Leave a picture of how it stands for other threads."""
        outbox = self._outbox
        used, size, oldest = 0, 0, None
        if outbox is not None:
            with contextlib.suppress(sqlite3.Error, OSError):
                used, size = outbox.file.used_bytes, outbox.file.bytes_on_disk
                oldest = outbox.file.oldest() if self._waiting else None
        if self._error == OUTBOX_FULL and used < self._limit:
            self._error = ""
        self.state = SpoolState(
            batches=max(0, self._waiting),
            rows=outbox.file.rows if outbox and self._waiting else 0,
            bytes=size,
            used=used / self._limit,
            oldest=oldest,
            pressure=self._pressure,
            error=self._error,
            away=self._away,
            kept_total=self._kept,
            drained_total=self._drained_total,
            unreadable_total=self._unreadable,
        )

    def _wake(self) -> None:
        """Let those go on that wait for PostgreSQL to have everything, or in vain."""
        everything = self._direct is None and self._waiting == 0
        if everything or self._away or self._writer is None:
            for stored in self._awaited:
                stored.set()
            self._awaited.clear()

    def _press(self) -> None:
        """Say so when room on disk runs out, and when there is some again."""
        pressure = pressure_at(self.state.used, self._pressure)
        if pressure != self._pressure:
            self._pressure = pressure
            self._answer(PressureChanged(pressure))

    def _close(self) -> None:
        """Whatever is not known to be stored goes onto the disk."""
        with contextlib.suppress(queue.Empty):
            while True:
                event = self._events.get_nowait()
                if isinstance(event, _Answered):
                    self._settle(event.answer)
                elif isinstance(event, _Flights) and self._outbox is not None:
                    self._alive.keep(event.states, self._outbox.file)
        if self._direct is not None:
            direct, self._direct = self._direct, None
            self._sent.clear()
            self._keep(direct, BEHIND)
        if self._outbox is None:
            return
        try:
            if self._drained:
                self._outbox.file.delete(self._drained)
            self._outbox.close()
        except sqlite3.Error as error:
            log_event(logger, "outbox_close_failed", level=logging.ERROR, reason=str(error))
        self._outbox = None
