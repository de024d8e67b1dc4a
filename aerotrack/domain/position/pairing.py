"""Which raw frames of a flight may be taken together, and where they say it is."""

from typing import Final

import msgspec

from aerotrack.domain.cpr import (
    Position,
    Unresolved,
    resolve_airborne,
    resolve_near,
    resolve_surface,
)
from aerotrack.domain.observation import CprFrame

# How far apart in time two frames may be paired: by then the aircraft has moved 3 NM, half of what
# makes the pair ambiguous: 10 s at 1,000 kt, 19 s at 500 kt, never more than 30 s (readsb).
UNKNOWN_SPEED_S: Final = 10.0
AT_500_KT_S: Final = 19.0
LONGEST_S: Final = 30.0
SHORTEST_S: Final = AT_500_KT_S * 500.0 / 4_000.0  # at the greatest speed a field can hold
# On the surface zones are a quarter as wide, and parked aircraft send only every 5 s.
SURFACE_S: Final = 25.0
SURFACE_SLOW_S: Final = 50.0
SURFACE_SLOW_KT: Final = 25.0
# An aircraft sends a position every 0.4 to 0.6 s. More of them between the frames of a pair than
# the times allow: the times are wrong (a stream without a clock), and so might be the pair.
FRAMES_PER_S: Final = 2.5
FRAMES_SPARE: Final = 2

# A frame alone is placed next to the last fix as long as the aircraft cannot have left the half
# zone around it (180 NM, on the surface 45 NM) at the 1,170 kt the gate allows an unknown speed.
NEAR_WITHIN_S: Final = 540.0
NEAR_SURFACE_WITHIN_S: Final = 130.0


class HeardFrame(msgspec.Struct, frozen=True, gc=False):
    """A raw frame; ``serial`` counts the flight's distinct ones, ``at`` is epoch seconds."""

    frame: CprFrame
    at: float
    source: str
    serial: int


class FramePairs:
    """The last frame of either format of one flight."""

    __slots__ = ("_serial", "even", "odd")

    def __init__(self) -> None:
        self.even: HeardFrame | None = None
        self.odd: HeardFrame | None = None
        self._serial = 0

    def same(self, frame: CprFrame) -> HeardFrame | None:
        """The last frame of that format, if it said exactly this."""
        last = self.odd if frame.odd else self.even
        if last is None:
            return None
        was = last.frame
        if was.lat == frame.lat and was.lon == frame.lon and was.surface is frame.surface:
            return last
        return None

    def hear(self, frame: CprFrame, at: float, source: str) -> HeardFrame:
        """Note a frame, unless a newer one of its format is there."""
        self._serial = serial = self._serial + 1
        heard = HeardFrame(frame, at, source, serial)
        if frame.odd:
            if self.odd is None or at >= self.odd.at:
                self.odd = heard
        elif self.even is None or at >= self.even.at:
            self.even = heard
        return heard

    def partner(self, heard: HeardFrame, gs: float | None) -> HeardFrame | None:
        """The frame ``heard`` may be paired with, given the ground speed in knots."""
        frame = heard.frame
        other = self.even if frame.odd else self.odd
        if (
            other is None
            or other.frame.surface is not frame.surface
            or other.source != heard.source
        ):
            return None
        apart = heard.at - other.at
        if apart < 0.0:
            apart = -apart
        if apart > SHORTEST_S and apart > pair_window_s(gs, surface=frame.surface):
            return None
        if heard.serial - other.serial > FRAMES_SPARE + FRAMES_PER_S * apart:
            return None
        return other

    def drop(self, heard: HeardFrame) -> None:
        """Forget a frame that proved wrong."""
        if heard is self.odd:
            self.odd = None
        elif heard is self.even:
            self.even = None


def pair_window_s(gs: float | None, *, surface: bool) -> float:
    """How far apart the frames of a pair may be, seconds, at a ground speed in knots if known."""
    if surface:
        return SURFACE_SLOW_S if gs is not None and gs <= SURFACE_SLOW_KT else SURFACE_S
    if gs is None:
        return UNKNOWN_SPEED_S
    return LONGEST_S if gs * LONGEST_S <= AT_500_KT_S * 500.0 else AT_500_KT_S * 500.0 / gs


def resolve_pair(
    heard: HeardFrame, other: HeardFrame, near: Position | None
) -> Position | Unresolved | None:
    """Where ``heard`` was sent. On the surface that needs ``near``; ``None`` without."""
    newer = heard.frame
    even, odd = (other.frame, newer) if newer.odd else (newer, other.frame)
    if not newer.surface:
        return resolve_airborne(even, odd, odd_newer=newer.odd)
    if near is None:
        return None
    return resolve_surface(even, odd, odd_newer=newer.odd, near=near)


def resolve_alone(frame: CprFrame, lat: float, lon: float, age: float) -> Position | None:
    """Where ``frame`` was sent, if the fix ``age`` seconds ago is recent enough to tell."""
    if age > (NEAR_SURFACE_WITHIN_S if frame.surface else NEAR_WITHIN_S):
        return None
    return resolve_near(frame, lat, lon)
