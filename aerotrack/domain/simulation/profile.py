"""The vertical profile of a flight: cruise levels, and the points of its climb and descent.

A climb is given by altitude: at each of these altitudes, this rate. A descent is given by distance
to go: at each of these distances, this altitude and this gradient, so that it ends on the runway
whatever the wind does. Altitudes are pressure altitudes in feet on a standard day.
"""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from aerotrack.domain.simulation.performance import (
    ACCELERATION_BAND,
    CLEAN_HEIGHT,
    CLEAN_UP_HEIGHT,
    SLOW_DOWN_NMI,
    Performance,
    climb_distances,
    climb_rate,
    fast_altitude,
)

# Level flight at the start or end of a climb is reached over this share of a minute's climb.
CAPTURE_SHARE: Final = 0.2
CAPTURE_AT_LEAST_FT: Final = 100.0
# Share of the rate of climb that is left while accelerating at low height, and above 10,000 ft.
CLEAN_UP_SHARE: Final = 0.7
ACCELERATION_SHARE: Final = 0.45
CLIMB_STEP_FT: Final = 3_000

GLIDE_FT_PER_NMI: Final = 318.0  # 3 degrees
DESCENT_FT_PER_NMI: Final = 300.0  # idle, below 10,000 ft
SLOW_DOWN_FT_PER_NMI: Final = 90.0  # while slowing to 250 kt, and the last 3,000 ft are held level
INTERCEPT_HEIGHT: Final = 3_000.0  # feet above the field where the final approach begins
INTERCEPT_NMI: Final = 3.0  # level before it
# Half the way over which one gradient becomes the next, nmi. The slowing stretch begins so much
# higher that nobody is below 10,000 ft faster than 250 kt meanwhile.
BLEND_NMI: Final = 0.5
TOP_BLEND_NMI: Final = 2.5
FLARE_NMI: Final = 0.15
BLEND_SHARE: Final = 0.45  # of a stretch, at most
SLOW_DOWN_MARGIN_FT: Final = BLEND_NMI * DESCENT_FT_PER_NMI
DESCENT_STEP_NMI: Final = 8.0

# No wind of ours carries a climb this much further than still air.
CLIMB_WIND_MARGIN: Final = 1.45
SHARE_IN_CLIMB_AND_DESCENT: Final = 0.8
LOWEST_CRUISE_HEIGHT: Final = 5_000.0  # feet above both fields
# Reduced vertical separation: odd levels eastbound, even westbound, up to FL410; beyond it the
# levels of one direction lie 4,000 ft apart (none of our types cruises there).
LEVEL_STEP: Final = 20


class ClimbPoint(NamedTuple):
    """At ``altitude`` (ft) the climb rate is ``rate`` (ft/min)."""

    altitude: float
    rate: float


class DescentPoint(NamedTuple):
    """``to_go`` nmi before the runway: ``altitude`` in ft, falling ``gradient`` ft a nmi."""

    to_go: float
    altitude: float
    gradient: float


class Descent(NamedTuple):
    """A descent: its points from the first (level) to touch-down, where it has slowed to 250 kt."""

    points: tuple[DescentPoint, ...]
    slow_by: float


def semicircular(level: int, track: float) -> int:
    """The highest flight level up to ``level`` that fits the direction (Annex 2, appendix 3)."""
    odd = track < 180.0
    tens = level // 10
    return (tens if (tens % 2 == 1) == odd else tens - 1) * 10


