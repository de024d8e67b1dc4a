"""How many frames a second a recording has whose frames have no clock.

An aircraft sends its position twice a second. Some of that is not received, so the shortest steps
between its positions, counted in frames of the recording, are half a second.
"""

from collections.abc import Sequence
from typing import Final

from aerotrack.feeds.modes.decoder import Frame

# Frames a second where neither the recording nor anybody says: a small station by day.
DEFAULT_RATE: Final = 100.0
# Estimated anew every so many frames: traffic comes and goes with the hours.
BLOCK: Final = 8_192
# A transmitter jitters from 0.4 to 0.6 s; among the shortest tenth of the steps are those of 0.4 to
# 0.5 s, where at least a fifth of the positions is received.
SHORTEST: Final = 0.1
STEP_S: Final = 0.45
# As many steps tell something.
LEAST_STEPS: Final = 40
# A frame heard by a second receiver comes again soon: within so many positions of its aircraft.
_AGAIN: Final = 4
_POSITIONS: Final = range(9, 19)
_SQUITTER: Final = 17


def frames_a_second(frames: Sequence[Frame]) -> float | None:
    """Frames a second of this part of a recording; ``None`` where too little flies."""
    last: dict[bytes, int] = {}
    messages: dict[bytes, list[bytes]] = {}
    steps: list[int] = []
    for index, (message, *_) in enumerate(frames):
        if message[0] >> 3 != _SQUITTER or message[4] >> 3 not in _POSITIONS:
            continue
        address = message[1:4]
        before = messages.setdefault(address, [])
        if message in before:
            continue
        before.append(message)
        del before[:-_AGAIN]
        if address in last:
            steps.append(index - last[address])
        last[address] = index
    if len(steps) < LEAST_STEPS:
        return None
    steps.sort()
    return max(1.0, steps[int(len(steps) * SHORTEST)] / STEP_S)


class Steps:
    """Times of frames without a clock, evenly apart: at ``rate`` a second, else as estimated."""

    def __init__(self, *, start: float, rate: float | None) -> None:
        self.now = start
        self._rate = rate
        self._estimated = DEFAULT_RATE
        self._waiting: list[Frame] = []

    def take(self, frames: Sequence[Frame], *, last: bool) -> tuple[list[Frame], list[float]]:
        """The frames whose times are sure by now, and these."""
        waiting = [*self._waiting, *frames]
        done = 0
        times: list[float] = []
        while done < len(waiting):
            block = waiting[done : done + BLOCK]
            if self._rate is None:
                if len(block) < BLOCK and not last:
                    break
                self._estimated = frames_a_second(block) or self._estimated
            step = 1.0 / (self._rate or self._estimated)
            for _ in block:
                times.append(self.now)
                self.now += step
            done += len(block)
        self._waiting = waiting[done:]
        return waiting[:done], times

    def stop(self) -> list[Frame]:
        """A clock turned up: the frames that still wait."""
        waiting, self._waiting = self._waiting, []
        return waiting
