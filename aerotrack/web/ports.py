"""What the web needs of the rest, as small protocols that the runtime fulfils.

The web knows actors only by opaque addresses and typed messages, the database only as a
:class:`History`, feeds only by their figures. Tests put in-memory fakes behind the same protocols.
"""

import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from aerotrack.actors.messages import DurableDone, Figures
from aerotrack.domain.airframe import KnownAirframe
from aerotrack.domain.geo import Box
from aerotrack.domain.observation import Observation
from aerotrack.domain.past import (
    AircraftRecord,
    Airframe,
    EventSearch,
    FlightSearch,
    PastEvent,
    PastState,
    Stretch,
)
from aerotrack.domain.records import FlightRecord, TrackPoint
from aerotrack.domain.rules import FlightRules
from aerotrack.feeds.feed import Clock, FeedFigures, Sink
from aerotrack.feeds.receivers import Receiver

# An actor's address: handed around, never looked into.
Address = Any


class Actors(Protocol):
    """The actor system as seen from the event loop's thread; the system base is one."""

    def tell(self, to: Address, message: Any, /) -> None:
        """Send and forget."""

    async def ask_async(self, to: Address, message: Any, timeout_s: float, /) -> Any:
        """The answer to this very question. Raises ``TimeoutError`` after ``timeout_s`` seconds."""

    def create_mailbox(self, callback: Callable[[Any, Any], object], /) -> Address:
        """A new address whose messages go to ``callback(message, sender)`` on the loop's thread."""

    def close_mailbox(self, address: Address, /) -> None:
        """Messages to ``address`` go nowhere from now on."""


class History(Protocol):
    """What PostgreSQL holds. Raises ``OSError`` (which ``TimeoutError`` and ``ConnectionError``
    are) when it cannot be asked now."""

    async def flight(self, name: str) -> FlightRecord | None:
        """The flight of that flight_id, or the newest one of that icao24."""

    async def track_part(
        self, flight: int, after: float, until: float, limit: int
    ) -> Sequence[TrackPoint]:
        """Points of the flight with that key later than ``after`` up to ``until`` (epoch seconds),
        the oldest first, at most ``limit`` of them."""

    async def picture(
        self, at: float, box: Box | None, follow: Collection[str] = ()
    ) -> Sequence[PastState]:
        """The flights shown at a moment that lie in ``box`` or are followed (icao24s)."""

    async def flights(self, search: FlightSearch) -> Sequence[FlightRecord]:
        """The flights searched for. Raises ``TimeoutError`` where that takes too long."""

    async def events(self, search: EventSearch) -> Sequence[PastEvent]:
        """The events searched for. Raises ``TimeoutError`` where that takes too long."""

    async def aircraft(self, icao24: str) -> AircraftRecord | None:
        """What is known of an aircraft."""

    async def register(self, icao24s: Collection[str]) -> Mapping[str, KnownAirframe]:
        """What the register says of these aircraft, of those that it knows."""


class Replays(Protocol):
    """What playback reads, apart from the other questions. Raises ``OSError`` like the history.

    ``rules`` say how long flights are shown.
    """

    @property
    def rules(self) -> FlightRules: ...

    async def picture(
        self, at: float, box: Box | None, follow: Collection[str] = ()
    ) -> Sequence[PastState]:
        """The flights shown at a moment that lie in ``box`` or are followed (icao24s)."""

    async def points_between(self, stretch: Stretch) -> Sequence[TrackPoint]:
        """The rows of a stretch."""

    async def events_between(self, since: float, until: float, limit: int) -> Sequence[PastEvent]:
        """Events later than ``since`` up to ``until``, in order."""

    async def airframes(self, flights: Collection[int]) -> Mapping[int, Airframe]:
        """Which aircraft flights (keys) were, of those that have a record."""


class Rejection(msgspec.Struct, frozen=True):
    """One record of a POST that was refused: its index in the body, a stable code, and why."""

    index: int
    code: str
    message: str


