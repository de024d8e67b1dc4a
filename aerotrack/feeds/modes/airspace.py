"""What all raw feeds of a server know together: the aircraft heard, and the frames of just now.

One object, made by whoever makes the feeds. An address that one receiver heard in a squitter is
known to all of them, and a frame that two of them heard is one frame.
"""

from typing import Final

from aerotrack.feeds.modes.declination import Declination
from aerotrack.feeds.modes.heard import FORGOTTEN_AFTER_S, Heard
from aerotrack.feeds.modes.rust import Decoded

# The same frame within this time is the same transmission (another receiver's, over a slower line)
# or one that says nothing new; aircraft repeat what stays the same no oftener than twice a second.
SAME_WITHIN_S: Final = 1.0
# How often those not heard any more are looked for.
SWEEP_EVERY_S: Final = 60.0
# Decoded messages kept, since most that are not positions occur again and again (a callsign, a
# state, a register); two generations of so many, some 3 MB each.
DECODED_KEPT: Final = 4_096
NON_ICAO: Final = 1 << 24


class Airspace:
    """Aircraft by address, with :data:`NON_ICAO` set where the address is none of ICAO's."""

    def __init__(self) -> None:
        self.heard: dict[int, Heard] = {}
        self.declination = Declination()
        self._frames: dict[bytes, tuple[float, object]] = {}
        self._frames_before: dict[bytes, tuple[float, object]] = {}
        self._turned = float("-inf")
        self._swept = float("-inf")
        self._decoded: dict[bytes, Decoded] = {}
        self._decoded_before: dict[bytes, Decoded] = {}

    def aircraft(self, address: int) -> Heard:
        """The one with this address, new if need be."""
        heard = self.heard.get(address)
        if heard is None:
            tilde = "~" if address & NON_ICAO else ""
            heard = self.heard[address] = Heard(f"{tilde}{address & 0xFFFFFF:06x}")
        return heard

    def advance(self, now: float) -> None:
        """Forget what is over at ``now``; called with every batch. Time may step back."""
        if abs(now - self._turned) > SAME_WITHIN_S:
            self._turned = now
            self._frames_before, self._frames = self._frames, {}
        if abs(now - self._swept) > SWEEP_EVERY_S:
            self._swept = now
            limit = now - FORGOTTEN_AFTER_S
            for address in [a for a, heard in self.heard.items() if heard.last < limit]:
                del self.heard[address]

    def heard_already(self, message: bytes, now: float) -> object | None:
        """Who heard this very frame just now, before."""
        seen = self._frames.get(message) or self._frames_before.get(message)
        return seen[1] if seen is not None and abs(now - seen[0]) <= SAME_WITHIN_S else None

    def remember(self, message: bytes, now: float, receiver: object) -> None:
        """This frame was heard and believed."""
        self._frames[message] = (now, receiver)

    def decoded(self, message: bytes) -> Decoded | None:
        """What the library made of it earlier."""
        decoded = self._decoded.get(message)
        if decoded is None and (decoded := self._decoded_before.get(message)) is not None:
            self._decoded[message] = decoded
        return decoded

    def keep_decoded(self, message: bytes, decoded: Decoded) -> None:
        """What the library made of it."""
        if len(self._decoded) >= DECODED_KEPT:
            self._decoded_before, self._decoded = self._decoded, {}
        self._decoded[message] = decoded
