"""The state of one flight and how an observation changes it. Pure: every time is passed in.

The rules are those of the reference tracker (readsb), as far as data that a tracker has already
judged needs them: every field has a source and a time, nothing older or worse overwrites it, a
position that repeats the last ones is ignored, an impossible one is refused and kept with its
reason.
"""

from collections import deque
from operator import attrgetter
from typing import Any, Final

import msgspec

from aerotrack.domain.observation import REPORTED_FIELDS, Observation
from aerotrack.domain.records import (
    EndCause,
    EventKind,
    FlightEvent,
    FlightRecord,
    TrackPoint,
    flight_id,
    flight_key,
)
from aerotrack.domain.rules import SLOW_SOURCES, FlightRules
from aerotrack.domain.sources import RANKS, TRUSTED_FOR_S
from aerotrack.domain.types import Value
from aerotrack.domain.vocabulary import DECIMALS

# The same place within this time of the last or the one before is the same transmission heard
# again, by another receiver or in another poll (readsb: 2 s).
DUPLICATE_WITHIN_S: Final = 2.0
# Both coordinates closer to zero than this are a receiver's "no fix", not the Gulf of Guinea.
NULL_ISLAND_DEG: Final = 0.01
REFUSED_KEPT: Final = 20
MICRO: Final = 1_000_000

