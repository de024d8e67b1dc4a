"""Phases of a flight, take-offs and landings, read off its track.

The rules are made not to flicker: vertical movement is judged over windows of some seconds, a phase
is left only for one that follows from it, and what an aircraft says of being on the ground is
believed only where height and speed allow it.
"""

import math
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from aerotrack.domain.airports import Airport

Phase = Literal["ground", "takeoff", "climb", "cruise", "descent", "approach", "landing"]
# The airport nearest to a place within some nautical miles, and how far it is.
Nearest = Callable[[float, float, float], tuple[Airport, float] | None]

# Altitude is compared over at least this long: reports come in steps of 25 or 100 ft, and in rough
# air an aircraft moves up and down by a step or two within seconds.
WINDOW_S: Final = 8.0
# Steeper than this is a climb or descent; a level aircraft wanders by a step of 100 ft a window.
VERTICAL_FPM: Final = 400.0
# Level for this long is cruise: high up soon, low down only when it is no step of a descent.
LEVEL_HIGH_S: Final = 40.0
LEVEL_LOW_S: Final = 150.0
HIGH_FT: Final = 15_000.0
# Pressure altitude is off by up to 1,000 ft from height above sea level in deep lows and strong
# highs; so "at the elevation of the airport" means within this.
ELEVATION_SLACK_FT: Final = 1_500.0
# Runways of the largest airports end 2.5 nmi from the reference point.
AIRPORT_NMI: Final = 4.0
# An approach is flown within this distance and height of its airport, not faster than this.
APPROACH_NMI: Final = 15.0
APPROACH_FT: Final = 5_000.0
APPROACH_KT: Final = 260.0
# The initial climb ends here, or after this long where the height is not known.
INITIAL_CLIMB_FT: Final = 1_500.0
INITIAL_CLIMB_S: Final = 90.0
# First heard this low, this close and climbing, it has just departed there.
DEPARTED_NMI: Final = 8.0
DEPARTED_FT: Final = 4_000.0
# Nobody taxies faster; no aeroplane flies slower but in a gale.
TAXI_KT: Final = 45.0
# A rejected take-off or a helicopter's taxi ends below this.
SLOW_KT: Final = 30.0
# Standing or taxiing for this long after a landing is the end of that flight: a touch-and-go keeps
# rolling, a stop-and-go takes half a minute.
STOPPED_S: Final = 60.0
# After a landing, wheels leave the ground again when it bounces, for seconds that may pass unheard
# of; it takes off where it stays up for this long, or is this high.
BOUNCE_S: Final = 15.0
BOUNCE_FT: Final = 150.0
# On approach and this low, it is on final: 6 nmi out on the usual glide path of three degrees. Many
# stations see no lower than that.
FINAL_FT: Final = 2_000.0
GLIDE_FT_PER_NMI: Final = 318.0
# A climb out of an approach by this much is a go-around.
GO_AROUND_FT: Final = 300.0
# The airport is looked for at most this often while low.
LOOK_EVERY_S: Final = 10.0


_AIRBORNE: Final = frozenset({None, "climb", "cruise", "descent", "approach"})


def _slow(gs: float | None) -> bool:
    """Whether it may be taxiing."""
    return gs is not None and gs < TAXI_KT


def _ahead(lat: float, lon: float, track: float, height: float) -> tuple[float, float]:
    """Where the glide path meets the ground, ``height`` ft below; a mile ahead at least, since
    pressure altitude may put it below the ground already."""
    degrees, course = max(1.0, height / GLIDE_FT_PER_NMI) / 60.0, math.radians(track)
    # A pole is no place for a division, nor for an approach.
    east = degrees * math.sin(course) / max(0.01, math.cos(math.radians(lat)))
    return max(-90.0, min(90.0, lat + degrees * math.cos(course))), lon + east


class Moment(NamedTuple):
    """What the rules look at: the flight's state at ``ts``. Feet, knots, degrees.

    ``fixed_wing``: it is known to be an aeroplane, so it does not fly slowly, whatever it says.
    """

    ts: float
    lat: float | None
    lon: float | None
    altitude: float | None
    gs: float | None
    on_ground: bool | None
    fixed_wing: bool = False
    track: float | None = None

    @property
    def pretends(self) -> bool:
        """Whether it says that it flies and does not: without a switch in the gear, transponders
        of light aircraft say so at the stand, too."""
        return (
            self.on_ground is False
            and self.fixed_wing
            and self.gs is not None
            and self.gs < SLOW_KT
        )


def _bounces(lifted: Moment, now: Moment) -> bool:
    """Whether it may be back on its wheels in a moment, having left the ground at ``lifted``."""
    high = None not in (now.altitude, lifted.altitude) and (
        now.altitude - lifted.altitude >= BOUNCE_FT  # type: ignore[operator]  # neither is None
    )
    return not high and now.ts - lifted.ts < BOUNCE_S


