"""AVR raw: Mode S frames as lines of hex, as port 30002 of a receiver sends them.

``*`` and ``:`` lines are a bare message, ``@`` and ``%`` lines have the receiver's clock (12 hex
digits) before it, ``<`` lines a signal level (2) after that; ``;`` ends each. Four digits are Mode
A/C (``*0000;`` the heartbeat) and passed over. Spaces count for nothing, nor does what stands
behind the semicolon (some append level and time). Source: wire notes 4c, readsb net_io.c.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.lines import ArrivalStamps, LineSplitter
from aerotrack.feeds.modes.decoder import MAGIC_CLOCKS, Frame, ModesDecoder

# 12 digits of clock, 2 of level, 28 of message, and a generous suffix.
LINE_LIMIT: Final = 256

_frame = re.compile(
    rb"(?:[*:]|[@%]([0-9A-Fa-f]{12})|<([0-9A-Fa-f]{12})([0-9A-Fa-f]{2}))"
    rb"([0-9A-Fa-f]{28}|[0-9A-Fa-f]{14}|[0-9A-Fa-f]{4});"
).match
_MODE_AC_DIGITS: Final = 4


def parse_avr(line: bytes) -> Frame | str | None:
    """The frame in ``line`` (without its end), ``None`` where it is of no use, or ``bad_line``."""
    found = _frame(line)
    if found is None:
        line = b"".join(line.split())
        if not line:
            return None
        found = _frame(line)
        if found is None:
            return "bad_line"
    clock, clock_too, level, message = found.groups()
    if len(message) == _MODE_AC_DIGITS:
        return None
    ticks = int(clock or clock_too or b"0", 16)
    return bytes.fromhex(message.decode()), ticks, int(level, 16) if level else None, None


class AvrFramer:
    """Finds the frames of one connection and counts the rest in ``figures``."""

    def __init__(self, figures: FeedFigures) -> None:
        self._figures = figures
        self._lines = LineSplitter(LINE_LIMIT)

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that ``chunk`` completed, in order."""
        too_long = self._lines.too_long
        frames = self._frames(self._lines.feed(chunk))
        too_long = self._lines.too_long - too_long
        if too_long:
            self._figures.received += too_long
            self._figures.refused["line_too_long"] += too_long
        return frames

    def close(self) -> list[Frame]:
        """The last frame, where only its line's end is missing."""
        return self._frames([self._lines.close()])

    def _frames(self, lines: Sequence[bytes]) -> list[Frame]:
        figures = self._figures
        frames = []
        for line in lines:
            parsed = parse_avr(line)
            if type(parsed) is tuple:
                frames.append(parsed)
            elif parsed is not None:
                figures.received += 1
                figures.refuse(str(parsed), line)
            elif line:
                figures.received += 1
                figures.ignored += 1
        return frames


class AvrDecoder(msgspec.Struct):
    """Bytes of one AVR connection to observations; a :class:`aerotrack.feeds.tcp.Decoder`."""

    stamps: ArrivalStamps
    modes: ModesDecoder
    framer: AvrFramer

    def decode(self, chunk: bytes, *, now: float) -> Sequence[Observation]:
        """The observations that ``chunk``, read at ``now`` (epoch seconds), completed."""
        return self._observations(self.framer.feed(chunk), now)

    def close(self, *, now: float) -> Sequence[Observation]:
        """What the end of the connection completed."""
        return self._observations(self.framer.close(), now)

    def _observations(self, frames: list[Frame], now: float) -> Sequence[Observation]:
        if frames and frames[-1][1] not in MAGIC_CLOCKS:
            self.modes.compare_clock(frames[-1], now)
        return self.modes.decode(frames, self.stamps.spread(now, len(frames)))
