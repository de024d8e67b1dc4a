"""The times and limits a flight lives by. All are settings; the defaults carry their reason."""

from typing import Final, Literal

import msgspec

# Sources that report minutes apart by design: oceanic contracts and shortwave.
SLOW_SOURCES: Final = frozenset({"adsc", "hfdl"})

Storage = Literal["full", "compact"]


class FlightRules(msgspec.Struct, frozen=True, gc=False):
    """When a flight is what, all in seconds, and what the history keeps of it."""

    # Without a position for this long nobody extrapolates it any further (readsb and OpenSky: 15).
    stale_after: float = 15.0
    # Without a position for this long it leaves the live picture (readsb: 60).
    gone_after: float = 60.0
    # The same for ADS-C and HFDL, which report every 14 to 30 minutes.
    gone_after_slow: float = 35 * 60.0
    # Without any contact for this long the flight is over; few holes in coverage last longer.
    end_after: float = 30 * 60.0
    # A flight that ended so and is heard again within this time may be the same one: the widest
    # ocean takes half a day, and the next flight of that name is tomorrow's.
    resume_within: float = 12 * 3_600.0
    # An observation from further in the future is refused; honest clocks differ by less.
    future_tolerance: float = 5.0
    # One from longer ago is refused: its day is dropped from the history, 30 days by default.
    history_kept: float = 30 * 86_400.0
    # A flight's row is written at its start, its end, when its identity changes, else this often.
    row_interval: float = 60.0
    # Every point of the track, or those that a straight line would miss.
    storage: Storage = "full"

    def silence_ends(self, *, slow: bool) -> float:
        """The silence that ends a flight, last heard from a slow source or not."""
        return max(self.end_after, self.gone_after_slow) if slow else self.end_after
