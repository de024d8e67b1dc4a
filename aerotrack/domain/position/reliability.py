"""How sure a flight is of where it is: when refused positions win over the accepted ones."""

from collections import deque
from typing import Final

# A counter goes up with each accepted fix and down with each refused one; at zero the flight may
# jump. Four (readsb's): about two seconds of messages decide.
MOST: Final = 4
_NEXT: Final = (1, 2, 3, MOST, MOST)  # of a counter that goes up
# The same bad position within 4 s, and the same receiver within 0.3 s, count once (readsb), so that
# one bad receiver does not drain the counter.
KEPT: Final = 4
SAME_POSITION_S: Final = 4.0
SAME_RECEIVER_S: Final = 0.3

Place = tuple[float, float, float]  # latitude, longitude, epoch seconds
_Refused = tuple[Place, tuple[str, str | None]]


class Reliability:
    """Counters: one for judged positions, one for each format of raw frames.

    Beyond the reference tracker a jump must also continue the last refused one (:attr:`elsewhere`),
    and an accepted fix forgets that: rubbish does not agree with itself.
    """

    __slots__ = ("_even", "_judged", "_odd", "_refused", "elsewhere")

    def __init__(self) -> None:
        self._judged = self._even = self._odd = 0
        self.elsewhere: Place | None = None
        self._refused: deque[_Refused] | None = None

    @property
    def exhausted(self) -> bool:
        """Whether as much was refused as had been accepted."""
        return not (self._judged and self._even and self._odd)

    def accepted(self, odd: bool | None) -> None:
        """A fix passed the gate; ``odd`` is the format of a raw one, ``None`` of a judged one."""
        self.elsewhere = None
        if odd is None:
            self._judged = _NEXT[self._judged]
        elif odd:
            self._odd = _NEXT[self._odd]
        else:
            self._even = _NEXT[self._even]

    def restarted(self) -> None:
        """The flight jumped, or has its first fix: nothing before counts."""
        self.elsewhere = None
        self._judged = self._even = self._odd = 1

    def refused(self, place: Place, odd: bool | None, heard_by: tuple[str, str | None]) -> None:
        """A fix did not pass the gate; ``heard_by`` is its feed and receiver."""
        lat, lon, at = place
        self.elsewhere = place
        before = self._refused
        if before is None:
            before = self._refused = deque(maxlen=KEPT)
        for (was_lat, was_lon, was_at), was_heard_by in before:
            ago = at - was_at
            if ago < SAME_POSITION_S and was_lat == lat and was_lon == lon:
                return
            if ago < SAME_RECEIVER_S and was_heard_by == heard_by:
                return
        before.append((place, heard_by))
        if odd is None:
            self._judged = max(self._judged - 1, 0)
        elif odd:
            self._odd = max(self._odd - 1, 0)
        else:
            self._even = max(self._even - 1, 0)
