"""The state of one flight and how an observation changes it. Pure: every time is passed in.

The rules are those of the reference tracker (readsb): every field has a source and a time, nothing
older or worse overwrites it. Which positions are believed is decided in
:mod:`aerotrack.domain.position`; those that are not are kept with their reason.
"""

from collections import deque
from typing import Any, Final

import msgspec

from aerotrack.domain.compaction import Compaction
from aerotrack.domain.countries import country_of
from aerotrack.domain.course import Course
from aerotrack.domain.fields import IS_DISTRESS, IS_IDENTITY, IS_TRACKED, POSITION, take_fields
from aerotrack.domain.folded import Folded, RefusedFix
from aerotrack.domain.geo import distance_and_bearing
from aerotrack.domain.observation import Observation, Site
from aerotrack.domain.origins import NEVER, PLACES, Origins
from aerotrack.domain.points import late_point_of, point_of
from aerotrack.domain.position import PositionTracker, Refusal, Verdict
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
from aerotrack.domain.types import Value
from aerotrack.domain.vocabulary import DECIMALS

REFUSED_KEPT: Final = 20
MICRO: Final = 1_000_000

EMERGENCY_SQUAWKS: Final = frozenset({"7500", "7600", "7700"})
# One raw frame carries its position and the altitude beside it: where the position shows that the
# frame is wrong (another aircraft's, replayed, damaged), nothing of it is taken.
SPOILT: Final[frozenset[Refusal]] = frozenset(
    {"bad_cpr", "impossible_jump", "impossible_past", "out_of_range", "replayed"}
)
_NOTHING_TAKEN: Final = frozenset({None, "refused"})

_DECIMALS: Final = DECIMALS["lat"]
_LAT: Final = PLACES["lat"]
_LON: Final = PLACES["lon"]


