"""``aircraft.json`` of a receiver, polled over HTTP or read from its file.

The document is the receiver's whole picture each time. :class:`Picture` makes observations of what
is new in it: an aircraft not heard since the last poll is not reported again, and a position that
is still the same one only once.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from aerotrack.domain.observation import Observation
from aerotrack.domain.rules import FlightRules
from aerotrack.feeds.aircraft import number, parse_aircraft
from aerotrack.feeds.feed import Clock, FeedError, FeedFigures, Sink
from aerotrack.feeds.http import HttpFetcher

# The document of the whole world's traffic has about 12 MB; whatever is larger is none.
DOCUMENT_LIMIT_BYTES: Final = 32 * 1024 * 1024
# dump1090 rounds both `now` and `seen` to 0.1 s, so the same contact moves by that much either way.
ROUNDING_S: Final = 0.2
# New data must be newer than the last, whatever the rounding says; a thousandth is enough.
NEWER_BY_S: Final = 0.001
# Receivers write the document every second; one that stays the same is of a program that is gone.
UNCHANGED_LIMIT_S: Final = 60.0
# So many documents tell how far a receiver's clock is ahead, most of them a second apart.
SKEW_OF: Final = 30


class Heard(msgspec.Struct, frozen=True, gc=False):
    """What was last reported of an aircraft: when it was heard, how often, and where it was."""

    ts: float
    messages: object
    at: float | None
    lat: float | None
    lon: float | None


def parse_document(body: bytes) -> dict[str, Any]:
    """The object in ``body``, with ``aircraft`` a list. Raises ``FeedError`` ``bad_json``."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            document = json.loads(body)  # takes the NaN of one aircraft, and it costs just that
        except (ValueError, RecursionError) as wrong:
            raise FeedError("bad_json", f"the document is no JSON: {wrong}") from wrong
    if not isinstance(document, dict) or not isinstance(document.get("aircraft"), list):
        raise FeedError("bad_json", "the document has no list of aircraft")
    return document


class Picture:
    """The receiver's picture from poll to poll. Pure: no IO, no clock of its own.

    ``stated`` is the time the last document stood for, also where that was refused.
    """

    def __init__(self, figures: FeedFigures, *, future_tolerance: float) -> None:
        self.stated: float | None = None
        self._now: float | None = None
        self._figures = figures
        self._future_tolerance = future_tolerance
        self._heard: dict[str, Heard] = {}
        self._ahead: deque[float] = deque(maxlen=SKEW_OF)

    def update(self, document: dict[str, Any], *, arrived: float) -> list[Observation]:
        """What is new in ``document`` that arrived at ``arrived`` (epoch seconds).

        A document from more than the tolerance ahead of our clock is refused whole (``future``);
        one with the ``now`` of the last is ignored. Within the tolerance it is put back.
        """
        figures, entries = self._figures, document["aircraft"]
        figures.received += len(entries)
        stated = number(document.get("now"))
        now = arrived if stated is None else float(stated)
        self.stated = now
        if now > arrived + self._future_tolerance:
            figures.refused["future"] += len(entries)
            figures.last_error = (
                f"future: the receiver's clock is {now - arrived:.0f} s ahead; set one of the two"
            )
            return []
        if now == self._now:
            figures.ignored += len(entries)
            return []
        self._now = now
        # Nothing can be known before it happened: a clock that is ahead is put back by as much, or
        # everybody else's news would seem late. The least delayed of some documents tells.
        self._ahead.append(now - arrived)
        now -= max(0.0, *self._ahead)
        before, self._heard = self._heard, {}
        observations = []
        for entry in entries:
            parsed = parse_aircraft(entry, now=now, feed=figures.name, dropped=figures.dropped)
            if isinstance(parsed, str):
                figures.refused[parsed] += 1
                continue
            news = self._news(parsed, entry.get("messages"), before.get(parsed.icao24))
            if news is None:
                figures.ignored += 1
            else:
                observations.append(news)
        figures.accepted += len(observations)
        return observations

    def _news(self, seen: Observation, messages: object, last: Heard | None) -> Observation | None:
        """``seen`` without what was reported before; ``None`` where all of it was."""
        at = None
        if seen.lat is not None:
            at = seen.ts if seen.time_position is None else seen.time_position
        if last is not None:
            advanced = seen.ts - last.ts
            if advanced <= ROUNDING_S and messages == last.messages:
                self._heard[seen.icao24] = last
                return None
            changes: dict[str, Any] = {}
            if -ROUNDING_S <= advanced < NEWER_BY_S:
                changes["ts"] = last.ts + NEWER_BY_S
            if (
                at is not None
                and last.at is not None
                and (seen.lat, seen.lon) == (last.lat, last.lon)
                and at - last.at <= ROUNDING_S
            ):
                changes.update(lat=None, lon=None, time_position=None)
                at = last.at
            self._heard[seen.icao24] = Heard(
                changes.get("ts", seen.ts), messages, at, seen.lat, seen.lon
            )
            return msgspec.structs.replace(seen, **changes) if changes else seen
        self._heard[seen.icao24] = Heard(seen.ts, messages, at, seen.lat, seen.lon)
        return seen


