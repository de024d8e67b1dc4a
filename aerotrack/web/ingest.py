"""``/api/v1/observations``: observations by HTTP POST, each name of a poster a feed of its own."""

import asyncio
import hmac
import zlib
from collections.abc import Sequence
from typing import Final

import msgspec

from aerotrack.actors.messages import DurableDone
from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import FeedFigures
from aerotrack.web.documents import AcceptedDocument
from aerotrack.web.flights import feed_name
from aerotrack.web.handler import ApiHandler
from aerotrack.web.peer import is_local_name
from aerotrack.web.ports import FeedsView, NotDurable, ParsedPost, Rejection
from aerotrack.web.problems import Problem

DEFAULT_FEED: Final = "post"
FEED_URL: Final = "http+post://"
JSON_TYPES: Final = frozenset(
    {
        "application/json",
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/jsonlines",
        "application/json-lines",
    }
)
# Each name is a row of /api/v1/feeds and a label of every feed metric, for the life of the server.
NAMES_LIMIT: Final = 64
# Rejections named in an answer; the total counts them all.
REJECTED_NAMED: Final = 1000
# Observations handed on in one message: what registry and flights do with it takes milliseconds,
# also where each begins a flight.
SLICE: Final = 250
BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
# After what could not be put on disk in time: an embedded database that died is back by then.
RETRY_AFTER_S: Final = "5"
# Bytes parsed on the loop itself, about two milliseconds' work; a thread costs a tenth of that.
PARSED_ON_LOOP: Final = 64 * 1024
# Bytes inflated between two turns of the event loop, under a millisecond's work.
INFLATE_SLICE: Final = 256 * 1024


class PostedFeeds:
    """The figures of those who post, by the name they give."""

    def __init__(self, configured: FeedsView) -> None:
        self._configured = configured
        self._figures: dict[str, FeedFigures] = {}

    def all(self) -> list[FeedFigures]:
        """In the order in which they first posted."""
        return list(self._figures.values())

    def named(self, name: str) -> FeedFigures:
        """The figures of ``name``, new ones where it never posted before."""
        figures = self._figures.get(name)
        if figures is not None:
            return figures
        if any(feed.name == name for feed in self._configured()):
            raise Problem("feed_name_taken", f"{name} is a configured feed; post under another.")
        if len(self._figures) >= NAMES_LIMIT:
            raise Problem("too_many_feeds", f"At most {NAMES_LIMIT} names may post.")
        figures = self._figures[name] = FeedFigures(name=name, url=FEED_URL, state="listening")
        return figures

    def count(self, figures: FeedFigures, size: int, post: ParsedPost, now: float) -> None:
        """Add one POST of ``size`` bytes."""
        accepted = len(post.observations)
        figures.bytes += size
        figures.connections += 1
        figures.last_contact = now
        figures.received += accepted + post.rejected_total
        figures.accepted += accepted
        figures.refused.update(post.reasons)


