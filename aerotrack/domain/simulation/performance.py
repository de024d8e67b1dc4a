"""How the simulated types fly: speeds, climb rates, levels and ranges of common airliners.

Round figures as pilots' handbooks and EUROCONTROL's performance database give them for usual
weights. What follows from them (speed at an altitude, at a distance to go) is here too.
"""

from functools import cache
from typing import Final

import msgspec

from aerotrack.domain.simulation.atmosphere import Airspeed, airspeed

# Below 10,000 ft nobody flies faster than 250 kt indicated (ICAO Annex 11; US 14 CFR 91.117).
SPEED_LIMIT_ALTITUDE: Final = 10_000
SPEED_LIMIT_IAS: Final = 250.0
# Where clean-up after take-off ends, and where the 250 kt are reached, in feet above the field.
CLEAN_UP_HEIGHT: Final = 1_500
CLEAN_HEIGHT: Final = 4_000
# Above the speed limit the nose goes down to accelerate over this many feet.
ACCELERATION_BAND: Final = 1_500
# A descending aircraft slows to 250 kt over this many nautical miles above 10,000 ft.
SLOW_DOWN_NMI: Final = 6.0
# Airspeed in the approach by distance to go, nmi: the way air traffic control usually has it.
# Further out the speed limit rules, nearer the type's own approach speed.
APPROACH_SPEEDS: Final = ((9.0, 180.0), (14.0, 210.0), (22.0, 250.0))
FINAL_NMI: Final = 4.5


class Performance(msgspec.Struct, frozen=True, gc=False):
    """One type. Speeds in knots, rates in ft/min, altitudes as flight levels, ranges in nmi.

    ``climb`` holds the rates at sea level, FL100, FL240 and the highest level, average weight.
    ``levels`` are the lowest and highest a long flight starts with.
    """

    typecode: str
    category: str
    rotate: float
    approach: float
    climb_ias: float
    descent_ias: float
    mach: float
    climb: tuple[float, float, float, float]
    levels: tuple[int, int]
    range: tuple[int, int]


_TABLE: Final = """
#        rotate appr. climb desc.  Mach      SL FL100 FL240   top   low high  short  long
AT76 A3     112   115   170   230  0.440    1500  1100   500   300    160  210      60   600
DH8D A3     120   122   200   245  0.560    2000  1500   800   500    200  250      60   700
CRJ9 A3     138   137   290   300  0.780    2900  2400  1900   800    320  390     120  1200
E75L A3     134   130   280   290  0.770    2800  2300  1800   800    330  390     120  1500
E190 A3     136   132   285   290  0.780    2800  2300  1800   800    330  390     130  1900
BCS3 A3     135   130   285   290  0.780    2900  2400  1900   900    350  410     130  2600
A319 A3     138   130   290   290  0.780    2800  2300  1800   800    350  390     130  2400
A320 A3     143   135   295   290  0.780    2600  2200  1700   800    340  390     150  2500
A20N A3     142   134   295   285  0.780    2700  2300  1800   800    340  390     150  2900
A321 A3     150   141   300   295  0.780    2400  2000  1400   700    320  370     180  2400
A21N A3     149   140   300   290  0.780    2500  2100  1500   700    320  370     180  3500
B738 A3     145   142   290   285  0.785    2700  2300  1800   800    340  400     150  2600
B38M A3     145   143   290   285  0.790    2700  2300  1800   800    340  400     150  3000
B763 A5     150   140   300   295  0.800    2600  2200  1700   700    320  370     500  5200
A333 A5     148   138   300   300  0.820    2100  1800  1300   650    330  390     700  5400
A359 A5     150   140   310   300  0.850    2400  2100  1500   700    350  400     900  7800
B772 A5     155   138   310   300  0.840    2600  2200  1700   700    330  390    1000  7000
B77W A5     160   149   315   305  0.840    2300  2000  1400   650    310  370    1200  7300
B789 A5     155   145   310   300  0.850    2500  2100  1700   700    350  400    1000  7400
A388 A5     150   138   315   300  0.850    1700  1500  1000   400    340  390    1800  7600
"""


