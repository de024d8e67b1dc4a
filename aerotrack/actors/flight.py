"""The flight actor: one aircraft's continuous contact, owner of its state."""

from collections import Counter

import orjson
from thespian.actors import ActorAddress

from aerotrack.actors.base import AeroActor, handles
from aerotrack.actors.messages import (
    CheckSilence,
    ConfigureFlight,
    EndFlight,
    EventRecorded,
    FindIdentity,
    FlightChanged,
    FlightFound,
    FlightGone,
    FlightRecorded,
    GetFlight,
    Identify,
    ObservationsRefused,
    ObservationsUnchanged,
    Observe,
    PointRecorded,
    RegisterChanged,
    SaveFlight,
)
from aerotrack.domain.airframe import know
from aerotrack.domain.detail import flight_document
from aerotrack.domain.flight import IDENTITY, FlightState
from aerotrack.domain.records import EndCause
from aerotrack.domain.routes import RouteWatch
from aerotrack.domain.types import Value


class Flight(AeroActor):
    """Owns the state of one flight; nobody else writes it.

    Created by the registry, which sends ``ConfigureFlight`` first. Takes ``Observe``,
    ``Identify``, ``RegisterChanged``, ``CheckSilence``, ``SaveFlight``, ``EndFlight``,
    ``GetFlight``. Emits ``FlightChanged`` and ``FlightGone`` to the broadcaster, ``PointRecorded``,
    ``FlightRecorded`` and ``EventRecorded`` to persistence, ``ObservationsRefused`` and
    ``ObservationsUnchanged`` to the registry, so that every observation is a point, refused or
    unchanged, ``FindIdentity`` to the register. If it dies, its live state is lost and the next
    observation starts another flight; its track is already on its way to the database.
    """

    __slots__ = ("_links", "_live", "_recorded_at", "_route", "_state")

    _links: ConfigureFlight
    _state: FlightState | None
    _live: bool
    _recorded_at: float
    _route: RouteWatch | None

    @handles(ConfigureFlight)
    def configure(self, message: ConfigureFlight, sender: ActorAddress) -> None:
        self._links = message
        self._state = None
        self._live = False
        self._recorded_at = 0.0
        self._route = None

    @handles(Observe)
    def observe(self, message: Observe, sender: ActorAddress) -> None:
        links, state = self._links, self._state
        new = state is None
        if state is None:
            state = self._state = FlightState(links.icao24, message.observations[0].ts)
            self.send(links.persistence, EventRecorded(state.event("started", state.started)))
        changed: dict[str, Value] = {}
        refused: Counter[tuple[str, str]] | None = None
        unchanged: Counter[str] | None = None
        identity = False
        for obs in message.observations:
            folded = state.fold(obs)
            changed.update(folded.changed)
            identity = identity or folded.identity
            for point in folded.points:
                self.send(links.persistence, PointRecorded(point))
            if folded.event is not None:
                self.send(links.persistence, EventRecorded(folded.event))
            if folded.refused is not None:
                refused = refused or Counter()
                refused[obs.feed, folded.refused] += 1
            elif not folded.points:
                unchanged = unchanged or Counter()
                unchanged[obs.feed] += 1
        self._look_up(state, changed, new=new)
        self._show(state, changed, message)
        if identity or message.now - self._recorded_at >= links.rules.row_interval:
            self._record(state, message.now)
        if refused is not None:
            for (feed, reason), count in refused.items():
                self.send(links.registry, ObservationsRefused(feed, reason, count))
        if unchanged is not None:
            for feed, count in unchanged.items():
                self.send(links.registry, ObservationsUnchanged(feed, count))

    def _look_up(self, state: FlightState, changed: dict[str, Value], *, new: bool) -> None:
        """Ask who a new flight is, and where another callsign goes; look at the route it has."""
        if "callsign" in changed and self._route is not None:
            changed.update(self._route.withdraw(state.values))
            self._route = None
        if new or "callsign" in changed:
            self._ask(state)
        elif self._route is not None:
            changed.update(self._route.review(state.values, state.last_contact))

    def _ask(self, state: FlightState) -> None:
        if self._links.register is not None:
            self.send(
                self._links.register, FindIdentity(state.icao24, state.values.get("callsign"))
            )

    @handles(RegisterChanged)
    def register_changed(self, message: RegisterChanged, sender: ActorAddress) -> None:
        if self._state is not None:
            self._ask(self._state)

    @handles(Identify)
    def identify(self, message: Identify, sender: ActorAddress) -> None:
        state, airframe, route = self._state, message.identity.airframe, message.identity.route
        if state is None:
            return
        changed = {} if airframe is None else dict(know(state, airframe))
        if route is not None and route.callsign == state.values.get("callsign"):
            if self._route is None or self._route.route != route:
                if self._route is not None:
                    changed.update(self._route.withdraw(state.values))
                self._route = RouteWatch(route)
            changed.update(self._route.review(state.values, state.last_contact))
        if not changed:
            return
        self._show(state, changed, message)
        if not IDENTITY.isdisjoint(changed):
            self._record(state, message.now)

    def _show(
        self, state: FlightState, changed: dict[str, Value], message: Observe | Identify
    ) -> None:
        """Tell the broadcaster what the live picture should say now."""
        if state.live_until(self._links.rules) <= message.now:
            self._leave(message.now, None)
            return
        pairs = tuple(changed.items()) if self._live else state.picture()
        self.send(
            self._links.broadcaster,
            FlightChanged(
                state.icao24,
                state.flight_id,
                pairs,
                not self._live,
                state.time_position,
                state.last_contact,
                message.received,
            ),
        )
        self._live = True

    def _leave(self, now: float, cause: EndCause | None) -> None:
        """Leave the live picture, if in it."""
        if not self._live or self._state is None:
            return
        self._live = False
        reason = "stale" if cause is None else "ended"
        self.send(
            self._links.broadcaster,
            FlightGone(self._state.icao24, self._state.flight_id, reason, cause, now),  # type: ignore[arg-type]  # one of two literals
        )

    def _record(self, state: FlightState, now: float) -> None:
        self._recorded_at = now
        self.send(self._links.persistence, FlightRecorded(state.record()))

    @handles(CheckSilence)
    def check_silence(self, message: CheckSilence, sender: ActorAddress) -> None:
        state = self._state
        if state is not None and state.live_until(self._links.rules) <= message.now:
            self._leave(message.now, None)

    @handles(SaveFlight)
    def save(self, message: SaveFlight, sender: ActorAddress) -> None:
        if self._state is not None:
            self._record(self._state, message.now)

    @handles(EndFlight)
    def end(self, message: EndFlight, sender: ActorAddress) -> None:
        state = self._state
        if state is None:
            return
        over = state.last_contact
        self.send(
            self._links.persistence,
            FlightRecorded(state.record(ended=over, cause=message.cause)),
        )
        self.send(
            self._links.persistence,
            EventRecorded(state.event("ended", over, detail=message.cause)),
        )
        self._leave(message.now, message.cause)
        self._state = None

    @handles(GetFlight)
    def get_flight(self, message: GetFlight, sender: ActorAddress) -> None:
        state = self._state
        found = state is not None and message.name in (state.icao24, state.flight_id)
        document = orjson.dumps(flight_document(state, message.now)) if found and state else None
        self.send(message.reply_to or sender, FlightFound(document))
