"""How the server is: feeds, stats, health, readiness, metrics, and readsb's two files."""

import asyncio

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from aerotrack.actors.messages import GetPicture, Picture
from aerotrack.feeds.feed import FeedFigures
from aerotrack.web.documents import (
    CheckDocument,
    FeedsDocument,
    HealthDocument,
    ReadyDocument,
    ReceiversDocument,
    StatsDocument,
    feed_document,
    receiver_figures,
)
from aerotrack.web.handler import JSON_TYPE, ApiHandler
from aerotrack.web.problems import Problem
from aerotrack.web.readsb import receiver_document


class StatusHandler(ApiHandler):
    """What the handlers of this module share."""

    def feeds(self) -> list[FeedFigures]:
        """The figures of all feeds, configured and posted."""
        return self.application.feeds()


class FeedsHandler(StatusHandler):
    """Every feed and what came by it."""

    async def get(self) -> None:
        try:
            actors = await self.ports.figures()
        except TimeoutError:
            actors = {}  # what the feeds themselves know is worth showing
        self.send(FeedsDocument(tuple(feed_document(feed, actors) for feed in self.feeds())))


class ReceiversHandler(StatusHandler):
    """Every receiver and what it contributes."""

    def get(self) -> None:
        now = self.ports.clock.wall()
        receivers = self.ports.receivers()
        self.send(
            ReceiversDocument(
                round(now, 3),
                tuple(receiver_figures(receiver, now) for receiver in receivers),
            )
        )


class StatsHandler(StatusHandler):
    """The server in a few numbers."""

    async def get(self) -> None:
        try:
            stats = await self.ports.stats()
        except TimeoutError:
            raise Problem(
                "no_answer", "The actors did not answer in time.", headers={"Retry-After": "1"}
            ) from None
        self.send(
            StatsDocument(
                now=round(self.ports.clock.wall(), 3),
                flights=stats.flights,
                updates_per_s=round(stats.updates_per_s, 1),
                clients=self.application.clients,
                points_stored=stats.points_stored,
                storage=stats.storage,
                outbox=stats.outbox,
                db=stats.db,
            )
        )


class HealthHandler(StatusHandler):
    """The event loop is alive."""

    strict = False

    def get(self) -> None:
        self.send(HealthDocument())


class ReadyHandler(StatusHandler):
    """Whether all is as it should be: 200, or 503 with what is not."""

    strict = False

    def get(self) -> None:
        checks = tuple(
            CheckDocument(check.name, check.ok, check.code, check.detail)
            for check in self.ports.readiness()
        )
        ready = all(check.ok for check in checks)
        self.send(ReadyDocument(ready, checks), status=200 if ready else 503)


class MetricsHandler(StatusHandler):
    """Everything counted, for Prometheus."""

    strict = False

    async def get(self) -> None:
        try:
            self.application.snapshot.figures = await self.ports.figures()
        except TimeoutError:
            # A busy actor must not hide the rest, least of all the metrics that say it is busy.
            self.application.snapshot.figures = {}
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(self.application.summed))


class AircraftHandler(StatusHandler):
    """readsb's ``aircraft.json``."""

    strict = False

    async def get(self) -> None:
        text = await self.application.aircraft.text(self.picture, self.messages)
        self.set_header("Content-Type", JSON_TYPE)
        self.finish(text)

    async def picture(self) -> tuple[float, tuple[bytes, ...]]:
        """The whole live picture and its time."""
        message = GetPicture(self.ports.clock.wall(), None, None)
        picture = await self.ask(self.ports.broadcaster, message)
        assert isinstance(picture, Picture)
        await asyncio.sleep(0)
        return picture.now, picture.entries

    def messages(self) -> int:
        """Observations taken in since the start, which displays show as a rate."""
        return sum(feed.accepted for feed in self.feeds())


class ReceiverHandler(StatusHandler):
    """readsb's ``receiver.json``."""

    strict = False

    def get(self) -> None:
        web = self.web
        self.send(receiver_document(web.server, web.receiver))
