"""A player: the past at its viewer's own time and speed, read ahead in bounded parts.

It runs as a task of its socket. Reading has connections of its own, and each part is small, so that
neither the live stream nor the event loop waits. A viewer that does not keep up gets frames less
often, as on the live stream; so does one whose rows take longer to read than to play.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

from aerotrack.domain.past import PastEvent, Stretch
from aerotrack.domain.playback import Playback, Watch
from aerotrack.domain.records import TrackPoint
from aerotrack.feeds.feed import Clock
from aerotrack.web.ports import Replays

logger = logging.getLogger(__name__)

# Rows reach the database within a flush interval (15 s where the disk is spared); playback keeps
# this far behind the present, so that none comes behind its back.
PRESENT_LAG_S: Final = 20.0
# So near to where it can play to it counts as there: a frame or so.
AT_PRESENT_S: Final = 1.0
# Rows of a part: some ten milliseconds of the event loop, in slices.
PART_ROWS: Final = 2000
SLICE: Final = 250
# Seconds of history in a part, first and at most; it follows the rows found.
STRETCH_FIRST_S: Final = 10.0
STRETCH_LEAST_S: Final = 0.5
STRETCH_MOST_S: Final = 120.0
EVENTS_MOST: Final = 5000
# While the database is away a player asks this often.
RETRY_S: Final = 5.0
# More than any key of a flight.
BEHIND_ALL: Final = (1 << 63) - 1
MICROSECOND: Final = 1e-6

Say = Callable[["Player", int | str | None], None]
Row = TypeVar("Row", TrackPoint, PastEvent)


class Player:
    """Plays to one viewer.

    ``send`` takes a frame, ``say`` is called when how it plays changed (with the id of what asked
    for it), ``away`` when the history cannot be read, once each time.
    """

    def __init__(
        self,
        replays: Replays,
        clock: Clock,
        *,
        send: Callable[[bytes], None],
        say: Say,
        away: Callable[[], None],
    ) -> None:
        self._replays = replays
        self._clock = clock
        self._send = send
        self._say = say
        self._away = away
        self._playback = Playback(replays.rules)
        self._watch = Watch()
        self._interval = 1.0
        self.speed = 1.0
        self.paused = False
        self.present = False  # whether it has come to the present
        self._at = 0.0  # the time played at ``_then`` (monotonic)
        self._played = 0.0  # the time of the last frame
        self._then = clock.monotonic()
        self._due = self._then  # when the next frame is
        self._begins = False
        self._asked: int | str | None = None
        self._told_away = False
        self._points: deque[TrackPoint] = deque()
        self._events: deque[PastEvent] = deque()
        self._since = (0.0, 0)
        self._read = 0.0  # all rows up to here were read
        self._stretch = STRETCH_FIRST_S
        self._wake = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._task: asyncio.Task[None] | None = None

    # -- what the viewer asks for ------------------------------------------------------------------

    @property
    def at(self) -> float:
        """The time it plays now, epoch seconds."""
        if self.paused or self._begins:
            return self._at
        return self._at + (self._clock.monotonic() - self._then) * self.speed

    def watch(
        self, watch: Watch, interval: float, at: float | None, request_id: int | str | None
    ) -> None:
        """Show this view, from ``at`` or from where it is; the answer is a snapshot."""
        self._watch, self._interval = watch, interval
        self._go(self.at if at is None else at, request_id)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="playback")

    def seek(self, at: float, request_id: int | str | None) -> None:
        """Go to a time; the answer is a snapshot. Paused stays paused."""
        self._go(at, request_id)

    def pause(self, request_id: int | str | None) -> None:
        """Stop the clock."""
        self._set(self.at)
        self.paused = True
        self._say(self, request_id)
        self._wake.set()

    def set_speed(self, speed: float, request_id: int | str | None = None) -> None:
        """Run the clock, or run it at another speed."""
        self._set(self.at)
        self.present = self._at >= self._clock.wall() - PRESENT_LAG_S - AT_PRESENT_S
        self.speed, self.paused = min(speed, 1.0) if self.present else speed, False
        self._say(self, request_id)
        self._wake.set()

    def writable(self, writable: bool) -> None:
        """Whether the viewer takes frames now."""
        if writable:
            self._writable.set()
        else:
            self._writable.clear()

    def stop(self) -> None:
        """Play nothing any more; :meth:`watch` begins again."""
        self._set(self.at)
        self._begins = True  # the clock stands
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def _go(self, at: float, request_id: int | str | None) -> None:
        latest = self._clock.wall() - PRESENT_LAG_S
        self.present = at >= latest
        if self.present:
            self.speed = min(self.speed, 1.0)
        self._at = min(at, latest)
        self._begins, self._asked = True, request_id
        self._wake.set()

    def _set(self, at: float) -> None:
        self._at, self._then = at, self._clock.monotonic()

    # -- playing -----------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                await self._step()
                self._told_away = False
            except OSError:
                if not self._begins:
                    self._set(self._played)
                if not self._told_away:
                    self._told_away = True
                    self._away()
                await self._woken(RETRY_S)
            except Exception:
                # A viewer without frames is better off than one with wrong ones.
                logger.exception("playback_failed")
                self._away()
                return

    async def _step(self) -> None:
        if self._begins:
            await self._begin()
        elif self.paused:
            await self._woken(None)
        elif not await self._woken(self._due - self._clock.monotonic()):
            await self._writable.wait()
            await self._advance()

    async def _woken(self, seconds: float | None) -> bool:
        """Wait so long, or until the viewer asks for something, which it says."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if seconds is None else max(0.0, seconds)):
                await self._wake.wait()
        woken = self._wake.is_set()
        self._wake.clear()
        return woken

    async def _begin(self) -> None:
        at, watch = self._at, self._watch
        states = await self._replays.picture(at, watch.box, watch.follow)
        if (at, watch) != (self._at, self._watch):
            return  # the viewer has thought of something else
        self._points.clear()
        self._events.clear()
        self._since, self._read = (at, BEHIND_ALL), at
        self._begins = False
        self._played = at
        self._set(at)
        self._due = self._then + self._interval
        asked, self._asked = self._asked, None
        self._say(self, asked)
        for part in self._playback.begin(states, watch, at):
            await self._writable.wait()
            self._send(part)
            await asyncio.sleep(0)

    async def _advance(self) -> None:
        """Play up to now, and send what changed."""
        begun = self._clock.monotonic()
        latest = self._clock.wall() - PRESENT_LAG_S
        arrived = self.at > latest
        until = min(self.at, latest)
        while not self._begins:
            await self._fold(min(until, self._read))
            if self._read >= until:
                break
            await self._read_on(latest)
        if self._begins:
            return
        self._played = until
        for frame in self._playback.frame(until):
            self._send(frame)
        now = self._clock.monotonic()
        late = now - begun > self._interval  # reading takes longer than playing: play slower
        if arrived and (self.speed > 1.0 or not self.present):
            self.present, self.speed = True, min(self.speed, 1.0)
            self._set(until)
            self._say(self, None)
        elif arrived or late:
            self._set(until)
        self._due = max(now, self._due + self._interval)

    async def _fold(self, until: float) -> None:
        points = _up_to(self._points, until)
        events = deque(_up_to(self._events, until))
        known = set(self._playback.known)
        unknown = {point.flight for point in points} - known
        airframes = await self._replays.airframes(unknown) if unknown else {}
        if self._begins:
            return
        for start in range(0, len(points), SLICE):
            part = points[start : start + SLICE]
            held = _up_to(events, part[-1].ts)
            self._playback.fold(part, held, airframes)
            await asyncio.sleep(0)
        self._playback.fold((), events, {})

    async def _read_on(self, latest: float) -> None:
        """Read the next part, up to ``latest`` at most."""
        since = self._read
        end = min(since + self._stretch, latest)
        events = list(await self._replays.events_between(since, end, EVENTS_MOST))
        if len(events) == EVENTS_MOST and events[-1].ts > since:
            end = events[-1].ts - MICROSECOND
            events = _up_to(deque(events), end)
        points = await self._replays.points_between(
            Stretch(
                since=self._since,
                until=end,
                box=self._watch.box,
                follow=self._watch.follow,
                known=(*self._playback.known, *{point.flight for point in self._points}),
                limit=PART_ROWS,
            )
        )
        if self._begins:
            return
        if len(points) == PART_ROWS:
            last = points[-1]
            self._since, end = (last.ts, last.flight), last.ts - MICROSECOND
            events = _up_to(deque(events), end)
            self._stretch = max(STRETCH_LEAST_S, self._stretch / 2)
        else:
            self._since = (end, BEHIND_ALL)
            if len(points) < PART_ROWS // 4:
                self._stretch = min(STRETCH_MOST_S, self._stretch * 2)
        self._points.extend(points)
        self._events.extend(events)
        self._read = max(since, end)


def _up_to(rows: deque[Row], until: float) -> list[Row]:
    """Take the rows out that are not later than ``until``."""
    taken: list[Row] = []
    while rows and rows[0].ts <= until:
        taken.append(rows.popleft())
    return taken
