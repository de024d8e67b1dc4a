"""Times of recorded records that carry dates, and which of these dates cannot be."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from aerotrack.domain.observation import Observation

# A date this much later than all before is looked at twice: honest clocks differ by less.
AHEAD_S: Final = 5.0
# So many of the next records are looked at. After a pause they go on from there; most of them are
# earlier again where the date was from the future.
NEXT: Final = 16


class Timeline:
    """Times of records that carry dates, moved so that the first one is ``start``."""

    def __init__(self, *, start: float, rate: float) -> None:
        self._now = start
        self._step = 1.0 / rate
        self._moved: float | None = None

    def at(self, own: float | None, *, forward: bool = False) -> float:
        """The time of a record that says ``own`` (epoch seconds), or nothing.

        With ``forward`` it never goes back.
        """
        if own is None:
            if self._moved is None:
                self._now += self._step
            return self._now
        if self._moved is None:
            self._moved = self._now - own
        ts = own + self._moved
        self._now = max(self._now, ts)
        return self._now if forward else max(0.0, ts)


class Dated(NamedTuple):
    """A record that was read: what it says, its own date if it has one, and its bytes."""

    observation: Observation
    own: float | None
    record: bytes


class Dates:
    """Tells dates from the future by what comes after them."""

    def __init__(self) -> None:
        self._held: list[Dated] = []
        self._latest = float("-inf")

    def sort_out(self, records: Sequence[Dated], *, last: bool) -> tuple[list[Dated], list[Dated]]:
        """Those that can be taken by now, in their order, and those from the future.

        The last :data:`NEXT` wait for others to judge them by, unless these are the ``last`` ones.
        """
        held = [*self._held, *records]
        sure = len(held) if last else max(0, len(held) - NEXT)
        taken: list[Dated] = []
        future: list[Dated] = []
        for index in range(sure):
            one = held[index]
            if one.own is not None and one.own > self._latest:
                if one.own > self._latest + AHEAD_S and _contradicted(one.own, held, index):
                    future.append(one)
                    continue
                self._latest = one.own
            taken.append(one)
        self._held = held[sure:]
        return taken, future


def _contradicted(own: float, held: Sequence[Dated], index: int) -> bool:
    """Whether most of the next records are earlier again."""
    after = [one.own for one in held[index + 1 : index + 1 + NEXT] if one.own is not None]
    return sum(other < own - AHEAD_S for other in after) > len(after) / 2
