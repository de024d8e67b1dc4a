"""The flights that were found in what was heard, and how they compare with the truth."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from aerotrack.domain.flight import FlightState
from aerotrack.domain.observation import Observation
from aerotrack.domain.records import FlightEvent, FlightRecord
from aerotrack.domain.remembered import remember
from aerotrack.domain.returning import Returning, pause_after
from aerotrack.domain.rules import FlightRules

from .day import Truth

# Positions get through every three to six seconds, speeds and callsigns less often.
MOMENT_S: Final = 15.0
# Who never says it is on the ground is known to be there when it has braked; of a document fetched
# every ten seconds one or two may be missed.
VAGUE_S: Final = 10.0
# A flight that begins or ends without a landing or departure between them that was seen (renamed
# at the gate, lost): callsigns come every nine seconds, some are lost, and who is held is decided
# for after half a minute.
ENDS_S: Final = 45.0


class Found(NamedTuple):
    """A flight as it was recorded: its last row and its events."""

    record: FlightRecord
    events: tuple[FlightEvent, ...]

    def times(self, kind: str) -> list[float]:
        """When that happened to it."""
        return [event.ts for event in self.events if event.kind == kind]


def follow(observations: Iterable[Observation]) -> list[Found]:
    """The flights by the rules of the domain alone, each aircraft's in its order."""
    rules = FlightRules()
    pause = pause_after(rules)
    states: dict[str, FlightState] = {}
    returning: dict[str, Returning] = {}
    events: dict[int, list[FlightEvent]] = defaultdict(list)
    over: list[FlightState] = []

    def fold(obs: Observation) -> None:
        state = states.get(obs.icao24)
        if state is None:
            state = states[obs.icao24] = FlightState(obs.icao24, obs.ts)
        folded = state.fold(obs)
        if folded.departs:
            over.append(state)
            states[obs.icao24] = FlightState(obs.icao24, obs.ts)
            states[obs.icao24].course.begin_on_ground()
            fold(obs)
            return
        events[state.key] += folded.events

    for obs in observations:
        state = states.get(obs.icao24)
        waiting = returning.get(obs.icao24)
        if waiting is None and state is not None and obs.ts - state.last_contact >= pause:
            waiting = returning[obs.icao24] = Returning(remember(state), obs, rules)
        if waiting is None:
            fold(obs)
        elif (verdict := waiting.take((obs,))) is not None:
            del returning[obs.icao24]
            if verdict != "same":
                over.append(states.pop(obs.icao24))
            for held in waiting.held:
                fold(held)
    return [Found(s.record(), tuple(events[s.key])) for s in (*over, *states.values())]


def differences(truths: Iterable[Truth], found: Iterable[Found]) -> list[str]:
    """What of the truth was not found as it was, and what was found that was not."""
    left: dict[str, list[Found]] = defaultdict(list)
    for flight in sorted(found, key=lambda one: one.record.started):
        left[flight.record.icao24].append(flight)
    wrong = []
    for truth in sorted(truths, key=lambda one: one.began):
        candidates = left[truth.icao24]
        if not candidates:
            wrong.append(f"{truth.kind} {truth.icao24}: not found")
            continue
        flight = candidates.pop(0)
        wrong += [f"{truth.kind} {truth.icao24}: {said}" for said in _compared(truth, flight)]
    wrong += [
        f"{flight.record.icao24} at {flight.record.started:.0f}: was none"
        for flights in left.values()
        for flight in flights
    ]
    return wrong


def _compared(truth: Truth, found: Found) -> list[str]:
    record, said = found.record, []
    for name, true, got in (
        ("callsign", truth.callsign, record.callsign),
        ("departure", truth.departure, record.est_departure),
        ("arrival", truth.arrival, record.est_arrival),
    ):
        if true != got:
            said.append(f"{name} {got}, was {true}")
    within = MOMENT_S + VAGUE_S * truth.vague
    for name, times in (("takeoff", truth.takeoffs), ("landing", truth.landings)):
        got_times = found.times(name)
        apart = [abs(got - true) for got, true in zip(got_times, times, strict=False)]
        if len(got_times) != len(times) or max(apart, default=0.0) > within:
            off = [f"{got - truth.began:+.0f}" for got in got_times]
            said.append(f"{name} at {off}, was {[at - truth.began for at in times]}")
    for name, true_time, got_time in (
        ("began", truth.began, record.started),
        ("over", truth.over, record.last_contact),
    ):
        if abs(got_time - true_time) > ENDS_S:
            said.append(f"{name} {got_time - true_time:+.0f} s off")
    return said
