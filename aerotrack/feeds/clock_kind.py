"""Which kind of clock stands in the frames of a receiver; nothing in them says so.

A counter of 12 MHz, which wraps after 271 days, or the time of day of a Radarcape (18 bits of
seconds, 30 of nanoseconds), which wraps at midnight.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from aerotrack.feeds.modes.decoder import MAGIC_CLOCKS, Frame

COUNTER_HZ: Final = 12e6
COUNTER_WRAPS_S: Final = 2**48 / COUNTER_HZ
DAY_S: Final = 86_400.0
NANOSECONDS: Final = 1_000_000_000
# Programs hand frames on in blocks, and some blocks twice: they may be this much out of order.
BACK_S: Final = 0.5
# An aircraft sends its position twice a second, and most or some of them are received. Read the
# wrong way, one clock shows them 80 times closer, the other 80 times further apart.
_GAPS_S: Final = (0.3, 2.5)
_LEAST_GAPS: Final = 8
# The most that the standard allows is 2.5 positions a second.
_MOST_A_SECOND: Final = 3.0
# Midnight, and a damaged clock now and then, are no other clock.
_ODD_ONES: Final = 0.01
_POSITIONS: Final = range(9, 19)
# Frames of one Radarcape lie no further apart than this; else than that, where hardly anything
# flies. The longer, the more likely another receiver's counter looks like part of it.
_QUIET_S: Final = (1.0, 60.0)


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


def begins_gps(frames: Sequence[Frame]) -> bool:
    """Whether the clock of the first of ``frames`` is a Radarcape's, by those that go on from it.

    The others may be of receivers with other clocks.
    """
    return any(is_gps(_chain(frames, quiet)) for quiet in _QUIET_S)


def _chain(frames: Sequence[Frame], quiet: float) -> list[Frame]:
    """Those that go on from the first one by a Radarcape's clock."""
    chain: list[Frame] = []
    last = gps_seconds(frames[0][1])
    for frame in frames:
        stamp = frame[1]
        if stamp in MAGIC_CLOCKS or stamp & 0x3FFFFFFF >= NANOSECONDS:
            continue
        passed = gps_seconds(stamp) - last
        if passed < -DAY_S / 2:
            passed += DAY_S
        if -BACK_S <= passed <= quiet:
            chain.append(frame)
            last = gps_seconds(stamp)
    return chain
