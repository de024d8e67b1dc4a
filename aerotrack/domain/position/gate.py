"""The gate: whether an aircraft can have come from its last position to the one it claims now.

The rules and the constants are those of the reference tracker (readsb's ``speed_check``). Pure
functions of numbers: distances in metres, speeds in knots, times in seconds, angles in degrees.
"""

import math
from typing import Final

from aerotrack.domain.geo import METRES_PER_NMI, distance_and_bearing

# What a position may be off by itself: encoding (5 m airborne, 1.3 m surface) and the jitter of a
# satellite fix, doubled since both ends have it.
BASE_AIR_M: Final = 30.0
BASE_SURFACE_M: Final = 10.0
# Two positions that came in one piece (within 2 ms from one receiver) were held back together for
# an unknown time: half a second of jet, the interval of position messages.
SAME_PACKET_S: Final = 0.002
SAME_PACKET_M: Final = 500.0
# Multilateration is good to a few hundred metres, and its speeds are worse than its positions.
MLAT_M: Final = 250.0
MLAT_SPEED_FACTOR: Final = 1.4
MLAT_SPEED_KT: Final = 50.0
# Straight ahead and not crawling: data was only late, a feed catches up after a stall.
AHEAD_M: Final = 2_000.0
AHEAD_WITHIN_DEG: Final = 10.0
AHEAD_ABOVE_KT: Final = 40.0
# Time stamps are good to this: the interval between messages jitters by 0.2 s.
CLOCK_SLACK_S: Final = 0.2

# A transmitted position may be this old without the aircraft saying so (the uncompensated latency
# DO-260B allows), and the next one fresh: so positions step backward by what it flies in that
# time. Readsb refuses those steps; other decoders do not, and they are real.
LATENCY_S: Final = 0.6

# How fast it may be. A known speed may have grown by 3 kt a second since (a jet on take-off);
# nobody's true airspeed meets more than a third of itself in tail wind, indicated airspeed at
# altitude is about half of the true one; else the fastest airliner with the jet stream, or the
# fastest taxiing. Nothing that carries a transponder does 2,000 kt.
ACCELERATION_KT_PER_S: Final = 3.0
TAS_FACTOR: Final = 4 / 3
IAS_FACTOR: Final = 2.0
UNKNOWN_AIR_KT: Final = 900.0
UNKNOWN_SURFACE_KT: Final = 120.0
FASTEST_KT: Final = 2_000.0
# Where the direction of the jump says nothing, the speed may be out by this.
SPEED_FACTOR: Final = 1.3
# The reported track is compared with a jump where both are recent: within this time an aircraft
# turns by 20 to 30 degrees, in a steep turn by less than 90.
TRACK_WITHIN_S: Final = 7.0
# A jump shorter than this has no direction, only rounding.
NO_DIRECTION_M: Final = 2.5
# A crawling aircraft's track is noise or its heading (it may be pushed back): no penalty.
CRAWLING_KT: Final = 10.0
CRAWLING_BONUS_KT: Final = 2.0
# Wheels: what is reported as track is a heading, and turns are tight.
SURFACE_BONUS_FACTOR: Final = 0.9

# Where no antenna can have heard from: the radio horizon of an aircraft at 51,000 ft (280 NM) and
# of a station on a mountain of 10,000 ft (120 NM).
HEARD_WITHIN_NMI: Final = 400.0

# Both coordinates closer to zero than this are a receiver's "no fix", not the Gulf of Guinea.
NULL_ISLAND_DEG: Final = 0.01

_M_PER_DEG: Final = METRES_PER_NMI * 60.0
_M_PER_S_OF_KT: Final = METRES_PER_NMI / 3600.0
_LATENCY_M_PER_KT: Final = LATENCY_S * _M_PER_S_OF_KT
# Within this box a degree of longitude is as wide at both ends to a thousandth.
_NEAR_DEG: Final = 0.5
_HALF_RADIAN: Final = math.pi / 360
_FLAT_BELOW_LAT: Final = 80.0


def implausible(lat: float, lon: float) -> bool:
    """Whether this is no position an aircraft can be at (state rule 3 of the reference)."""
    if not -90.0 < lat < 90.0 or not -180.0 <= lon < 180.0:
        return True
    if abs(lat) >= NULL_ISLAND_DEG:
        return False
    return abs(lon) < NULL_ISLAND_DEG or (lat == 0.0 and abs(lon) in (0.0, 90.0))


def offset_m(lat1: float, lon1: float, lat2: float, lon2: float) -> tuple[float, float]:
    """Metres north and east from one position to another: on the plane where that is good to a
    hundredth and much cheaper, else along the great circle as it begins.
    """
    north, east = lat2 - lat1, lon2 - lon1
    near = -_NEAR_DEG < north < _NEAR_DEG and -_NEAR_DEG < east < _NEAR_DEG
    if near and -_FLAT_BELOW_LAT < lat1 < _FLAT_BELOW_LAT:
        scale = math.cos((lat1 + lat2) * _HALF_RADIAN) * _M_PER_DEG
        return north * _M_PER_DEG, east * scale
    distance, bearing = distance_and_bearing(lat1, lon1, lat2, lon2)
    metres, direction = distance * METRES_PER_NMI, math.radians(bearing)
    return metres * math.cos(direction), metres * math.sin(direction)


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Metres from one position to another, as good as :func:`offset_m`."""
    return math.hypot(*offset_m(lat1, lon1, lat2, lon2))


def airspeed_limit_kt(tas: float | None, ias: float | None, *, surface: bool) -> float:
    """The ground speed to reckon with where none is reported: from airspeeds, else by its kind."""
    if tas is not None:
        return tas * TAS_FACTOR
    if ias is not None:
        return ias * IAS_FACTOR
    return UNKNOWN_SURFACE_KT if surface else UNKNOWN_AIR_KT


def least_reach_m(speed: float) -> float:
    """What :func:`reach_m` never falls below: no need to look at times and directions."""
    return BASE_SURFACE_M + speed * _LATENCY_M_PER_KT


def reach_m(
    elapsed: float,
    speed: float,
    off_track: float | None,
    *,
    surface: bool = False,
    mlat: bool = False,
    same_packet: bool = False,
) -> float:
    """How far it can have come in ``elapsed`` seconds, metres.

    ``off_track`` is the angle between the reported track and the jump, 0 to 180, where known:
    forward it may be faster than it says, backward it can only seem to have gone.
    """
    reach = BASE_SURFACE_M if surface else BASE_AIR_M
    reported = speed
    if off_track is None:
        speed *= SPEED_FACTOR
    else:
        bonus = speed * (90.0 - off_track) / 90.0
        if surface:
            bonus *= SURFACE_BONUS_FACTOR
        if speed > AHEAD_ABOVE_KT and off_track < AHEAD_WITHIN_DEG:
            reach += AHEAD_M
        if speed < CRAWLING_KT:
            bonus = max(0.0, bonus) + CRAWLING_BONUS_KT
        speed += bonus
    speed = min(speed, FASTEST_KT)
    if mlat:
        speed = speed * MLAT_SPEED_FACTOR + MLAT_SPEED_KT
        reach += MLAT_M
    if same_packet:
        reach += SAME_PACKET_M
    flown = speed * (elapsed + CLOCK_SLACK_S)
    return reach + max(flown, reported * LATENCY_S) * _M_PER_S_OF_KT


def angle_between(first: float, second: float) -> float:
    """The angle between two directions, 0 to 180 degrees."""
    return abs((first - second + 180.0) % 360.0 - 180.0)