def _performance(row: str) -> Performance:
    typecode, category, *figures = row.split()
    rotate, approach, climb_ias, descent_ias, mach = (float(figure) for figure in figures[:5])
    sea_level, fl100, fl240, top, low, high, short, long = (int(figure) for figure in figures[5:])
    return Performance(
        typecode=typecode,
        category=category,
        rotate=rotate,
        approach=approach,
        climb_ias=climb_ias,
        descent_ias=descent_ias,
        mach=mach,
        climb=(sea_level, fl100, fl240, top),
        levels=(low, high),
        range=(short, long),
    )


TYPES: Final = {
    row.split()[0]: _performance(row)
    for row in _TABLE.splitlines()
    if row and not row.startswith("#")
}

CLIMB_ALTITUDES: Final = (0.0, 10_000.0, 24_000.0)


def climb_rate(of: Performance, altitude: float) -> float:
    """Rate of climb in ft/min of an average weight at constant speed, at a pressure altitude."""
    corners = (*CLIMB_ALTITUDES, of.levels[1] * 100.0)
    return interpolate(altitude, tuple(zip(corners, of.climb, strict=True)))


def interpolate(x: float, knots: tuple[tuple[float, float], ...]) -> float:
    """The value at ``x`` on straight lines through ``knots``, constant outside them."""
    before = knots[0]
    for knot in knots:
        if x < knot[0]:
            if before is knot:
                break
            share = (x - before[0]) / (knot[0] - before[0])
            return before[1] + share * (knot[1] - before[1])
        before = knot
    return before[1]


def fast_altitude(elevation: float) -> float:
    """The pressure altitude over which more than 250 kt are flown, near a field that high."""
    return max(float(SPEED_LIMIT_ALTITUDE), elevation + CLEAN_HEIGHT + 1_000.0)


def climb_speed(of: Performance, mach: float, altitude: float, elevation: float) -> Airspeed:
    """Airspeed in the climb out of a field at ``elevation`` (ft), at a pressure altitude (ft).

    ``mach`` is the Mach number this flight climbs and cruises at.
    """
    slow = min(SPEED_LIMIT_IAS, of.climb_ias)
    limit = fast_altitude(elevation)
    ias = interpolate(
        altitude,
        (
            (elevation, of.rotate + 5.0),
            (elevation + 400.0, of.rotate + 15.0),
            (elevation + CLEAN_UP_HEIGHT, of.rotate + 20.0),
            (elevation + CLEAN_HEIGHT, slow),
            (limit, slow),
            (limit + ACCELERATION_BAND, of.climb_ias),
        ),
    )
    return airspeed(ias, mach, altitude)


def cruise_speed(of: Performance, mach: float, altitude: float) -> Airspeed:
    """Airspeed in level cruise at a pressure altitude (ft)."""
    ias = max(of.climb_ias, of.descent_ias)
    if altitude <= SPEED_LIMIT_ALTITUDE:
        ias = min(SPEED_LIMIT_IAS, ias)
    return airspeed(ias, mach, altitude)


def descent_speed(
    of: Performance, mach: float, altitude: float, to_go: float, slow_by: float
) -> Airspeed:
    """Airspeed in the descent at a pressure altitude (ft) with ``to_go`` nmi to the runway.

    By ``slow_by`` nmi to go it has slowed to 250 kt; infinity means that it never was faster.
    """
    slow = min(SPEED_LIMIT_IAS, of.descent_ias)
    if to_go > slow_by:
        share = min(1.0, (to_go - slow_by) / SLOW_DOWN_NMI)
        return airspeed(slow + share * (of.descent_ias - slow), mach, altitude)
    near = tuple((at, max(of.approach, min(ias, slow))) for at, ias in APPROACH_SPEEDS)
    return airspeed(interpolate(to_go, ((FINAL_NMI, of.approach), *near)), mach, altitude)


@cache
def climb_distances(of: Performance) -> tuple[float, ...]:
    """Still-air nautical miles flown from sea level to each 1,000 ft, up to the highest level."""
    flown, distances = 0.0, [0.0]
    for foot in range(500, of.levels[1] * 100, 1000):
        minutes = 1000.0 / climb_rate(of, foot)
        flown += climb_speed(of, of.mach, foot, 0.0).tas / 60.0 * minutes
        distances.append(flown)
    return tuple(distances)