class ObservationsHandler(ApiHandler):
    """Takes observations in."""

    parameters = frozenset({"feed", "durable"})

    @property
    def body_limit(self) -> int:
        return self.web.post_limit

    def precheck(self) -> None:
        # All of this comes before the body, so that a stranger cannot make us hold 32 MB.
        if self.request.method == "POST":
            self.check_origin()
            self.check_token()
            self.check_type()

    def check_origin(self) -> None:
        """Pages of other sites may not post, also not through a visitor's browser."""
        if not self.origin_allowed():
            raise Problem("bad_origin", "Pages of this origin may not post.")

    def check_token(self) -> None:
        """A token, unless the peer is this machine, asks directly, and for this machine by name:
        a page that rebinds its own name to 127.0.0.1 has another Host."""
        origin = self.request.headers.get("Origin")
        if self.peer.local and (origin is None or is_local_name(self.host)):
            return
        token = self.web.ingest_token
        if token is None:
            raise Problem("ingest_closed", "Set AEROTRACK_INGEST_TOKEN to let other machines post.")
        scheme, _, given = self.request.headers.get("Authorization", "").partition(" ")
        challenge = {"WWW-Authenticate": 'Bearer realm="aerotrack"'}
        if scheme.lower() != "bearer":
            raise Problem("token_required", "Send Authorization: Bearer.", headers=challenge)
        if not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise Problem("bad_token", "This token is not the server's.", headers=challenge)

    def check_type(self) -> None:
        """Only JSON: a form of another site cannot send that without asking first."""
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind not in JSON_TYPES:
            raise Problem("unsupported_media_type", f"Send one of {', '.join(sorted(JSON_TYPES))}.")
        encoding = self.request.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip"):
            raise Problem("unsupported_encoding", f"{encoding[:64]} is not understood.")

    async def post(self) -> None:
        durable = self.durable()
        figures = self.application.posted.named(feed_name(self.argument("feed") or DEFAULT_FEED))
        received = self.ports.clock.monotonic()
        now = self.ports.clock.wall()
        size = len(self.body)
        body = await self.inflated()
        self.body.clear()
        try:
            post = await self.parsed(body, figures.name, now)
        except ValueError as error:
            figures.refused["unreadable_body"] += 1
            figures.received += 1
            raise Problem("unreadable_body", f"{error}") from None
        self.application.posted.count(figures, size, post, now)
        named = tuple(
            Rejection(one.index, one.code, one.message) for one in post.rejected[:REJECTED_NAMED]
        )
        answer = AcceptedDocument(len(post.observations), named, post.rejected_total)
        if durable:
            done = await self.stored(post.observations, now, received)
            answer = msgspec.structs.replace(answer, recorded=done.recorded, refused=done.refused)
            self.send(answer, status=200)
            return
        for start in range(0, len(post.observations), SLICE):
            # Unlike a live socket a poster can wait, and may be faster than the actors are.
            await self.ports.room()
            part = post.observations[start : start + SLICE]
            self.ports.sink(part, now=now, received=received)
            await asyncio.sleep(0)
        self.send(answer, status=202)

    def durable(self) -> bool:
        """Whether to answer only when all of it is on disk."""
        given = (self.argument("durable") or "false").lower()
        if given not in BOOLEANS:
            raise Problem("bad_parameter", f"durable is one of {', '.join(BOOLEANS)}.")
        return BOOLEANS[given]

    async def stored(
        self, observations: Sequence[Observation], now: float, received: float
    ) -> DurableDone:
        """Hand them on, and wait until they are on disk."""
        if not observations:
            return DurableDone(0, 0)
        try:
            return await self.ports.durable(observations, now=now, received=received)
        except NotDurable as error:
            raise Problem(
                "not_durable",
                f"Some of it may be on disk, all of it is not known to be ({error.code}).",
                headers={"Retry-After": RETRY_AFTER_S},
            ) from None

    async def parsed(self, body: bytes, feed: str, now: float) -> ParsedPost:
        """What the body says; a large one is parsed beside the loop, which turns meanwhile."""
        parse = self.ports.parse_posted
        if len(body) <= PARSED_ON_LOOP:
            return parse(body, feed=feed, now=now)
        return await asyncio.to_thread(parse, body, feed=feed, now=now)

    async def inflated(self) -> bytes:
        """The body, unpacked where it came packed; never more than the limit."""
        body = bytes(self.body)
        if self.request.headers.get("Content-Encoding", "identity").strip().lower() != "gzip":
            return body
        try:
            return await inflate(body, self.body_limit)
        except zlib.error:
            raise Problem("unreadable_body", "The body is not gzip.") from None


async def inflate(packed: bytes, limit: int) -> bytes:
    """``packed`` (gzip, one or several members) unpacked, yielding to the event loop in between.

    Raises ``zlib.error`` for what is not gzip or cut short, and the problem of a body that unpacks
    to more than ``limit`` bytes before it is unpacked any further.
    """
    out = bytearray()
    while packed:
        inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        while not inflater.eof:
            piece = inflater.decompress(packed, INFLATE_SLICE)
            out += piece
            if len(out) > limit:
                raise Problem("payload_too_large", f"Unpacked it is more than {limit} bytes.")
            packed = inflater.unconsumed_tail
            if not piece and not packed and not inflater.eof:
                raise zlib.error("cut short")
            await asyncio.sleep(0)
        packed = inflater.unused_data
    return bytes(out)
