"""What was loaded, held against what the server shows."""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from aerotrack.domain.rules import FlightRules

# A flight leaves the picture so long after its last position, unless the server is told otherwise.
GONE_AFTER_S: Final = FlightRules().gone_after
# The server looks for silent flights once a second, and its clock is known to us within a second.
MARGIN_S: Final = 3.0


class Agreement(msgspec.Struct, frozen=True):
    """How the server's picture compares with the flights of this load.

    ``shown`` counts all flights of the feed in the picture, ``ours`` those of this load, ``others``
    those of earlier ones. ``missing`` are ours that should be shown and are not; ``past`` counts
    those whose last position is too old to be shown.
    """

    shown: int
    ours: int
    others: int
    missing: tuple[str, ...]
    past: int

    @property
    def complete(self) -> bool:
        """Whether all that must be shown are."""
        return not self.missing


def compare(loaded: Mapping[str, float], shown: Collection[str], now: float) -> Agreement:
    """Hold ``loaded`` (icao24: time of its last record) against ``shown``, the picture at ``now``.

    Times are epoch seconds by the server's clock.
    """
    there = set(shown)
    missing = sorted(
        icao24
        for icao24, ts in loaded.items()
        if icao24 not in there and ts > now - GONE_AFTER_S + MARGIN_S
    )
    ours = len(there & loaded.keys())
    return Agreement(
        shown=len(shown),
        ours=ours,
        others=len(there) - ours,
        missing=tuple(missing),
        past=len(loaded) - ours - len(missing),
    )
