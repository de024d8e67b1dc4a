"""One simulated flight: its plan, and where it is at a time.

A flight is a chain of short segments (tens of seconds in climb and descent, minutes in cruise), in
each of which ground speed and airspeeds are linear and altitude is cubic in time. The chain follows
from the plan alone: it does not matter when, or how often, anybody looks. Only the segment that is
being flown is kept, so that an update costs arithmetic and a new segment comes once in a while.
"""

import math
from typing import Final

import msgspec
from msgspec.structs import replace

from aerotrack.domain.airports import Airport
from aerotrack.domain.geo import EARTH_RADIUS_NMI, wrap_lon
from aerotrack.domain.observation import Observation
from aerotrack.domain.simulation.atmosphere import Airspeed, wind
from aerotrack.domain.simulation.path import Path, place
from aerotrack.domain.simulation.performance import (
    Performance,
    climb_speed,
    cruise_speed,
    descent_speed,
)
from aerotrack.domain.simulation.profile import INTERCEPT_HEIGHT, climb_points, descent
from aerotrack.domain.types import Emergency

LINE_UP_S: Final = 20.0  # standing on the runway before take-off
TAKE_OFF_KT_PER_S: Final = 3.8
BRAKING_KT_PER_S: Final = 3.2
TAXI_KT: Final = 18.0
TAXI_S: Final = 50.0
STOP_S: Final = 12.0
PARKED_S: Final = 30.0  # the transponder stays on for a moment
# The climb is cleared to so high above the field first, and on so far before it is reached.
FIRST_CLEARANCE_FT: Final = 4_500.0
FIRST_CLEARANCE_ENDS_FT: Final = 2_000.0
CRUISE_SEGMENT_S: Final = 300.0
ACCELERATION_S: Final = 75.0  # from climb to cruise speed
SHORTEST_SEGMENT_S: Final = 1.0

# ADS-B reports altitude in steps of 25 ft and vertical rate in steps of 64 ft/min.
ALTITUDE_STEP_FT: Final = 25
# A transponder resolves 5 m at best; six decimals are 0.1 m.
POSITION_DECIMALS: Final = 6
RATE_STEP_FPM: Final = 64
# Warm air over the tropics is thicker than standard, cold air towards the poles thinner: geometric
# over pressure altitude there.
TROPICS_THICKNESS: Final = 1.045
POLES_THICKNESS: Final = 0.955

DEGREES: Final = 180.0 / math.pi
RATE_STEPS: Final = 60.0 / RATE_STEP_FPM  # ft/s to steps of 64 ft/min

LINE_UP, CLIMB, CRUISE, DESCENT, ROLL_OUT, OVER = range(6)


class Plan(msgspec.Struct, frozen=True, gc=False):
    """Everything about a flight that does not change while it is flown.

    ``distance`` and ``steps`` in nmi from the origin; ``levels`` are flight levels, climbed to one
    after the other, the next at each of ``steps``. ``factor`` scales the type's climb rates and
    ``mach`` is the cruise Mach number. From ``emergency_at`` on (seconds on the flights' clock) it
    squawks 7700.
    """

    icao24: str
    callsign: str
    registration: str
    performance: Performance
    squawk: str
    origin: Airport
    destination: Airport
    distance: float
    path: Path
    levels: tuple[int, ...]
    steps: tuple[float, ...]
    factor: float
    mach: float
    wind_phase: float
    emergency_at: float = math.inf

    @property
    def top_of_descent(self) -> float:
        """Distance from the origin, in nmi, where the descent begins."""
        points = descent(self.destination.elevation, self.levels[-1] * 100.0).points
        return self.distance - points[0].to_go


class Node(msgspec.Struct, frozen=True, gc=False):
    """The end of one segment and the start of the next.

    ``at`` seconds, ``flown`` nmi, ``altitude`` ft, ``rate`` ft/s, speeds in kt, ``drift`` degrees
    from track to heading.
    """

    at: float
    flown: float
    altitude: float
    rate: float
    gs: float
    ias: float
    tas: float
    mach: float
    drift: float


