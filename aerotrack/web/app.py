"""The web application: its routes, what its handlers share, and the HTTP server in front of it."""

import logging
import re
from typing import Any, Final

import msgspec
from tornado.httpserver import HTTPServer
from tornado.routing import URLSpec
from tornado.web import Application, RedirectHandler, RequestHandler

from aerotrack.feeds.feed import FeedFigures
from aerotrack.web.flights import FlightHandler, FlightsHandler, TrackHandler
from aerotrack.web.handler import DRAIN_LEAST, NotFound
from aerotrack.web.hub import LiveHub
from aerotrack.web.ingest import ObservationsHandler, PostedFeeds
from aerotrack.web.live import CLOSE_GOING_AWAY, LiveSocket
from aerotrack.web.metrics import Snapshot, WebMetrics
from aerotrack.web.pages import IndexHandler, OpenApiHandler
from aerotrack.web.peer import networks
from aerotrack.web.ports import Ports
from aerotrack.web.readsb import AircraftFile
from aerotrack.web.settings import WebSettings
from aerotrack.web.status import (
    AircraftHandler,
    FeedsHandler,
    HealthHandler,
    MetricsHandler,
    ReadyHandler,
    ReceiverHandler,
    ReceiversHandler,
    StatsHandler,
)

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


ROUTES: Final = (
    Route("/", IndexHandler),
    Route("/api/v1/live", LiveSocket),
    Route("/api/v1/flights", FlightsHandler),
    Route("/api/v1/flights/{name}", FlightHandler),
    Route("/api/v1/flights/{name}/track", TrackHandler),
    Route("/api/v1/flights/{name}/track.{extension}", TrackHandler),
    Route("/api/v1/observations", ObservationsHandler),
    Route("/api/v1/feeds", FeedsHandler),
    Route("/api/v1/receivers", ReceiversHandler),
    Route("/api/v1/stats", StatsHandler),
    Route("/api/v1/openapi.json", OpenApiHandler),
    Route("/data/aircraft.json", AircraftHandler),
    Route("/data/receiver.json", ReceiverHandler),
    Route("/healthz", HealthHandler),
    Route("/readyz", ReadyHandler),
    Route("/metrics", MetricsHandler),
)


class AeroTrackApplication(Application):
    """The routes and what handlers share. Belongs to one event loop."""

    def __init__(self, ports: Ports, web: WebSettings) -> None:
        self.ports = ports
        self.web = web
        self.trusted = networks(web.trusted_proxies)
        self.metrics = WebMetrics()
        self.live = LiveHub(self.metrics, ports.clock.monotonic)
        self.posted = PostedFeeds(ports.feeds)
        self.aircraft = AircraftFile(ports.clock.monotonic)
        self.snapshot = Snapshot(self.feeds, self.live.__len__, lambda: self.live.slow)
        self.metrics.registry.register(self.snapshot)
        base = web.base_path.rstrip("/")
        specs: list[Any] = [
            URLSpec(re.escape(base) + route.pattern + "$", route.handler) for route in ROUTES
        ]
        if base:
            target = {"url": base.rpartition("/")[2] + "/", "permanent": False}
            specs.append(URLSpec(re.escape(base) + "$", RedirectHandler, target))
        super().__init__(specs, default_handler_class=NotFound, log_function=self.log_answer)

    def feeds(self) -> list[FeedFigures]:
        """The figures of all feeds, configured and posted."""
        return [*self.ports.feeds(), *self.posted.all()]

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


def make_app(ports: Ports, web: WebSettings) -> AeroTrackApplication:
    """The application; call it on the event loop it will run on.

    Raises ``ValueError`` where a trusted proxy is no address or network.
    """
    return AeroTrackApplication(ports, web)


def make_server(app: AeroTrackApplication) -> HTTPServer:
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