class Happened(NamedTuple):
    """A take-off or landing, at ``airport`` (ICAO code, else IATA) where one is near."""

    kind: Literal["takeoff", "landing"]
    ts: float
    airport: str | None


class PhaseTracker:
    """Follows one flight through its phases.

    ``departure`` and ``arrival`` are the airports seen or, before landing, estimated.
    """

    __slots__ = (
        "_airport",
        "_airport_nmi",
        "_anchor",
        "_approach_low",
        "_level_since",
        "_lifted",
        "_looked_at",
        "_slow_since",
        "_takeoff_at",
        "arrival",
        "departure",
        "landed_at",
        "phase",
    )

    def __init__(self) -> None:
        self.phase: Phase | None = None
        self.departure: str | None = None
        self.arrival: str | None = None
        self.landed_at: float | None = None
        self._anchor: tuple[float, float] | None = None  # ts and altitude a window begins with
        self._level_since: float | None = None
        self._slow_since: float | None = None
        self._lifted: Moment | None = None  # when it left the ground again after a landing
        self._takeoff_at = 0.0
        self._approach_low = 0.0  # the lowest point of the approach
        self._airport: Airport | None = None
        self._airport_nmi = 0.0
        self._looked_at = float("-inf")

    def resume(self, phase: Phase | None, at: float, landed_at: float | None) -> None:
        """Go on from ``phase``, which it was in when it was last heard ``at`` a time."""
        self.phase, self.landed_at = phase, landed_at
        if landed_at is not None:
            self._slow_since = at
        elif phase == "takeoff":
            self._takeoff_at = at

    def begin_on_ground(self) -> None:
        """It stood there until just now: where it is first seen in the air, it has taken off."""
        self.phase = "ground"

    def departs_again(self, now: Moment, *, renamed: bool = False) -> bool:
        """Whether ``now`` belongs to the next flight: after a landing and a stop, it takes off, or
        is ``renamed``: it shows another callsign than it came with.
        """
        if self.landed_at is None or self._slow_since is None:
            return False
        if now.ts - self._slow_since < STOPPED_S:
            return False
        fast = now.gs is not None and now.gs > TAXI_KT
        lifted = now.on_ground is False and self.phase == "ground" and not now.pretends
        return fast or renamed or lifted

    def nothing_new(
        self, ts: float, altitude: float | None, gs: float | None, on_ground: bool | None
    ) -> bool:
        """Whether :meth:`update` would do nothing now, so that most moments need not be made.

        In the air that is so until a window is over.
        """
        if on_ground or self.phase not in _AIRBORNE or _slow(gs):
            return False
        anchor = self._anchor
        return altitude is None if anchor is None else 0.0 <= ts - anchor[0] < WINDOW_S

    def update(self, now: Moment, nearest: Nearest) -> Happened | None:
        """Take in the state; the take-off or landing it shows, if any. Times must not go back."""
        height = self._height(now, nearest)
        if self._is_down(now, height):
            return self._down(now)
        return self._up(now, height, nearest)

    # -- on the ground -----------------------------------------------------------------------------

    def _is_down(self, now: Moment, height: float | None) -> bool:
        if height is not None and height > ELEVATION_SLACK_FT:
            return False
        if now.on_ground is not None and not now.pretends:
            return now.on_ground and (now.gs is None or now.gs < APPROACH_KT)
        # Nobody says: only slow and low beside an airport is surely down.
        return _slow(now.gs) and height is not None

    def _down(self, now: Moment) -> Happened | None:
        gs = now.gs or 0.0
        self._lifted = None
        happened: Happened | None = None
        if self.phase not in (None, "ground", "landing", "takeoff") or (
            self.phase == "takeoff" and self._takeoff_at
        ):
            airport = self._code(AIRPORT_NMI)
            self.arrival = airport or self.arrival
            self.landed_at = now.ts
            happened = Happened("landing", now.ts, airport)
            self.phase = "landing"
        if gs < SLOW_KT:
            self._slow_since = self._slow_since or now.ts
        elif gs > TAXI_KT:
            self._slow_since = None
        if self.phase == "landing":
            if gs < TAXI_KT:
                self.phase = "ground"
        elif gs > TAXI_KT:
            self.phase = "takeoff"
        else:
            self.phase = "ground"
        if self.phase == "ground" and self.landed_at is None:
            self.departure = self._code(AIRPORT_NMI) or self.departure
        self._takeoff_at = 0.0
        self._anchor = self._level_since = None
        return happened

    # -- in the air --------------------------------------------------------------------------------

    def _up(self, now: Moment, height: float | None, nearest: Nearest) -> Happened | None:
        self._slow_since = None
        if self.phase in ("ground", "takeoff", "landing") and not self._takeoff_at:
            if now.on_ground is None and now.lat is None:
                return None  # nothing says where it is
            lifted = self._lifted or now
            if self.phase == "landing" and _bounces(lifted, now):
                self._lifted = lifted
                return None
            self._lifted = None
            airport = self._code(AIRPORT_NMI)
            if self.landed_at is None:
                self.departure = airport or self.departure
            self._takeoff_at = lifted.ts
            self.phase = "takeoff"
            self._anchor = None if now.altitude is None else (now.ts, now.altitude)
            return Happened("takeoff", lifted.ts, airport)
        rate = self._rate(now)
        if self.phase == "takeoff":
            out = now.ts - self._takeoff_at > INITIAL_CLIMB_S
            if out or (height is not None and height > INITIAL_CLIMB_FT):
                self.phase = "climb"
                self._level_since = None
            return None
        if rate is not None:
            self._judge(now, height, rate, nearest)
        return None

    def _rate(self, now: Moment) -> float | None:
        """Vertical speed over the last window in ft/min, when one is over."""
        if now.altitude is None:
            return None
        if self._anchor is None:
            self._anchor = (now.ts, now.altitude)
            return None
        seconds = now.ts - self._anchor[0]
        if seconds < WINDOW_S:
            return None
        rate = (now.altitude - self._anchor[1]) / seconds * 60.0
        self._anchor = (now.ts, now.altitude)
        return rate

    def _judge(self, now: Moment, height: float | None, rate: float, nearest: Nearest) -> None:
        """Choose among climb, cruise, descent and approach."""
        altitude = now.altitude or 0.0
        if abs(rate) <= VERTICAL_FPM:
            self._level_since = now.ts if self._level_since is None else self._level_since
        else:
            self._level_since = None
        near = (
            height is not None
            and height < APPROACH_FT
            and self._airport_nmi < APPROACH_NMI
            and (now.gs is None or now.gs < APPROACH_KT)
        )
        if self.phase == "approach":
            self._approach_low = min(self._approach_low, altitude)
            if rate > VERTICAL_FPM and altitude - self._approach_low > GO_AROUND_FT:
                self.phase, self.arrival = "climb", None
            elif near:
                self.arrival = self._bound_for(now, height, rate, nearest)
            return
        if rate > VERTICAL_FPM:
            if self.phase is None and height is not None and height < DEPARTED_FT:
                self.departure = self._code(DEPARTED_NMI) or self.departure
            self.phase = "climb"
        elif rate < -VERTICAL_FPM:
            self.phase = "descent"
        elif self._is_cruise(now, altitude):
            self.phase = "cruise"
        if near and (self.phase == "descent" or (self.phase is None and rate < 0)):
            self.phase = "approach"
            self._approach_low = altitude
            self.arrival = self._bound_for(now, height, rate, nearest)

    def _is_cruise(self, now: Moment, altitude: float) -> bool:
        if self._level_since is None:
            return False
        enough = LEVEL_HIGH_S if altitude >= HIGH_FT else LEVEL_LOW_S
        return now.ts - self._level_since >= enough

    # -- where -------------------------------------------------------------------------------------

    def _height(self, now: Moment, nearest: Nearest) -> float | None:
        """Height above the nearest airport's elevation, where one is within approach distance."""
        low = now.altitude is None or now.altitude < HIGH_FT
        if not low or now.lat is None or now.lon is None:
            self._airport = None
            return None
        if now.ts - self._looked_at >= LOOK_EVERY_S or now.on_ground:
            self._looked_at = now.ts
            found = nearest(now.lat, now.lon, APPROACH_NMI)
            self._airport, self._airport_nmi = found if found else (None, 0.0)
        if self._airport is None or now.altitude is None:
            return None
        return now.altitude - self._airport.elevation

    def _bound_for(
        self, now: Moment, height: float | None, rate: float, nearest: Nearest
    ) -> str | None:
        """The airport it approaches: on final the one where the glide path ends, which need not be
        the nearest yet."""
        if (
            height is not None and height < FINAL_FT and rate < -VERTICAL_FPM / 2
            and now.track is not None and now.lat is not None and now.lon is not None
        ):  # fmt: skip
            found = nearest(*_ahead(now.lat, now.lon, now.track, height), AIRPORT_NMI)
            if found is not None:
                return found[0].icao or found[0].iata
        return self._code(APPROACH_NMI)

    def _code(self, within_nmi: float) -> str | None:
        """The airport beside the flight, if that near."""
        if self._airport is None or self._airport_nmi > within_nmi:
            return None
        return self._airport.icao or self._airport.iata