class Fetch(Protocol):
    """Gets the document. Raises ``FeedError`` or ``OSError``."""

    async def get(self) -> bytes: ...

    def close(self) -> None: ...


class HttpDocument:
    """The document at a URL."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._fetcher = HttpFetcher(max_bytes=DOCUMENT_LIMIT_BYTES)

    async def get(self) -> bytes:
        return await self._fetcher.get(self._url)

    def close(self) -> None:
        self._fetcher.close()


class FileDocument:
    """The document in a file that its program replaces, read off the loop."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def _read(self) -> bytes:
        with self._path.open("rb") as document:
            body = document.read(DOCUMENT_LIMIT_BYTES + 1)
        if len(body) > DOCUMENT_LIMIT_BYTES:
            raise FeedError("response_too_large", f"more than {DOCUMENT_LIMIT_BYTES} bytes")
        return body

    async def get(self) -> bytes:
        return await asyncio.to_thread(self._read)

    def close(self) -> None:
        """Nothing is held open."""


class ReadsbJsonFeed:
    """Polls a document every ``interval`` seconds. What was heard survives a failed poll."""

    def __init__(
        self,
        *,
        figures: FeedFigures,
        open_document: Callable[[], Fetch],
        interval: float,
        sink: Sink,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        future_tolerance: float = FlightRules().future_tolerance,
    ) -> None:
        self.figures = figures
        self._open_document = open_document
        self._interval = interval
        self._sink = sink
        self._clock = clock
        self._sleep = sleep
        self._picture = Picture(figures, future_tolerance=future_tolerance)
        self._changed = clock.monotonic()

    async def run(self) -> None:
        """Poll until cancelled.

        Raises:
            FeedError: ``bad_json``, ``response_too_large``, ``not_updated``, ``http_...``.
            OSError: the file cannot be read.
        """
        self.figures.state = "connecting"
        document = self._open_document()
        try:
            while True:
                began = self._clock.monotonic()
                await self._poll(document)
                spent = self._clock.monotonic() - began
                await self._sleep(max(0.0, self._interval - spent))
        finally:
            document.close()

    async def _poll(self, document: Fetch) -> None:
        figures, clock = self.figures, self._clock
        body = await document.get()
        received, now = clock.monotonic(), clock.wall()
        figures.bytes += len(body)
        figures.last_contact = now
        try:
            picture = parse_document(body)
        except FeedError as wrong:
            figures.received += 1
            figures.refused[wrong.code] += 1
            raise
        if figures.state != "connected":
            figures.state = "connected"
            figures.connections += 1
        before = self._picture.stated
        if observations := self._picture.update(picture, arrived=now):
            self._sink(observations, now=now, received=received)
        if self._picture.stated != before:
            self._changed = received
        elif received - self._changed > max(UNCHANGED_LIMIT_S, 3 * self._interval):
            raise FeedError(
                "not_updated", "the document stays the same; does the receiver's program run?"
            )


__all__ = ["FileDocument", "HttpDocument", "Picture", "ReadsbJsonFeed", "parse_document"]