# What :meth:`Flight.observe` computes with. A plain tuple, because the collector lets go of those
# that hold only numbers, and unpacking one is quick: start and end (s); the angle flown (radians)
# and its first two coefficients in time; altitude (ft) and its first three; gs, ias, tas, Mach and
# drift, each with its change a second; the altitude selected (ft); whether it is on the ground.
Segment = tuple[
    float, float, float, float, float, float, float, float, float, float, float,
    float, float, float, float, float, float, float, float, int, bool,
]  # fmt: skip
END: Final = 1  # index of a segment's end


def segment(before: Node, after: Node, selected: int, on_ground: bool) -> Segment:
    """The segment between two nodes; ``selected`` is the altitude set on the panel (ft)."""
    dt = after.at - before.at
    climb = (after.altitude - before.altitude) / dt
    radians = 1.0 / (3600.0 * EARTH_RADIUS_NMI)
    acceleration = (after.gs - before.gs) / dt
    return (
        before.at,
        after.at,
        before.flown / EARTH_RADIUS_NMI,
        before.gs * radians,
        0.5 * acceleration * radians,
        before.altitude,
        before.rate,
        (3.0 * climb - 2.0 * before.rate - after.rate) / dt,
        (before.rate + after.rate - 2.0 * climb) / (dt * dt),
        before.gs,
        acceleration,
        before.ias,
        (after.ias - before.ias) / dt,
        before.tas,
        (after.tas - before.tas) / dt,
        before.mach,
        (after.mach - before.mach) / dt,
        before.drift,
        (after.drift - before.drift) / dt,
        selected,
        on_ground,
    )


