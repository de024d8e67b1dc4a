"""The thread that holds the outbox and decides, by :class:`Ways`, where each batch goes.

Both ways, straight and by the outbox, a batch is named by the outbox's identity and its number,
which PostgreSQL records in the transaction that stores it: one that was on both is stored once.
"""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from aerotrack.actors.messages import BatchFailed, BatchStored
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
from aerotrack.db.outbox.shelf import Shelf
from aerotrack.db.outbox.state import SpoolState
from aerotrack.db.outbox.ways import Ways
from aerotrack.domain.records import Batch
from aerotrack.logs import log_event

logger = logging.getLogger(__name__)

# Code of BatchFailed beside those of the shelf and the ways.
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
        self._monotonic = monotonic
        self._answer = answer
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._gate = threading.Lock()  # between submit and stop: no batch slips in behind the end
        self._stopping = False
        self._shelf = Shelf(outbox, limit=limit, monotonic=monotonic)
        self._ways = Ways(self._shelf, patience=patience, answer=answer, monotonic=monotonic)
        self._settled: list[threading.Event] = []  # set when nothing is waited for any more
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)

    @property
    def state(self) -> SpoolState:
        """How it stands; from any thread."""
        return self._ways.state

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
        """After :meth:`finish`: wait until nothing is to come from the writer; whether in time.

        Nothing is behind a :meth:`stop`.
        """
        done = threading.Event()
        with self._gate:
            if self._stopping:
                return True
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
                self._ways.look()
                self._say_settled()
            except sqlite3.Error as error:
                self._shelf.failed(error)
            except Exception as error:
                log_event(logger, "outbox_error", level=logging.ERROR, error=error)
            self._ways.note()
        self._take_in_last_events()
        self._ways.close()

    def _idle_for(self) -> float | None:
        """Seconds until something is due; ``None`` where only an event can bring anything."""
        due = self._ways.due
        return None if due is None else max(0.0, due - self._monotonic())

    def _handle(self, event: Event) -> None:
        match event:
            case Batch():
                self._ways.take(event)
            case Answered():
                self._ways.answered(event.answer)
            case Attach():
                self._ways.attach(event.writer)
            case Detach():
                self._ways.detach()
            case Flights():
                self._shelf.keep_flights(event.states)
            case Finish():
                self._ways.finish(event.by)
            case Settle():
                self._settled.append(event.done)
            case _:
                pass

    def _say_settled(self) -> None:
        if self._settled and not self._ways.waits_for_writer:
            for done in self._settled:
                done.set()
            self._settled.clear()

    def _take_in_last_events(self) -> None:
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return
            if isinstance(event, Answered):
                self._ways.answered(event.answer)
            elif isinstance(event, Flights):
                self._shelf.keep_flights(event.states)
