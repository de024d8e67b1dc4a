"""What the loader says to a server over HTTP, and what it does when the server says no."""

import asyncio
import math
import time
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from loading.batches import Batch

# The whole picture in one answer: 100,000 flights are 50 MB.
ANSWER_LIMIT: Final = 512 << 20
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 5.0
CONNECTIONS: Final = 16
# A server that says so is busy or restarting, and will take the same request later.
LATER: Final = frozenset({429, 503})
TOO_LARGE: Final = 413

T = TypeVar("T")


class LoadError(Exception):
    """Going on makes no sense; the text says why, in a line."""


class Unreachable(LoadError):
    """Nobody answers at the server's address, or not in time."""


class Rejection(msgspec.Struct, frozen=True):
    """A record the server did not take."""

    index: int
    code: str
    message: str


class Answer(msgspec.Struct, frozen=True):
    """What became of a POST."""

    accepted: int
    rejected: tuple[Rejection, ...]
    rejected_total: int


class Shown(msgspec.Struct, frozen=True):
    """A flight in the picture."""

    icao24: str
    feed: str | None = None


class PictureAnswer(msgspec.Struct, frozen=True):
    """``/api/v1/flights``."""

    now: float
    count: int
    flights: tuple[Shown, ...]


class _Now(msgspec.Struct, frozen=True):
    now: float


class _Problem(msgspec.Struct, frozen=True):
    """RFC 9457, the part that is shown."""

    code: str = ""
    title: str = ""
    detail: str = ""


class Client:
    """One server. Must be made, used and closed on one event loop.

    ``timeout`` (s) is how long an answer may take, and how long a request is tried again where the
    server is busy or gone for a moment. Setting ``stopping`` ends the trying again.
    """

    def __init__(
        self, server: str, *, token: str | None, timeout: float, stopping: asyncio.Event
    ) -> None:
        self.server: Final = check_server(server)
        self._timeout: Final = timeout
        self._stopping: Final = stopping
        self._headers: Final = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._client: Final = SimpleAsyncHTTPClient(
            force_instance=True,
            max_clients=CONNECTIONS,
            max_body_size=ANSWER_LIMIT,
            max_buffer_size=ANSWER_LIMIT,
        )
        self.pauses = 0

    def close(self) -> None:
        """Close what is open."""
        self._client.close()

    async def clock_offset(self) -> float:
        """How far the server's clock is ahead of ours (s). Also says early if it is not there."""
        before = time.time()
        try:
            answer = await self._get("/api/v1/stats", _Now, patient=False)
        except Unreachable as error:
            raise Unreachable(
                f"{error}; start one there (aerotrack serve) or name another (--server)"
            ) from None
        return answer.now - (before + time.time()) / 2.0

    async def picture(self, feed: str | None = None) -> PictureAnswer:
        """The flights the server shows, all or those of one feed."""
        query = {} if feed is None else {"feed": feed}
        picture = await self._get("/api/v1/flights", PictureAnswer, query)
        if picture.count != len(picture.flights):
            raise LoadError(
                f"the server counts {picture.count} flights and lists {len(picture.flights)}"
            )
        return picture

    async def flight(self, icao24: str) -> Any:
        """What the server knows of an aircraft, ``None`` where that is nothing."""
        answer = await self._patiently(self._request(f"/api/v1/flights/{icao24}"))
        return msgspec.json.decode(answer.body) if answer.code == 200 else None

    async def post(self, batch: Batch, feed: str) -> Answer:
        """Post a batch; in pieces where the server finds it too large.

        Raises:
            LoadError: the server refuses, and will go on refusing; or it is gone.
        """
        headers = {**self._headers, "Content-Type": "application/x-ndjson"}
        request = self._request(
            "/api/v1/observations", {"feed": feed}, method="POST", body=batch.body(),
            headers=headers,
        )  # fmt: skip
        answer = await self._patiently(request)
        if answer.code == TOO_LARGE and len(batch.records) > 1:
            first, second = batch.halves()
            one, other = await self.post(first, feed), await self.post(second, feed)
            shift = len(first.records)
            moved = (Rejection(r.index + shift, r.code, r.message) for r in other.rejected)
            return Answer(
                one.accepted + other.accepted,
                (*one.rejected, *moved),
                one.rejected_total + other.rejected_total,
            )
        if answer.code not in (200, 202):
            raise self._refused(answer)
        return self._decoded(answer, Answer)

    # -- one request -------------------------------------------------------------------------------

    def _request(
        self, path: str, query: Mapping[str, str] | None = None, **more: Any
    ) -> HTTPRequest:
        more.setdefault("headers", self._headers)
        return HTTPRequest(
            f"{self.server}{path}" + (f"?{urlencode(query)}" if query else ""),
            connect_timeout=self._timeout,
            request_timeout=self._timeout,
            follow_redirects=False,
            **more,
        )

    async def _get(
        self,
        path: str,
        kind: type[T],
        query: Mapping[str, str] | None = None,
        *,
        patient: bool = True,
    ) -> T:
        request = self._request(path, query)
        answer = await (self._patiently(request) if patient else self._once(request))
        if answer.code != 200:
            raise self._refused(answer)
        return self._decoded(answer, kind)

    async def _once(self, request: HTTPRequest) -> HTTPResponse:
        try:
            return await self._client.fetch(request, raise_error=False)
        except (OSError, HTTPClientError) as error:
            raise Unreachable(f"{self.server} does not answer: {error}") from None

    async def _patiently(self, request: HTTPRequest) -> HTTPResponse:
        """The answer, asked for again while the server is busy or away, within the time-out."""
        give_up = time.monotonic() + self._timeout
        pause = FIRST_PAUSE_S
        while True:
            answer: HTTPResponse | None = None
            try:
                answer = await self._once(request)
            except Unreachable:
                if time.monotonic() + pause > give_up or self._stopping.is_set():
                    raise
            if answer is not None and answer.code not in LATER:
                return answer
            wait = retry_after(answer.headers.get("Retry-After")) if answer is not None else None
            wait = pause if wait is None else wait
            if answer is not None and (
                time.monotonic() + wait > give_up or self._stopping.is_set()
            ):
                return answer
            self.pauses += 1
            await self._pause(wait)
            pause = min(2.0 * pause, LONGEST_PAUSE_S)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    def _refused(self, answer: HTTPResponse) -> LoadError:
        """The error that ``answer`` is, with a hint where one helps."""
        try:
            problem = msgspec.json.decode(answer.body, type=_Problem)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            problem = _Problem()
        said = f"{answer.code} {problem.code or answer.reason}"
        if problem.detail or problem.title:
            said += f": {problem.detail or problem.title}"
        if answer.code in (401, 403):
            said += " (--token or AEROTRACK_INGEST_TOKEN gives the server's token)"
        elif answer.code == 404 and not problem.code:
            said += " (is that an AeroTrack? --server takes its base path too)"
        return LoadError(f"{self.server} refuses: {said}")

    def _decoded(self, answer: HTTPResponse, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise LoadError(f"{self.server} answers what no AeroTrack answers ({error})") from None


def check_server(text: str) -> str:
    """``text`` as the start of every address, without a slash at its end.

    Raises:
        LoadError: it is no ``http://`` or ``https://`` URL.
    """
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.query
        _ = parts.port  # raises where it is no number
    except ValueError:
        good = False
    if not good:
        raise LoadError(f"{text!r} is no server; write http://HOST:PORT")
    return text.rstrip("/")


def retry_after(value: str | None) -> float | None:
    """Seconds of a ``Retry-After`` header; ``None`` for a date or anything else."""
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
