"""Every message between actors, and between them and the edges. Frozen, picklable, tuples only.

In the order they flow: feeds to registry to flights, flights to broadcaster and persistence, those
to clients and the database, then queries. Commands are imperative, events past tense, queries
``Get...``. Times named ``now`` and ``ts`` are epoch seconds; ``received`` is the monotonic clock of
the moment the bytes behind a message were read, carried through so that latency can be measured.
"""

from typing import Literal

import msgspec
from thespian.actors import ActorAddress

from aerotrack.domain.airframe import KnownAirframe
from aerotrack.domain.durable import Failure
from aerotrack.domain.geo import Box
from aerotrack.domain.observation import Observation
from aerotrack.domain.records import Batch, EndCause, FlightEvent, FlightRecord, TrackPoint
from aerotrack.domain.remembered import RememberedFlight
from aerotrack.domain.routes import FiledRoute
from aerotrack.domain.rules import FlightRules
from aerotrack.domain.saved import SavedFlight
from aerotrack.domain.stream.filters import FlightFilter
from aerotrack.domain.thinning import Pressure
from aerotrack.domain.types import Value

# -- time and life ---------------------------------------------------------------------------------


class Tick(msgspec.Struct, frozen=True, gc=False):
    """Runtime to registry, persistence and broadcaster: time passed. Nothing answers."""

    now: float


class DoubtClock(msgspec.Struct, frozen=True, gc=False):
    """Runtime to persistence: while the clock is ``doubted`` nothing is taken into the history."""

    doubted: bool


class Drain(msgspec.Struct, frozen=True, gc=False):
    """Runtime to registry, then persistence: finish what you have; answered by ``Drained``.

    The registry ends nothing, but makes every flight write its row; persistence hands its last
    batches to the writer and answers when all of them came back.
    """

    now: float


class Drained(msgspec.Struct, frozen=True, gc=False):
    """The answer to ``Drain``; ``left`` counts rows that could not be written. They are still held:
    another ``Drain`` tries again."""

    left: int


# -- configuration ---------------------------------------------------------------------------------


class ConfigureRegistry(msgspec.Struct, frozen=True, gc=False):
    """Runtime to registry, its first message. ``register`` takes ``FindIdentity``, if there is."""

    broadcaster: ActorAddress
    persistence: ActorAddress
    rules: FlightRules
    register: ActorAddress | None = None


class ConfigureFlight(msgspec.Struct, frozen=True, gc=False):
    """Registry to a new flight, its first message.

    ``before`` is what is remembered of the flight its aircraft was on: where the first observations
    show that it is on it still, that flight goes on, under its name. ``departing``: the aircraft
    stood on the ground until the flight begins.
    """

    icao24: str
    registry: ActorAddress
    broadcaster: ActorAddress
    persistence: ActorAddress
    rules: FlightRules
    register: ActorAddress | None = None
    before: RememberedFlight | None = None
    departing: bool = False


class ConfigurePersistence(msgspec.Struct, frozen=True, gc=False):
    """Runtime to persistence, its first message. ``writer`` takes ``StoreBatch``.

    A batch leaves after ``flush_interval`` seconds or at ``batch_rows`` rows, whichever is first;
    at most ``rows_limit`` rows wait in memory, then new points are dropped and counted. Batches are
    numbered from ``first_number`` on. ``keeper`` takes ``KeepStates``, if there is.
    """

    writer: ActorAddress
    flush_interval: float
    batch_rows: int
    rows_limit: int
    first_number: int = 1
    keeper: ActorAddress | None = None


# -- going on after a restart ----------------------------------------------------------------------


class RestoreFlights(msgspec.Struct, frozen=True, gc=False):
    """Runtime to registry, before any feed runs: these flights were alive when the server ended."""

    flights: tuple[SavedFlight, ...]
    now: float
    received: float


class RestoreFlight(msgspec.Struct, frozen=True, gc=False):
    """Registry to a new flight, behind ``ConfigureFlight``: it is this one, and goes on."""

    saved: SavedFlight
    now: float
    received: float


class SaveState(msgspec.Struct, frozen=True, gc=False):
    """Registry to a flight, now and then and at shutdown: tell persistence your ``StateSaved``.

    ``heard_at`` is when it was last heard by our clock.
    """

    heard_at: float


