"""How long to wait before the next attempt to connect."""

from collections.abc import Callable
from typing import Final

# A server that restarts is back within seconds; one that is gone must not be hammered.
FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 30.0
# More doublings than from the first delay to the longest need not be counted.
MOST_DOUBLINGS: Final = 10


def delay(attempt: int, chance: Callable[[], float], asked: float | None = None) -> float:
    """Seconds to wait after the failed ``attempt`` (from 0).

    Doubles from half a second up to half a minute, of which ``chance`` (0 to 1) takes up to half
    away, so that the clients of a server that restarts do not come back all at once. ``asked`` is
    what the server said in Retry-After; it is believed up to the longest delay.
    """
    whole = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempt, MOST_DOUBLINGS))
    if asked is not None:
        whole = max(whole, min(asked, LONGEST_DELAY_S))
    return whole * (1.0 - chance() / 2.0)
