"""The flight actor: one aircraft's continuous contact, owner of its state."""

import orjson
from thespian.actors import ActorAddress

from aerotrack.actors.base import AeroActor, handles
from aerotrack.actors.messages import (
    CheckSilence,
    ConfigureFlight,
    EndFlight,
    EventRecorded,
    FixesRefused,
    FlightChanged,
    FlightFound,
    FlightGone,
    FlightRecorded,
    GetFlight,
    ObservationsRefused,
    ObservationsUnchanged,
    Observe,
    PointRecorded,
    SaveFlight,
)
from aerotrack.domain.detail import flight_document
from aerotrack.domain.flight import FlightState, Folded
from aerotrack.domain.records import EndCause
from aerotrack.domain.types import Value


class _Report:
    """Counts by feed what became of observations, for the registry. Plain dicts: one an Observe."""

    __slots__ = ("fixes", "refused", "unchanged")

    def __init__(self) -> None:
        self.refused: dict[tuple[str, str], int] = {}
        self.fixes: dict[tuple[str, str], int] = {}
        self.unchanged: dict[str, int] = {}

    def add(self, feed: str, folded: Folded) -> None:
        """Count what folding an observation of ``feed`` gave."""
        if folded.refused is not None:
            key = (feed, folded.refused)
            self.refused[key] = self.refused.get(key, 0) + 1
        for fix in folded.refused_fixes:
            key = (fix.feed, fix.reason)
            self.fixes[key] = self.fixes.get(key, 0) + 1
        for name in folded.unchanged:
            self.unchanged[name] = self.unchanged.get(name, 0) + 1


class Flight(AeroActor):
    """Owns the state of one flight; nobody else writes it.

    Created by the registry, which sends ``ConfigureFlight`` first. Takes ``Observe``,
    ``CheckSilence``, ``SaveFlight``, ``EndFlight``, ``GetFlight``. Emits ``FlightChanged`` and
    ``FlightGone`` to the broadcaster, ``PointRecorded``, ``FlightRecorded`` and ``EventRecorded``
    to persistence; ``ObservationsRefused``, ``ObservationsUnchanged`` and ``FixesRefused`` to the
    registry, so that every observation is a point, refused or unchanged. If it dies, its live state
    is lost and the next observation starts another flight; its track is already on its way to the
    database.
    """

    __slots__ = ("_links", "_live", "_recorded_at", "_state")

    _links: ConfigureFlight
    _state: FlightState | None
    _live: bool
    _recorded_at: float

    @handles(ConfigureFlight)
    def configure(self, message: ConfigureFlight, sender: ActorAddress) -> None:
        self._links = message
        self._state = None
        self._live = False
        self._recorded_at = 0.0

    @handles(Observe)
    def observe(self, message: Observe, sender: ActorAddress) -> None:
        links, state = self._links, self._state
        if state is None:
            state = self._state = FlightState(links.icao24, message.observations[0].ts)
            self.send(links.persistence, EventRecorded(state.event("started", state.started)))
        changed: dict[str, Value] = {}
        identity = False
        report = _Report()
        for obs in message.observations:
            folded = state.fold(obs)
            changed.update(folded.changed)
            identity = identity or folded.identity
            for point in folded.points:
                self.send(links.persistence, PointRecorded(point))
            if folded.event is not None:
                self.send(links.persistence, EventRecorded(folded.event))
            report.add(obs.feed, folded)
        self._show(state, changed, message)
        if identity or message.now - self._recorded_at >= links.rules.row_interval:
            self._record(state, message.now)
        self._send_report(report)

    def _send_report(self, report: _Report) -> None:
        """Tell the registry what made no point."""
        registry = self._links.registry
        for (feed, reason), count in report.refused.items():
            self.send(registry, ObservationsRefused(feed, reason, count))
        for (feed, reason), count in report.fixes.items():
            self.send(registry, FixesRefused(feed, reason, count))
        for feed, count in report.unchanged.items():
            self.send(registry, ObservationsUnchanged(feed, count))

    def _finish(self, state: FlightState) -> None:
        """Settle what waits for more."""
        folded = state.finish()
        for point in folded.points:
            self.send(self._links.persistence, PointRecorded(point))
        report = _Report()
        report.add("", folded)
        self._send_report(report)

    def _show(self, state: FlightState, changed: dict[str, Value], message: Observe) -> None:
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
            self._finish(self._state)
            self._record(self._state, message.now)

    @handles(EndFlight)
    def end(self, message: EndFlight, sender: ActorAddress) -> None:
        state = self._state
        if state is None:
            return
        self._finish(state)
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
