"""The simulated world: a constant number of flights, each replaced when it is over."""

import math
from itertools import pairwise
from random import Random
from typing import Final

from msgspec.structs import replace

from aerotrack.domain.airports import Airport, Airports
from aerotrack.domain.observation import Observation
from aerotrack.domain.simulation.atmosphere import airspeed
from aerotrack.domain.simulation.fleet import Aircraft, Fleet
from aerotrack.domain.simulation.flight import (
    CLIMB,
    CRUISE,
    CRUISE_SEGMENT_S,
    DESCENT,
    LINE_UP,
    ROLL_OUT,
    Flight,
    Plan,
    flying,
    standing,
)
from aerotrack.domain.simulation.path import great_circle, place
from aerotrack.domain.simulation.performance import (
    Performance,
    climb_speed,
    cruise_speed,
    descent_speed,
)
from aerotrack.domain.simulation.profile import (
    LEVEL_STEP,
    climb_points,
    cruise_level,
    descent,
    semicircular,
)
from aerotrack.domain.simulation.routes import Network

CLIMB_FACTORS: Final = (0.85, 1.12)
MACH_SPREAD: Final = 0.01  # how much faster or slower than the type's usual Mach a flight cruises
LEVELS_BELOW: Final = (0, 0, 1, 1, 2)  # how many levels under the best one short flights stay
LONG_NMI: Final = 1_800.0  # from here on a flight starts heavy, lower, and climbs in steps
STEP_NMI: Final = 1_300.0
LAST_STEP_BEFORE_DESCENT_NMI: Final = 400.0
# At the start, how many candidates the first flights are drawn from by their length: a long flight
# is more likely to be under way at a given moment.
LENGTH_DRAWS: Final = 3
GROUND_S: Final = 70.0  # rough times of a flight, to spread the first ones over its parts
DESCENT_MEAN_KT: Final = 310.0
FIRST_SEGMENT_S: Final = 40.0
EMERGENCY_AFTER_S: Final = 1_800.0


class World:
    """``flights`` flights that follow from ``seed``; times are seconds on their own clock.

    Made empty: :meth:`add` starts one flight after another, so that 25,000 of them need not hold up
    anybody. ``emergencies`` is the share of flights that squawk 7700 after a while.
    """

    def __init__(self, airports: Airports, seed: int, *, emergencies: float = 0.0) -> None:
        self._rng: Final = Random(seed)
        self._network: Final = Network(airports)
        self._fleet: Final = Fleet(self._rng)
        self._wind_phase: Final = self._rng.uniform(0.0, 2.0 * math.pi)
        self._emergencies: Final = emergencies
        self._flights: Final[list[Flight]] = []

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def flights(self) -> tuple[Flight, ...]:
        """The flights under way, by index."""
        return tuple(self._flights)

    def add(self, at: float) -> None:
        """Put one more flight into the air (or onto a runway), somewhere along its way."""
        flight = under_way(self._plan(at, LENGTH_DRAWS), self._rng, at)
        flight.reach(at)
        self._flights.append(flight)

    def observe(self, index: int, at: float, ts: float, feed: str) -> Observation:
        """What flight ``index`` transmits ``at`` the flights' time, stamped ``ts`` (epoch s).

        Where it is over, another one departs in its place. ``at`` must not go backwards.
        """
        seen = self._flights[index].observe(at, ts, feed)
        while seen is None:
            over = self._flights[index].plan
            self._fleet.retire(over.icao24, over.callsign)
            self._flights[index] = departing(self._plan(at, 1), at)
            seen = self._flights[index].observe(at, ts, feed)
        return seen

    def _plan(self, at: float, draws: int) -> Plan:
        rng = self._rng
        while True:
            pairs = [self._network.pair(rng) for _ in range(draws)]
            origin, destination, distance = rng.choices(pairs, [pair[2] for pair in pairs])[0]
            ends = (origin.country, destination.country)
            aircraft = self._fleet.aircraft(rng, ends, distance)
            if aircraft is None:
                continue
            made = self._planned(aircraft, origin, destination, distance, at)
            if made is not None:
                return made
            self._fleet.retire(aircraft.icao24, aircraft.callsign)

    def _planned(
        self, by: Aircraft, origin: Airport, destination: Airport, distance: float, at: float
    ) -> Plan | None:
        rng = self._rng
        path = great_circle(origin, destination)
        track = place(path, 0.0).track
        factor = rng.uniform(*CLIMB_FACTORS)
        fields = (origin.elevation, destination.elevation)
        best = cruise_level(by.performance, factor, distance, track, fields)
        if best is None:
            return None
        emergency = rng.random() < self._emergencies
        levels = cruise_levels(
            by.performance, best, distance=distance, track=track, floor=max(fields), rng=rng
        )
        return Plan(
            icao24=by.icao24,
            callsign=by.callsign,
            registration=by.registration,
            performance=by.performance,
            squawk=by.squawk,
            origin=origin,
            destination=destination,
            distance=distance,
            path=path,
            levels=levels,
            steps=tuple(distance * n / len(levels) for n in range(1, len(levels))),
            factor=factor,
            mach=by.performance.mach + rng.uniform(-MACH_SPREAD, MACH_SPREAD),
            wind_phase=self._wind_phase,
            emergency_at=at + EMERGENCY_AFTER_S * rng.random() if emergency else math.inf,
        )


