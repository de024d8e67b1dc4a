"""The application around live sockets, in the main process or in one of the fan-out."""

import logging
import re
from collections.abc import Sequence
from typing import Final

import msgspec
from tornado.httpserver import HTTPServer
from tornado.routing import URLSpec
from tornado.web import Application, RequestHandler

from aerotrack.web.handler import DRAIN_LEAST, NotFound
from aerotrack.web.hub import LiveHub
from aerotrack.web.live import CLOSE_GOING_AWAY, LiveSocket
from aerotrack.web.metrics import WebMetrics
from aerotrack.web.peer import networks
from aerotrack.web.ports import LivePorts
from aerotrack.web.settings import LiveSettings

logger = logging.getLogger(__name__)

# A kept-alive connection nobody uses; proxies and browsers reopen without anyone noticing.
IDLE_CONNECTION_SECONDS: Final = 120.0
# 32 MB in a minute is 4 Mbit/s; slower than that is somebody holding the connection open.
BODY_SECONDS: Final = 60.0


class Route(msgspec.Struct, frozen=True):
    """A path below the base path, ``{name}`` standing for one segment of it, and who answers."""

    path: str
    handler: type[RequestHandler]

    @property
    def pattern(self) -> str:
        """The path as a regular expression."""
        parts = re.split(r"(\{\w+\})", self.path)
        return "".join(
            f"(?P<{part[1:-1]}>[^/]+?)" if part.startswith("{") else re.escape(part)
            for part in parts
        )


LIVE: Final = Route("/api/v1/live", LiveSocket)


class LiveApplication(Application):
    """The routes given, and what their handlers share. Belongs to one event loop.

    Raises ``ValueError`` where a trusted proxy is no address or network.
    """

    def __init__(
        self, ports: LivePorts, web: LiveSettings, routes: Sequence[Route] = (LIVE,)
    ) -> None:
        self.ports = ports
        self.web = web
        self.trusted = networks(web.trusted_proxies)
        self.metrics = WebMetrics()
        self.live = LiveHub(self.metrics, ports.clock.monotonic)
        base = re.escape(web.base_path.rstrip("/"))
        super().__init__(
            [URLSpec(base + route.pattern + "$", route.handler) for route in routes],
            default_handler_class=NotFound,
            log_function=self.log_answer,
        )

    @property
    def clients(self) -> int:
        """Clients of the live stream, in this process and those it hands them to."""
        fanout = self.ports.fanout
        return len(self.live) + (0 if fanout is None else fanout.clients)

    def log_answer(self, handler: RequestHandler) -> None:
        """Count and, at DEBUG, log one answer."""
        request = handler.request
        self.metrics.responses.labels(str(handler.get_status())).inc()
        logger.debug(
            "http_answer method=%s path=%s status=%d seconds=%.4f",
            request.method,
            request.path,
            handler.get_status(),
            request.request_time(),
        )

    def close(self) -> None:
        """Say goodbye to the live clients; the server that listens is stopped by its owner."""
        self.live.close_all(CLOSE_GOING_AWAY, "going_away: the server stops")


def make_server(app: LiveApplication) -> HTTPServer:
    """An HTTP server for ``app``, not listening yet.

    ``xheaders`` stays off: :mod:`aerotrack.web.peer` reads them, from trusted proxies only.
    """
    return HTTPServer(
        app,
        xheaders=False,
        max_body_size=DRAIN_LEAST,
        idle_connection_timeout=IDLE_CONNECTION_SECONDS,
        body_timeout=BODY_SECONDS,
    )
