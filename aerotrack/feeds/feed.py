"""What a feed is to the rest: a task that runs until it is cancelled, a sink, and its figures.

The supervisor of a feed (:mod:`aerotrack.feeds.supervisor`) runs it again after it ended or failed;
a feed itself only connects, reads, parses, counts and hands on.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

import msgspec

from aerotrack.domain.observation import Observation

FeedState = Literal[
    "starting", "connecting", "listening", "connected", "waiting", "stopped", "done"
]

Record = bytes
OnRefused = Callable[[str, Record, float | None], None]


class FeedFigures(msgspec.Struct):
    """What ``/api/v1/feeds`` and the metrics say of one feed. Mutable, written on the loop only.

    ``received`` counts records as they came (lines, frames, JSON objects). Each of them is either
    ``accepted`` (it became an observation that was handed on), counted in ``refused`` under its
    reason, or ``ignored`` (well-formed, but nothing for us: heartbeats, other message types, what
    was reported before). ``dropped`` counts by reason the fields left out of accepted records.
    ``connections`` counts those ever made, ``bytes`` what they brought; ``last_contact`` is the
    wall clock of the last byte. ``on_refused`` is shown each refused record that has bytes of its
    own: its reason, the record, its time where that is known (epoch seconds).
    """

    name: str
    url: str
    state: FeedState = "starting"
    received: int = 0
    accepted: int = 0
    ignored: int = 0
    bytes: int = 0
    connections: int = 0
    last_contact: float | None = None
    last_error: str | None = None
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    dropped: Counter[str] = msgspec.field(default_factory=Counter)
    on_refused: OnRefused | None = None

    def refuse(self, reason: str, record: Record, ts: float | None = None) -> None:
        """Count a record that is refused, and show it to whoever wants to see."""
        self.refused[reason] += 1
        if self.on_refused is not None:
            self.on_refused(reason, record, ts)


class Sink(Protocol):
    """Where a feed hands its observations.

    ``now`` is the wall clock (epoch seconds) and ``received`` the monotonic clock when the bytes
    behind ``observations`` were read. Never blocks, never raises.
    """

    def __call__(
        self, observations: Sequence[Observation], *, now: float, received: float
    ) -> None: ...


# Returns when those who can wait may hand on more.
Room = Callable[[], Awaitable[None]]


async def no_wait() -> None:
    """There is always room."""


class Clock(msgspec.Struct, frozen=True):
    """The two clocks of the edge, passed in so that tests own time."""

    wall: Callable[[], float]
    monotonic: Callable[[], float]


class Feed(Protocol):
    """One configured connection."""

    figures: FeedFigures

    async def run(self) -> None:
        """Serve until cancelled. Returns or raises ``OSError``/``FeedError`` when the other side
        is lost; the supervisor then runs it again after a back-off, unless it is ``done``."""
        ...


class FeedError(Exception):
    """A feed could not go on. ``code`` is stable and snake_case; the text says what to fix."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
