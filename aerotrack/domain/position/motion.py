"""How fast and where to an aircraft moves, as far as its fields say.

Functions of the flight's ``values`` and of the ``times`` they were said at, by place
(:data:`aerotrack.domain.origins.PLACES`); epoch seconds, knots, degrees.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from aerotrack.domain.geo import METRES_PER_NMI, bearing_deg
from aerotrack.domain.observation import Observation
from aerotrack.domain.origins import PLACES
from aerotrack.domain.position import gate

# A speed reported longer ago than this says nothing any more (readsb's expiry of a field).
SPEED_KNOWN_S: Final = 60.0

# An aircraft moved as it says: as far within a quarter (times of a stream without a clock are no
# better), and aside by no more than 5 % of the way (three degrees) and what positions are off. One
# pair of frames in hundreds does by chance: a wrong one has its places anywhere within 3 NM.
AS_SAID_ALONG: Final = 0.25
AS_SAID_ASIDE: Final = 0.05
AS_SAID_M: Final = 2 * gate.BASE_AIR_M

_GS: Final = PLACES["gs"]
_TAS: Final = PLACES["tas"]
_IAS: Final = PLACES["ias"]
_TRACK: Final = PLACES["track"]
_HEADING: Final = PLACES["true_heading"]


class Claim(msgspec.Struct, gc=False):
    """A position somebody claims for the aircraft; ``odd`` is the format of a raw one."""

    obs: Observation
    lat: float
    lon: float
    at: float
    rank: int
    surface: bool
    odd: bool | None


def fastest_kt(
    values: Mapping[str, Any],
    times: Sequence[float],
    claim: Claim,
    gs_at_fix: float | None,
    further: float = 0.0,
) -> float:
    """The speed to reckon with; ``gs_at_fix`` is the one at the last position.

    With ``further``, that many seconds away from the time of the claim.
    """
    at, gs = claim.at, claim.obs.gs
    age = at - times[_GS]
    if age <= SPEED_KNOWN_S:
        reported: float = values["gs"]
        if gs is None or reported > gs:
            gs = reported
    else:
        age = 0.0
    if gs is None or further > SPEED_KNOWN_S:
        return gate.airspeed_limit_kt(
            values["tas"] if at - times[_TAS] <= SPEED_KNOWN_S else None,
            values["ias"] if at - times[_IAS] <= SPEED_KNOWN_S else None,
            surface=claim.surface,
        )
    if gs_at_fix is not None and gs_at_fix > gs:
        gs = gs_at_fix
    return gs + gate.ACCELERATION_KT_PER_S * ((age if age > 0.0 else 0.0) + further)


def ground_speed(
    values: Mapping[str, Any], times: Sequence[float], obs: Observation
) -> float | None:
    """Ground speed as far as it is known."""
    if obs.gs is None and obs.ts - times[_GS] <= SPEED_KNOWN_S:
        gs: float = values["gs"]
        return gs
    return obs.gs


def direction(
    values: Mapping[str, Any], times: Sequence[float], obs: Observation, at: float
) -> float | None:
    """The direction it said it moves in, or else points to."""
    if obs.track is not None:
        return obs.track
    said: float | None = None
    if at - times[_TRACK] <= gate.TRACK_WITHIN_S:
        said = values["track"]
    elif at - times[_HEADING] <= gate.TRACK_WITHIN_S:
        said = values["true_heading"]
    return said


def moved_as_said(
    values: Mapping[str, Any],
    times: Sequence[float],
    place: tuple[float, float],
    then: float,
    claim: Claim,
) -> bool:
    """Whether it flew from ``place`` at ``then`` to the claimed one by its ground speed and track,
    both said between the two or just before.
    """
    since = then - gate.TRACK_WITHIN_S
    if times[_GS] < since or times[_TRACK] < since:
        return False
    due: float = values["gs"] * METRES_PER_NMI * (claim.at - then) / 3600.0
    way = gate.distance_m(*place, claim.lat, claim.lon)
    off = math.radians(values["track"] - bearing_deg(*place, claim.lat, claim.lon))
    along, aside = way * math.cos(off), way * math.sin(off)
    return (
        abs(along - due) <= AS_SAID_M + AS_SAID_ALONG * due
        and abs(aside) <= AS_SAID_M + AS_SAID_ASIDE * due
    )
