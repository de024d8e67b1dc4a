"""Keeps feeds running: each for ever, with a growing pause after every loss.

Whatever a feed raises is noted in its figures, logged once, and the feed is run again; one that is
``done`` (a file played to its end) is left alone. Nothing a feed does ends the server.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from aerotrack.feeds.feed import Clock, Feed, FeedError
from aerotrack.logs import log_event

LOG = logging.getLogger(__name__)

# The first pause: a receiver that restarts is back within seconds.
FIRST_PAUSE_S: Final = 1.0
FACTOR: Final = 2.0
# The longest: whoever plugs a receiver in again waits no longer than this to see it.
LONGEST_PAUSE_S: Final = 30.0
# A pause is between this share of its length and all of it, at random, so that many servers that
# lost the same receiver do not come back at once.
LEAST_SHARE: Final = 0.5
# A run of this length was a good one: the next loss starts with the first pause again.
HEALTHY_AFTER_S: Final = 30.0
# The same error of the same feed is logged again after this long.
LOG_AGAIN_S: Final = 600.0
# Errors remembered per feed, so that texts that vary do not fill memory.
ERRORS_REMEMBERED: Final = 32


class Backoff(msgspec.Struct):
    """How long to wait after each loss. ``uniform`` gives 0 to 1."""

    uniform: Callable[[], float]
    losses: int = 0

    def pause(self, lasted: float) -> float:
        """Seconds to wait after a run that lasted ``lasted`` seconds."""
        if lasted >= HEALTHY_AFTER_S:
            self.losses = 0
        # The exponent is bounded: 2.0 ** 1024 raises.
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * FACTOR ** min(self.losses, 16))
        self.losses += 1
        return longest * (LEAST_SHARE + (1.0 - LEAST_SHARE) * self.uniform())


def describe(error: BaseException | None) -> str:
    """What went wrong, for a person: the code or kind of the error, and its text."""
    if error is None:
        return "ended"
    if isinstance(error, FeedError):
        return f"{error.code}: {error}"
    return f"{type(error).__name__}: {error}"


class FeedSupervisor:
    """Runs ``feeds`` from :meth:`start` to :meth:`stop`. Made and used on the loop's thread."""

    def __init__(
        self,
        feeds: Sequence[Feed],
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self.feeds = tuple(feeds)
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start every feed; needs a running loop. Once only."""
        if self._tasks:
            raise RuntimeError("the feeds were started already")
        self._tasks = [
            asyncio.get_running_loop().create_task(
                self._keep_running(feed), name=f"feed {feed.figures.name}"
            )
            for feed in self.feeds
        ]

    async def stop(self) -> None:
        """Cancel every feed and wait until each has closed what it had open."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for feed in self.feeds:
            if feed.figures.state != "done":
                feed.figures.state = "stopped"

    async def _keep_running(self, feed: Feed) -> None:
        backoff = Backoff(self._uniform)
        logged: dict[str, float] = {}
        figures = feed.figures
        while True:
            began = self._clock.monotonic()
            error: BaseException | None = None
            try:
                await feed.run()
            except asyncio.CancelledError as cancelled:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                error = cancelled  # somebody inside the feed was cancelled, not the feed
            except Exception as raised:
                error = raised
            if error is None and figures.state == "done":
                LOG.info("feed_done feed=%s", figures.name)
                return
            now = self._clock.monotonic()
            pause = backoff.pause(now - began)
            figures.last_error = describe(error)
            figures.state = "waiting"
            self._log(figures.name, error, pause, now, logged)
            await self._sleep(pause)

    def _log(
        self,
        name: str,
        error: BaseException | None,
        pause: float,
        now: float,
        logged: dict[str, float],
    ) -> None:
        text = describe(error)
        if now - logged.get(text, -LOG_AGAIN_S) < LOG_AGAIN_S:
            return
        if len(logged) >= ERRORS_REMEMBERED:
            del logged[min(logged, key=logged.__getitem__)]
        logged[text] = now
        expected = error is None or isinstance(error, OSError | FeedError)
        log_event(
            LOG,
            "feed_lost",
            level=logging.WARNING if expected else logging.ERROR,
            error=None if expected else error,
            feed=name,
            reason=text,
            retry_in_s=round(pause, 1),
        )
