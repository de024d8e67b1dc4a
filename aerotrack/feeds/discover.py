"""Looks for a receiver on this machine, for ``serve`` without a feed.

It only looks, at the places where the programs of the field put their output, and says what it
found; it never scans and never leaves the machine.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from aerotrack.feeds.feed import FeedError
from aerotrack.feeds.http import HttpFetcher
from aerotrack.feeds.readsb_json import DOCUMENT_LIMIT_BYTES, parse_document
from aerotrack.feeds.url import CONNECT_PORTS, LOOPBACK, SBS_PORT, FeedUrl, parse_feed_url

BEAST_PORT: Final = CONNECT_PORTS["beast"]
RECEIVER_FILES: Final = (
    "/run/readsb/aircraft.json",
    "/run/dump1090-fa/aircraft.json",
    "/run/dump1090-mutability/aircraft.json",
)
RECEIVER_URLS: Final = (
    "http://127.0.0.1/tar1090/data/aircraft.json",
    "http://127.0.0.1:8080/data/aircraft.json",
)
# On this machine a port answers at once or not at all; the web server of a small board may be slow.
PORT_TIMEOUT_S: Final = 1.0
HTTP_TIMEOUT_S: Final = 3.0
# A running receiver writes its file every second or so.
FRESH_S: Final = 60.0


class Found(msgspec.Struct, frozen=True):
    """A receiver's output on this machine. ``feed`` is ``None`` where it cannot be used (yet)."""

    what: str
    feed: FeedUrl | None


class Discovery(msgspec.Struct, frozen=True):
    """All that was found, the best first."""

    found: tuple[Found, ...]

    @property
    def feed(self) -> FeedUrl | None:
        """The one to use: Beast, which says most, before SBS and JSON; ``None`` without any."""
        return next((found.feed for found in self.found if found.feed is not None), None)


async def _answers(port: int, timeout: float) -> bool:
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:  # a TimeoutError is one
        return False
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _look_at_file(path: Path, now: float) -> Found | None:
    try:
        age = now - path.stat().st_mtime
        if age <= FRESH_S:
            with path.open("rb") as document:
                parse_document(document.read(DOCUMENT_LIMIT_BYTES))
    except PermissionError:
        return Found(f"{path}, which this user may not read", None)
    except (OSError, FeedError):
        return None
    if age > FRESH_S:
        return Found(f"{path}, but it was last written {age:.0f} s ago", None)
    return Found(f"aircraft.json in {path}", parse_feed_url(f"readsb+file://{quote(str(path))}"))


async def _look_at_url(url: str, fetcher: HttpFetcher) -> Found | None:
    try:
        parse_document(await fetcher.get(url))
    except FeedError:
        return None
    return Found(f"aircraft.json at {url}", parse_feed_url(f"readsb+{url}"))


async def discover(
    *,
    sbs_port: int = SBS_PORT,
    beast_port: int = BEAST_PORT,
    files: Sequence[str] = RECEIVER_FILES,
    urls: Sequence[str] = RECEIVER_URLS,
    wall: Callable[[], float] = time.time,
    port_timeout: float = PORT_TIMEOUT_S,
    http_timeout: float = HTTP_TIMEOUT_S,
) -> Discovery:
    """What receivers offer on this machine's loopback and in its ``/run``. Never raises."""
    fetcher = HttpFetcher(max_bytes=DOCUMENT_LIMIT_BYTES, timeout=http_timeout)
    try:
        sbs, beast, *documents = await asyncio.gather(
            _answers(sbs_port, port_timeout),
            _answers(beast_port, port_timeout),
            *(asyncio.to_thread(_look_at_file, Path(path), wall()) for path in files),
            *(_look_at_url(url, fetcher) for url in urls),
        )
    finally:
        fetcher.close()
    found = [document for document in documents if isinstance(document, Found)]
    usable = [document for document in found if document.feed is not None]
    rest = [document for document in found if document.feed is None]
    if sbs:
        feed = parse_feed_url(f"sbs://{LOOPBACK}:{sbs_port}")
        usable.insert(0, Found(f"SBS on port {sbs_port}", feed))
    if beast:
        feed = parse_feed_url(f"beast://{LOOPBACK}:{beast_port}")
        usable.insert(0, Found(f"Beast on port {beast_port}", feed))
    return Discovery((*usable, *rest))
