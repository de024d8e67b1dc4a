"""The time of recorded frames, read off the receivers' own clocks.

A recording may hold the frames of several receivers, each with a clock of its own (of either kind:
:mod:`aerotrack.feeds.clock_kind`) and a line of its own, and frames with none. :class:`FrameTimes`
makes one timeline of them and puts the frames in order. How two clocks stand to one another is read
off the messages that both receivers heard; as long as there are none, off the order of the frames.
"""

from bisect import bisect_right
from collections.abc import Sequence
from statistics import median
from typing import Final

import msgspec

from aerotrack.feeds.clock_kind import (
    BACK_S,
    COUNTER_HZ,
    COUNTER_WRAPS_S,
    DAY_S,
    begins_gps,
    gps_seconds,
)
from aerotrack.feeds.clockless import Steps
from aerotrack.feeds.modes.decoder import MAGIC_CLOCKS, Frame
from aerotrack.feeds.modes.parity import remainder_long, remainder_short

# Frames of one receiver seldom lie further apart; further is a pause, or another receiver.
NEAR_S: Final = 1.0
# How many of the following frames are looked at to tell a pause from another receiver's clock, and
# one kind of clock from the other: a second of the busiest stations.
AHEAD: Final = 4_096
# A pause longer than this is taken for a receiver that was started again: its clock says nothing.
LONGEST_PAUSE_S: Final = DAY_S / 2
# Clocks followed at once, the last used ones.
MOST_CLOCKS: Final = 64
# The line of one receiver may be slower than another's by this much: frames wait so long for those
# sent before them when a clock is new; later as long as any came late, and a little more.
LATEST_S: Final = 10.0
SPARE_S: Final = 0.5
# However times stand still, no more frames than these wait: a minute of the busiest stations.
MOST_HELD: Final = 250_000
# A message heard by two receivers was sent once, so the difference of its times is that of their
# clocks. It is believed when so many in a row agree: a hovering helicopter repeats itself.
AGREEING: Final = 3
AGREE_WITHIN_S: Final = 0.05
_POSITIONS: Final = range(9, 19)
_SQUITTERS: Final = frozenset({17, 18})
_ALL_CALL: Final = 11
_SHORT_BYTES: Final = 7


class _Clock(msgspec.Struct, gc=False):
    """One receiver's clock.

    ``last`` is its last reading (seconds), ``rolled`` what its wraps add to a reading, ``offset``
    what is to be added to make time of that; ``used`` is when it was last read, by the latest time
    of all. ``apart`` are the last differences to older clocks.
    """

    number: int
    gps: bool
    last: float
    offset: float
    rolled: float
    time: float
    used: float
    apart: list[float]


def _whole(message: bytes) -> bool:
    """Whether it is surely a message and no noise: its clock may found a timeline."""
    if len(message) == _SHORT_BYTES:
        return message[0] >> 3 == _ALL_CALL and not remainder_short(message)
    return message[0] >> 3 in _SQUITTERS and not remainder_long(message)