def cruise_levels(
    of: Performance,
    best: int,
    *,
    distance: float,
    track: float,
    floor: int,
    rng: Random,
) -> tuple[int, ...]:
    """The flight levels of a flight, one after the other; ``best`` is the highest possible.

    ``floor`` is the elevation (ft) of the higher field.
    """
    if distance < LONG_NMI:
        level = best - LEVEL_STEP * rng.choice(LEVELS_BELOW)
        # Nobody stays low for no reason, nor lower than the ground allows.
        return (level if level * 100 >= floor + 10_000 and level >= 200 else best,)
    lowest, highest = of.levels
    heavy = distance / of.range[1]
    first = min(best, semicircular(round(highest - (highest - lowest) * heavy), track))
    wanted = (best - first) // LEVEL_STEP
    room = int((distance - LAST_STEP_BEFORE_DESCENT_NMI) / STEP_NMI)
    return tuple(first + LEVEL_STEP * n for n in range(max(0, min(wanted, room - 1)) + 1))


def departing(plan: Plan, at: float) -> Flight:
    """The flight as it begins: lined up on the runway."""
    return Flight(plan, standing(at, 0.0, float(plan.origin.elevation)), LINE_UP, 0)


def under_way(plan: Plan, rng: Random, at: float) -> Flight:
    """The flight somewhere along its way ``at`` a time, all parts of it as likely as they are long.

    It is put at the beginning of a segment a little earlier.
    """
    of, top = plan.performance, plan.levels[-1] * 100.0
    before = at - FIRST_SEGMENT_S * rng.random()
    elevation = float(plan.origin.elevation)
    climb = climb_points(of, plan.factor, elevation, elevation, plan.levels[0] * 100.0)
    climb_s, climbed = [0.0], [0.0]
    for low, high in pairwise(climb):
        seconds = 120.0 * (high.altitude - low.altitude) / (low.rate + high.rate)
        tas = climb_speed(of, plan.mach, low.altitude, elevation).tas
        climb_s.append(climb_s[-1] + seconds)
        climbed.append(climbed[-1] + tas * seconds / 3600.0)
    down = descent(float(plan.destination.elevation), top)
    start = climbed[-1]
    cruise_nmi = plan.distance - down.points[0].to_go - start
    speed = airspeed(of.climb_ias, plan.mach, top)
    cruise_s = max(0.0, cruise_nmi) / speed.tas * 3600.0
    down_s = down.points[0].to_go / DESCENT_MEAN_KT * 3600.0
    moment = rng.random() * (GROUND_S + climb_s[-1] + cruise_s + down_s + GROUND_S)

    if moment < GROUND_S:
        return departing(plan, before)
    moment -= GROUND_S
    if moment < climb_s[-1]:
        index = max(i for i, seconds in enumerate(climb_s) if seconds <= moment)
        point = climb[index]
        speed = climb_speed(of, plan.mach, point.altitude, elevation)
        node = flying(plan, climbed[index], point.altitude, speed)
        node = replace(node, at=before, rate=point.rate / 60.0)
        return Flight(plan, node, CLIMB, index + 1)
    moment -= climb_s[-1]
    if moment < cruise_s:
        flown = start + cruise_nmi * moment / cruise_s
        level = sum(flown >= step for step in plan.steps)
        altitude = plan.levels[level] * 100.0
        node = flying(plan, flown, altitude, cruise_speed(of, plan.mach, altitude))
        # Spread over a whole segment, lest all of them come to its end at once.
        before = at - CRUISE_SEGMENT_S * rng.random()
        return Flight(plan, replace(node, at=before), CRUISE, 1, level)
    moment -= cruise_s
    last = len(plan.levels) - 1
    if moment < down_s:
        to_go = down.points[0].to_go * (1.0 - moment / down_s)
        index = max(i for i, point in enumerate(down.points) if point.to_go >= to_go)
        index = min(index, len(down.points) - 2)
        away, altitude, gradient = down.points[index]
        speed = descent_speed(of, plan.mach, altitude, away, down.slow_by)
        node = flying(plan, plan.distance - away, altitude, speed)
        node = replace(node, at=before, rate=-gradient * node.gs / 3600.0)
        return Flight(plan, node, DESCENT, index + 1, last)
    landed = standing(before, plan.distance, float(plan.destination.elevation))
    speed_kt = descent_speed(of, plan.mach, landed.altitude, 0.0, down.slow_by).tas
    return Flight(plan, replace(landed, gs=speed_kt), ROLL_OUT, 0, last)
