"""Wind, from how an aircraft flies through the air and how it moves over the ground.

The difference of two velocities of 500 kt each known to a degree or two: single ones are off by
ten knots, so those of a while are averaged, and none is taken from a turn.
"""

from math import atan2, cos, degrees, hypot, radians, sin
from typing import Final

from aerotrack.feeds.modes.heard import Heard
from aerotrack.feeds.modes.squitter import Fields

# How old true airspeed, heading, ground speed and track may be, against one another too.
TOGETHER_S: Final = 6.0
# Rolled further it turns, and its instruments lag behind one another.
LEVEL_DEG: Final = 5.0
# Slower than this a wind is as large as what it is the difference of.
SLOWEST_TAS: Final = 100
# The strongest jet streams blow with 220 kt.
STRONGEST_KT: Final = 250.0
# So many are averaged, at least and at most; after a pause it begins anew, for it has flown on.
LEAST: Final = 2
MOST: Final = 8
PAUSE_S: Final = 60.0
# One that is further off than this from the mean of the others is none: some part of it was wrong.
ASTRAY_KT: Final = 40.0


def wind(heard: Heard, ts: float) -> Fields:
    """Direction (from) and speed of the wind, where all that is needed is of about now."""
    oldest = min(heard.tas_at, heard.heading_at, heard.velocity_at)
    if ts - oldest > TOGETHER_S or heard.declination is None or heard.tas < SLOWEST_TAS:
        return {}
    if ts - heard.roll_at > TOGETHER_S or abs(heard.roll) > LEVEL_DEG:
        return {}
    heading = radians(heard.heading + heard.declination)
    track = radians(heard.track)
    east = heard.gs * sin(track) - heard.tas * sin(heading)
    north = heard.gs * cos(track) - heard.tas * cos(heading)
    if hypot(east, north) > STRONGEST_KT:
        return {}
    if ts - heard.wind_at > PAUSE_S:
        heard.winds = 0
    elif heard.winds and hypot(east - heard.wind_east, north - heard.wind_north) > ASTRAY_KT:
        if heard.winds < LEAST:  # nobody knows which of the two it is
            heard.winds = 0
        else:
            return {}
    heard.wind_at = ts
    heard.winds = count = min(heard.winds + 1, MOST)
    heard.wind_east += (east - heard.wind_east) / count
    heard.wind_north += (north - heard.wind_north) / count
    if count < LEAST:
        return {}
    east, north = heard.wind_east, heard.wind_north
    return {"wd": round(degrees(atan2(-east, -north))) % 360.0, "ws": round(hypot(east, north))}
