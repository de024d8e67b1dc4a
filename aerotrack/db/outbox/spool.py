"""Which way a batch goes: straight to PostgreSQL, or by way of the outbox.

A thread of its own holds all of it, the outbox's file too. A batch goes straight while PostgreSQL
takes what it is given in time and nothing waits before it. Where it fails, or takes longer than
:func:`patience_for` it, the batch is put into the outbox; so is every batch behind it, until the
outbox has been drained, oldest first, and given back its room.

When the server stops (:meth:`Spool.finish`) a batch is waited for as long as the stop may take, so
that it is not handled twice; after that, or once PostgreSQL fails, all goes into the outbox and
nothing comes out of it.

Both ways a batch is named by the outbox's identity and its number, which PostgreSQL records in the
transaction that stores it: one that was on both ways is stored once.
"""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from aerotrack.actors.messages import (
    BatchDrained,
    BatchFailed,
    BatchKept,
    BatchStored,
    PressureChanged,
)
from aerotrack.db.outbox.events import (
    Answered,
    Attach,
    Detach,
    Event,
    Finish,
    Flights,
    Settle,
    SpoolAnswer,
    Stop,
    Writer,
)
from aerotrack.db.outbox.opening import OwnedOutbox
from aerotrack.db.outbox.shelf import FILE_AGAIN_S, Shelf
from aerotrack.db.outbox.state import SpoolState, pressure_at
from aerotrack.db.outbox.with_writer import WithWriter
from aerotrack.domain.records import Batch
from aerotrack.domain.thinning import Pressure
from aerotrack.logs import log_event

logger = logging.getLogger(__name__)

# A commit on an SD card in good health; a shorter flush interval is no reason for less patience.
LEAST_PATIENCE_S: Final = 0.25
# What a slow machine with other work stores; a server that is slower than that is in trouble.
SLOW_ROWS_A_SECOND: Final = 50_000

# Codes of BatchFailed and BatchKept beside those of the shelf.
NOT_READY: Final = "database_not_ready"
BEHIND: Final = ""  # it only waits its turn
SPOOL_STOPPED: Final = "spool_stopped"


