"""The flight actor: one aircraft's continuous contact, owner of its state."""

import orjson
from thespian.actors import ActorAddress

from aerotrack.actors.base import AeroActor, handles
from aerotrack.actors.messages import (
    CheckSilence,
    ConfigureFlight,
    EndFlight,
    EventRecorded,
    FindIdentity,
    FixesRefused,
    FlightChanged,
    FlightFound,
    FlightGone,
    FlightOver,
    FlightRecorded,
    GetFlight,
    Identify,
    ObservationsRefused,
    ObservationsUnchanged,
    Observe,
    PointRecorded,
    RegisterChanged,
    RequestCounted,
    RestoreFlight,
    SaveFlight,
    SaveState,
    StateSaved,
)
from aerotrack.domain.airframe import know
from aerotrack.domain.compaction import Compaction
from aerotrack.domain.detail import flight_document
from aerotrack.domain.fields import IDENTITY
from aerotrack.domain.flight import FlightState
from aerotrack.domain.folded import Folded
from aerotrack.domain.observation import Observation
from aerotrack.domain.records import EndCause, FlightEvent
from aerotrack.domain.remembered import remember, resumed
from aerotrack.domain.returning import DECIDED_WITHIN_S, Returning, Verdict, pause_after
from aerotrack.domain.routes import RouteWatch
from aerotrack.domain.saved import restored, save
from aerotrack.domain.types import Value


class _Report:
    """Counts by feed what became of observations, for the registry: what made no point."""

    __slots__ = ("fixes", "refused", "requests", "unchanged")

    def __init__(self) -> None:
        self.refused: dict[tuple[str, str], int] = {}
        self.fixes: dict[tuple[str, str], int] = {}
        self.unchanged: dict[str, int] = {}
        self.requests: dict[int, list[int]] = {}  # recorded and refused, by request

    def add(self, feed: str, folded: Folded, request: int | None = None) -> None:
        """Count what folding an observation of ``feed`` gave."""
        if request is not None:
            self.requests.setdefault(request, [0, 0])[folded.refused is not None] += 1
        if folded.refused is not None:
            key = (feed, folded.refused)
            self.refused[key] = self.refused.get(key, 0) + 1
        for fix in folded.refused_fixes:
            key = (fix.feed, fix.reason)
            self.fixes[key] = self.fixes.get(key, 0) + 1
        for name in folded.unchanged:
            self.unchanged[name] = self.unchanged.get(name, 0) + 1


def _needs_report(folded: Folded, request: int | None) -> bool:
    """Whether an observation did anything else than make a point, as nearly all do, or somebody
    waits to hear of it."""
    return bool(
        request is not None
        or folded.refused is not None
        or folded.refused_fixes
        or folded.unchanged
    )


