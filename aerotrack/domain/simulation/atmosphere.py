"""The air the simulated flights fly through: standard atmosphere, airspeeds, and a wind field.

Formulas of the ICAO standard atmosphere (Doc 7488) with subsonic compressible airspeed: good for
anything an airliner does.
"""

import math
from typing import Final, NamedTuple

SEA_LEVEL_SOUND_KT: Final = 661.4786
# Temperature falls by 1.9812 K a 1,000 ft from 288.15 K up to the tropopause.
LAPSE_PER_FT: Final = 0.0019812 / 288.15
TROPOPAUSE_FT: Final = 36_089.24
TROPOPAUSE_THETA: Final = 216.65 / 288.15
TROPOPAUSE_DELTA: Final = 0.223361
PRESSURE_EXPONENT: Final = 5.25588
STRATOSPHERE_SCALE_FT: Final = 20_805.8


def sound_kt(altitude: float) -> float:
    """Speed of sound in knots at a pressure altitude in feet."""
    theta = TROPOPAUSE_THETA if altitude > TROPOPAUSE_FT else 1.0 - LAPSE_PER_FT * altitude
    return SEA_LEVEL_SOUND_KT * math.sqrt(theta)


def pressure_ratio(altitude: float) -> float:
    """Static pressure over that at sea level, at a pressure altitude in feet."""
    if altitude > TROPOPAUSE_FT:
        return TROPOPAUSE_DELTA * math.exp((TROPOPAUSE_FT - altitude) / STRATOSPHERE_SCALE_FT)
    return float((1.0 - LAPSE_PER_FT * altitude) ** PRESSURE_EXPONENT)


def mach_of_ias(ias: float, altitude: float) -> float:
    """Mach number of an indicated (that is, calibrated) airspeed in kt at a pressure altitude."""
    impact = (1.0 + 0.2 * (ias / SEA_LEVEL_SOUND_KT) ** 2) ** 3.5 - 1.0
    return math.sqrt(5.0 * ((impact / pressure_ratio(altitude) + 1.0) ** (2.0 / 7.0) - 1.0))


def ias_of_mach(mach: float, altitude: float) -> float:
    """Indicated (that is, calibrated) airspeed in kt of a Mach number at a pressure altitude."""
    impact = ((1.0 + 0.2 * mach * mach) ** 3.5 - 1.0) * pressure_ratio(altitude)
    return SEA_LEVEL_SOUND_KT * math.sqrt(5.0 * ((impact + 1.0) ** (2.0 / 7.0) - 1.0))


class Airspeed(NamedTuple):
    """The same speed three ways: ``ias`` and ``tas`` in knots, and Mach."""

    ias: float
    tas: float
    mach: float


def airspeed(ias: float, mach_limit: float, altitude: float) -> Airspeed:
    """Flying ``ias`` (kt) at a pressure altitude (ft), or ``mach_limit`` where that is slower."""
    mach = mach_of_ias(ias, altitude)
    if mach > mach_limit:
        mach, ias = mach_limit, ias_of_mach(mach_limit, altitude)
    return Airspeed(ias, mach * sound_kt(altitude), mach)


# The wind field. It need not be today's weather; it has to be smooth, plausible by latitude and
# height, and the same for everybody who flies through the same place.
JET_KT: Final = 65.0  # mean speed of the core of the jet stream
JET_LATITUDE: Final = 42.0
JET_WIDTH: Final = 13.0  # degrees of latitude
JET_ALTITUDE: Final = 36_000.0
JET_DEPTH: Final = 17_000.0  # feet from the core to where it has fallen to 1/e
MEANDER_KT: Final = 28.0  # how strongly the jet's waves blow north and south
TRADES_KT: Final = 14.0  # easterlies of the tropics
SURFACE_SHARE: Final = 0.2  # friction leaves this much of it at the ground


class Wind(NamedTuple):
    """Where the air goes, in knots: towards north and towards east."""

    north: float
    east: float


def wind(lat: float, lon: float, altitude: float, phase: float) -> Wind:
    """The wind at a place (degrees) and altitude (feet); ``phase`` (radians) turns the pattern.

    A westerly jet in each hemisphere that meanders in five waves round the globe, easterly trades
    near the equator; under 130 kt everywhere.
    """
    around = 5.0 * math.radians(lon) + phase
    core = JET_LATITUDE + 5.0 * math.sin(around)
    off = (abs(lat) - core) / JET_WIDTH
    high = (altitude - JET_ALTITUDE) / JET_DEPTH
    jet = math.exp(-off * off) * math.exp(-high * high)
    friction = SURFACE_SHARE + (1.0 - SURFACE_SHARE) * min(1.0, max(0.0, altitude) / 6_000.0)
    equator = lat / 15.0
    east = 12.0 + JET_KT * jet * (1.0 + 0.3 * math.cos(2.0 * around))
    east -= (TRADES_KT + 12.0) * math.exp(-equator * equator)
    north = MEANDER_KT * jet * math.cos(around) + 6.0 * math.sin(3.0 * around + math.radians(lat))
    return Wind(north * friction, east * friction)
