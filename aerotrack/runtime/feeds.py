"""The feeds of one server: opened, supervised, and looked for where none is given."""

import logging
import time
from collections.abc import Sequence
from typing import Final, Self

from aerotrack.feeds.discover import discover
from aerotrack.feeds.factory import Shared, open_feed
from aerotrack.feeds.feed import Clock, FeedFigures, Sink
from aerotrack.feeds.receivers import Receiver
from aerotrack.feeds.supervisor import FeedSupervisor
from aerotrack.feeds.url import FeedUrl
from aerotrack.logs import log_event

logger = logging.getLogger(__name__)

CLOCK: Final = Clock(wall=time.time, monotonic=time.monotonic)


class Feeds:
    """The configured feeds, or the receiver found on this machine."""

    def __init__(self, urls: Sequence[FeedUrl], sink: Sink, shared: Shared) -> None:
        self._receivers = shared.receivers
        self._supervisor = FeedSupervisor(
            [open_feed(url, sink=sink, clock=CLOCK, shared=shared) for url in urls], clock=CLOCK
        )

    @classmethod
    async def open(cls, urls: Sequence[FeedUrl], sink: Sink, shared: Shared) -> Self:
        """The feeds of these URLs; without any, a receiver on this machine, or none."""
        return cls(urls or await _look_around(), sink, shared)

    @property
    def figures(self) -> Sequence[FeedFigures]:
        """What each feed counted."""
        return [feed.figures for feed in self._supervisor.feeds]

    @property
    def receivers(self) -> Sequence[Receiver]:
        """The stations behind them, and what each contributed."""
        return self._receivers.all()

    def start(self) -> None:
        """Start them all."""
        for figures in self.figures:
            log_event(logger, "feed", name=figures.name, url=figures.url)
        self._supervisor.start()

    async def stop(self) -> None:
        """Stop them all; nothing more reaches the sink."""
        await self._supervisor.stop()


async def _look_around() -> Sequence[FeedUrl]:
    """A receiver on this machine, and what an operator should know of the search."""
    discovery = await discover()
    for found in discovery.found:
        log_event(logger, "receiver_found", what=found.what, usable=found.feed is not None)
    if discovery.feed is None:
        log_event(
            logger,
            "no_feed",
            level=logging.WARNING,
            hint="no receiver found on this machine; add one with --feed beast://HOST:30005 "
            "or --feed readsb+http://HOST/data/aircraft.json, or POST to api/v1/observations",
        )
        return ()
    return (discovery.feed,)