class ParsedPost(Protocol):
    """What a body turned into: observations, and a :class:`Rejection` or the like (index, code,
    message) for each record refused. ``rejected`` may stop short of ``rejected_total``, which
    ``reasons`` counts by code."""

    @property
    def observations(self) -> Sequence[Observation]: ...
    @property
    def rejected(self) -> Sequence[Any]: ...
    @property
    def rejected_total(self) -> int: ...
    @property
    def reasons(self) -> Mapping[str, int]: ...


class ParsePosted(Protocol):
    """Parses a POST body (a JSON array or object, or NDJSON).

    Raises ``ValueError`` where nothing of it can be parsed; single bad records are rejections.
    """

    def __call__(self, body: bytes, *, feed: str, now: float) -> ParsedPost: ...


class NotDurable(Exception):
    """Observations are not known to be on disk, and cannot be in time; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DurableSink(Protocol):
    """As :class:`~aerotrack.feeds.feed.Sink`, but returns when all of it is on disk.

    Raises :class:`NotDurable`."""

    async def __call__(
        self, observations: Sequence[Observation], *, now: float, received: float
    ) -> DurableDone: ...


class Check(msgspec.Struct, frozen=True):
    """One reason to be ready or not; ``code`` is stable, ``detail`` is for a human."""

    name: str
    ok: bool
    code: str = ""
    detail: str = ""


class DatabaseState(msgspec.Struct, frozen=True):
    """How PostgreSQL does; ``lag_s`` is the age in seconds of the oldest row not yet in it."""

    state: Literal["starting", "ok", "slow", "away"]
    lag_s: float


class Outbox(msgspec.Struct, frozen=True):
    """What waits for PostgreSQL: batches, and bytes on disk (0 while they wait in memory)."""

    batches: int
    bytes: int


class ServerStats(msgspec.Struct, frozen=True):
    """What the runtime knows for ``/api/v1/stats``; ``updates_per_s`` over the last seconds."""

    flights: int
    updates_per_s: float
    points_stored: int
    storage: Literal["full", "compact"]
    outbox: Outbox
    db: DatabaseState


FeedsView = Callable[[], Sequence[FeedFigures]]
ReceiversView = Callable[[], Sequence[Receiver]]
# Figures by the part they come from: registry, broadcaster, persistence, actors, writer ...
# Returns when the actors have little waiting: those who can wait with what they bring do.
Room = Callable[[], Awaitable[None]]
FiguresView = Callable[[], Awaitable[Mapping[str, Figures]]]
ReadinessView = Callable[[], Sequence[Check]]
StatsView = Callable[[], Awaitable[ServerStats]]


class MetricSample(msgspec.Struct, frozen=True, gc=False):
    """One number of a metric as Prometheus has it; a histogram has several names."""

    metric: str
    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


class FanOut(Protocol):
    """Other processes that hold the clients of the live stream."""

    @property
    def clients(self) -> int:
        """Connections they hold."""

    @property
    def slow(self) -> int:
        """Clients among them that get no frames now because they do not keep up."""

    @property
    def samples(self) -> Iterable[MetricSample]:
        """What the web counted there, a number for each process; they are to be added up."""

    @property
    def room(self) -> bool:
        """Whether one of them takes another connection now."""

    def give(self, connection: socket.socket, said: bytes, /) -> None:
        """Hand a connection over, with what its client said so far."""


class LivePorts(msgspec.Struct, frozen=True, kw_only=True):
    """What the live stream is given; with a ``fanout`` its clients are served there.

    Playback is only where there are ``replays``: processes of the fan-out have no database.
    """

    actors: Actors
    broadcaster: Address
    clock: Clock
    fanout: FanOut | None = None
    replays: Replays | None = None


class Ports(LivePorts, frozen=True, kw_only=True):
    """Everything the web application is given."""

    registry: Address
    history: History
    feeds: FeedsView
    receivers: ReceiversView
    sink: Sink
    durable: DurableSink
    room: Room
    parse_posted: ParsePosted
    figures: FiguresView
    readiness: ReadinessView
    stats: StatsView