def climb_points(
    of: Performance, factor: float, elevation: float, start: float, level: float
) -> list[ClimbPoint]:
    """The climb from ``start`` (ft; the field itself or a lower cruise level) to ``level`` (ft).

    ``factor`` scales the type's rates: light aircraft climb better than heavy ones.
    """
    at_level = climb_rate(of, level) * factor
    capture = max(CAPTURE_AT_LEAST_FT, at_level * CAPTURE_SHARE)
    limit = fast_altitude(elevation)
    heights = [
        elevation + 150.0,
        elevation + CLEAN_UP_HEIGHT,
        elevation + CLEAN_UP_HEIGHT + 400.0,
        elevation + CLEAN_HEIGHT,
        elevation + CLEAN_HEIGHT + 400.0,
        limit,
        limit + 300.0,
        limit + ACCELERATION_BAND,
        limit + ACCELERATION_BAND + 400.0,
    ]
    step = (limit // CLIMB_STEP_FT + 2) * CLIMB_STEP_FT
    while step < level:
        heights.append(step)
        step += CLIMB_STEP_FT
    low = start if start == elevation else start + capture
    points = [ClimbPoint(start, 0.0)]
    if start != elevation:
        points.append(ClimbPoint(low, at_level))
    # Points closer than the capture are left out, so that no piece of the climb is a jerk.
    for height in heights:
        if low < height < level - 2.0 * capture:
            share = 1.0
            if elevation + CLEAN_UP_HEIGHT < height <= elevation + CLEAN_HEIGHT:
                share = CLEAN_UP_SHARE
            elif limit < height <= limit + ACCELERATION_BAND and of.climb_ias > 250.0:
                share = ACCELERATION_SHARE
            points.append(ClimbPoint(height, climb_rate(of, height) * factor * share))
    points.append(ClimbPoint(level - capture, at_level))
    points.append(ClimbPoint(level, 0.0))
    return points


def _corners(elevation: float, level: float) -> tuple[list[tuple[float, float, float]], float]:
    """Corners (distance to go, altitude, gradient beyond) up to ``level``; where slowing ends."""
    slow = fast_altitude(elevation) + SLOW_DOWN_MARGIN_FT
    stretches = (
        (elevation + INTERCEPT_HEIGHT, GLIDE_FT_PER_NMI, INTERCEPT_HEIGHT / GLIDE_FT_PER_NMI),
        (elevation + INTERCEPT_HEIGHT, 0.0, INTERCEPT_NMI),
        (slow, DESCENT_FT_PER_NMI, (slow - elevation - INTERCEPT_HEIGHT) / DESCENT_FT_PER_NMI),
        (slow + SLOW_DOWN_NMI * SLOW_DOWN_FT_PER_NMI, SLOW_DOWN_FT_PER_NMI, SLOW_DOWN_NMI),
        (math.inf, GLIDE_FT_PER_NMI, math.inf),
    )
    corners, to_go, altitude, slow_by = [], 0.0, elevation, math.inf
    for top, gradient, length in stretches:
        corners.append((to_go, altitude, gradient))
        if altitude == slow:
            slow_by = to_go
        if top >= level and gradient:
            corners.append((to_go + (level - altitude) / gradient, level, 0.0))
            break
        to_go += length
        altitude = top
    return corners, slow_by


def descent_nmi(elevation: float, level: float) -> float:
    """How far before the runway a descent from ``level`` (ft) begins at most, in nmi."""
    return _corners(elevation, level)[0][-1][0] + TOP_BLEND_NMI


def descent(elevation: float, level: float) -> Descent:
    """The whole descent from ``level`` to a runway at ``elevation`` (both ft)."""
    corners, slow_by = _corners(elevation, level)
    points = [DescentPoint(-FLARE_NMI, elevation, 0.0)]
    below = 0.0
    for number, (to_go, altitude, gradient) in enumerate(corners):
        last = number == len(corners) - 1
        blend = FLARE_NMI if number == 0 else TOP_BLEND_NMI if last else BLEND_NMI
        # Not beyond the middle of a short stretch, which a low cruise level can leave.
        if number:
            blend = min(blend, BLEND_SHARE * (to_go - corners[number - 1][0]))
        if not last:
            blend = min(blend, BLEND_SHARE * (corners[number + 1][0] - to_go))
        if number:
            points += _straight(points[-1], below, to_go - blend)
        points.append(DescentPoint(to_go + blend, altitude + gradient * blend, gradient))
        below = gradient
    points.reverse()
    return Descent(tuple(points), slow_by)


def _straight(start: DescentPoint, gradient: float, end: float) -> Iterator[DescentPoint]:
    """Points outward along a straight stretch, up to ``end`` nmi to go."""
    length = end - start.to_go
    pieces = int(length / DESCENT_STEP_NMI) + 1
    for piece in range(1, pieces + 1):
        further = length * piece / pieces
        yield DescentPoint(start.to_go + further, start.altitude + gradient * further, gradient)


def cruise_level(
    of: Performance, factor: float, distance: float, track: float, fields: tuple[int, int]
) -> int | None:
    """The flight level to cruise at over ``distance`` nmi, or ``None`` where there is no room.

    The highest level of the direction from which climb and descent leave a piece of cruise.
    ``fields`` are the elevations of departure and destination, in feet.
    """
    flown = climb_distances(of)
    level = semicircular(of.levels[1], track)
    while level * 100 >= max(fields) + LOWEST_CRUISE_HEIGHT:
        climb = flown[level // 10] / factor
        down = descent_nmi(fields[1], level * 100.0)
        if (
            climb + down <= SHARE_IN_CLIMB_AND_DESCENT * distance
            and climb * CLIMB_WIND_MARGIN + down < 0.97 * distance
        ):
            return level
        level -= LEVEL_STEP
    return None
