"""Which points of a flight the history keeps under ``storage=compact``. Pure.

Kept are the first point and the last, what changes (callsign, squawk, emergency, on the ground or
not), turns, and otherwise one point in ten seconds wherever straight lines through the kept ones
miss none of those left out: the line on the ground by less than :data:`MISS_M`, the line of the
altitude over time by less than :data:`MISS_FT`. (Where on the line it was at a time is another
matter: a receiver's word on that is out by more, since a position may be a second old.)

What is remembered of a flight does not grow with what is left out: the line from the last point
kept may still take any direction within a cone, which each point left out narrows (as the swing
filter of Elmeleegy and others, VLDB 2009). The last point in it is held back: it is the next one
kept when the line may not go on.
"""

import math
from typing import Final

import msgspec

from aerotrack.domain.geo import wrap_lon
from aerotrack.domain.records import TrackPoint

# A straight line may pass a point that is left out at this distance: about the accuracy of most
# positions, and half an airliner's wing span.
MISS_M: Final = 30.0
# The same upwards: a step of the older transponders, and about the same distance.
MISS_FT: Final = 100.0
# No two points kept are further apart in time than this, where there are any between.
KEPT_EVERY_S: Final = 10.0
# From here on it is a turn, whatever the line says: two seconds of an airliner's, five points a
# quarter circle. Slower than this nothing but the positions is believed: in hover and on the ground
# the track is noise.
TURN_DEG: Final = 15.0
TURNING_KT: Final = 30.0

# A point left out may lie so far aside of the line, and so far beyond its end: both together are
# within the miss.
_ASIDE_M: Final = 26.0
_BEYOND_M: Final = math.sqrt(MISS_M**2 - _ASIDE_M**2)
_METRES_PER_DEGREE: Final = 111_195.0  # of a great circle, on the sphere of domain.geo

Written = tuple[TrackPoint, ...]


class Cone(msgspec.Struct, gc=False, array_like=True):
    """The slopes (units a second) that a line from the last point kept may still take."""

    low: float = -math.inf
    high: float = math.inf

    def widen(self) -> None:
        """A new line begins."""
        self.low, self.high = -math.inf, math.inf

    @property
    def is_wide(self) -> bool:
        """Whether it has no point to pass yet."""
        return self.low == -math.inf

    def takes(self, rise: float, seconds: float) -> bool:
        """Whether the line may go through a point that far on."""
        return self.low <= rise / seconds <= self.high

    def narrow(self, rise: float, seconds: float, miss: float) -> None:
        """From now on the line is to pass that point within ``miss``."""
        self.low = max(self.low, (rise - miss) / seconds)
        self.high = min(self.high, (rise + miss) / seconds)


class Course(msgspec.Struct, gc=False, array_like=True):
    """The directions (degrees) that a line from the last position kept may still take."""

    towards: float = 0.0  # the direction that the others are measured from
    left: float = -180.0
    right: float = 180.0
    reach: float = 0.0  # metres to the furthest point left out

    def widen(self) -> None:
        """A new line begins."""
        self.towards, self.left, self.right, self.reach = 0.0, -180.0, 180.0, 0.0

    def takes(self, east: float, north: float) -> bool:
        """Whether the line may end so many metres from where it begins."""
        away = math.hypot(east, north)
        if away < self.reach - _BEYOND_M:
            return False
        if self.left == -180.0:
            return True
        direction = math.degrees(math.atan2(east, north))
        return self.left <= wrap_lon(direction - self.towards) <= self.right

    def narrow(self, east: float, north: float) -> None:
        """From now on the line is to pass that point closely."""
        away = math.hypot(east, north)
        self.reach = max(self.reach, away)
        if away <= _ASIDE_M:
            return  # any line does
        direction = math.degrees(math.atan2(east, north))
        if self.left == -180.0:
            self.towards = direction
        off = wrap_lon(direction - self.towards)
        room = math.degrees(math.asin(_ASIDE_M / away))
        self.left, self.right = max(self.left, off - room), min(self.right, off + room)