class StateSaved(msgspec.Struct, frozen=True, gc=False):
    """A flight to persistence, behind what it records: its state as bytes, by its number."""

    flight: int
    body: bytes


class KeepStates(msgspec.Struct, frozen=True, gc=False):
    """Persistence to the keeper's mailbox: states whose rows are all on disk.

    A state ahead of its rows would, after a kill, refuse as heard already what was never stored.
    """

    states: tuple[StateSaved, ...]


# -- feeds to registry to flights ------------------------------------------------------------------


class Ingest(msgspec.Struct, frozen=True, gc=False):
    """Feeds to registry: observations in the order they were heard. Nothing answers."""

    observations: tuple[Observation, ...]
    now: float
    received: float


class Observe(msgspec.Struct, frozen=True, gc=False):
    """Registry to a flight: what was observed of it, in order. Nothing answers."""

    observations: tuple[Observation, ...]
    now: float
    received: float


class CheckSilence(msgspec.Struct, frozen=True, gc=False):
    """Registry to a silent flight: leave the live picture if it is time."""

    now: float


class EndFlight(msgspec.Struct, frozen=True, gc=False):
    """Registry to a flight: it is over; it writes its last row and answers by ``FlightOver``."""

    now: float
    cause: EndCause


class SaveFlight(msgspec.Struct, frozen=True, gc=False):
    """Registry to a flight: write your row now (at shutdown), the flight goes on."""

    now: float


class FlightOver(msgspec.Struct, frozen=True, gc=False):
    """A flight to registry: it has written its end, as asked or since its aircraft is on the next.

    ``observations`` are the first of the next flight, if there are. An exit request follows, and
    what still reaches it until then comes back by this message too. ``remembered`` is what to know
    it by if it fell silent and may be heard again; ``departing``: it had landed, and its aircraft
    departs from where it stood.
    """

    icao24: str
    observations: tuple[Observation, ...]
    now: float
    received: float
    remembered: RememberedFlight | None = None
    departing: bool = False


class ObservationsRefused(msgspec.Struct, frozen=True, gc=False):
    """A flight to registry: ``count`` observations of ``feed`` were refused for ``reason``."""

    feed: str
    reason: str
    count: int


class RequestCounted(msgspec.Struct, frozen=True, gc=False):
    """A flight or registry to persistence, behind what it records: observations of this request
    were ``recorded`` (a point, or nothing new) or ``refused``."""

    request: int
    recorded: int
    refused: int


class FixesRefused(msgspec.Struct, frozen=True, gc=False):
    """A flight to registry: ``count`` positions by ``feed`` were not believed, for ``reason``.

    Whether anything else of their observations was taken is another matter (``ObservationsRefused``
    counts observations nothing was taken of), so the two counts overlap and are never added.
    """

    feed: str
    reason: str
    count: int


class ObservationsUnchanged(msgspec.Struct, frozen=True, gc=False):
    """A flight to registry: ``count`` observations of ``feed`` were taken and made no track point.

    They said what was known already, or something no point is written for.
    """

    feed: str
    count: int


# -- flights to broadcaster and persistence --------------------------------------------------------


class FlightChanged(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="changed"):
    """A flight to broadcaster: fields of the live picture that changed, ``None`` where cleared.

    Values carry the precision of the vocabulary. ``whole`` replaces whatever was held. ``changed``
    may be empty: contact, nothing new.
    """

    icao24: str
    flight_id: str
    changed: tuple[tuple[str, Value], ...]
    whole: bool
    time_position: float | None
    last_contact: float
    received: float


class FlightGone(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="gone"):
    """A flight to broadcaster: it leaves the live picture."""

    icao24: str
    flight_id: str
    reason: Literal["stale", "ended"]
    cause: EndCause | None
    now: float


class PointRecorded(msgspec.Struct, frozen=True, gc=False):
    """A flight to persistence: a point of its track.

    ``compacted`` of the points before it, and after the one told last, are left out for good.
    """

    point: TrackPoint
    compacted: int = 0


class FlightRecorded(msgspec.Struct, frozen=True, gc=False):
    """A flight to persistence: its row as it stands."""

    record: FlightRecord


