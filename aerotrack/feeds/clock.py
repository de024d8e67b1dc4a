"""The time of recorded frames, read off the receiver's own clock.

Two kinds of clock stand in Beast and AVR frames: a counter of 12 MHz, which wraps after 271 days,
and the time of day of a Radarcape (18 bits of seconds, 30 of nanoseconds), which wraps at midnight.
A recording may hold the frames of several receivers, each with a clock of its own, and frames with
none. :class:`FrameTimes` makes one timeline of them, which never goes back.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from aerotrack.feeds.modes.decoder import MAGIC_CLOCKS, Frame

COUNTER_HZ: Final = 12e6
COUNTER_WRAPS_S: Final = 2**48 / COUNTER_HZ
DAY_S: Final = 86_400.0
NANOSECONDS: Final = 1_000_000_000
# Programs hand frames on in blocks, and some blocks twice: they may be this much out of order.
BACK_S: Final = 0.5
# Frames of one receiver seldom lie further apart; further is a pause, or another receiver.
NEAR_S: Final = 1.0
# How many of the following frames are looked at to tell a pause from another receiver's clock.
AHEAD: Final = 256
# A pause longer than this is taken for a receiver that was started again: its clock says nothing.
LONGEST_PAUSE_S: Final = DAY_S / 2
# Clocks followed at once, the last used ones.
MOST_CLOCKS: Final = 64
# An aircraft sends its position twice a second, and most or some of them are received. Read the
# wrong way, one clock shows them 80 times closer, the other 80 times further apart.
_GAPS_S: Final = (0.3, 2.5)
_LEAST_GAPS: Final = 8
# The most that the standard allows is 2.5 positions a second.
_MOST_A_SECOND: Final = 3.0
# Midnight, and a damaged clock now and then, are no other clock.
_ODD_ONES: Final = 0.01
_POSITIONS: Final = range(9, 19)


def gps_seconds(stamp: int) -> float:
    """Seconds since midnight, by a Radarcape's clock."""
    return (stamp >> 30) + (stamp & 0x3FFFFFFF) / NANOSECONDS


def counter_seconds(stamp: int) -> float:
    """Seconds by the 12 MHz counter."""
    return stamp / COUNTER_HZ


def is_gps(frames: Sequence[Frame]) -> bool:
    """Whether the clock in ``frames`` is a Radarcape's.

    Nothing in a frame says so. A counter shows values that no time of day has within 89 seconds;
    before that it is the clock by which aircraft send their positions as often as they do, never
    oftener, and, since all Radarcapes have one time, by which none comes long before the others.
    """
    sent: dict[bytes, list[int]] = {}
    times = []
    for message, stamp, _, _ in frames:
        if stamp in MAGIC_CLOCKS:
            continue
        if stamp >> 30 >= DAY_S or stamp & 0x3FFFFFFF >= NANOSECONDS:
            return False
        times.append(gps_seconds(stamp))
        if message[0] >> 3 == 17 and message[4] >> 3 in _POSITIONS:
            sent.setdefault(message, []).append(stamp)
    backwards = sum(a - b > BACK_S for a, b in pairwise(times))
    if not times or backwards > len(times) * _ODD_ONES:
        return False
    span = max(times) - min(times)
    positions: dict[bytes, list[int]] = {}
    for message, stamps in sent.items():  # each message once, whoever else heard it
        positions.setdefault(message[1:4], []).append(stamps[0])
    as_gps = as_counter = 0
    least, most = _GAPS_S
    for stamps in positions.values():
        if len(stamps) > 2 + _MOST_A_SECOND * span:
            return False
        for one, other in pairwise(stamps):
            as_gps += least <= abs(gps_seconds(other) - gps_seconds(one)) <= most
            as_counter += least <= abs(other - one) / COUNTER_HZ <= most
    return as_gps >= _LEAST_GAPS and as_gps > as_counter


class _Clock(msgspec.Struct, gc=False):
    """One receiver's clock: its last reading, what to add to make time of it, and that time."""

    last: float
    offset: float
    time: float