class FrameTimes:
    """Gives each frame of a recording its time, from ``start`` on (epoch seconds).

    Frames with no clock get the time of the frame before, or, as long as none had one, come at
    ``rate`` a second, estimated where that is ``None``. Frames are held back until those sent
    before them are there; give ``last=True`` with the end of the recording.
    """

    def __init__(self, *, start: float, rate: float | None) -> None:
        self._now = start  # the latest time read
        self._given = start  # the latest time given out
        self._steps = Steps(start=start, rate=rate)
        self._clocks: list[_Clock] = []
        self._made = 0
        self._ahead: list[Frame] = []  # not read yet
        self._frames: list[Frame] = []  # read, waiting; with them their clocks and readings
        self._of: list[_Clock] = []
        self._readings: list[float] = []
        self._latest = 0.0  # how late a frame came at most
        self._settled = start + LATEST_S
        # Positions heard just now, by message: whose they were, and the clock's reading.
        self._heard: dict[bytes, tuple[_Clock, float]] = {}
        self._heard_before: dict[bytes, tuple[_Clock, float]] = {}
        self._turned = start
        # What has no clock keeps the time it was given.
        self._still = _Clock(-1, False, 0.0, 0.0, 0.0, 0.0, 0.0, [])
        self.clocked = False

    def take(
        self, frames: Sequence[Frame], *, last: bool = False
    ) -> tuple[list[Frame], list[float]]:
        """The frames whose times are sure by now, in order, and these."""
        if not self.clocked:
            if all(frame[1] in MAGIC_CLOCKS for frame in frames):
                return self._steps.take(frames, last=last)
            self.clocked = True
            frames = [*self._steps.stop(), *frames]
            self._now = self._given = self._steps.now
            self._settled = self._now + LATEST_S
        waiting = [*self._ahead, *frames]
        sure = len(waiting) if last else max(0, len(waiting) - AHEAD)
        self._read(waiting, sure)
        self._ahead = waiting[sure:]
        return self._release(last=last)

    # -- whose clock it is, and what it reads ------------------------------------------------------

    def _read(self, waiting: Sequence[Frame], count: int) -> None:
        """Note the clock and the reading of the first ``count`` frames."""
        clocks, now = self._clocks, self._now
        clock = clocks[0] if clocks else self._still
        frames, of, readings = self._frames, self._of, self._readings
        for index in range(count):
            frame = waiting[index]
            frames.append(frame)
            stamp = frame[1]
            if stamp in MAGIC_CLOCKS:
                of.append(self._still)
                readings.append(now)
                continue
            reading = gps_seconds(stamp) if clock.gps else stamp / COUNTER_HZ
            alone = len(clocks) == 1 and 0.0 <= reading - clock.last <= NEAR_S
            if not alone:  # seldom, where there is but one receiver
                found = self._whose(stamp, waiting, index, now)
                if found is None:
                    of.append(self._still)
                    readings.append(now)
                    continue
                clock, reading = found
            clock.last = reading
            reading += clock.rolled
            clock.time = moment = reading + clock.offset
            if moment > now:
                self._now = now = moment
            elif now - moment > self._latest:
                self._latest = min(now - moment, LATEST_S)
            clock.used = now
            of.append(clock)
            readings.append(reading)
            if len(clocks) > 1:
                self._compare(frame[0], clock, reading)

    def _whose(
        self, stamp: int, waiting: Sequence[Frame], index: int, now: float
    ) -> tuple[_Clock, float] | None:
        """The clock that goes on with this stamp, and its reading; ``None`` for a damaged one."""
        nearest: _Clock | None = None
        before: _Clock | None = None
        near, pause = float("inf"), LONGEST_PAUSE_S
        for clock in self._clocks:
            passed = _since(clock, stamp)
            if -BACK_S <= passed <= NEAR_S:
                # Of several near ones that which went on as time did, not one left behind.
                off = abs(passed - (now - clock.used))
                if off < near:
                    nearest, near = clock, off
            elif 0.0 < passed <= pause:
                before, pause = clock, passed
        if nearest is None:
            if not _whole(waiting[index][0]):
                return None
            if before is not None and self._paused(before, pause, waiting, index, now):
                nearest = before
            else:
                return self._begin(stamp, waiting, index, now)
        raw = _seconds(nearest, stamp)
        if abs(raw - nearest.last) > _wraps(nearest) / 2:
            nearest.rolled += _wraps(nearest) if raw < nearest.last else -_wraps(nearest)
        return nearest, raw

    def _paused(
        self, clock: _Clock, pause: float, waiting: Sequence[Frame], index: int, now: float
    ) -> bool:
        """Whether the receiver of ``clock`` was silent so long.

        It was not if the clock goes on from before the pause; nor if others went on meanwhile, and
        it would be ahead of them now.
        """
        going_on = False
        for at in range(index + 1, min(index + AHEAD, len(waiting))):
            stamp = waiting[at][1]
            if stamp in MAGIC_CLOCKS:
                continue
            for other in self._clocks:
                if -BACK_S <= _since(other, stamp) <= NEAR_S:
                    if other is clock:
                        return False
                    going_on = True
        return not going_on or clock.time + pause <= now + LATEST_S

    def _begin(
        self, stamp: int, waiting: Sequence[Frame], index: int, now: float
    ) -> tuple[_Clock, float]:
        """A receiver not met before, or one that was started again; it is now."""
        clocks = self._clocks
        if len(clocks) >= MOST_CLOCKS:
            clocks.remove(min(clocks, key=lambda known: known.time))
        self._made += 1
        clock = _Clock(self._made, begins_gps(waiting[index:]), 0.0, 0.0, 0.0, now, now, [])
        clock.last = reading = _seconds(clock, stamp)
        clock.offset = now - reading
        clocks.append(clock)
        if len(clocks) == 2:
            for frame, whose, read in zip(self._frames, self._of, self._readings, strict=False):
                if whose is not self._still:
                    self._compare(frame[0], whose, read)
        self._settled = now + LATEST_S
        return clock, reading

    def _compare(self, message: bytes, clock: _Clock, reading: float) -> None:
        """Bring the younger of two clocks in line with the older by a position both heard."""
        if message[0] >> 3 != 17 or message[4] >> 3 not in _POSITIONS:
            return
        if self._now - self._turned > LATEST_S:
            self._turned = self._now
            self._heard_before, self._heard = self._heard, {}
        seen = self._heard.get(message) or self._heard_before.get(message)
        if seen is None:
            self._heard[message] = (clock, reading)
            return
        other, read = seen
        if other is clock:
            return
        apart = read + other.offset - reading - clock.offset
        younger = clock
        if other.number > clock.number:
            younger, apart = other, -apart
        last = younger.apart
        last.append(apart)
        if len(last) == AGREEING:
            if max(last) - min(last) <= AGREE_WITHIN_S:
                younger.offset += median(last)
                last.clear()
            else:
                del last[0]

    # -- in order ----------------------------------------------------------------------------------

    def _release(self, *, last: bool) -> tuple[list[Frame], list[float]]:
        """Those before which no other will come."""
        frames = self._frames
        if not last and self._now < self._settled and len(frames) < MOST_HELD:
            return [], []
        times = [
            reading + clock.offset for clock, reading in zip(self._of, self._readings, strict=True)
        ]
        order = sorted(range(len(times)), key=times.__getitem__)
        sure = len(order)
        if not last and sure < MOST_HELD:
            limit = self._now - self._latest - SPARE_S
            sure = bisect_right(order, limit, key=times.__getitem__)
        out, kept = order[:sure], sorted(order[sure:])
        given, moments = self._given, []
        for index in out:
            given = max(given, times[index])
            moments.append(given)
        self._given = given
        released = [frames[index] for index in out]
        self._frames = [frames[index] for index in kept]
        self._of = [self._of[index] for index in kept]
        self._readings = [self._readings[index] for index in kept]
        return released, moments


def _seconds(clock: _Clock, stamp: int) -> float:
    return gps_seconds(stamp) if clock.gps else stamp / COUNTER_HZ


def _wraps(clock: _Clock) -> float:
    return DAY_S if clock.gps else COUNTER_WRAPS_S


def _since(clock: _Clock, stamp: int) -> float:
    """How long after the clock's last reading this one is, negative where before."""
    passed = _seconds(clock, stamp) - clock.last
    wraps = _wraps(clock)
    half = wraps / 2
    return passed if -half <= passed < half else (passed + half) % wraps - half
