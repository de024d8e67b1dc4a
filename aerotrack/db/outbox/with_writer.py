"""What is with the writer: sent straight, or from the outbox, oldest first."""

from operator import attrgetter
from typing import Final

from aerotrack.actors.messages import BatchFailed, BatchStored
from aerotrack.db.outbox.events import Writer
from aerotrack.db.outbox.shelf import Shelf
from aerotrack.domain.records import Batch

_number: Final = attrgetter("number")

# Batches of the outbox that are with the writer: one at work, one read meanwhile.
READ_AHEAD: Final = 2


class WithWriter:
    """Batches sent to the writer and not answered yet; the next of ``shelf`` are sent by it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        shelf.replaced = self._begin_anew
        self._sent: dict[int, Batch] = {}
        self._read_up_to = -1  # numbers up to here were handed to the writer, or are being
        self._again: list[Batch] = []  # came back from the writer, to be sent once more

    def __len__(self) -> int:
        return len(self._sent)

    def __contains__(self, batch: Batch) -> bool:
        return batch.number in self._sent

    @property
    def has_all(self) -> bool:
        """Whether all that waits in the outbox is with the writer, so that the next may follow."""
        return not self._again and self._shelf.waiting <= len(self._sent)

    def send(self, writer: Writer, batch: Batch) -> None:
        """Hand ``batch`` to the writer."""
        self._sent[batch.number] = batch
        writer.submit(batch)

    def answered(self, answer: BatchStored | BatchFailed) -> Batch | None:
        """The batch that is meant; ``None`` where there is no such."""
        return self._sent.pop(answer.number, None)

    def kept(self, batch: Batch) -> None:
        """It is in the outbox now, though it is with the writer: it is not read from there."""
        if batch in self:
            self._read_up_to = max(self._read_up_to, batch.number)

    def came_back(self, batch: Batch) -> None:
        """The writer could not store this one of the outbox: it goes once more, by its age."""
        self._again.append(batch)
        self._again.sort(key=_number)

    def _begin_anew(self) -> None:
        """The outbox has another file: all of it goes again."""
        self._read_up_to = -1
        self._again.clear()

    def forget(self) -> None:
        """No answer is waited for any more."""
        self._sent.clear()

    def feed(self, writer: Writer, *, away: bool) -> None:
        """Hand the writer the next of what waits. Raises ``sqlite3.Error``."""
        ahead = 1 if away else READ_AHEAD  # oldest first, also while nothing goes through
        while self._again and len(self._sent) < ahead:
            self.send(writer, self._again.pop(0))
        while len(self._sent) < ahead and self._shelf.waiting > len(self._sent):
            number = self._shelf.next_after(self._read_up_to)
            if number is None:
                return
            self._read_up_to = number
            if number in self._sent:
                continue
            batch = self._shelf.read(number)
            if batch is not None:
                self.send(writer, batch)
