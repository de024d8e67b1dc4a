"""The one place where feeds fetch over HTTP: bounded requests with tornado's client."""

import zlib
from collections.abc import Mapping
from http.client import responses
from typing import Final
from urllib.parse import urlencode

import msgspec
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.simple_httpclient import HTTPTimeoutError

from aerotrack.feeds.feed import FeedError

CONNECT_TIMEOUT_S: Final = 10.0
# From the request to the last byte; a receiver on a slow link needs seconds for a large document.
REQUEST_TIMEOUT_S: Final = 20.0
USER_AGENT: Final = "aerotrack"
# tornado ends a connection that brings more than its own limit without saying why, so ours, which
# says it, comes first; what lies between the two is read and thrown away.
CLIENT_LIMIT_FACTOR: Final = 8
OK: Final = 200
REDIRECT: Final = 300
NO_ANSWER: Final = 599  # tornado's own status: the connection broke before there was one


class HttpAnswer(msgspec.Struct, frozen=True):
    """An answer whatever its status. ``headers`` by name, spelled as HTTP usually does."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpFetcher:
    """Fetches documents, no more than ``max_bytes`` of each. Close it when done."""

    def __init__(self, *, max_bytes: int, timeout: float = REQUEST_TIMEOUT_S) -> None:
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._client = AsyncHTTPClient(
            force_instance=True, max_body_size=max_bytes * CLIENT_LIMIT_FACTOR
        )

    async def get(self, url: str) -> bytes:
        """The body of a 2xx answer.

        Raises:
            FeedError: ``http_NNN`` for another status, ``http_timeout``, ``response_too_large``,
                or ``http_failed`` where there was no answer that can be read.
        """
        answer = await self.fetch(url)
        if not OK <= answer.status < REDIRECT:
            reason = responses.get(answer.status, "")
            raise FeedError(
                f"http_{answer.status}", f"the server answered {answer.status} {reason}".rstrip()
            )
        return answer.body

    async def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """The answer to a GET, or with ``form`` to a POST of it.

        Redirects are followed only where nothing secret can go with them: without ``headers`` and
        ``form``. Raises as :meth:`get`, but not for a status.
        """
        body = bytearray()
        overflow = False

        def keep(chunk: bytes) -> None:
            # Counts what it unpacks to. Raising here would only be logged by tornado.
            nonlocal overflow
            overflow = overflow or len(body) + len(chunk) > self._max_bytes
            if not overflow:
                body.extend(chunk)

        request = HTTPRequest(
            url,
            method="GET" if form is None else "POST",
            headers=dict(headers or {}),
            body=None if form is None else urlencode(form),
            follow_redirects=headers is None and form is None,
            connect_timeout=min(CONNECT_TIMEOUT_S, self._timeout),
            request_timeout=self._timeout,
            user_agent=USER_AGENT,
            decompress_response=True,
            streaming_callback=keep,
        )
        try:
            answer = await self._client.fetch(request)
        except HTTPTimeoutError as failed:
            raise FeedError("http_timeout", str(failed)) from failed
        except HTTPClientError as failed:
            if failed.code == NO_ANSWER or failed.response is None:
                raise FeedError("http_failed", str(failed)) from failed
            answer = failed.response
        except (OSError, ValueError, zlib.error) as failed:
            raise FeedError("http_failed", str(failed) or type(failed).__name__) from failed
        if overflow:
            raise FeedError("response_too_large", f"more than {self._max_bytes} bytes")
        return HttpAnswer(answer.code, answer.headers, bytes(body))

    def close(self) -> None:
        """Give up what the client holds."""
        self._client.close()