class Spool:
    """Takes batches by :meth:`submit` and answers each once: stored, kept (on disk), or failed.

    For a batch that was kept a ``BatchDrained`` follows when PostgreSQL has it, perhaps in another
    run. ``answer`` is called in the spool's thread and must not block. Without an ``outbox`` (it
    cannot be had) batches go straight, and what fails is answered as failed. ``limit`` is the
    outbox's, bytes; ``patience`` seconds, for a batch without rows.
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
        self._patience = patience
        self._answer_to = answer
        self._monotonic = monotonic
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._gate = threading.Lock()  # between submit and stop: no batch slips in behind the end
        self._stopping = False
        self._writer: Writer | None = None
        self._shelf = Shelf(outbox, limit=limit, monotonic=monotonic)
        self._sent = WithWriter(self._shelf)
        self._direct: Batch | None = None  # sent, and not on the disk
        self._direct_until = 0.0
        self._finish_by: float | None = None  # while the server stops
        self._settled: list[threading.Event] = []  # set when nothing is waited for any more
        self._slow = False  # and that was said; until the outbox is empty again
        self._drained_total = 0
        self._pressure: Pressure = "none"
        self._away = NOT_READY
        self.state = self._seen()
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
        self._events.put(Attach(writer))

    def detach(self) -> None:
        """The writer takes no more, it is about to be stopped."""
        self._events.put(Detach())

    def keep_flights(self, states: Mapping[int, bytes]) -> None:
        """Keep the states of flights, by their number, for the next start."""
        self._events.put(Flights(states))

    def writer_answered(self, answer: BatchStored | BatchFailed) -> None:
        """The writer's answer to a batch; in whichever thread."""
        self._events.put(Answered(answer))

    def finish(self, within: float) -> None:
        """The server stops. Batches still come, and go to the writer while it stores them.

        After ``within`` seconds, or where it fails, the outbox takes all that is left.
        """
        self._events.put(Finish(self._monotonic() + within))

    def settle(self, timeout: float) -> bool:
        """After :meth:`finish`: wait until nothing is to come from the writer; whether in time."""
        done = threading.Event()
        self._events.put(Settle(done))
        return done.wait(timeout)

    def stop(self, timeout: float) -> bool:
        """Put what is under way on disk, then close; whether that took no more than ``timeout``.

        The writer must have been stopped (:meth:`detach` before that): what it answered is taken
        into account.
        """
        with self._gate:
            if not self._stopping:
                self._stopping = True
                self._events.put(Stop())
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
            if isinstance(event, Stop):
                break
            try:
                self._handle(event)
            except sqlite3.Error as error:
                self._shelf.failed(error)
            except Exception as error:
                log_event(logger, "outbox_error", level=logging.ERROR, error=error)
            self.state = self._seen()
            self._press()
        self._close()

    def _idle_for(self) -> float | None:
        """Seconds until something is due; ``None`` where only an event can bring anything."""
        due = list(self._shelf.due)
        if self._direct is not None:
            due.append(self._direct_until)
        if self._finish_by is not None and self._writer is not None:
            due.append(self._finish_by)
        return max(0.0, min(due) - self._monotonic()) if due else None

    def _handle(self, event: Event) -> None:
        match event:
            case Batch():
                self._take(event)
            case Answered():
                self._settle(event.answer)
            case Attach():
                self._writer, self._away = event.writer, ""
            case Detach():
                self._writer, self._away = None, NOT_READY
            case Flights():
                self._shelf.keep_flights(event.states)
            case Finish():
                self._finish_by = event.by
                if self._direct is not None:
                    self._direct_until = event.by
            case Settle():
                self._settled.append(event.done)
            case _:
                pass
        now = self._monotonic()
        if self._finish_by is not None and now >= self._finish_by:
            self._writer = None
        if self._direct is not None and now >= self._direct_until:
            self._lose_patience(self._direct)
        self._shelf.try_again(now)
        if self._shelf.delete(now):
            log_event(logger, "outbox_drained", batches=self._drained_total)
            self._slow = False
        self._feed_writer()
        self._say_settled()

    # -- which way ---------------------------------------------------------------------------------

    def _take(self, batch: Batch) -> None:
        self._shelf.follow(batch)
        if self._writer is None or not self._may_go_straight:
            self._keep(batch, self._away or BEHIND)
            return
        self._direct = batch
        if self._finish_by is None:
            self._direct_until = self._monotonic() + patience_for(batch, self._patience)
        else:
            self._direct_until = self._finish_by
        self._sent.send(self._writer, batch)

    @property
    def _may_go_straight(self) -> bool:
        if self._finish_by is None or not self._shelf.usable:
            return not self._sent and not self._shelf.waiting
        # Rather behind those that the writer has than onto the disk, which nothing may drain.
        return self._direct is None and not self._away and self._sent.has_all

    def _lose_patience(self, batch: Batch) -> None:
        """``batch`` is with the writer, and has been for too long: the disk has it from now on."""
        if not self._slow and self._finish_by is None:
            log_event(
                logger,
                "database_slow",
                level=logging.WARNING,
                number=batch.number,
                rows=batch.rows,
                longer_than_s=round(patience_for(batch, self._patience), 2),
            )
        self._slow = True
        self._keep(batch, BEHIND)

    def _keep(self, batch: Batch, code: str) -> None:
        """Put ``batch`` on the disk, and say so; or say that it could not be."""
        direct = self._direct is not None and self._direct.number == batch.number
        refusal = self._shelf.put(batch)
        if refusal is None:
            if direct:
                self._direct = None
            self._sent.kept(batch)
            self._answer(BatchKept(batch.number, code))
        elif direct and batch in self._sent:  # it is still with the writer: wait for that
            self._direct_until = self._monotonic() + FILE_AGAIN_S
        else:
            if not self._shelf.usable and self._away:  # what would have to be mended
                refusal = msgspec.structs.replace(refusal, code=self._away)
            self._answer(refusal)

    # -- the writer's side -------------------------------------------------------------------------

    def _settle(self, answer: BatchStored | BatchFailed) -> None:
        batch = self._sent.answered(answer)
        if batch is None:
            return
        direct = self._direct is not None and self._direct.number == batch.number
        if isinstance(answer, BatchStored):
            self._away = ""
            if direct:
                self._direct = None
                self._answer(answer)
            else:
                self._drained(batch, answer)
            return
        self._away = answer.code
        if direct:
            self._keep(batch, answer.code)
            self._direct = None  # if it could not be kept, that has been answered
        else:
            self._sent.came_back(batch)  # the writer pauses by itself

    def _drained(self, batch: Batch, answer: BatchStored) -> None:
        self._shelf.stored(batch.number)
        self._drained_total += 1
        self._answer(
            BatchDrained(
                batch.number, len(batch.points), answer.stored, answer.duplicate, answer.rejected
            )
        )

    @property
    def _drains(self) -> bool:
        """Whether batches of the outbox go to the writer: at the end only while it stores them."""
        if self._writer is None or not self._shelf.usable:
            return False
        return self._finish_by is None or (not self._away and self._fits)

    @property
    def _fits(self) -> bool:
        """Whether what waits can be stored before the end; if not, the next start has it."""
        left = (self._finish_by or 0.0) - self._monotonic()
        return self._shelf.rows <= left * SLOW_ROWS_A_SECOND

    def _feed_writer(self) -> None:
        if self._writer is not None and self._drains and self._direct is None:
            self._sent.feed(self._writer, away=bool(self._away))

    def _say_settled(self) -> None:
        if not self._settled:
            return
        at_work = self._writer is not None and (
            len(self._sent) > 0 or (self._drains and self._shelf.waiting > 0)
        )
        if not at_work:
            for done in self._settled:
                done.set()
            self._settled.clear()

    # -- what is told ------------------------------------------------------------------------------

    def _answer(self, message: SpoolAnswer) -> None:
        self.state = self._seen()  # who is answered finds the state as the answer has it
        try:
            self._answer_to(message)
        except Exception:
            logger.exception("batch_answer_lost message=%s", type(message).__name__)

    def _seen(self) -> SpoolState:
        return self._shelf.state(
            pressure=self._pressure, away=self._away, drained=self._drained_total
        )

    def _press(self) -> None:
        """Say so when room on disk runs out, and when there is some again."""
        pressure = pressure_at(self.state.used, self._pressure)
        if pressure != self._pressure:
            self._pressure = pressure
            self._answer(PressureChanged(pressure))

    def _close(self) -> None:
        """Whatever is not known to be stored goes onto the disk."""
        self._take_in_last_events()
        if self._direct is not None:
            direct, self._direct = self._direct, None
            self._sent.forget()
            self._keep(direct, BEHIND)
        try:
            self._shelf.forget_stored()
            self.state = self._seen()
            self._shelf.close()
        except sqlite3.Error as error:
            log_event(logger, "outbox_close_failed", level=logging.ERROR, reason=str(error))

    def _take_in_last_events(self) -> None:
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return
            if isinstance(event, Answered):
                self._settle(event.answer)
            elif isinstance(event, Flights):
                self._shelf.keep_flights(event.states)


def patience_for(batch: Batch, patience: float) -> float:
    """How long ``batch`` may take, seconds: ``patience`` for a commit, and what its rows take."""
    return max(patience, LEAST_PATIENCE_S) + batch.rows / SLOW_ROWS_A_SECOND