class EventRecorded(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="event"):
    """A flight to persistence and to broadcaster: something happened to it.

    The broadcaster hears of it when its picture shows the flight as it was then: after the
    ``FlightChanged`` of the same observations, before a ``FlightGone``.
    """

    event: FlightEvent


# -- what the register knows -----------------------------------------------------------------------


class FindIdentity(msgspec.Struct, frozen=True, gc=False):
    """A flight to the register's mailbox, at its start and when its callsign changes.

    Answered by an ``IdentitiesFound`` to the registry, as soon as the database is there; where
    nothing is known, not at all.
    """

    icao24: str
    callsign: str | None


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What is known of one aircraft, and of the callsign it flies under."""

    icao24: str
    airframe: KnownAirframe | None
    route: FiledRoute | None


class IdentitiesFound(msgspec.Struct, frozen=True, gc=False):
    """The register to registry: what it knows of aircraft that were asked for."""

    found: tuple[Identity, ...]
    now: float
    received: float


class Identify(msgspec.Struct, frozen=True, gc=False):
    """Registry to a flight: what is known of its aircraft; a feed's word stands above it."""

    identity: Identity
    now: float
    received: float


class RegisterChanged(msgspec.Struct, frozen=True, gc=False):
    """The register to registry, which tells every flight: ask again, there was an import."""


# -- whoever waits for the disk --------------------------------------------------------------------


class AwaitDurable(msgspec.Struct, frozen=True, gc=False):
    """Web to persistence, before it tells the registry ``expected`` observations of ``request``.

    Answered by ``DurableDone`` when that many were counted and all that was recorded of them is on
    disk, in PostgreSQL or in the outbox; by ``DurableFailed`` when that cannot be had in time.
    """

    request: int
    expected: int
    now: float


class DurableDone(msgspec.Struct, frozen=True, gc=False):
    """The answer to ``AwaitDurable``: every observation was recorded or refused, and is on disk."""

    recorded: int
    refused: int


class DurableFailed(msgspec.Struct, frozen=True, gc=False):
    """The other answer: some of it may be on disk, all of it is not known to be."""

    code: Failure


# -- persistence and the writer --------------------------------------------------------------------


class StoreBatch(msgspec.Struct, frozen=True, gc=False):
    """Persistence to the writer's mailbox; answered by ``BatchStored``, ``BatchKept`` or
    ``BatchFailed``."""

    batch: Batch


class BatchStored(msgspec.Struct, frozen=True, gc=False):
    """The writer to persistence: committed. Rows are ``stored``, ``duplicate`` or ``rejected``."""

    number: int
    stored: int
    duplicate: int
    rejected: int
    seconds: float


class BatchFailed(msgspec.Struct, frozen=True, gc=False):
    """The writer to persistence: nothing of it was stored or kept, try again later."""

    number: int
    code: str
    reason: str


class BatchKept(msgspec.Struct, frozen=True, gc=False):
    """The outbox to persistence: the batch is on the local disk, a ``BatchDrained`` will follow.

    ``code`` says why it is not in PostgreSQL; ``""`` where it only waits its turn behind others.
    """

    number: int
    code: str


class PressureChanged(msgspec.Struct, frozen=True, gc=False):
    """The outbox to persistence: so much room is left on disk that points are to be taken as they
    come (``none``), thinned, or dropped."""

    pressure: Pressure


class BatchDrained(msgspec.Struct, frozen=True, gc=False):
    """The outbox to persistence: PostgreSQL has a batch that was kept, perhaps by an earlier run.

    ``points`` is how many of its rows are points; rows as in ``BatchStored``.
    """

    number: int
    points: int
    stored: int
    duplicate: int
    rejected: int


# -- clients and the broadcaster -------------------------------------------------------------------


class Subscribe(msgspec.Struct, frozen=True, gc=False):
    """A client's socket to broadcaster: send me this view, replacing any I had.

    Frames go to ``client`` (a mailbox). ``client_id`` is unique within the run. Without a ``box``
    it is everything, flights of unknown position too. ``interval`` is seconds between frames.
    ``which`` narrows the view, ``follow`` adds flights by icao24. ``resume_pos`` is the position
    a connection before had come to with this view, in this run of the broadcaster. What there is no
    room for is answered by ``RefuseView`` with the ``request_id``, and everything stays as it was.
    """

    client_id: int
    client: ActorAddress
    box: Box | None
    interval: float
    now: float
    which: FlightFilter | None = None
    follow: tuple[str, ...] = ()
    resume_pos: int | None = None
    request_id: int | str | None = None


