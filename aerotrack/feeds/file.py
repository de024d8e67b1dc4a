"""A recording as a feed: played at a speed, or as fast as it can be read."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import Clock, FeedFigures, Room, Sink, no_wait
from aerotrack.feeds.recording import Batches, read_recording

# Observations of so much of the recording's time go on together: as live feeds come in chunks.
SLICE_S: Final = 0.1
# So many at most go on in one call, so that the loop has other turns in between.
SLICE_OBSERVATIONS: Final = 500


class FileFeed:
    """Plays a file once; its state is ``done`` at the end, and nobody runs it again.

    ``speed`` is seconds of the recording a second, 0 as fast as possible. ``open_batches`` is given
    the time (epoch seconds) it starts at. ``room`` returns when what is handed on can be taken:
    a recording can wait, and then goes on where it was.
    """

    def __init__(
        self,
        *,
        figures: FeedFigures,
        path: Path,
        speed: float,
        open_batches: Callable[[float], Batches],
        sink: Sink,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        room: Room = no_wait,
    ) -> None:
        self.figures = figures
        self._path = path
        self._speed = speed
        self._open_batches = open_batches
        self._sink = sink
        self._clock = clock
        self._sleep = sleep
        self._room = room

    async def run(self) -> None:
        """Play it from its beginning to its end.

        Raises:
            FeedError: ``bad_gzip``.
            OSError: the file cannot be read.
        """
        figures, clock = self.figures, self._clock
        began = clock.monotonic()
        batches = self._open_batches(clock.wall())
        figures.state = "connecting"
        pieces = read_recording(self._path, batches, figures)
        first: float | None = None
        while (observations := await asyncio.to_thread(_next, pieces)) is not None:
            if figures.state != "connected":
                figures.state = "connected"
                figures.connections += 1
            for part in _slices(observations):
                if first is None:
                    first = part[0].ts
                if self._speed:
                    due = began + (part[-1].ts - first) / self._speed
                    await self._sleep(max(0.0, due - clock.monotonic()))
                else:
                    await self._sleep(0.0)
                paused = clock.monotonic()
                await self._room()
                began += clock.monotonic() - paused
                received, now = clock.monotonic(), clock.wall()
                figures.last_contact = now
                self._sink(part, now=now, received=received)
        figures.state = "done"


def _next(pieces: Iterator[list[Observation]]) -> list[Observation] | None:
    return next(pieces, None)


def _slices(observations: Sequence[Observation]) -> Iterator[list[Observation]]:
    """The observations in the order they came, cut by time and number."""
    for _, together in groupby(observations, key=lambda obs: int(obs.ts / SLICE_S)):
        part = list(together)
        for start in range(0, len(part), SLICE_OBSERVATIONS):
            yield part[start : start + SLICE_OBSERVATIONS]
