"""Whether the wall clock can be believed: machines without one of their own boot with a wrong one.

A small station's clock says anything until it has been set from the network: its last shutdown,
the epoch, a year to come. The history would keep such times for good, and retention, believing a
clock that is ahead, would drop it all. Live traffic needs no clock that is right.
"""

from typing import Final, Literal

Doubt = Literal["clock_behind", "clock_ahead"]

# AeroTrack did not exist before: 2025-01-01.
RELEASED: Final = 1_735_689_600.0
# A clock that was set meanwhile, a leap second, two machines on one directory: not a wrong clock.
BEHIND_BY_S: Final = 300.0
# Longer than a station is usually switched off; then it may be right all the same.
AHEAD_BY_S: Final = 30 * 86_400.0
# Where the network is there, a clock is set within a minute of the start. After so long a clock
# that is merely surprising is believed; one from before our release never.
SETTLES_S: Final = 120.0
# What drops data for good waits longer.
RETENTION_SETTLES_S: Final = 3_600.0
# Flights of the wrong time end at the registry's next tick, a second away, before the history goes
# on.
ENDING_S: Final = 2.5
# How often a doubted clock is looked at.
LOOKS_S: Final = 1.0


class ClockWatch:
    """Holds the wall clock against ``seen``, the latest time this data directory knows (epoch
    seconds), for a while from ``started`` (monotonic) on."""

    def __init__(self, *, seen: float | None, started: float) -> None:
        self._seen = seen
        self._started = started

    def doubt(self, wall: float, monotonic: float, settles: float = SETTLES_S) -> Doubt | None:
        """Why ``wall`` is not to be believed at ``monotonic``; ``None`` where it is."""
        if wall < RELEASED:
            return "clock_behind"
        if self._seen is None or monotonic - self._started >= settles:
            return None
        if wall < self._seen - BEHIND_BY_S:
            return "clock_behind"
        return "clock_ahead" if wall > self._seen + AHEAD_BY_S else None