class FlightState:
    """Everything known of one flight. Changed by :meth:`fold` only, read by everybody else."""

    __slots__ = (
        "_last_point_us",
        "_position",
        "_shown_lat",
        "_shown_lon",
        "compaction",
        "course",
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
        self.origins = Origins()
        self.points = 0  # written or to be written
        self.compaction: Compaction | None = None  # where not every point is kept
        self.source: str | None = None
        self.feed: str | None = None
        self.receiver: str | None = None
        self.first_position: tuple[float, float] | None = None
        self.refused: deque[RefusedFix] | None = None
        self._position = PositionTracker(self.values, self.origins.times)
        self._shown_lat: float | None = None
        self._shown_lon: float | None = None
        self.course = Course(self.values)
        self._last_point_us = 0

    # -- reading -----------------------------------------------------------------------------------

    @property
    def time_position(self) -> float | None:
        """Time of the last accepted position, epoch seconds."""
        fix = self._position.fix
        return None if fix is None else fix.at

    def live_until(self, rules: FlightRules) -> float:
        """When it leaves the live picture if no position comes any more, epoch seconds.

        A flight that never had a position is live as long as it is heard.
        """
        origins = self.origins
        at = origins.times[_LAT]
        if at == NEVER:
            return self.last_contact + rules.gone_after
        slow = origins.known[origins.givers[_LAT]].source in SLOW_SOURCES
        return at + (rules.gone_after_slow if slow else rules.gone_after)

    def picture(self) -> tuple[tuple[str, Value], ...]:
        """The whole entry of the live picture, at public precision, without its times."""
        shown: list[tuple[str, Value]] = [
            (name, _public(name, value))
            for name, value in self.values.items()
            if name not in POSITION
        ]
        if self._shown_lat is not None:
            shown += [("lat", self._shown_lat), ("lon", self._shown_lon)]
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
            phase=values.get("phase"),
            est_departure=values.get("est_departure"),
            est_arrival=values.get("est_arrival"),
        )

    # -- changing ----------------------------------------------------------------------------------

    def fold(self, obs: Observation) -> Folded:
        """Take ``obs`` in and say what it changed. Never raises where types are legal."""
        ts = obs.ts
        if ts < self.started:
            return Folded(refused="before_flight")
        if self.course.departs_again(obs):
            return Folded(departs=True)
        position = self._position
        giver = self.origins.giver(obs.source, obs.feed)
        folded = Folded()
        changed: list[tuple[str, Value]] = []
        verdict: Verdict | None = None
        kind: str | None = None
        moved = False

        if position.pending is not None:
            position.expire(ts)
        if obs.cpr is not None:
            verdict = position.take_frame(obs, obs.cpr)
        elif obs.lat is not None or obs.lon is not None:
            verdict = position.take_judged(obs)
        if verdict is not None:
            kind = verdict.kind
            if kind == "accepted":
                moved = self._move(obs, giver, changed)
            elif kind == "late":
                folded.points = (self._late_point(obs, verdict),)
            elif verdict.reason is not None:
                folded.refused_fixes = (self._refuse(obs, verdict, verdict.reason),)
        if position.discarded is not None or position.released is not None:
            self._settle(folded)
        if obs.cpr is not None and verdict is not None and verdict.reason in SPOILT:
            folded.refused = verdict.reason
            return folded

        taken, meaning, not_taken = take_fields(self.values, self.origins, obs, giver, changed)
        self.last_contact = max(self.last_contact, ts)
        if not taken and kind in _NOTHING_TAKEN:
            folded.refused = (None if verdict is None else verdict.reason) or not_taken
        if folded.refused is None:
            if (kind == "accepted" or self.source is None) and (
                obs.source != self.source or obs.feed != self.feed or obs.receiver != self.receiver
            ):
                self._take_provenance(obs, changed)
            if kind == "provisional" and position.pending is not None:
                held = position.pending[-1]
                held.point = self._point(obs, held.lat, held.lon)
                held.tracked = meaning & IS_TRACKED != 0
            elif kind != "late":
                if moved or meaning & IS_TRACKED:
                    folded.events = self._follow(ts, changed)
                    folded.points += (self._record_point(obs, kind),)
                else:
                    folded.unchanged += (obs.feed,)
            # So far the events are those of the course, which also change the flight's row.
            folded.identity = meaning & IS_IDENTITY != 0 or bool(folded.events)
            if meaning & IS_DISTRESS:
                folded.events = (*self._emergency(ts, changed), *folded.events)
        folded.changed = tuple(changed)
        return folded

    def fold_compact(self, obs: Observation) -> Folded:
        """The same where the history keeps few points: it is given those it keeps. All of them are
        kept where somebody waits to hear that they are, or something happened."""
        folded = self.fold(obs)
        if self.compaction is not None and folded.points:
            must = bool(folded.events) or obs.request is not None
            self._compact(folded, self.compaction, must=must)
        return folded

    def finish(self) -> Folded:
        """Settle what waited for more, since no more comes. The flight's state stays as it is."""
        self._position.discard_pending()
        folded = Folded()
        self._settle(folded)
        if self.compaction is not None:
            self._compact(folded, self.compaction)
            self._let_go(folded, self.compaction)
        return folded

    def pause(self) -> Folded:
        """Silent for a while: points held back wait no longer. The flight goes on."""
        folded = Folded()
        if self.compaction is not None:
            self._let_go(folded, self.compaction)
        return folded

    def _compact(self, folded: Folded, compaction: Compaction, *, must: bool = False) -> None:
        """Leave of the points those that the history keeps (with ``must`` all of them)."""
        before = compaction.left_out
        folded.points = tuple(
            kept for point in folded.points for kept in compaction.take(point, must=must)
        )
        self.points -= compaction.left_out - before
        if folded.points:
            folded.compacted = compaction.told()

    def _let_go(self, folded: Folded, compaction: Compaction) -> None:
        """Write what is held back."""
        folded.points += compaction.release()
        if folded.points:
            folded.compacted += compaction.told()

    def _move(self, obs: Observation, giver: int, changed: list[tuple[str, Value]]) -> bool:
        """Show the position just accepted; say whether it differs at public precision."""
        fix = self._position.fix
        if fix is None:
            return False
        values, origins, lat, lon = self.values, self.origins, fix.lat, fix.lon
        if self.first_position is None:
            self.first_position = (lat, lon)
        origins.times[_LAT] = origins.times[_LON] = fix.at
        if isinstance(origins.givers, bytearray):
            origins.givers[_LAT] = origins.givers[_LON] = giver
        values["lat"], values["lon"] = lat, lon
        shown = round(lat, _DECIMALS)
        if shown != self._shown_lat:
            self._shown_lat = shown
            changed.append(("lat", shown))
        shown = round(lon, _DECIMALS)
        if shown != self._shown_lon:
            self._shown_lon = shown
            changed.append(("lon", shown))
        moved = bool(changed)
        if obs.site is not None or "r_dst" in values:
            self._show_from_station(obs.site, lat, lon, changed)
        return moved

    def _show_from_station(
        self, site: Site | None, lat: float, lon: float, changed: list[tuple[str, Value]]
    ) -> None:
        """Distance and bearing from the station that gave the position, where that is known."""
        seen: tuple[float | None, float | None] = (None, None)
        if site is not None:
            distance, bearing = distance_and_bearing(*site.shown, lat, lon)
            seen = (round(distance, DECIMALS["r_dst"]), round(bearing, DECIMALS["r_dir"]) % 360.0)
        for name, value in zip(("r_dst", "r_dir"), seen, strict=True):
            if value != self.values.get(name):
                changed.append((name, value))
                if value is None:
                    del self.values[name]
                else:
                    self.values[name] = value

    def _settle(self, folded: Folded) -> None:
        """Take over what became of the positions that waited for others to agree."""
        position = self._position
        released, discarded = position.released or (), position.discarded or ()
        position.released = position.discarded = None
        if released:
            self.first_position = (released[0].lat, released[0].lon)
        folded.points += tuple(fix.point for fix in released if fix.point is not None)
        for fix in discarded:
            refused = RefusedFix(
                fix.at, fix.lat, fix.lon, "provisional_discarded", fix.feed, fix.receiver
            )
            folded.refused_fixes += (self._keep(refused),)
            if fix.tracked and fix.point is not None:
                folded.points += (msgspec.structs.replace(fix.point, lat=None, lon=None),)
            else:
                folded.unchanged += (fix.feed,)
        self.points += len(released) + sum(fix.tracked for fix in discarded)

    def _take_provenance(self, obs: Observation, changed: list[tuple[str, Value]]) -> None:
        """The flight is shown as coming by what gave its last position, at first by anything."""
        if self.source is None and (country := country_of(self.icao24)) is not None:
            self.values["country"] = country
            changed.append(("country", country))
        if obs.source != self.source:
            self.source = obs.source
            changed.append(("source", obs.source))
        if obs.feed != self.feed:
            self.feed = obs.feed
            changed.append(("feed", obs.feed))
        if obs.receiver != self.receiver:
            self.receiver = obs.receiver
            changed.append(("receiver", obs.receiver))

    def _refuse(self, obs: Observation, verdict: Verdict, reason: Refusal) -> RefusedFix:
        """The position of ``obs`` as one that was not believed."""
        refused = RefusedFix(obs.ts, verdict.lat, verdict.lon, reason, obs.feed, obs.receiver)
        # What was merely heard twice says nothing and would push out what does.
        return refused if reason == "duplicate" else self._keep(refused)

    def _keep(self, refused: RefusedFix) -> RefusedFix:
        if self.refused is None:
            self.refused = deque(maxlen=REFUSED_KEPT)
        self.refused.append(refused)
        return refused

    def _record_point(self, obs: Observation, kind: str | None) -> TrackPoint:
        """The state now, as a point of the track, where ``obs`` brought it."""
        self.points += 1
        fix = self._position.fix
        if fix is None or kind != "accepted":
            return self._point(obs, None, None)
        return self._point(obs, fix.lat, fix.lon)

    def _point(self, obs: Observation, lat: float | None, lon: float | None) -> TrackPoint:
        """The state now, there; times within a flight go up by a microsecond."""
        micros = round(obs.ts * MICRO)
        if micros <= self._last_point_us:
            micros = self._last_point_us + 1
        self._last_point_us = micros
        return point_of(self.key, micros / MICRO, (lat, lon), self.values, obs)

    def _late_point(self, obs: Observation, verdict: Verdict) -> TrackPoint:
        """What a late observation says itself: history only, the live state stays where it is."""
        self.points += 1
        return late_point_of(self.key, (verdict.lat, verdict.lon), obs)

    def _follow(self, ts: float, changed: list[tuple[str, Value]]) -> tuple[FlightEvent, ...]:
        """Read phase, airports, take-off and landing off the state as it is now."""
        happened = self.course.follow(ts, changed)
        if happened is None:
            return ()
        return (self.event(happened.kind, happened.ts, detail=happened.airport),)

    def _emergency(self, ts: float, changed: list[tuple[str, Value]]) -> tuple[FlightEvent, ...]:
        """The event, where one of the changes declares an emergency."""
        for name, value in changed:
            declared = (name == "squawk" and value in EMERGENCY_SQUAWKS) or (
                name == "emergency" and value != "none"
            )
            if declared:
                return (self.event("emergency", ts, detail=str(value)),)
        return ()

    def event(self, kind: EventKind, ts: float, *, detail: str | None = None) -> FlightEvent:
        """Something happened to the flight where it is now."""
        lat, lon = self.values.get("lat"), self.values.get("lon")
        return FlightEvent(self.key, ts, kind, detail, lat, lon)


def _public(name: str, value: Any) -> Value:
    """``value`` with the precision its field has."""
    places = DECIMALS.get(name)
    shown: Value = value if places is None else round(value, places)
    return shown
