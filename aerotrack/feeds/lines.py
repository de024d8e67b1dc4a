"""Lines out of a byte stream, whatever comes: bounded in memory, the same however it was cut.

:class:`LineSplitter` finds the lines; :class:`LineDecoder` makes observations of them with the
parse function of a format, gives each its time and does the counting. Both are pure: no IO.
"""

from collections.abc import Callable
from typing import Final

from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import FeedFigures

# A wall clock that went back further than this was set; below, it is the jitter of a correction.
CLOCK_STEP_US: Final = 5_000_000

# What a line is: an observation, the reason it is refused for, or None where it says nothing to us.
Parsed = Observation | str | None
# The line without its end, and the time (epoch seconds) it arrived.
ParseLine = Callable[[bytes, float], Parsed]


class LineSplitter:
    """Splits a stream at LF; a CR before it belongs to the end of the line.

    A line of more than ``limit`` bytes (CR included) is skipped up to the next LF and counted in
    ``too_long``, once; no more than ``limit`` bytes of it are ever held.
    """

    def __init__(self, limit: int) -> None:
        self.too_long = 0
        self._limit = limit
        self._rest = b""
        self._skipping = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that ``chunk`` completed, without their ends."""
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if self._skipping and lines:
            del lines[0]
            self._skipping = False
        if lines and max(map(len, lines)) > self._limit:
            within = [line for line in lines if len(line) <= self._limit]
            self.too_long += len(lines) - len(within)
            lines = within
        if self._skipping:
            self._rest = b""
        elif len(self._rest) > self._limit:
            self.too_long += 1
            self._rest = b""
            self._skipping = True
        return [line.removesuffix(b"\r") for line in lines]

    def close(self) -> bytes:
        """What came behind the last LF; the splitter is as new afterwards."""
        rest, self._rest, self._skipping = self._rest, b"", False
        return rest.removesuffix(b"\r")


class ArrivalStamps:
    """Gives every record of a live feed a time of its own, in the order they were read.

    Records read together get their arrival time and a microsecond more each, so that those of one
    flight stay in order and apart. Time never goes back, unless the clock was set back.
    """

    def __init__(self) -> None:
        self._next_us = 0

    def take(self, now: float, count: int) -> int:
        """Epoch microseconds for the first of ``count`` records that arrived at ``now``."""
        start = int(now * 1e6)
        if start < self._next_us <= start + CLOCK_STEP_US:
            start = self._next_us
        self._next_us = start + count
        return start

    def spread(self, now: float, count: int) -> list[float]:
        """The times (epoch seconds) of ``count`` records that arrived at ``now``."""
        first = self.take(now, count)
        return [stamp / 1e6 for stamp in range(first, first + count)]


class LineDecoder:
    """Bytes of one connection to observations, counted in ``figures``.

    ``stamps`` is shared by the connections of a feed. ``whole_tail`` says what a last line without
    an end is: a record all the same (JSON closes itself), or ``cut_line`` (CSV may lack digits).
    """

    def __init__(
        self,
        parse: ParseLine,
        *,
        figures: FeedFigures,
        stamps: ArrivalStamps,
        limit: int,
        whole_tail: bool = False,
    ) -> None:
        self._parse = parse
        self._figures = figures
        self._stamps = stamps
        self._splitter = LineSplitter(limit)
        self._whole_tail = whole_tail

    def decode(self, chunk: bytes, *, now: float) -> list[Observation]:
        """The observations that ``chunk``, read at ``now`` (epoch seconds), completed."""
        too_long = self._splitter.too_long
        lines = self._splitter.feed(chunk)
        too_long = self._splitter.too_long - too_long
        if too_long:
            self._figures.received += too_long
            self._figures.refused["line_too_long"] += too_long
        return self._observations(lines, now)

    def close(self, *, now: float) -> list[Observation]:
        """What the end of the connection completed."""
        tail = self._splitter.close()
        if not tail:
            return []
        if self._whole_tail:
            return self._observations([tail], now)
        self._figures.received += 1
        self._figures.refused["cut_line"] += 1
        return []

    def _observations(self, lines: list[bytes], now: float) -> list[Observation]:
        figures, parse = self._figures, self._parse
        observations = []
        first = self._stamps.take(now, len(lines))
        for stamp, line in enumerate(lines, first):
            parsed = parse(line, stamp / 1e6)
            if type(parsed) is Observation:
                observations.append(parsed)
            elif parsed is None:
                figures.ignored += 1
            else:
                figures.refused[parsed] += 1  # type: ignore[index]
        figures.received += len(lines)
        figures.accepted += len(observations)
        return observations
