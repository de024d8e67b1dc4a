"""The table against a server: once, or until somebody has seen enough."""

import asyncio
import contextlib
import signal
import time
from collections import deque
from typing import Final

from rich.console import Console

from aerotrack.client import Filter, LiveStream, connect
from aerotrack.domain.vocabulary import Live as LiveFlight
from aerotrack.top.columns import COLUMNS, fitting, ordered
from aerotrack.top.control import Control
from aerotrack.top.keyboard import pressed
from aerotrack.top.page import Seen, page, rows_for, table

Bbox = tuple[float, float, float, float]

# Updates a second are told from so many seconds: fewer jump, more lag behind.
RATE_WINDOW_S: Final = 5.0
# Whoever reads a pipe wants every column.
PIPE_WIDTH: Final = 200
_ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def print_once(
    server: str, *, bbox: Bbox | None, wanted: Filter | None, control: Control, console: Console
) -> None:
    """Print the table as it is now. Raises :class:`aerotrack.client.LiveError`."""
    async with connect(server, reconnect=False) as live:
        await live.subscribe(bbox=bbox, filter=wanted)
        flights = ordered(
            list(live.flights.values()), control.column, live.now, descending=control.descending
        )
        columns = fitting(console.width) if console.is_terminal else COLUMNS
        if not console.is_terminal:
            console.width = PIPE_WIDTH
        console.print(table(flights, columns, live.now))


async def watch(
    server: str,
    *,
    bbox: Bbox | None,
    wanted: Filter | None,
    interval: float,
    control: Control,
    console: Console,
) -> None:
    """Show the table until a key or a signal ends it, whatever becomes of the server meanwhile.

    Raises :class:`aerotrack.client.LiveError` where it cannot even begin.
    """
    async with connect(server) as live:
        await live.subscribe(bbox=bbox, filter=wanted, interval=interval)
        await _Screen(live, control, console, interval).run()


class _Screen:
    """The screen of one :func:`watch`: drawn at each interval, each key, and each new size."""

    def __init__(
        self, live: LiveStream, control: Control, console: Console, interval: float
    ) -> None:
        self._live = live
        self._control = control
        self._console = console
        self._interval = interval
        self._wake = asyncio.Event()
        self._rates: deque[tuple[float, int]] = deque()
        self._still: tuple[list[LiveFlight], float] = ([], 0.0)

    async def run(self) -> None:
        """Draw until it is over."""
        loop = asyncio.get_running_loop()
        for number in _ENDS:
            loop.add_signal_handler(number, self._end)
        loop.add_signal_handler(signal.SIGWINCH, self._wake.set)
        try:
            with self._console.screen() as screen, pressed(self._press):
                while not self._control.over:
                    width, height = self._console.size
                    screen.update(page(self._seen(), self._control, width, height))
                    self._wake.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), self._interval)
        finally:
            for number in (*_ENDS, signal.SIGWINCH):
                loop.remove_signal_handler(number)

    def _end(self) -> None:
        self._control.over = True
        self._wake.set()

    def _press(self, key: str) -> None:
        width, height = self._console.size
        self._control.press(key, columns=fitting(width), page=rows_for(height))
        self._wake.set()

    def _seen(self) -> Seen:
        live = self._live
        if not self._control.paused:
            self._still = list(live.flights.values()), live.now
        flights, now = self._still
        return Seen(flights, now, live.server, live.url, self._rate(), self._trouble())

    def _trouble(self) -> str:
        if self._live.state == "live":
            return ""
        return f"{self._live.state}: {self._live.last_error or 'no connection'}"

    def _rate(self) -> float:
        """Updates a second, over the last seconds."""
        now = time.monotonic()
        self._rates.append((now, self._live.updates))
        while now - self._rates[0][0] > RATE_WINDOW_S and len(self._rates) > 2:
            self._rates.popleft()
        then, before = self._rates[0]
        return (self._live.updates - before) / (now - then) if now > then else 0.0
