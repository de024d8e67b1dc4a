"""The history of one aircraft, told again: observations in, rows of the history out.

The same state of a flight, and the same rules which flight it is, as live; but nothing is shown,
and a flight's row is written once, when it is over. Pure.
"""

from typing import Final

from aerotrack.domain.flight import FlightState
from aerotrack.domain.folded import Folded
from aerotrack.domain.observation import Observation
from aerotrack.domain.records import EndCause, FlightEvent, FlightRecord, TrackPoint
from aerotrack.domain.remembered import remember
from aerotrack.domain.returning import Returning, Verdict, pause_after
from aerotrack.domain.rules import FlightRules

# A tracker that marks where a leg begins and ours see the same departure, some minutes apart;
# nothing that short in between is a flight.
LEG_AT_LEAST_S: Final = 600.0


class Chronicle:
    """Flights of one aircraft from its observations, in the order of their times.

    ``points``, ``flights`` and ``events`` are what there is to store; whoever stores them empties
    the lists. ``refused`` counts the observations of which nothing was taken.
    """

    def __init__(self, rules: FlightRules) -> None:
        self.points: list[TrackPoint] = []
        self.flights: list[FlightRecord] = []
        self.events: list[FlightEvent] = []
        self.refused = 0
        self._rules = rules
        self._pause = pause_after(rules)
        self._state: FlightState | None = None
        self._returning: Returning | None = None

    def take(self, obs: Observation, *, new_leg: bool = False) -> None:
        """Take ``obs``; ``new_leg`` where its tracker saw that another flight begins with it."""
        if new_leg:
            self._begin_leg(obs.ts)
        state, returning = self._state, self._returning
        if returning is not None:
            if returning.held and obs.ts - returning.until >= self._pause:
                self._decide(returning.otherwise)
                self.take(obs)
            elif (verdict := returning.take((obs,))) is not None:
                self._decide(verdict)
        elif state is None:
            self._begin(obs)
        elif obs.ts - state.last_contact >= self._pause:
            self._returning = Returning(remember(state), obs, self._rules)
            self.take(obs)
        else:
            self._fold(state, obs)

    def finish(self, *, now: float) -> None:
        """There is no more; a flight silent for long at ``now`` (epoch seconds) is over."""
        if self._returning is not None:
            self._decide(self._returning.otherwise)
        state = self._state
        if state is None:
            return
        if now - state.last_contact >= self._rules.silence_ends(slow=True):
            self._end(state, "silence")
        else:
            self._add(state.finish())
            self.flights.append(state.record())
            self._state = None

    def _begin_leg(self, ts: float) -> None:
        if self._returning is not None:
            self._decide(self._returning.otherwise)
        state = self._state
        if state is not None and ts - state.started >= LEG_AT_LEAST_S:
            self._end(state, "landed")

    def _begin(self, obs: Observation, *, departing: bool = False) -> None:
        state = self._state = FlightState(obs.icao24, obs.ts)
        if departing:
            state.course.begin_on_ground()
        self.events.append(state.event("started", state.started))
        self._fold(state, obs)

    def _decide(self, verdict: Verdict) -> None:
        returning, self._returning = self._returning, None
        if returning is None:
            return
        if self._state is not None and verdict != "same":
            self._end(self._state, "landed" if verdict == "landed" else "silence")
        for obs in returning.held:
            if self._state is None:
                self._begin(obs)
            else:
                self._fold(self._state, obs)

    def _fold(self, state: FlightState, obs: Observation) -> None:
        folded = state.fold(obs)
        if folded.departs:
            self._end(state, "landed")
            self._begin(obs, departing=True)
            return
        self._add(folded)

    def _add(self, folded: Folded) -> None:
        self.points += folded.points
        self.events += folded.events
        self.refused += folded.refused is not None

    def _end(self, state: FlightState, cause: EndCause) -> None:
        """One that landed and then fell silent ended by landing, as live."""
        self._add(state.finish())
        if cause == "silence" and state.course.landed_at is not None:
            cause = "landed"
        over = state.last_contact
        self.flights.append(state.record(ended=over, cause=cause))
        self.events.append(state.event("ended", over, detail=cause))
        self._state = None
