"""From a feed's URL to the feed itself."""

from aerotrack.feeds.feed import Clock, Feed, FeedFigures, Sink
from aerotrack.feeds.jsonl import jsonl_decoder
from aerotrack.feeds.lines import ArrivalStamps
from aerotrack.feeds.opensky import OpenSkyCredentials, OpenSkyFeed
from aerotrack.feeds.readsb_json import Fetch, FileDocument, HttpDocument, ReadsbJsonFeed
from aerotrack.feeds.sbs import sbs_decoder
from aerotrack.feeds.tcp import (
    CONNECT_IDLE_S,
    LISTEN_IDLE_S,
    ConnectingFeed,
    Decoder,
    ListeningFeed,
    MakeDecoder,
)
from aerotrack.feeds.url import FeedUrl


def open_feed(
    url: FeedUrl, *, sink: Sink, clock: Clock, opensky: OpenSkyCredentials | None = None
) -> Feed:
    """The feed that ``url`` describes, not running yet; give it to the supervisor.

    ``opensky`` is the account that feeds of that kind ask with.
    """
    figures = FeedFigures(name=url.name, url=url.url)
    if url.scheme == "simulator":
        # Here, because it loads the world's airports, which a real feed has no need of.
        from aerotrack.feeds.simulator import SimulatorFeed

        return SimulatorFeed(
            figures=figures,
            sink=sink,
            clock=clock,
            flights=url.flights,
            seed=url.seed,
            rate=url.rate,
        )
    if url.scheme == "readsb":
        return ReadsbJsonFeed(
            figures=figures,
            open_document=lambda: _document(url),
            interval=url.interval,
            sink=sink,
            clock=clock,
        )
    if url.scheme == "opensky":
        return OpenSkyFeed(figures=figures, url=url, credentials=opensky, sink=sink, clock=clock)
    make = _make_decoder(url, figures)
    if url.mode == "listen":
        return ListeningFeed(
            figures=figures,
            host=url.host,
            port=url.port,
            decoder=make,
            sink=sink,
            clock=clock,
            idle=LISTEN_IDLE_S if url.idle is None else url.idle,
        )
    return ConnectingFeed(
        figures=figures,
        host=url.host,
        port=url.port,
        decoder=make,
        sink=sink,
        clock=clock,
        idle=CONNECT_IDLE_S if url.idle is None else url.idle,
    )


def _document(url: FeedUrl) -> Fetch:
    return FileDocument(url.path) if url.mode == "file" else HttpDocument(url.http_url)


def _make_decoder(url: FeedUrl, figures: FeedFigures) -> MakeDecoder:
    stamps = ArrivalStamps()  # one for all connections of the feed
    source = url.source or "other"

    def make(receiver: str | None) -> Decoder:
        if url.scheme == "sbs":
            return sbs_decoder(figures=figures, stamps=stamps, source=source, receiver=receiver)
        return jsonl_decoder(figures=figures, stamps=stamps, receiver=receiver)

    return make
