"""The documents of the HTTP interface as types; the OpenAPI document is made from them."""

from collections import Counter
from collections.abc import Mapping
from typing import Literal

import msgspec

from aerotrack.actors.messages import Figures
from aerotrack.domain import types as t
from aerotrack.domain.airframe import SHOWN, KnownAirframe
from aerotrack.domain.countries import country_of
from aerotrack.domain.past import AircraftRecord, PastEvent
from aerotrack.domain.records import EndCause, EventKind, FlightRecord, TrackPoint, flight_id_of_key
from aerotrack.domain.vocabulary import DECIMALS, Live
from aerotrack.feeds.feed import FeedFigures, FeedState
from aerotrack.feeds.receivers import Receiver
from aerotrack.masking import mask_url
from aerotrack.web.ports import DatabaseState, Outbox, Rejection


class FlightsDocument(msgspec.Struct, frozen=True):
    """The live picture, or a part of it."""

    now: float
    count: int
    flights: tuple[Live, ...]


class FieldOrigin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a field's value comes from, and how old it is in seconds."""

    source: t.Source
    feed: t.FeedName
    age: float


class RefusedFix(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A position that was not believed, and why."""

    ts: t.Timestamp
    lat: t.Latitude | None = None
    lon: t.Longitude | None = None
    reason: str
    feed: t.FeedName
    receiver: t.Receiver | None = None


class FlightDocument(Live, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A flight that is alive: its picture, how many points its track has, what stands behind it."""

    started: t.Timestamp
    points: int
    fields: dict[str, FieldOrigin] = msgspec.field(default_factory=dict)
    refused: tuple[RefusedFix, ...] = ()


class PastFlight(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A flight as the history holds it; ``points`` counts its track points.

    ``desc`` and ``operator`` are what the register says of the aircraft today, and so are
    registration, type and flags where nobody said them of the flight.
    """

    icao24: t.Icao24
    flight_id: t.FlightId
    started: t.Timestamp
    last_contact: t.LastContact
    points: int
    ended: t.Timestamp | None = None
    end_cause: EndCause | None = None
    callsign: t.Callsign | None = None
    registration: t.Registration | None = None
    typecode: t.Typecode | None = None
    category: t.Category | None = None
    db_flags: t.DbFlags | None = None
    desc: t.Description | None = None
    operator: t.Operator | None = None
    country: t.Country | None = None
    squawk: t.Squawk | None = None
    source: t.Source | None = None
    feed: t.FeedName | None = None
    first_lat: t.Latitude | None = None
    first_lon: t.Longitude | None = None
    last_lat: t.Latitude | None = None
    last_lon: t.Longitude | None = None
    phase: t.Phase | None = None
    est_departure: t.EstDeparture | None = None
    est_arrival: t.EstArrival | None = None


class PastFlightsDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """Flights searched for, the latest first; ``next`` is the cursor of the next page."""

    now: float
    count: int
    flights: tuple[PastFlight, ...]
    next: str | None = None


class EventDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened to a flight."""

    event: EventKind
    icao24: t.Icao24
    flight_id: t.FlightId
    ts: t.Timestamp
    callsign: t.Callsign | None = None
    lat: t.Latitude | None = None
    lon: t.Longitude | None = None
    detail: str | None = None


class EventsDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """Events, the last first; ``next`` is the cursor of the next page."""

    now: float
    count: int
    events: tuple[EventDocument, ...]
    next: str | None = None


class AircraftDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An aircraft: what feeds and the register say of it, and when it was heard."""

    icao24: t.Icao24
    registration: t.Registration | None = None
    typecode: t.Typecode | None = None
    desc: str | None = None
    operator: str | None = None
    owner: str | None = None
    serial_number: str | None = None
    year: int | None = None
    category: t.Category | None = None
    db_flags: t.DbFlags | None = None
    country: t.Country | None = None
    first_seen: float | None = None
    last_seen: float | None = None


class Point(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A point of a track; ``lat`` and ``lon`` are there where this point brought a position."""

    ts: t.Timestamp
    lat: t.Latitude | None = None
    lon: t.Longitude | None = None
    alt_baro: t.AltBaro | None = None
    alt_geom: t.AltGeom | None = None
    on_ground: t.OnGround | None = None
    gs: t.GroundSpeed | None = None
    track: t.Track | None = None
    baro_rate: t.BaroRate | None = None
    callsign: t.Callsign | None = None
    squawk: t.Squawk | None = None
    emergency: t.Emergency | None = None
    source: t.Source | None = None
    feed: t.FeedName | None = None


class TrackDocument(msgspec.Struct, frozen=True):
    """The track of one flight, oldest point first; ``callsign`` is the last one it had."""

    flight_id: t.FlightId
    icao24: t.Icao24
    callsign: t.Callsign | None
    points: tuple[Point, ...]


class FeedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One feed: what came, and what became of it; see docs/http.md.

    Every record is in ``accepted``, ``ignored`` or, by reason, ``refused``, whoever refused it: the
    feed, the registry or a flight. ``positions_refused`` are those not believed, whatever became of
    the rest of their records.
    """

    name: str
    url: str
    state: FeedState
    received: int
    accepted: int
    ignored: int
    refused: dict[str, int]
    positions_refused: dict[str, int]
    dropped: dict[str, int]
    bytes: int
    connections: int
    last_contact: float | None
    last_error: str | None


class FeedsDocument(msgspec.Struct, frozen=True):
    """All feeds, configured and posted."""

    feeds: tuple[FeedDocument, ...]


class ReceiverFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One receiver and what it contributes; see docs/http.md.

    ``lat`` and ``lon`` are rounded as the settings say, ``farthest`` is nautical miles,
    ``duplicates`` the share of its messages that another receiver had sent before (0 to 1),
    ``clock_skew`` how fast its clock runs against ours, parts per million.
    """

    name: str
    feed: str
    messages: int
    positions: int
    aircraft: int
    duplicates: float
    lat: float | None = None
    lon: float | None = None
    farthest: float | None = None
    clock_skew: float | None = None
    last_contact: float | None = None


class ReceiversDocument(msgspec.Struct, frozen=True):
    """All receivers heard from since the start."""

    now: float
    receivers: tuple[ReceiverFigures, ...]


class StatsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The server in a few numbers."""

    now: float
    flights: int
    updates_per_s: float
    clients: int
    points_stored: int
    storage: Literal["full", "compact"]
    outbox: Outbox
    db: DatabaseState


class AcceptedDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a POST: ``rejected`` names the first thousand, ``rejected_total`` all.

    With ``durable`` also how many of the ``accepted`` are on disk (``recorded``, what said nothing
    new among them), and how many their flights refused.
    """

    accepted: int
    rejected: tuple[Rejection, ...]
    rejected_total: int
    recorded: int | None = None
    refused: int | None = None


class HealthDocument(msgspec.Struct, frozen=True):
    """The event loop is alive: it answered."""

    status: Literal["ok"] = "ok"


class CheckDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that must be well."""

    name: str
    ok: bool
    code: str = ""
    detail: str = ""


class ReadyDocument(msgspec.Struct, frozen=True):
    """Whether the server does all it should, and if not, why."""

    ready: bool
    checks: tuple[CheckDocument, ...]


class ReceiverDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """readsb's ``receiver.json``: what a display needs to know about us."""

    version: str
    refresh: int  # milliseconds
    history: int
    readsb: bool
    lat: float | None = None
    lon: float | None = None


def receiver_figures(receiver: Receiver, now: float) -> ReceiverFigures:
    """The document of a receiver at ``now``, its place as it is shown."""
    lat, lon = (None, None) if receiver.site is None else receiver.site.shown
    return ReceiverFigures(
        name=receiver.name,
        feed=receiver.feed,
        messages=receiver.messages,
        positions=receiver.positions,
        aircraft=receiver.aircraft(now),
        duplicates=round(receiver.duplicates / max(1, receiver.messages), 4),
        lat=lat,
        lon=lon,
        farthest=None if receiver.farthest is None else round(receiver.farthest, 1),
        clock_skew=None if receiver.clock_skew is None else round(receiver.clock_skew, 2),
        last_contact=None if receiver.last_contact is None else round(receiver.last_contact, 3),
    )


def past_flight(record: FlightRecord, register: Mapping[str, KnownAirframe]) -> PastFlight:
    """The document of a flight the history holds, filled up with what the register knows."""
    values = {name: getattr(record, name) for name in record.__struct_fields__ if name != "flight"}
    known = register.get(record.icao24)
    if known is not None:
        for name in SHOWN:
            if values.get(name) is None:
                values[name] = getattr(known, name) or None
    return PastFlight(
        flight_id=flight_id_of_key(record.flight), country=country_of(record.icao24), **values
    )


def past_event(event: PastEvent) -> EventDocument:
    """The document of an event."""
    name = flight_id_of_key(event.flight)
    return EventDocument(
        event=event.kind,
        icao24=name.partition("-")[0],
        flight_id=name,
        ts=event.ts,
        callsign=event.callsign,
        lat=_rounded("lat", event.lat),
        lon=_rounded("lon", event.lon),
        detail=event.detail,
    )


def aircraft_document(record: AircraftRecord) -> AircraftDocument:
    """The document of an aircraft."""
    return AircraftDocument(**msgspec.structs.asdict(record), country=country_of(record.icao24))


def point(recorded: TrackPoint) -> Point:
    """The document of a track point, in the vocabulary's precision."""
    return Point(
        ts=recorded.ts,
        lat=_rounded("lat", recorded.lat),
        lon=_rounded("lon", recorded.lon),
        alt_baro=recorded.alt_baro,
        alt_geom=recorded.alt_geom,
        on_ground=recorded.on_ground,
        gs=_rounded("gs", recorded.gs),
        track=_rounded("track", recorded.track),
        baro_rate=recorded.baro_rate,
        callsign=recorded.callsign,
        squawk=recorded.squawk,
        # Checked against the vocabulary when they were recorded.
        emergency=recorded.emergency,  # type: ignore[arg-type]
        source=recorded.source,  # type: ignore[arg-type]
        feed=recorded.feed,
    )


def _rounded(name: str, value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS[name])


def feed_document(figures: FeedFigures, actors: Mapping[str, Figures]) -> FeedDocument:
    """The document of a feed, by its own figures and what the actors count of it.

    A password in its URL never leaves the server.
    """
    name = figures.name
    refused = figures.refused + _by_reason(actors, "registry", "refused_total", name)
    refused += _by_reason(actors, "actors", "overloaded_total", name)
    later = refused.total() - figures.refused.total()
    fixes = _by_reason(actors, "registry", "fixes_refused_total", name)
    return FeedDocument(
        name=name,
        url=mask_url(figures.url),
        state=figures.state,
        received=figures.received,
        accepted=max(0, figures.accepted - later),
        ignored=figures.ignored,
        refused=dict(sorted(refused.items())),
        positions_refused=dict(sorted(fixes.items())),
        dropped=dict(sorted(figures.dropped.items())),
        bytes=figures.bytes,
        connections=figures.connections,
        last_contact=figures.last_contact,
        last_error=figures.last_error,
    )


def _by_reason(actors: Mapping[str, Figures], who: str, name: str, feed: str) -> Counter[str]:
    """A feed's counts of that name by reason; what has none has its own, ``overloaded``."""
    counts: Counter[str] = Counter()
    for figure in actors[who].values if who in actors else ():
        labels = dict(figure.labels)
        if figure.name == name and labels.get("feed") == feed:
            counts[labels.get("reason", "overloaded")] += int(figure.value)
    return counts