class FrameTimes:
    """Gives each frame of a recording its time, from ``start`` on (epoch seconds).

    Frames with no clock get the time of the frame before, or, as long as none had one, come at
    ``rate`` a second. Frames are held back until enough of the next are there to judge by; give
    ``last=True`` with the end of the recording.
    """

    def __init__(self, *, start: float, rate: float) -> None:
        self._now = start
        self._step = 1.0 / rate
        self._clocks: list[_Clock] = []
        self._held: list[Frame] = []
        self._seconds = counter_seconds
        self._wraps = COUNTER_WRAPS_S
        self.clocked = False

    def take(
        self, frames: Sequence[Frame], *, last: bool = False
    ) -> tuple[list[Frame], list[float]]:
        """The frames whose times are sure by now, and these."""
        waiting = [*self._held, *frames]
        if not self.clocked and any(frame[1] not in MAGIC_CLOCKS for frame in waiting):
            if len(waiting) < 2 * AHEAD and not last:
                self._held = waiting
                return [], []
            self.clocked = True
            if is_gps(waiting):
                self._seconds, self._wraps = gps_seconds, DAY_S
        sure = len(waiting) if last or not self.clocked else max(0, len(waiting) - AHEAD)
        self._held = waiting[sure:]
        if not self.clocked:
            times = []
            for _ in range(sure):
                times.append(self._now)
                self._now += self._step
            return waiting, times
        stamps = [frame[1] for frame in waiting]
        times = []
        clocks, seconds, now = self._clocks, self._seconds, self._now
        for index in range(sure):
            stamp = stamps[index]
            if stamp not in MAGIC_CLOCKS:
                reading = seconds(stamp)
                clock = clocks[0] if len(clocks) == 1 else None
                if clock is not None and 0.0 <= reading - clock.last <= NEAR_S:  # nearly always
                    clock.last = reading
                    clock.time = reading + clock.offset
                    if clock.time > now:
                        self._now = now = clock.time
                else:
                    self._now = now = max(now, self._read(reading, stamps, index))
            times.append(now)
        return waiting[:sure], times

    def _since(self, clock: _Clock, reading: float) -> float:
        """How long after the clock's last reading this one is, negative where before."""
        passed = reading - clock.last
        half = self._wraps / 2
        return passed if -half <= passed < half else (passed + half) % self._wraps - half

    def _read(self, reading: float, stamps: Sequence[int], index: int) -> float:
        clocks = self._clocks
        if not clocks:
            clocks.append(_Clock(reading, self._now - reading, self._now))
            return self._now
        clock, passed = self._nearest(reading)
        if not -BACK_S <= passed <= NEAR_S and (
            not 0.0 < passed <= LONGEST_PAUSE_S or self._goes_on(clock, stamps, index)
        ):
            # Not this clock's: a receiver not met before, or one that was started again.
            if len(clocks) >= MOST_CLOCKS:
                clocks.remove(min(clocks, key=lambda known: known.time))
            clocks.append(_Clock(reading, self._now - reading, self._now))
            return self._now
        if reading - clock.last != passed:  # it wrapped
            clock.offset += passed - (reading - clock.last)
        clock.last = reading
        clock.time = reading + clock.offset
        return clock.time

    def _nearest(self, reading: float) -> tuple[_Clock, float]:
        """The clock that was read nearest to this, one before it if there is one."""
        clocks = self._clocks
        if len(clocks) == 1:
            return clocks[0], self._since(clocks[0], reading)
        passed = [self._since(clock, reading) for clock in clocks]
        best = min(
            range(len(clocks)),
            key=lambda i: passed[i] if passed[i] >= 0.0 else abs(passed[i]) * LONGEST_PAUSE_S,
        )
        near = min(range(len(clocks)), key=lambda i: abs(passed[i]))
        if -BACK_S <= passed[near] <= NEAR_S:
            best = near
        return clocks[best], passed[best]

    def _goes_on(self, clock: _Clock, stamps: Sequence[int], index: int) -> bool:
        """Whether one of the next frames continues the clock where it was."""
        for stamp in stamps[index + 1 : index + 1 + AHEAD]:
            if stamp not in MAGIC_CLOCKS:
                passed = self._since(clock, self._seconds(stamp))
                if -BACK_S <= passed <= NEAR_S:
                    return True
        return False