IDENTITY: Final = frozenset({"callsign", "registration", "typecode", "category", "db_flags"})
# A change in one of these makes a point of the track (DESIGN section 5), beside a new position.
TRACKED: Final = frozenset(
    {"alt_baro", "alt_geom", "on_ground", "gs", "track", "callsign", "squawk", "emergency"}
)
EMERGENCY_SQUAWKS: Final = frozenset({"7500", "7600", "7700"})
_POSITION: Final = frozenset({"lat", "lon"})
# Name, decimals, whether a change makes a point, whether it makes a row of the flight.
_PLAIN_FIELDS: Final = tuple(
    (name, DECIMALS.get(name), name in TRACKED, name in IDENTITY)
    for name in REPORTED_FIELDS
    if name not in _POSITION
)
_plain_values = attrgetter(*(name for name, *_ in _PLAIN_FIELDS))
_PLACES: Final = DECIMALS["lat"]


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a value comes from: shared by all fields one observation set."""

    ts: float
    source: str
    feed: str


class RefusedFix(msgspec.Struct, frozen=True, gc=False):
    """A position that was not believed, and why."""

    ts: float
    lat: float | None
    lon: float | None
    reason: str
    feed: str


class Folded(msgspec.Struct, gc=False):
    """What one observation did to a flight.

    ``refused`` is the reason where nothing of it was taken. ``points`` go to the history; a late
    observation makes one without touching the state. ``changed`` are the fields of the live
    picture that have a new value at public precision. ``identity`` says the flight's row changed.
    """

    refused: str | None = None
    changed: tuple[tuple[str, Value], ...] = ()
    points: tuple[TrackPoint, ...] = ()
    event: FlightEvent | None = None
    identity: bool = False


def implausible(lat: float, lon: float) -> bool:
    """Whether this is no position an aircraft can be at (state rule 3 of the reference)."""
    if not abs(lat) < 90.0 or not -180.0 <= lon < 180.0:
        return True
    if abs(lat) < NULL_ISLAND_DEG and abs(lon) < NULL_ISLAND_DEG:
        return True
    return lat == 0.0 and abs(lon) in (0.0, 90.0)


class FlightState:
    """Everything known of one flight. Changed by :meth:`fold` only, read by everybody else."""

    __slots__ = (
        "_before_last",
        "_last_point_us",
        "_position",
        "feed",
        "first_position",
        "flight_id",
        "icao24",
        "key",
        "last_contact",
        "origins",
        "points",
        "receiver",
        "refused",
        "source",
        "started",
        "values",
    )

    def __init__(self, icao24: str, started: float) -> None:
        self.icao24 = icao24
        self.started = started
        self.key = flight_key(icao24, started)
        self.flight_id = flight_id(icao24, started)
        self.last_contact = started
        self.values: dict[str, Any] = {}  # each as typed in Observation
        self.origins: dict[str, Origin] = {}
        self.points = 0
        self.source: str | None = None
        self.feed: str | None = None
        self.receiver: str | None = None
        self.first_position: tuple[float, float] | None = None
        self.refused: deque[RefusedFix] | None = None
        self._position: Origin | None = None  # of the last accepted fix, its ts the fix's own
        self._before_last: tuple[float, float, float] | None = None
        self._last_point_us = 0

    # -- reading -----------------------------------------------------------------------------------

    @property
    def time_position(self) -> float | None:
        """Time of the last accepted position, epoch seconds."""
        return None if self._position is None else self._position.ts

    def live_until(self, rules: FlightRules) -> float:
        """When it leaves the live picture if no position comes any more, epoch seconds.

        A flight that never had a position is live as long as it is heard.
        """
        at = self._position
        if at is None:
            return self.last_contact + rules.gone_after
        slow = at.source in SLOW_SOURCES
        return at.ts + (rules.gone_after_slow if slow else rules.gone_after)

    def picture(self) -> tuple[tuple[str, Value], ...]:
        """The whole entry of the live picture, at public precision, without its times."""
        shown: list[tuple[str, Value]] = [
            (name, _public(name, value)) for name, value in self.values.items()
        ]
        for name in ("source", "feed", "receiver"):
            value = getattr(self, name)
            if value is not None:
                shown.append((name, value))
        return tuple(shown)

    def record(self, *, ended: float | None = None, cause: EndCause | None = None) -> FlightRecord:
        """The flight's row as it stands."""
        values = self.values
        first = self.first_position or (None, None)
        return FlightRecord(
            flight=self.key,
            icao24=self.icao24,
            started=self.started,
            last_contact=self.last_contact,
            points=self.points,
            ended=ended,
            end_cause=cause,
            callsign=values.get("callsign"),
            registration=values.get("registration"),
            typecode=values.get("typecode"),
            category=values.get("category"),
            db_flags=values.get("db_flags"),
            squawk=values.get("squawk"),
            source=self.source,
            feed=self.feed,
            first_lat=first[0],
            first_lon=first[1],
            last_lat=values.get("lat"),
            last_lon=values.get("lon"),
        )

    # -- changing ----------------------------------------------------------------------------------

    def fold(self, obs: Observation) -> Folded:
        """Take ``obs`` in and say what it changed. Never raises where types are legal."""
        ts = obs.ts
        if ts < self.started:
            return Folded(refused="before_flight")
        values, origins = self.values, self.origins
        origin = Origin(ts, obs.source, obs.feed)
        changed: list[tuple[str, Value]] = []
        tracked = identity = taken = moved = False
        reason: str | None = None
        points: tuple[TrackPoint, ...] = ()

        if obs.lat is not None or obs.lon is not None:
            reason = self._take_position(obs, origin, changed)
            moved = taken = reason is None
            tracked = bool(changed) and changed[0][0] in _POSITION
            if reason == "late":
                points = (self._late_point(obs),)

        rank = RANKS.get(obs.source, 0)
        # Most fields were set together by the observation before, so its origin is judged once.
        yields: Origin | None = None
        for field, value in zip(_PLAIN_FIELDS, _plain_values(obs), strict=True):
            if value is None:
                continue
            name = field[0]
            held = origins.get(name)
            if held is not yields and held is not None:
                if ts < held.ts or (
                    ts - held.ts < TRUSTED_FOR_S and rank < RANKS.get(held.source, 0)
                ):
                    reason = reason or ("old" if ts < held.ts else "worse_source")
                    continue
                yields = held
            taken = True
            origins[name] = origin
            before = values.get(name)
            if value == before:
                continue
            values[name] = value
            _, places, is_tracked, is_identity = field
            if places is None:
                changed.append((name, value))
            else:
                shown = round(value, places)
                if before is None or shown != round(before, places):
                    changed.append((name, shown))
            tracked = tracked or is_tracked
            identity = identity or is_identity

        self.last_contact = max(self.last_contact, ts)
        if not taken and reason is not None:
            return Folded(points=points) if points else Folded(refused=reason)
        if moved or self.source is None:
            self._take_provenance(obs, changed)
        return Folded(
            changed=tuple(changed),
            points=(*points, self._point(obs, origin, moved=moved)) if tracked else points,
            event=self._emergency(ts, changed) if changed else None,
            identity=identity,
        )

    def _take_position(
        self, obs: Observation, origin: Origin, changed: list[tuple[str, Value]]
    ) -> str | None:
        """Move to the position of ``obs``, or say why not."""
        lat, lon = obs.lat, obs.lon
        if lat is None or lon is None or implausible(lat, lon):
            return self._refuse(obs, "bad_position")
        values, held = self.values, self._position
        at = obs.ts if obs.time_position is None else obs.time_position
        was_lat: Any = values.get("lat")
        was_lon: Any = values.get("lon")
        if held is not None:
            if lat == was_lat and lon == was_lon and abs(at - held.ts) <= DUPLICATE_WITHIN_S:
                return "duplicate"
            before = self._before_last
            if (
                before is not None
                and before[0] == lat
                and before[1] == lon
                and abs(at - before[2]) <= DUPLICATE_WITHIN_S
            ):
                return "duplicate"
            if at < held.ts:
                return "late"
            if at - held.ts < TRUSTED_FOR_S and RANKS.get(origin.source, 0) < RANKS.get(
                held.source, 0
            ):
                return self._refuse(obs, "worse_source")
            self._before_last = (was_lat, was_lon, held.ts)
        else:
            self.first_position = (lat, lon)
        fix = origin if at == origin.ts else Origin(at, origin.source, origin.feed)
        self._position = self.origins["lat"] = self.origins["lon"] = fix
        for name, value, was in (("lat", lat, was_lat), ("lon", lon, was_lon)):
            if value != was:
                values[name] = value
                shown = round(value, _PLACES)
                if was is None or shown != round(was, _PLACES):
                    changed.append((name, shown))
        return None

    def _take_provenance(self, obs: Observation, changed: list[tuple[str, Value]]) -> None:
        """The flight is shown as coming by what gave its last position, at first by anything."""
        if obs.source != self.source:
            self.source = obs.source
            changed.append(("source", obs.source))
        if obs.feed != self.feed:
            self.feed = obs.feed
            changed.append(("feed", obs.feed))
        if obs.receiver != self.receiver:
            self.receiver = obs.receiver
            changed.append(("receiver", obs.receiver))

    def _refuse(self, obs: Observation, reason: str) -> str:
        """Keep the position of ``obs`` among those not believed."""
        if self.refused is None:
            self.refused = deque(maxlen=REFUSED_KEPT)
        self.refused.append(RefusedFix(obs.ts, obs.lat, obs.lon, reason, obs.feed))
        return reason

    def _point(self, obs: Observation, origin: Origin, *, moved: bool) -> TrackPoint:
        """The state now, as a point of the track; times within a flight go up by a microsecond."""
        micros = max(round(obs.ts * MICRO), self._last_point_us + 1)
        self._last_point_us = micros
        self.points += 1
        get = self.values.get
        return TrackPoint(
            self.key,
            micros / MICRO,
            obs.lat if moved else None,
            obs.lon if moved else None,
            get("alt_baro"),
            get("alt_geom"),
            get("on_ground"),
            get("gs"),
            get("track"),
            get("baro_rate"),
            get("callsign"),
            get("squawk"),
            get("emergency"),
            origin.source,
            origin.feed,
        )

    def _late_point(self, obs: Observation) -> TrackPoint:
        """What a late observation says itself: history only, the live state stays where it is."""
        self.points += 1
        return TrackPoint(
            self.key,
            obs.ts if obs.time_position is None else obs.time_position,
            obs.lat,
            obs.lon,
            obs.alt_baro,
            obs.alt_geom,
            obs.on_ground,
            obs.gs,
            obs.track,
            obs.baro_rate,
            obs.callsign,
            obs.squawk,
            obs.emergency,
            obs.source,
            obs.feed,
        )

    def _emergency(self, ts: float, changed: list[tuple[str, Value]]) -> FlightEvent | None:
        """The event, where one of the changes declares an emergency."""
        for name, value in changed:
            declared = (name == "squawk" and value in EMERGENCY_SQUAWKS) or (
                name == "emergency" and value != "none"
            )
            if declared:
                return self.event("emergency", ts, detail=str(value))
        return None

    def event(self, kind: EventKind, ts: float, *, detail: str | None = None) -> FlightEvent:
        """Something happened to the flight where it is now."""
        lat, lon = self.values.get("lat"), self.values.get("lon")
        return FlightEvent(self.key, ts, kind, detail, lat, lon)


def _public(name: str, value: Any) -> Value:
    """``value`` with the precision its field has."""
    places = DECIMALS.get(name)
    shown: Value = value if places is None else round(value, places)
    return shown
