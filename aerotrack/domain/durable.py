"""Who waits for what to be on disk: requests, counted observation by observation.

A request is complete when every one of its observations was counted; what was recorded of it lies
then in the batches up to the one open at that moment, and is safe when these are.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

# Longer than any sound disk takes; a client that still waits should try again.
DURABLE_WITHIN_S: Final = 10.0

Failure = Literal["clock_doubted", "history_full", "not_in_time"]


class Request(msgspec.Struct):
    """One request: what it waits for. ``batch`` is the last batch that holds any of it, once
    complete."""

    expected: int
    since: float
    recorded: int = 0
    refused: int = 0
    batch: int | None = None

    @property
    def complete(self) -> bool:
        """Whether every observation was counted."""
        return self.recorded + self.refused >= self.expected


class DurableRequests:
    """Requests by number, from :meth:`add` until they are done or failed."""

    def __init__(self) -> None:
        self._open: dict[int, Request] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, number: int, expected: int, now: float) -> None:
        """``number`` waits for so many observations."""
        self._open[number] = Request(expected, now)

    def count(self, number: int, recorded: int, refused: int) -> bool:
        """Some were counted; whether that made it complete. Of an unknown request nothing is."""
        request = self._open.get(number)
        if request is None:
            return False
        request.recorded += recorded
        request.refused += refused
        return request.complete

    def lies_in(self, number: int, batch: int) -> None:
        """All that was recorded of it lies in the batches up to this one."""
        self._open[number].batch = batch

    def safe(self, batch: int) -> Iterator[tuple[int, Request]]:
        """Requests that are done now that the batches up to ``batch`` are on disk; forgotten."""
        done = [n for n, r in self._open.items() if r.batch is not None and r.batch <= batch]
        for number in done:
            yield number, self._open.pop(number)

    @property
    def complete(self) -> bool:
        """Whether some request only waits for the disk."""
        return any(request.batch is not None for request in self._open.values())

    def late(self, now: float) -> Iterator[int]:
        """Requests that waited too long, or since a time that is still to come; forgotten."""
        late = [n for n, r in self._open.items() if not 0.0 <= now - r.since < DURABLE_WITHIN_S]
        for number in late:
            del self._open[number]
            yield number

    def forget(self, number: int) -> Iterator[int]:
        """That request."""
        del self._open[number]
        yield number

    def fail_all(self) -> Iterator[int]:
        """Every request there is; forgotten."""
        failed, self._open = tuple(self._open), {}
        yield from failed