class Compaction(msgspec.Struct, gc=False, array_like=True):
    """What is to be known of one flight's points to keep few of them.

    :meth:`take` is given each in turn and returns those to be written now; at most two are held
    back, the last with a position and the last without since, until :meth:`release`. ``left_out``
    counts those that will never be written, since :meth:`told`.
    """

    placed: TrackPoint | None = None  # held back, with a position
    plain: TrackPoint | None = None  # held back, later, without
    left_out: int = 0
    latest: float = -math.inf  # time of the last point taken
    # Where the lines begin: the last position and the last altitude written, and when.
    anchor: tuple[float, float, float] | None = None  # time, lat, lon
    level: tuple[float, float] | None = None  # time, feet
    # Of the last point written.
    written: float = -math.inf
    said: tuple[str | None, str | None, str | None, bool | None] = (None, None, None, None)
    track: float | None = None
    course: Course = msgspec.field(default_factory=Course)
    climb: Cone = msgspec.field(default_factory=Cone)
    onward: Cone = msgspec.field(
        default_factory=Cone
    )  # of the climb from ``placed``, if it is kept

    def take(self, point: TrackPoint, *, must: bool = False) -> Written:
        """What is to be written now that ``point`` was recorded; with ``must`` that point, too.

        Points come in the order of their times, a few late ones excepted: those are written, unless
        the line as it stands passes them closely enough.
        """
        if point.ts <= self.latest:
            return self._take_late(point, must=must)
        self.latest = point.ts
        must = must or self._is_news(point)
        out: list[TrackPoint] = []
        while self.placed is not None and (
            (must and point.lat is None) or self._is_due(point) or not self._fits(point)
        ):
            out.append(self.placed)
            self._write_placed(self.placed)
        if self.plain is not None and (
            not self._fits_level(point) or (point.lat is None and self._is_due(point))
        ):
            out.append(self.plain)
            self._write(self.plain)
            self.plain = None
        if must or self._is_due(point):
            self._leave_out_held()
            out.append(point)
            self._write(point)
        else:
            self._hold(point)
        return tuple(out)

    def release(self) -> Written:
        """Those held back, since nothing may follow: the last is to be kept."""
        placed, plain = self.placed, self.plain
        if placed is not None:
            self._write_placed(placed)
        if plain is not None:
            self._write(plain)
            self.plain = None
        return tuple(point for point in (placed, plain) if point is not None)

    def told(self) -> int:
        """How many were left out since this was asked last."""
        left_out, self.left_out = self.left_out, 0
        return left_out

    # -- deciding ----------------------------------------------------------------------------------

    def _is_news(self, point: TrackPoint) -> bool:
        """Whether it is the first of its kind, or says what none before said, or turns."""
        if point.lat is not None and self.anchor is None:
            return True
        if _altitude(point) is not None and self.level is None:
            return True
        if _said(point) != self.said:
            return True
        if point.lat is None and self.anchor is not None:
            return False  # the next position shows the turn, and where it is
        track, before = point.track, self.track
        if track is None or before is None or (point.gs is not None and point.gs < TURNING_KT):
            return False
        return abs(wrap_lon(track - before)) >= TURN_DEG

    def _is_due(self, point: TrackPoint) -> bool:
        """Whether the last one written is too long ago."""
        since = self.written if point.lat is None or self.anchor is None else self.anchor[0]
        return point.ts - since > KEPT_EVERY_S

    def _fits(self, point: TrackPoint) -> bool:
        """Whether lines from where they begin may go through ``point``."""
        moved = self._moved(point)
        if moved is not None:
            return self.course.takes(*moved) and self._fits_level(point)
        onward = self._climbed_on(point)
        return self._fits_level(point) and (onward is None or self.onward.takes(*onward))

    def _fits_level(self, point: TrackPoint) -> bool:
        climbed = self._climbed(point)
        if climbed is not None:
            return self.climb.takes(*climbed)
        # Without an altitude it cannot end the line that those left out lie on.
        return self.level is None or self.climb.is_wide

    def _moved(self, point: TrackPoint) -> tuple[float, float] | None:
        """Metres east and north of where the line begins; ``None`` for no line."""
        anchor, lat, lon = self.anchor, point.lat, point.lon
        if anchor is None or lat is None or lon is None or point.ts <= anchor[0]:
            return None
        east = wrap_lon(lon - anchor[2]) * math.cos(math.radians(anchor[1]))
        return east * _METRES_PER_DEGREE, (lat - anchor[1]) * _METRES_PER_DEGREE

    def _climbed(self, point: TrackPoint) -> tuple[float, float] | None:
        """Feet above where the line begins, and seconds; ``None`` for no line."""
        return _climb(self.level, point)

    def _climbed_on(self, point: TrackPoint) -> tuple[float, float] | None:
        """The same from the position held back."""
        placed = self.placed
        altitude = None if placed is None else _altitude(placed)
        if placed is None or altitude is None:
            return None
        return _climb((placed.ts, altitude), point)

    # -- keeping account ---------------------------------------------------------------------------

    def _hold(self, point: TrackPoint) -> None:
        """Hold ``point`` back in place of the one before; the lines are to pass it closely."""
        if point.lat is None:
            self.left_out += self.plain is not None
            self.plain = point
            if (onward := self._climbed_on(point)) is not None:
                self.onward.narrow(*onward, MISS_FT)
        else:
            self._leave_out_held()
            self.placed = point
            self.onward.widen()
        self._narrow(point)

    def _narrow(self, point: TrackPoint) -> None:
        moved, climbed = self._moved(point), self._climbed(point)
        if moved is not None:
            self.course.narrow(*moved)
        if climbed is not None:
            self.climb.narrow(*climbed, MISS_FT)

    def _leave_out_held(self) -> None:
        self.left_out += (self.placed is not None) + (self.plain is not None)
        self.placed = self.plain = None

    def _write(self, point: TrackPoint) -> None:
        """``point`` is written: lines begin there."""
        self.written = point.ts
        self.said = _said(point)
        if point.track is not None:
            self.track = point.track
        if point.lat is not None and point.lon is not None:
            self.anchor = (point.ts, point.lat, point.lon)
            self.course.widen()
        if (altitude := _altitude(point)) is not None:
            self.level = (point.ts, altitude)
            self.climb.widen()

    def _write_placed(self, placed: TrackPoint) -> None:
        """The line ends at the position held back; the next has to pass what came after."""
        self.placed = None
        self._write(placed)
        if _altitude(placed) is not None:
            self.climb, self.onward = self.onward, self.climb

    def _take_late(self, point: TrackPoint, *, must: bool) -> Written:
        """A point from before the last: left out where the line to the one held passes it."""
        placed = self.placed
        within = placed is not None and point.ts < placed.ts and self._moved(point) is not None
        if must or placed is None or not within or not self._passes(placed, point):
            if self.anchor is None and point.lat is not None and point.lon is not None:
                self.anchor = (point.ts, point.lat, point.lon)
            return (point,)
        self._narrow(point)
        self.left_out += 1
        return ()

    def _passes(self, placed: TrackPoint, late: TrackPoint) -> bool:
        """Whether the line to ``placed``, held back, passes ``late``, in between."""
        there, here = self._moved(placed), self._moved(late)
        if there is None or here is None:
            return False
        length = math.hypot(*there)
        along = (here[0] * there[0] + here[1] * there[1]) / length if length else 0.0
        nearest = min(max(along / length if length else 0.0, 0.0), 1.0)
        aside = (here[axis] - nearest * there[axis] for axis in (0, 1))
        if math.hypot(*aside) > _ASIDE_M or along > length:
            return False
        top, now = self._climbed(placed), self._climbed(late)
        return top is None or now is None or abs(now[0] - now[1] / top[1] * top[0]) <= MISS_FT


def _climb(level: tuple[float, float] | None, point: TrackPoint) -> tuple[float, float] | None:
    """Feet and seconds from ``level`` (time, feet) to ``point``; ``None`` for no line."""
    altitude = _altitude(point)
    if level is None or altitude is None or point.ts <= level[0]:
        return None
    return altitude - level[1], point.ts - level[0]


def _altitude(point: TrackPoint) -> int | None:
    return point.alt_geom if point.alt_baro is None else point.alt_baro


def _said(point: TrackPoint) -> tuple[str | None, str | None, str | None, bool | None]:
    """What has no values in between: each change of it is kept."""
    return point.callsign, point.squawk, point.emergency, point.on_ground
