"""The base of every HTTP handler: problem details, headers, body limits, arguments, the clock."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
from tornado.web import HTTPError, RequestHandler, stream_request_body

from aerotrack.domain.geo import BadBox, Box, box
from aerotrack.web import peer as peers
from aerotrack.web.ports import LivePorts, Ports
from aerotrack.web.problems import PROBLEM_TYPE, Problem, document_of, problem_of
from aerotrack.web.settings import LiveSettings, WebSettings

if TYPE_CHECKING:
    from aerotrack.web.app import AeroTrackApplication
    from aerotrack.web.live_app import LiveApplication

logger = logging.getLogger(__name__)

JSON_TYPE: Final = "application/json; charset=utf-8"
# Bodies nobody asked for (a GET with one) are read up to here and dropped.
IDLE_BODY_LIMIT: Final = 64 * 1024
# A body that is refused is still read, and dropped, so that a client that sends before it reads
# sees the answer: up to this many times the limit where it is too large, up to DRAIN_LEAST where
# it is not wanted at all. Past that the connection is just closed.
DRAIN_FACTOR: Final = 4
DRAIN_LEAST: Final = 1 << 20
METHODS: Final = ("get", "head", "post")


class AnswersWithProblems(RequestHandler):
    """Errors as problem details, security and CORS headers; shared by HTTP and the WebSocket."""

    application: "LiveApplication"

    @property
    def ports(self) -> LivePorts:
        """What the web was given."""
        return self.application.ports

    @property
    def web(self) -> LiveSettings:
        """The settings of the web."""
        return self.application.web

    @property
    def peer(self) -> peers.Peer:
        """Who is asking."""
        context: Any = getattr(self.request.connection, "context", None)
        address = getattr(context, "remote_ip", "") or ""
        return peers.peer_of(address, self.request.headers, self.application.trusted)

    @property
    def host(self) -> str:
        """The host the client believes it talks to."""
        context: Any = getattr(self.request.connection, "context", None)
        address = getattr(context, "remote_ip", "") or ""
        from_proxy = peers.is_trusted(address, self.application.trusted)
        return peers.host_of(self.request.headers, from_proxy=from_proxy)

    def origin_allowed(self) -> bool:
        """Whether the page that asks, if it is one, may do more than read."""
        origin = self.request.headers.get("Origin")
        return origin is None or peers.origin_allowed(origin, self.host, self.web.allowed_origins)

    def set_default_headers(self) -> None:
        self.set_header("Server", self.web.server)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.set_header("Cache-Control", "no-store")
        if self.request.method in ("GET", "HEAD"):
            self.set_header("Access-Control-Allow-Origin", "*")

    def compute_etag(self) -> str | None:
        return None  # documents change every second; hashing them is for nothing

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        problem = problem_of(error, status_code)
        if status_code == 405:
            self.set_header("Allow", ", ".join(self.allowed_methods()))
        for name, value in problem.headers.items():
            self.set_header(name, value)
        self.set_header("Content-Type", PROBLEM_TYPE)
        self.finish(document_of(problem, status=status_code, path=self.request.path))

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        if isinstance(value, self.expected_errors):
            logger.debug("request_refused path=%s error=%s", self.request.path, value)
            return
        self.application.metrics.failures.inc()
        logger.error(
            "request_failed method=%s path=%s",
            self.request.method,
            self.request.path,
            exc_info=(typ, value, tb) if typ is not None and value is not None else None,
        )

    @property
    def expected_errors(self) -> tuple[type[BaseException], ...]:
        """What is answered without a traceback in the log."""
        return (HTTPError,)

    @classmethod
    def allowed_methods(cls) -> list[str]:
        """The methods this handler really has."""
        own = [m for m in METHODS if getattr(cls, m) is not getattr(RequestHandler, m)]
        if "get" not in own:
            own = [m for m in own if m != "head"]
        return [m.upper() for m in own] + ["OPTIONS"]


class AnsweredHere(AnswersWithProblems):
    """What the main process answers itself, unlike the live stream."""

    application: "AeroTrackApplication"

    @property
    def ports(self) -> Ports:
        """What the web was given."""
        return self.application.ports

    @property
    def web(self) -> WebSettings:
        """The settings of the web."""
        return self.application.web


@stream_request_body
class ApiHandler(AnsweredHere):
    """An HTTP handler. Bodies arrive in pieces, so that their limit is answered as a problem."""

    # Query parameters that are understood.
    parameters: ClassVar[frozenset[str]] = frozenset()
    # Whether other parameters are ignored (readsb's clients add their own) or refused.
    strict: ClassVar[bool] = True

    def initialize(self) -> None:
        self.body = bytearray()
        self._refused = False

    @property
    def body_limit(self) -> int:
        """Bytes of body this handler takes."""
        return IDLE_BODY_LIMIT

    def precheck(self) -> None:
        """Raise what can be refused before the body is read."""

    def prepare(self) -> None:
        connection: Any = self.request.connection
        length = self.request.headers.get("Content-Length", "")
        size = int(length) if length.isdecimal() else 0
        drain = max(DRAIN_LEAST, self.body_limit * DRAIN_FACTOR)
        connection.set_max_body_size(drain)
        try:
            self.precheck()
            self.check_parameters()
        except Problem as problem:
            self._refuse(problem)
            drain = DRAIN_LEAST
        if size > self.body_limit:
            self._refuse(self._too_large())
        if self._refused and (size > drain or "Transfer-Encoding" in self.request.headers):
            self.set_header("Connection", "close")
            self._method()

    def data_received(self, chunk: bytes) -> None:
        if self._refused:
            return
        if len(self.body) + len(chunk) > self.body_limit:
            self._refuse(self._too_large())
        else:
            self.body += chunk

    def _too_large(self) -> Problem:
        return Problem(
            "payload_too_large", f"At most {self.body_limit} bytes of body are taken here."
        )

    def _refuse(self, problem: Problem) -> None:
        """Answer with ``problem`` once the body is read: closing on a client that still writes
        would take the answer from it. The method called then is replaced on this instance."""
        if self._refused:
            return
        self._refused = True
        self.body.clear()

        def refuse(*_args: str, **_kwargs: str) -> None:
            raise problem

        setattr(self, (self.request.method or "get").lower(), refuse)

    def _method(self) -> None:
        getattr(self, (self.request.method or "get").lower())()

    def check_parameters(self) -> None:
        """Refuse what is not understood, so that a typo is not answered with the whole world."""
        for name in self.request.query_arguments:
            if self.strict and name not in self.parameters:
                raise Problem("unknown_parameter", f"There is no parameter {name!r} here.")

    async def head(self, *args: str, **kwargs: str) -> None:
        """The headers of ``GET``."""
        if "GET" not in self.allowed_methods():
            raise Problem("method_not_allowed", "There is nothing to read here.")
        result = self.get(*args, **kwargs)
        if result is not None:
            await result

    def options(self, *_args: str, **_kwargs: str) -> None:
        """What can be done here, for people and for a browser's preflight."""
        allowed = ", ".join(self.allowed_methods())
        self.set_header("Allow", allowed)
        if "POST" not in self.allowed_methods():
            self.set_header("Access-Control-Allow-Origin", "*")
        elif "Origin" in self.request.headers and self.origin_allowed():
            self.set_header("Access-Control-Allow-Origin", self.request.headers["Origin"])
            self.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
            self.set_header("Vary", "Origin")
        self.set_header("Access-Control-Allow-Methods", allowed)
        self.set_status(204)

    def send(self, document: object, *, status: int = 200) -> None:
        """Answer with ``document`` as JSON; bytes are JSON already."""
        self.set_status(status)
        self.set_header("Content-Type", JSON_TYPE)
        self.finish(document if isinstance(document, bytes) else msgspec.json.encode(document))

    async def write_parts(self, parts: Iterator[bytes]) -> None:
        """Write piece by piece, with a turn of the event loop after each."""
        for part in parts:
            self.write(part)
            await self.flush()
            await asyncio.sleep(0)
        await self.finish()

    def argument(self, name: str) -> str | None:
        """The parameter's value, ``None`` where it is not given; given twice is refused."""
        values = self.get_query_arguments(name)
        if len(values) > 1:
            raise Problem("bad_parameter", f"{name} is given more than once.")
        return values[0] if values else None

    def box_argument(self) -> Box | None:
        """``bbox=west,south,east,north`` in degrees."""
        text = self.argument("bbox")
        if text is None:
            return None
        try:
            west, south, east, north = (float(part) for part in text.split(","))
            return box(west, south, east, north)
        except BadBox as error:
            raise Problem("bad_bbox", f"{error}.") from None
        except ValueError:
            raise Problem("bad_bbox", "bbox is west,south,east,north in degrees.") from None

    async def ask(self, target: object, message: object) -> object:
        """The actor's answer, or the problem that there is none."""
        try:
            return await self.ports.actors.ask_async(target, message, self.web.ask_timeout)
        except TimeoutError:
            raise Problem(
                "no_answer",
                f"No answer within {self.web.ask_timeout:g} seconds.",
                headers={"Retry-After": "1"},
            ) from None


class NotFound(ApiHandler):
    """Whatever no route matches."""

    strict = False

    def precheck(self) -> None:
        raise Problem("not_found", f"There is nothing at {self.request.path}.")


def joined(head: Mapping[str, object], name: str, entries: tuple[bytes, ...]) -> bytes:
    """A JSON object of ``head`` and, under ``name``, an array of entries that are JSON already."""
    start = msgspec.json.encode(head)[:-1]
    comma = b"," if head else b""
    return b"%b%b%b:[%b]}" % (start, comma, msgspec.json.encode(name), b",".join(entries))
