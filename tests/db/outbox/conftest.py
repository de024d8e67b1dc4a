"""A spool with a writer that does what a test says."""

import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aerotrack.actors.messages import (
    BatchDrained,
    BatchFailed,
    BatchKept,
    BatchStored,
    PressureChanged,
)
from aerotrack.db.outbox import OwnedOutbox, Spool, open_outbox
from aerotrack.domain.records import Batch

TIMEOUT_S = 20.0
MEGABYTE = 1 << 20


class FakeWriter:
    """Notes what it is given; a test answers for it."""

    def __init__(self) -> None:
        self.given: queue.Queue[Batch] = queue.Queue()

    def submit(self, batch: Batch) -> None:
        self.given.put(batch)

    def next(self) -> Batch:
        return self.given.get(timeout=TIMEOUT_S)


class Scene:
    """A spool on a directory, its writer, and its answers."""

    def __init__(self, outbox: OwnedOutbox | None, *, patience: float, limit: int) -> None:
        self.answers: queue.Queue[Any] = queue.Queue()
        self.pressures: list[str] = []
        self.outbox = outbox
        self.first = outbox.file.first_number if outbox else 1
        self.writer = FakeWriter()
        self.spool = Spool(outbox, patience=patience, limit=limit, answer=self.answers.put)
        self.spool.start()
        self._stopped = False

    def attached(self) -> "Scene":
        self.spool.attach(self.writer)
        return self

    def answer(self) -> Any:
        """The next answer to a batch; what is said of room in between is noted in ``pressures``."""
        while isinstance(answer := self.answers.get(timeout=TIMEOUT_S), PressureChanged):
            self.pressures.append(answer.pressure)
        return answer

    def told(self, pressure: str) -> None:
        """Wait until that has been said of the room."""
        while pressure not in self.pressures:
            answer = self.answers.get(timeout=TIMEOUT_S)
            assert isinstance(answer, PressureChanged), answer
            self.pressures.append(answer.pressure)

    def stored(self, number: int, rows: int) -> None:
        """The writer stored it."""
        self.spool.writer_answered(BatchStored(number, rows, 0, 0, 0.01))

    def failed(self, number: int, code: str = "57P01") -> None:
        """The writer could not."""
        self.spool.writer_answered(BatchFailed(number, code, "terminated"))

    def kept(self, batch: Batch) -> BatchKept:
        self.spool.submit(batch)
        answer = self.answer()
        assert isinstance(answer, BatchKept), answer
        return answer

    def drained(self) -> list[int]:
        """Let the writer store whatever it is given until nothing waits; numbers in order."""
        numbers = []
        while self.spool.state.batches:
            try:
                batch = self.writer.given.get(timeout=0.05)
            except queue.Empty:
                continue
            self.stored(batch.number, batch.rows)
            answer = self.answer()
            assert isinstance(answer, BatchDrained), answer
            numbers.append(batch.number)
        return numbers

    def stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self.spool.detach()
            assert self.spool.stop(TIMEOUT_S)


@pytest.fixture
def spooling(tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    """Starts spools; they are stopped at the end."""
    made: list[Scene] = []

    def start(
        directory: Path = tmp_path,
        *,
        patience: float = TIMEOUT_S,
        limit: int = 100 * MEGABYTE,
        outbox: bool = True,
    ) -> Scene:
        owned = open_outbox(directory) if outbox else None
        made.append(Scene(owned, patience=patience, limit=limit))
        return made[-1]

    yield start
    for scene in made:
        scene.stop()