class RefuseView(msgspec.Struct, frozen=True, gc=False):
    """Broadcaster to a client's socket: the view it asked for is not served, for this reason."""

    code: str
    reason: str
    request_id: int | str | None


class ContinueServing(msgspec.Struct, frozen=True, gc=False):
    """Broadcaster to itself: go on with what was too much for one turn."""


class Unsubscribe(msgspec.Struct, frozen=True, gc=False):
    """A client's socket to broadcaster: no frames any more.

    Unless it ``closed``, the client may subscribe again, and its ``seq`` goes on.
    """

    client_id: int
    closed: bool


class SetWritable(msgspec.Struct, frozen=True, gc=False):
    """A client's socket to broadcaster: whether it takes frames. While not, changes conflate."""

    client_id: int
    writable: bool


class SendFrame(msgspec.Struct, frozen=True, gc=False):
    """Broadcaster to a client's socket: one text frame, complete.

    ``received`` is the oldest feed read behind the frame, ``None`` for snapshots.
    """

    payload: bytes
    received: float | None


# -- the picture in other processes ----------------------------------------------------------------


class ConfigureRelay(msgspec.Struct, frozen=True, gc=False):
    """Runtime to a relaying broadcaster, its first message. ``followers`` takes ``SendBatch``."""

    followers: ActorAddress


class ShowPicture(msgspec.Struct, frozen=True, gc=False):
    """Runtime to a relaying broadcaster: a follower begins, show it the whole picture.

    Answered by a ``SendBatch`` to ``follower`` and as many more as the picture takes; batches to
    everybody after the first are its as well.
    """

    follower: int


class ShowMore(msgspec.Struct, frozen=True, gc=False):
    """A relaying broadcaster to itself: the next part of the picture, behind what waits by now."""

    follower: int


class SendBatch(msgspec.Struct, frozen=True, gc=False):
    """A relaying broadcaster to its followers: a ``PictureBatch`` as MessagePack.

    It is for one ``follower``, or for all of those that have begun.
    """

    follower: int | None
    payload: bytes


class PictureBatch(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="batch"):
    """A relaying broadcaster to those in other processes that follow it: what flights reported.

    In the order it came; after it the picture is at ``pos``, and where ``now`` is given, a tick
    follows. ``complete``: this is the last part of a picture that is shown.
    """

    reports: tuple[FlightChanged | FlightGone | EventRecorded, ...]
    pos: int
    now: float | None
    complete: bool = False


# -- queries ---------------------------------------------------------------------------------------


class GetPicture(msgspec.Struct, frozen=True, gc=False):
    """Web to broadcaster: the live picture, answered by ``Picture``. ``feed`` narrows it."""

    now: float
    box: Box | None
    feed: str | None


class Picture(msgspec.Struct, frozen=True, gc=False):
    """The answer to ``GetPicture``: whole entries as JSON objects, one a flight."""

    now: float
    entries: tuple[bytes, ...]


class GetFlight(msgspec.Struct, frozen=True, gc=False):
    """Web to registry, which passes it on with ``reply_to``; answered by ``FlightFound``.

    ``name`` is an icao24 or a flight_id.
    """

    name: str
    now: float
    reply_to: ActorAddress | None


class FlightFound(msgspec.Struct, frozen=True, gc=False):
    """The answer to ``GetFlight``: the flight as a JSON object, ``None`` where it is not alive."""

    document: bytes | None


class GetFigures(msgspec.Struct, frozen=True, gc=False):
    """Runtime or web to registry, broadcaster or persistence; answered by ``Figures``."""


class Figure(msgspec.Struct, frozen=True, gc=False):
    """One number an actor counts: a counter if its name ends in ``_total``, else a gauge."""

    name: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


class Figures(msgspec.Struct, frozen=True, gc=False):
    """The answer to ``GetFigures``."""

    values: tuple[Figure, ...]