class Flight(AeroActor):
    """Owns the state of one flight; nobody else writes it.

    Created by the registry, which sends ``ConfigureFlight`` first. Takes ``Observe``,
    ``Identify``, ``RegisterChanged``, ``CheckSilence``, ``SaveFlight``, ``EndFlight``,
    ``SaveState``, ``RestoreFlight``, ``GetFlight``. Emits ``FlightChanged`` and ``FlightGone`` to
    the broadcaster, ``StateSaved``, ``PointRecorded`` and ``FlightRecorded`` to persistence,
    ``EventRecorded`` to both; ``ObservationsRefused``,
    ``ObservationsUnchanged`` and ``FixesRefused`` to the registry, so that every observation is a
    point, refused or unchanged; ``RequestCounted`` to persistence for those somebody waits for;
    ``FindIdentity`` to the register. If it dies, its live state is
    lost and the next observation starts another flight; its track is already on its way to the
    database.

    Heard again after a pause, it holds what it is told until it is known which flight that belongs
    to: this one, the one before that the registry remembers, or the next.
    """

    __slots__ = (
        "_links", "_live", "_over", "_pause", "_received", "_recorded_at", "_returning", "_route",
        "_state",
    )  # fmt: skip

    _links: ConfigureFlight
    _state: FlightState | None
    _live: bool
    _over: bool  # its end is written; what is heard now is its aircraft's next flight
    _pause: float
    _received: float  # when the last of what is held was read
    _recorded_at: float
    _returning: Returning | None
    _route: RouteWatch | None

    @handles(ConfigureFlight)
    def configure(self, message: ConfigureFlight, sender: ActorAddress) -> None:
        self._links = message
        self._state = None
        self._live = False
        self._recorded_at = 0.0
        self._route = None
        self._over = False
        self._pause = pause_after(message.rules)
        self._received = 0.0
        self._returning = None

    @handles(Observe)
    def observe(self, message: Observe, sender: ActorAddress) -> None:
        if self._over:
            self._hand_on(message)
            return
        state, returning = self._state, self._returning
        first = message.observations[0].ts
        if returning is None and (
            self._links.before is None
            if state is None
            else first - state.last_contact < self._pause
        ):
            self._fold(message)
        else:
            self._hold(message)
            if any(obs.request is not None for obs in message.observations):
                self._decide_now(message.now)  # whoever waits for it to be on disk waits seconds

    # -- which flight it is ------------------------------------------------------------------------

    def _hold(self, message: Observe) -> None:
        """After a pause: wait until what is heard shows which flight it is."""
        state, before, returning = self._state, self._links.before, self._returning
        first = message.observations[0]
        if returning is not None and first.ts - returning.until >= self._pause:
            self._decide(returning.otherwise, message.now)
            self.observe(message, self.myAddress)
            return
        if returning is None:
            before = before if state is None else remember(state)
            if before is None:
                self._fold(message)
                return
            returning = self._returning = Returning(before, first, self._links.rules)
        self._received = message.received
        verdict = returning.take(message.observations)
        if verdict is not None:
            self._decide(verdict, message.now)

    def _decide(self, verdict: Verdict, now: float) -> None:
        """Take up what was held: into this flight, or into the next."""
        returning, self._returning = self._returning, None
        if returning is None:
            return
        state, before = self._state, self._links.before
        held = Observe(tuple(returning.held), now, self._received)
        if state is not None and verdict != "same":
            self._end(state, now, "landed" if verdict == "landed" else "silence")
            self._hand_on(held)
        elif state is None and before is not None and verdict == "same":
            state = self._state = resumed(before)
            self._keep_points_of(state)
            self._fold(held, begins=state.event("resumed", returning.since))
        else:
            self._fold(held)

    def _decide_now(self, now: float) -> None:
        """Do not wait any longer for more that would show which flight it is."""
        if self._returning is not None:
            self._decide(self._returning.otherwise, now)

    # -- what is observed --------------------------------------------------------------------------

    def _fold(self, message: Observe, *, begins: FlightEvent | None = None) -> None:
        """Take in what was observed; ``begins`` says that the flight was just taken up again."""
        links, state = self._links, self._state
        if state is None:
            state = self._state = FlightState(links.icao24, message.observations[0].ts)
            self._keep_points_of(state)
            if links.departing:
                state.course.begin_on_ground()
            begins = state.event("started", state.started)
        new = begins is not None
        events: list[FlightEvent] = [] if begins is None else [begins]
        changed: dict[str, Value] = {}
        identity = False
        report: _Report | None = None
        next_ones: tuple[Observation, ...] = ()
        fold = state.fold if state.compaction is None else state.fold_compact
        for number, obs in enumerate(message.observations):
            folded = fold(obs)
            if folded.departs:
                next_ones = message.observations[number:]
                break
            changed.update(folded.changed)
            identity = identity or folded.identity
            if folded.points:
                self._write(folded)
            events.extend(folded.events)
            if _needs_report(folded, obs.request):
                report = report or _Report()
                report.add(obs.feed, folded, obs.request)
        if new or self._route is not None or "callsign" in changed:
            self._look_up(state, changed, new=new)
        self._show(state, changed, message)
        for event in events:
            self._tell_of(event)
        if identity or message.now - self._recorded_at >= links.rules.row_interval:
            self._record(state, message.now)
        if report is not None:
            self._send_report(report)
        if next_ones:
            self._end(state, message.now, "landed")
            self._hand_on(Observe(next_ones, message.now, message.received), departing=True)

    def _tell_of(self, event: FlightEvent) -> None:
        """Something happened: to the history, and to those who look on where it is live."""
        recorded = EventRecorded(event)
        self.send(self._links.persistence, recorded)
        if self._live:
            self.send(self._links.broadcaster, recorded)

    def _hand_on(self, message: Observe, *, departing: bool = False) -> None:
        """What belongs to the aircraft's next flight goes back to where it came from."""
        self.send(
            self._links.registry,
            FlightOver(
                self._links.icao24,
                message.observations,
                message.now,
                message.received,
                departing=departing,
            ),
        )

    def _send_report(self, report: _Report) -> None:
        """Tell the registry what made no point."""
        registry = self._links.registry
        for (feed, reason), count in report.refused.items():
            self.send(registry, ObservationsRefused(feed, reason, count))
        for (feed, reason), count in report.fixes.items():
            self.send(registry, FixesRefused(feed, reason, count))
        for feed, count in report.unchanged.items():
            self.send(registry, ObservationsUnchanged(feed, count))
        for request, (recorded, refused) in report.requests.items():
            self.send(self._links.persistence, RequestCounted(request, recorded, refused))

    def _finish(self, state: FlightState) -> None:
        """Settle what waits for more."""
        folded = state.finish()
        self._write(folded)
        report = _Report()
        report.add("", folded)
        self._send_report(report)

    def _write(self, folded: Folded) -> None:
        """Points of the track to the history."""
        persistence, compacted = self._links.persistence, folded.compacted
        for point in folded.points:
            self.send(persistence, PointRecorded(point, compacted))
            compacted = 0

    def _keep_points_of(self, state: FlightState) -> None:
        """Begin to keep its points, all or few of them; what a run before held back goes on."""
        if self._links.rules.storage == "full":
            self._write(state.pause())
            state.compaction = None
        elif state.compaction is None:
            state.compaction = Compaction()

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
        self,
        state: FlightState,
        changed: dict[str, Value],
        message: Observe | Identify | RestoreFlight,
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
        returning = self._returning
        if returning is not None and message.now - returning.since >= DECIDED_WITHIN_S:
            self._decide(returning.otherwise, message.now)
        state = self._state
        if state is None:
            return
        self._write(state.pause())
        if state.live_until(self._links.rules) <= message.now:
            self._leave(message.now, None)

    @handles(SaveFlight)
    def save(self, message: SaveFlight, sender: ActorAddress) -> None:
        self._decide_now(message.now)
        if self._state is not None:
            self._finish(self._state)
            self._record(self._state, message.now)

    @handles(SaveState)
    def save_state(self, message: SaveState, sender: ActorAddress) -> None:
        state = self._state
        if state is not None and not self._over:
            body = save(state, message.heard_at)
            self.send(self._links.persistence, StateSaved(state.key, body))

    @handles(RestoreFlight)
    def restore(self, message: RestoreFlight, sender: ActorAddress) -> None:
        state = self._state = restored(message.saved)
        self._keep_points_of(state)
        self._look_up(state, {}, new=True)
        self._show(state, {}, message)

    @handles(EndFlight)
    def end(self, message: EndFlight, sender: ActorAddress) -> None:
        self._decide_now(message.now)
        if self._over:
            return
        state, remembered = self._state, None
        if state is not None:
            remembered = remember(state) if self._end(state, message.now, message.cause) else None
        self._over = True
        self.send(
            self._links.registry,
            FlightOver(self._links.icao24, (), message.now, self._received, remembered),
        )

    def _end(self, state: FlightState, now: float, cause: EndCause) -> bool:
        """Write the last row; one that landed and then fell silent ended by landing.

        Says whether it may be heard again.
        """
        self._over = True
        self._finish(state)
        over = state.last_contact
        if cause == "silence" and state.course.landed_at is not None:
            cause = "landed"
        self.send(self._links.persistence, FlightRecorded(state.record(ended=over, cause=cause)))
        self._tell_of(state.event("ended", over, detail=cause))
        self._leave(now, cause)
        self._state = None
        return cause == "silence"

    @handles(GetFlight)
    def get_flight(self, message: GetFlight, sender: ActorAddress) -> None:
        state = self._state
        found = state is not None and message.name in (state.icao24, state.flight_id)
        document = orjson.dumps(flight_document(state, message.now)) if found and state else None
        self.send(message.reply_to or sender, FlightFound(document))
