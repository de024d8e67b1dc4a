"""Which way a batch goes: straight to PostgreSQL, or by way of the outbox.

A batch goes straight while PostgreSQL takes what it is given in time and nothing waits before it.
Where it fails, or takes longer than :func:`patience_for` it, the batch is put into the outbox; so
is every batch behind it, until the outbox has been drained, oldest first, and given back its room.

When the server stops (:meth:`Ways.finish`) a batch is waited for as long as the stop may take, so
that it is not handled twice; after that, or once PostgreSQL fails, all goes into the outbox and
nothing comes out of it.
"""

import logging
import sqlite3
from collections.abc import Callable
from typing import Final

import msgspec

from aerotrack.actors.messages import (
    BatchDrained,
    BatchFailed,
    BatchKept,
    BatchStored,
    PressureChanged,
)
from aerotrack.db.outbox.events import SpoolAnswer, Writer
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

# Codes of BatchKept, and of BatchFailed beside those of the shelf.
NOT_READY: Final = "database_not_ready"
BEHIND: Final = ""  # it only waits its turn


class Ways:
    """Decides for each batch, and does it; all in the spool's thread.

    ``answer`` is called for each batch taken, and must not block. Methods that read or write the
    outbox may raise ``sqlite3.Error``: the shelf is then to be told.
    """

    def __init__(
        self,
        shelf: Shelf,
        *,
        patience: float,
        answer: Callable[[SpoolAnswer], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._shelf = shelf
        self._patience = patience
        self._answer_to = answer
        self._monotonic = monotonic
        self._writer: Writer | None = None
        self._sent = WithWriter(shelf)
        self._direct: Batch | None = None  # sent, and not on the disk
        self._direct_until = 0.0
        self._finish_by: float | None = None  # while the server stops
        self._slow = False  # and that was said; until the outbox is empty again
        self._drained_total = 0
        self._pressure: Pressure = "none"
        self._away = NOT_READY
        self.state = self._seen()

    def attach(self, writer: Writer) -> None:
        """PostgreSQL is there."""
        self._writer, self._away = writer, ""

    def detach(self) -> None:
        """The writer takes no more."""
        self._writer, self._away = None, NOT_READY

    def finish(self, by: float) -> None:
        """The server stops: the writer is waited for until then, on the monotonic clock."""
        self._finish_by = by
        if self._direct is not None:
            self._direct_until = by

    @property
    def due(self) -> float | None:
        """When :meth:`look` has something to do, monotonic seconds."""
        due = list(self._shelf.due)
        if self._direct is not None:
            due.append(self._direct_until)
        if self._finish_by is not None and self._writer is not None:
            due.append(self._finish_by)
        return min(due, default=None)

    def look(self) -> None:
        """Do what is due, and give the writer what is next."""
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

    def note(self) -> None:
        """Leave a picture for other threads, and say what the room on disk means for points."""
        self.state = self._seen()
        self._press()

    def close(self) -> None:
        """Whatever is not known to be stored goes onto the disk."""
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

    # -- which way ---------------------------------------------------------------------------------

    def take(self, batch: Batch) -> None:
        """Send it straight or keep it; one answer follows."""
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

    def answered(self, answer: BatchStored | BatchFailed) -> None:
        """The writer is done with a batch."""
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

    @property
    def waits_for_writer(self) -> bool:
        """Whether the writer is at work on something, or will be without a new batch."""
        return self._writer is not None and (
            len(self._sent) > 0 or (self._drains and self._shelf.waiting > 0)
        )

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


def patience_for(batch: Batch, patience: float) -> float:
    """How long ``batch`` may take, seconds: ``patience`` for a commit, and what its rows take."""
    return max(patience, LEAST_PATIENCE_S) + batch.rows / SLOW_ROWS_A_SECOND
