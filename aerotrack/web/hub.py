"""All live sockets of one application: their numbers, their pulse, their common end."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from aerotrack.web.metrics import WebMetrics

if TYPE_CHECKING:
    from aerotrack.web.live import LiveSocket

# How often idle clients are looked at; small against keep-alive and time-out (30 and 90 s).
SWEEP_INTERVAL: Final = 5.0


class LiveHub:
    """Knows every open socket. Lives on the event loop; sweeps only while somebody is there."""

    def __init__(self, metrics: WebMetrics, monotonic: Callable[[], float]) -> None:
        self.metrics = metrics
        self._monotonic = monotonic
        self._sockets: set[LiveSocket] = set()
        self._ids = itertools.count(1)
        self._slow = 0
        self._sweeper: asyncio.TimerHandle | None = None

    def __iter__(self) -> Iterator["LiveSocket"]:
        return iter(tuple(self._sockets))

    def __len__(self) -> int:
        return len(self._sockets)

    @property
    def slow(self) -> int:
        """Clients that get no frames at the moment because they do not keep up."""
        return self._slow

    def joined(self, live: "LiveSocket") -> int:
        """A socket opened; its client_id, unique within the run."""
        self._sockets.add(live)
        if self._sweeper is None:
            self._arm()
        return next(self._ids)

    def left(self, live: "LiveSocket") -> None:
        """A socket closed."""
        self._sockets.discard(live)
        if not self._sockets and self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    def writable_changed(self, writable: bool) -> None:
        """A client fell behind or caught up."""
        self._slow += -1 if writable else 1

    def sweep(self, now: float) -> None:
        """Ping the idle, close the dead; ``now`` is the monotonic clock."""
        for live in self:
            live.check_alive(now)

    def close_all(self, code: int, reason: str) -> None:
        """Say goodbye to everybody."""
        for live in self:
            live.close(code, reason)

    def _arm(self) -> None:
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_INTERVAL, self._swept)

    def _swept(self) -> None:
        self._sweeper = None
        self.sweep(self._monotonic())
        if self._sockets:
            self._arm()
