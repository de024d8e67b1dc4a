"""Counting what handlers refuse to do, without letting a flood of failures flood the log.

One `FailureCounts` belongs to one actor system (the system base owns it) and is reached by its
actors through their reference, so there is no module-level state and no message needed to hand
it round. Metrics read `snapshot()`.
"""

from __future__ import annotations

from typing import NamedTuple


class FailureKind(NamedTuple):
    """What failed: short class names, so a kind is picklable and fit for a metric label.

    `error` is the exception's class name, or one of `UNKNOWN_MESSAGE` and `POISON_MESSAGE`.
    """

    actor: str
    message: str
    error: str


UNKNOWN_MESSAGE = "unknown_message"
"""The error of a kind that counts messages no handler is written for."""

POISON_MESSAGE = "poison_message"
"""The error of a kind that counts own messages that came back because their receiver failed."""


def worth_logging(count: int) -> bool:
    """True for the 1st, 10th, 100th … occurrence: a flood costs a line per power of ten."""
    while count >= 10:
        count, remainder = divmod(count, 10)
        if remainder:
            return False
    return count == 1


class FailureCounts:
    """Failures by kind. The number of kinds is bounded by the code, not by the traffic."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[FailureKind, int] = {}

    def record(self, actor: type, message: type, error: str) -> int:
        """Count one failure and return how often this kind has now happened (1 is the first)."""
        kind = FailureKind(actor.__name__, message.__name__, error)
        count = self._counts.get(kind, 0) + 1
        self._counts[kind] = count
        return count

    @property
    def total(self) -> int:
        """All failures of all kinds."""
        return sum(self._counts.values())

    def snapshot(self) -> dict[FailureKind, int]:
        """A copy of the counts by kind."""
        return dict(self._counts)
