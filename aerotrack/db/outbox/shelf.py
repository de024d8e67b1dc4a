"""The outbox's file in use: what is put there, what leaves it, and what is done about its trouble.

All of it in the spool's thread. Without a file (there can be none) nothing can be put.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

from aerotrack.actors.messages import BatchFailed
from aerotrack.db.outbox.alive import AliveFlights
from aerotrack.db.outbox.codec import UnreadableBatch
from aerotrack.db.outbox.opening import OwnedOutbox, is_damage
from aerotrack.db.outbox.salvage import begin_anew
from aerotrack.db.outbox.state import SpoolState
from aerotrack.domain.records import Batch
from aerotrack.domain.thinning import Pressure
from aerotrack.logs import log_event

logger = logging.getLogger(__name__)

# Drained batches are deleted together, after as many or as long: each deletion is a commit.
DELETED_TOGETHER: Final = 64
DELETED_WITHIN_S: Final = 1.0
# Between a file that could not be written and the next attempt at it.
FILE_AGAIN_S: Final = 1.0

# Codes of BatchFailed.
OUTBOX_FULL: Final = "outbox_full"
OUTBOX_UNWRITABLE: Final = "outbox_unwritable"


class Shelf:
    """Keeps batches on the disk until PostgreSQL has them.

    ``limit`` bytes; ``replaced`` is called when a damaged file gave way to a new one, with what
    could be read of it. Methods raise ``sqlite3.Error`` where they say so: :meth:`failed` is then
    to be called with it.
    """

    def __init__(
        self,
        outbox: OwnedOutbox | None,
        *,
        limit: int,
        monotonic: Callable[[], float],
    ) -> None:
        self.replaced: Callable[[], None] = lambda: None
        self._outbox = outbox
        self._limit = limit
        self._monotonic = monotonic
        self._alive = AliveFlights(outbox.file if outbox else None)
        self._stored: list[int] = []  # PostgreSQL has them, they are still to be deleted
        self._delete_by: float | None = None
        self._again_at = 0.0  # when the file is tried again, after it failed
        self._kept = self._unreadable = 0
        self.error = "" if outbox else OUTBOX_UNWRITABLE

    @property
    def usable(self) -> bool:
        """Whether there is a file at all."""
        return self._outbox is not None

    @property
    def waiting(self) -> int:
        """Batches that PostgreSQL is not known to have."""
        return (self._outbox.file.batches if self._outbox else 0) - len(self._stored)

    @property
    def rows(self) -> int:
        """Their rows; up to a deletion those of batches that were stored lately, too."""
        return self._outbox.file.rows if self._outbox and self.waiting > 0 else 0

    @property
    def due(self) -> tuple[float, ...]:
        """When there is something to be done, monotonic seconds."""
        return tuple(at for at in (self._delete_by, self._again_at) if at)

    # -- in and out --------------------------------------------------------------------------------

    def put(self, batch: Batch) -> BatchFailed | None:
        """Put ``batch`` on the disk, synchronised; why not, where that cannot be."""
        if self._outbox is None:
            return BatchFailed(batch.number, OUTBOX_UNWRITABLE, "there is no outbox")
        if self._outbox.file.used_bytes >= self._limit:
            self.error = OUTBOX_FULL
            return BatchFailed(batch.number, OUTBOX_FULL, "the outbox has reached its limit")
        try:
            encoded = self._outbox.file.put(batch)
        except sqlite3.Error as error:
            self.failed(error)
            return BatchFailed(batch.number, OUTBOX_UNWRITABLE, str(error))
        if encoded.left_out:
            log_event(
                logger,
                "outbox_rows_left_out",
                level=logging.ERROR,
                number=batch.number,
                rows=encoded.left_out,
            )
        self.error = ""
        self._kept += 1
        return None

    def next_after(self, number: int) -> int | None:
        """The next batch's number. Raises ``sqlite3.Error``."""
        return self._outbox.file.next_after(number) if self._outbox else None

    def read(self, number: int) -> Batch | None:
        """That batch; ``None`` where it cannot be read any more, which is said, and it forgotten.

        Raises ``sqlite3.Error``.
        """
        assert self._outbox is not None
        try:
            return self._outbox.file.read(number)
        except UnreadableBatch as error:
            self._unreadable += 1
            log_event(
                logger,
                "outbox_batch_unreadable",
                level=logging.ERROR,
                number=number,
                reason=str(error),
            )
            self._stored.append(number)
            return None

    def stored(self, number: int) -> None:
        """PostgreSQL has it: it is deleted soon."""
        self._stored.append(number)
        if self._delete_by is None:
            self._delete_by = self._monotonic() + DELETED_WITHIN_S

    def delete(self, now: float) -> bool:
        """Delete what PostgreSQL has: now and then, and at once where nothing else is left.

        Whether it is empty since. Raises ``sqlite3.Error``.
        """
        if not self._stored or self._outbox is None or self._again_at:
            return False
        due = self._delete_by is not None and now >= self._delete_by
        if not (due or len(self._stored) >= DELETED_TOGETHER or self.waiting == 0):
            return False
        self._outbox.file.delete(self._stored)
        self._stored, self._delete_by = [], None
        return self.waiting == 0

    # -- flights -----------------------------------------------------------------------------------

    def follow(self, batch: Batch) -> None:
        """Have the flights that begin with ``batch`` on the disk, and forget those that ended."""
        if self._outbox is not None:
            try:
                self._alive.follow(batch, self._outbox.file)
            except sqlite3.Error as error:
                self.failed(error)

    def keep_flights(self, states: Mapping[int, bytes]) -> None:
        """Keep the states of flights that are alive. Raises ``sqlite3.Error``."""
        if self._outbox is not None:
            self._alive.keep(states, self._outbox.file)

    # -- trouble -----------------------------------------------------------------------------------

    def failed(self, error: sqlite3.Error) -> None:
        """A damaged file is replaced; one that cannot be written is tried again later."""
        if self._outbox is None:
            return
        self._again_at = self._monotonic() + FILE_AGAIN_S
        if is_damage(error):
            self._replace(self._outbox, str(error))
        elif self.error != OUTBOX_UNWRITABLE:
            self.error = OUTBOX_UNWRITABLE
            log_event(logger, "outbox_unwritable", level=logging.ERROR, reason=str(error))

    def try_again(self, now: float) -> None:
        """Where the file failed and it is time, see whether it can be written again.

        Raises ``sqlite3.Error`` where it cannot.
        """
        if not self._again_at or now < self._again_at or self._outbox is None:
            return
        self._again_at = 0.0
        self._outbox.file.probe()
        if self.error == OUTBOX_UNWRITABLE:
            self.error = ""
            log_event(logger, "outbox_writable_again")

    def _replace(self, outbox: OwnedOutbox, reason: str) -> None:
        directory = outbox.file.path.parent
        with contextlib.suppress(sqlite3.Error):
            outbox.file.close()
        try:
            outbox.file = begin_anew(directory, reason=reason, yield_turn=outbox.yield_turn)
        except (OSError, sqlite3.Error) as error:
            self._outbox = None
            self.error = OUTBOX_UNWRITABLE
            log_event(logger, "outbox_unusable", level=logging.ERROR, reason=str(error))
            return
        # Everything that was salvaged goes again; what PostgreSQL has, it has recorded.
        self._stored, self._delete_by = [], None
        self.replaced()

    # -- how it stands -----------------------------------------------------------------------------

    def state(self, *, pressure: Pressure, away: str, drained: int) -> SpoolState:
        """A picture for other threads, with what only the spool knows."""
        outbox = self._outbox
        used, size, oldest = 0, 0, None
        if outbox is not None:
            with contextlib.suppress(sqlite3.Error, OSError):
                used, size = outbox.file.used_bytes, outbox.file.bytes_on_disk
                oldest = outbox.file.oldest() if self.waiting else None
        if self.error == OUTBOX_FULL and used < self._limit:
            self.error = ""
        return SpoolState(
            batches=max(0, self.waiting),
            rows=self.rows,
            bytes=size,
            used=used / self._limit,
            oldest=oldest,
            pressure=pressure,
            error=self.error,
            away=away,
            kept_total=self._kept,
            drained_total=drained,
            unreadable_total=self._unreadable,
        )

    def forget_stored(self) -> None:
        """Delete at once what PostgreSQL has. Raises ``sqlite3.Error``."""
        if self._outbox is not None and self._stored:
            self._outbox.file.delete(self._stored)
            self._stored, self._delete_by = [], None

    def close(self) -> None:
        """Close the file; nothing can be put any more. Raises ``sqlite3.Error``."""
        outbox, self._outbox = self._outbox, None
        if outbox is not None:
            outbox.close()
