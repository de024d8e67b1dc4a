"""The web application of the main process: its routes, and what its handlers share."""

import re
from typing import Any, Final

from tornado.routing import URLSpec
from tornado.web import RedirectHandler

from aerotrack.feeds.feed import FeedFigures
from aerotrack.web.assets import AssetHandler, ClientHandler
from aerotrack.web.flights import FlightHandler, FlightsHandler, TrackHandler
from aerotrack.web.flights_geojson import FlightsGeoJsonHandler
from aerotrack.web.ingest import ObservationsHandler, PostedFeeds
from aerotrack.web.live_app import LIVE, LiveApplication, Route, make_server
from aerotrack.web.metrics import Snapshot, Summed
from aerotrack.web.pages import AddressesHandler, IndexHandler, OpenApiHandler
from aerotrack.web.past import AircraftFlightsHandler, AircraftHistoryHandler, EventsHandler
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

__all__ = ["ROUTES", "AeroTrackApplication", "Route", "make_app", "make_server"]

ROUTES: Final = (
    Route("/", IndexHandler),
    Route("/assets/{name}", AssetHandler),
    Route("/client.js", ClientHandler),
    Route("/client.d.ts", ClientHandler),
    Route("/live.d.ts", ClientHandler),
    Route("/licences.txt", ClientHandler),
    Route("/api", AddressesHandler),
    LIVE,
    Route("/api/v1/flights", FlightsHandler),
    Route("/api/v1/flights.geojson", FlightsGeoJsonHandler),
    Route("/api/v1/flights/{name}", FlightHandler),
    Route("/api/v1/flights/{name}/track", TrackHandler),
    Route("/api/v1/flights/{name}/track.{extension}", TrackHandler),
    Route("/api/v1/aircraft/{icao24}", AircraftHistoryHandler),
    Route("/api/v1/aircraft/{icao24}/flights", AircraftFlightsHandler),
    Route("/api/v1/events", EventsHandler),
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


class AeroTrackApplication(LiveApplication):
    """The routes and what handlers share. Belongs to one event loop."""

    ports: Ports
    web: WebSettings

    def __init__(self, ports: Ports, web: WebSettings) -> None:
        super().__init__(ports, web, ROUTES)
        self.posted = PostedFeeds(ports.feeds)
        self.aircraft = AircraftFile(ports.clock.monotonic)
        fanout = ports.fanout
        self.snapshot = Snapshot(
            self.feeds,
            lambda: self.clients,
            lambda: self.live.slow + (0 if fanout is None else fanout.slow),
        )
        self.metrics.registry.register(self.snapshot)
        self.summed = Summed(
            self.metrics.registry, lambda: () if fanout is None else fanout.samples
        )
        base = web.base_path.rstrip("/")
        if base:
            target = {"url": base.rpartition("/")[2] + "/", "permanent": False}
            redirect: Any = URLSpec(re.escape(base) + "$", RedirectHandler, target)
            self.add_handlers(".*", [redirect])

    def feeds(self) -> list[FeedFigures]:
        """The figures of all feeds, configured and posted."""
        return [*self.ports.feeds(), *self.posted.all()]


def make_app(ports: Ports, web: WebSettings) -> AeroTrackApplication:
    """The application; call it on the event loop it will run on.

    Raises ``ValueError`` where a trusted proxy is no address or network.
    """
    return AeroTrackApplication(ports, web)