class Flight(msgspec.Struct, gc=False):
    """A flight under way. Times are seconds on the flights' own clock and only go forward.

    ``stage`` and ``index`` say which point comes after ``node``; ``level`` which of the plan's
    levels is flown or climbed to.
    """

    plan: Plan
    node: Node
    stage: int
    index: int
    level: int = 0
    segment: Segment | None = None

    def reach(self, at: float) -> bool:
        """Fly until the segment that holds ``at``; ``False`` if the flight is over by then."""
        current = self.segment
        while current is None or current[END] <= at:
            if self.stage == OVER:
                return False
            current = self._advance()
        return True

    def observe(self, at: float, ts: float, feed: str) -> Observation | None:
        """What it transmits ``at`` its own time, stamped ``ts``; ``None`` once it is over."""
        current = self.segment
        if (current is None or current[END] <= at) and not self.reach(at):
            return None
        (
            start, _, sigma, sigma1, sigma2, h, h1, h2, h3, gs, gs1, ias, ias1, tas, tas1,
            mach, mach1, drift, drift1, selected, on_ground,
        ) = self.segment  # type: ignore[misc]  # reach() has set it  # fmt: skip
        plan = self.plan
        path = plan.path
        px, py, pz, tx, ty, tz = path.px, path.py, path.pz, path.tx, path.ty, path.tz
        t = at - start
        sigma += (sigma1 + sigma2 * t) * t
        c, s = math.cos(sigma), math.sin(sigma)
        x, y, z = px * c + tx * s, py * c + ty * s, pz * c + tz * s
        track = math.atan2(px * ty - py * tx, tz * c - pz * s) * DEGREES
        altitude = h + (h1 + (h2 + h3 * t) * t) * t
        thickness = TROPICS_THICKNESS - (TROPICS_THICKNESS - POLES_THICKNESS) * z * z
        emergency: Emergency | None = None
        squawk = plan.squawk
        if at >= plan.emergency_at:
            squawk, emergency = "7700", "general"
        performance = plan.performance
        return Observation(
            icao24=plan.icao24,
            ts=ts,
            source="sim",
            feed=feed,
            callsign=plan.callsign,
            registration=plan.registration,
            typecode=performance.typecode,
            category=performance.category,
            lat=round(math.atan2(z, math.sqrt(x * x + y * y)) * DEGREES, POSITION_DECIMALS),
            lon=round(wrap_lon(math.atan2(y, x) * DEGREES), POSITION_DECIMALS),
            alt_baro=round(altitude / ALTITUDE_STEP_FT) * ALTITUDE_STEP_FT,
            alt_geom=round(altitude * thickness / ALTITUDE_STEP_FT) * ALTITUDE_STEP_FT,
            on_ground=on_ground,
            gs=gs + gs1 * t,
            ias=round(ias + ias1 * t),
            tas=round(tas + tas1 * t),
            mach=mach + mach1 * t,
            track=track % 360.0,
            true_heading=(track + drift + drift1 * t) % 360.0,
            baro_rate=round((h1 + (2.0 * h2 + 3.0 * h3 * t) * t) * RATE_STEPS) * RATE_STEP_FPM,
            squawk=squawk,
            emergency=emergency,
            nav_altitude_mcp=selected,
        )

    def _advance(self) -> Segment:
        before, on_ground = self.node, self.stage in (LINE_UP, ROLL_OUT)
        selected = self._selected(before)
        if self.stage == LINE_UP:
            after = self._line_up(before)
        elif self.stage == CLIMB:
            after = self._climb(before)
        elif self.stage == CRUISE:
            after = self._cruise(before)
        elif self.stage == DESCENT:
            after = self._descend(before)
        else:
            after = self._roll_out(before)
        self.node = after
        self.segment = made = segment(before, after, selected, on_ground)
        return made

    def _selected(self, before: Node) -> int:
        """The altitude the crew has set: first clearance, level, 10,000 ft, then the approach."""
        plan = self.plan
        if self.stage < DESCENT:
            first = math.ceil((plan.origin.elevation + FIRST_CLEARANCE_FT) / 1000.0) * 1000
            low = self.level == 0 and before.altitude < first - FIRST_CLEARANCE_ENDS_FT
            return first if low else plan.levels[self.level] * 100
        intercept = round((plan.destination.elevation + INTERCEPT_HEIGHT) / 100.0) * 100
        clearance = max(10_000, intercept)
        return clearance if before.altitude > clearance + 200.0 else intercept

    def _line_up(self, before: Node) -> Node:
        if self.index == 0:
            self.index = 1
            return replace(before, at=before.at + LINE_UP_S)
        self.stage, self.index = CLIMB, 1
        plan = self.plan
        speed = climb_speed(plan.performance, plan.mach, before.altitude, before.altitude)
        after = flying(plan, before.flown, before.altitude, speed)
        seconds = after.gs / TAKE_OFF_KT_PER_S
        return replace(
            after, at=before.at + seconds, flown=before.flown + after.gs * seconds / 7200.0
        )

    def _climb(self, before: Node) -> Node:
        plan = self.plan
        elevation, level = float(plan.origin.elevation), plan.levels[self.level] * 100.0
        start = plan.levels[self.level - 1] * 100.0 if self.level else elevation
        points = climb_points(plan.performance, plan.factor, elevation, start, level)
        altitude, per_minute = points[self.index]
        self.index += 1
        if self.index == len(points):
            self.stage, self.index = CRUISE, 0
        rate = per_minute / 60.0
        seconds = 2.0 * (altitude - before.altitude) / (before.rate + rate)
        if self.level:
            speed = cruise_speed(plan.performance, plan.mach, altitude)
        else:
            speed = climb_speed(plan.performance, plan.mach, altitude, elevation)
        return self._after(before, seconds, altitude, rate, speed)

    def _cruise(self, before: Node) -> Node:
        plan = self.plan
        altitude = plan.levels[self.level] * 100.0
        speed = cruise_speed(plan.performance, plan.mach, altitude)
        stepping = self.level < len(plan.steps)
        until = plan.steps[self.level] if stepping else plan.top_of_descent
        seconds = CRUISE_SEGMENT_S if self.index else ACCELERATION_S
        self.index += 1
        if before.flown + 1.5 * before.gs * seconds / 3600.0 < until:
            return self._after(before, seconds, altitude, 0.0, speed)
        if stepping:
            self.stage, self.level = CLIMB, self.level + 1
        else:
            self.stage = DESCENT
        self.index = 1
        return self._until(before, until, altitude, 0.0, speed)

    def _descend(self, before: Node) -> Node:
        plan = self.plan
        points, slow_by = descent(plan.destination.elevation, plan.levels[-1] * 100.0)
        to_go, altitude, gradient = points[self.index]
        self.index += 1
        if self.index == len(points):
            self.stage, self.index = ROLL_OUT, 0
        speed = descent_speed(plan.performance, plan.mach, altitude, to_go, slow_by)
        return self._until(before, plan.distance - to_go, altitude, gradient, speed)

    def _roll_out(self, before: Node) -> Node:
        self.index += 1
        if self.index == 1:
            speed, seconds = TAXI_KT, max(0.0, before.gs - TAXI_KT) / BRAKING_KT_PER_S
        elif self.index == 2:
            speed, seconds = TAXI_KT, TAXI_S
        elif self.index == 3:
            speed, seconds = 0.0, STOP_S
        else:
            self.stage = OVER
            speed, seconds = 0.0, PARKED_S
        seconds = max(SHORTEST_SEGMENT_S, seconds)
        flown = before.flown + (before.gs + speed) * seconds / 7200.0
        return standing(before.at + seconds, flown, before.altitude, speed)

    def _after(
        self, before: Node, seconds: float, altitude: float, rate: float, speed: Airspeed
    ) -> Node:
        """The node that many seconds on. The wind is that of where it will be, or almost."""
        seconds = max(SHORTEST_SEGMENT_S, seconds)
        about = before.flown + before.gs * seconds / 3600.0
        after = flying(self.plan, about, altitude, speed)
        flown = before.flown + (before.gs + after.gs) * seconds / 7200.0
        return replace(after, at=before.at + seconds, flown=flown, rate=rate)

    def _until(
        self, before: Node, flown: float, altitude: float, gradient: float, speed: Airspeed
    ) -> Node:
        """The node at a place: ``flown`` nmi, falling ``gradient`` ft a nmi there."""
        after = flying(self.plan, flown, altitude, speed)
        seconds = 7200.0 * (flown - before.flown) / (before.gs + after.gs)
        return replace(
            after,
            at=before.at + max(SHORTEST_SEGMENT_S, seconds),
            rate=-gradient * after.gs / 3600.0,
        )


def standing(at: float, flown: float, altitude: float, gs: float = 0.0) -> Node:
    """A node on the ground, at rest or rolling at ``gs``."""
    return Node(at, flown, altitude, 0.0, gs, 0.0, 0.0, 0.0, 0.0)


def flying(plan: Plan, flown: float, altitude: float, speed: Airspeed) -> Node:
    """A node in the air at ``speed``: the wind there makes ground speed and drift.

    Time and rate are left at zero for the caller to set.
    """
    lat, lon, track = place(plan.path, flown)
    air = wind(lat, lon, altitude, plan.wind_phase)
    along, across = math.sin(math.radians(track)), math.cos(math.radians(track))
    tail = air.north * across + air.east * along
    side = air.east * across - air.north * along  # from the left is positive
    drift = -math.asin(max(-1.0, min(1.0, side / speed.tas)))
    gs = speed.tas * math.cos(drift) + tail
    return Node(
        0.0, flown, altitude, 0.0, gs, speed.ias, speed.tas, speed.mach, math.degrees(drift)
    )
