"""From a feed's URL to the feed itself."""

from pathlib import Path
from typing import TYPE_CHECKING

from aerotrack.domain.observation import Site, site
from aerotrack.feeds.feed import Clock, Feed, FeedFigures, Room, Sink, no_wait
from aerotrack.feeds.jsonl import jsonl_decoder
from aerotrack.feeds.lines import ArrivalStamps
from aerotrack.feeds.opensky import OpenSkyCredentials, OpenSkyFeed
from aerotrack.feeds.readsb_json import Fetch, FileDocument, HttpDocument, ReadsbJsonFeed
from aerotrack.feeds.receivers import CountingSink, Receivers
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

if TYPE_CHECKING:
    from aerotrack.feeds.modes.airspace import Airspace

RAW_KINDS = frozenset({"beast", "avr"})


class Shared:
    """What the feeds of one server share: their receivers, and what raw frames said so far.

    ``default_site`` is where the station of those feeds stands whose URL does not say; places that
    URLs say are shown to ``precision`` degrees. ``opensky`` is the account that feeds of that kind
    ask with; ``room`` returns when those that can wait may hand on more.
    """

    def __init__(
        self,
        default_site: Site | None = None,
        opensky: OpenSkyCredentials | None = None,
        *,
        precision: float = 0.0,
        room: Room = no_wait,
    ) -> None:
        self.receivers = Receivers()
        self.opensky = opensky
        self.room = room
        self._site = default_site
        self._precision = precision
        self._airspace: Airspace | None = None

    @property
    def airspace(self) -> "Airspace":
        """Made when first asked for: it loads the decoder, which a server without raw feeds needs
        not."""
        if self._airspace is None:
            from aerotrack.feeds.modes.airspace import Airspace

            self._airspace = Airspace()
        return self._airspace

    def site_of(self, url: FeedUrl) -> Site | None:
        """Where the station of the feed stands, as far as anybody said."""
        if url.lat is None or url.lon is None:
            return self._site
        return site(url.lat, url.lon, self._precision)


def open_feed(url: FeedUrl, *, sink: Sink, clock: Clock, shared: Shared | None = None) -> Feed:
    """The feed that ``url`` describes, not running yet; give it to the supervisor.

    Feeds of one server are given one ``shared``.
    """
    shared = shared or Shared()
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
            rate=1.0 if url.rate is None else url.rate,
        )
    raw = (url.format if url.scheme == "file" else url.scheme) in RAW_KINDS
    if not raw:  # raw feeds count their frames themselves
        sink = CountingSink(sink, shared.receivers, shared.site_of(url))
    if url.scheme == "file":
        return _file_feed(url, figures, sink, clock, shared)
    if url.scheme == "readsb":
        return ReadsbJsonFeed(
            figures=figures,
            open_document=lambda: _document(url),
            interval=url.interval,
            sink=sink,
            clock=clock,
        )
    if url.scheme == "opensky":
        return OpenSkyFeed(
            figures=figures, url=url, credentials=shared.opensky, sink=sink, clock=clock
        )
    make = _make_decoder(url, figures, shared)
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


def _file_feed(
    url: FeedUrl, figures: FeedFigures, sink: Sink, clock: Clock, shared: Shared
) -> Feed:
    from aerotrack.feeds.file import FileFeed
    from aerotrack.feeds.recording import Batches, Replay, batches_of

    def open_batches(now: float) -> Batches:
        replay = Replay(
            format=url.format,  # type: ignore[arg-type]  # checked with the URL
            start=now if url.start is None else url.start,
            rate=url.rate,
            site=shared.site_of(url),
            mlat=bool(url.mlat),
            source=url.source or "other",
        )
        return batches_of(
            replay, figures=figures, airspace=shared.airspace, receivers=shared.receivers
        )

    return FileFeed(
        figures=figures,
        path=Path(url.path),
        speed=url.speed,
        open_batches=open_batches,
        sink=sink,
        clock=clock,
        room=shared.room,
    )


def _make_decoder(url: FeedUrl, figures: FeedFigures, shared: Shared) -> MakeDecoder:
    stamps = ArrivalStamps()  # one for all connections of the feed
    source = url.source or "other"
    if url.scheme in RAW_KINDS:
        return _make_raw_decoder(url, figures, shared, stamps)

    def make(receiver: str | None) -> Decoder:
        if url.scheme == "sbs":
            return sbs_decoder(figures=figures, stamps=stamps, source=source, receiver=receiver)
        return jsonl_decoder(figures=figures, stamps=stamps, receiver=receiver)

    return make


def _make_raw_decoder(
    url: FeedUrl, figures: FeedFigures, shared: Shared, stamps: ArrivalStamps
) -> MakeDecoder:
    from aerotrack.feeds.avr import AvrDecoder, AvrFramer
    from aerotrack.feeds.beast import BeastDecoder
    from aerotrack.feeds.modes.decoder import ModesDecoder

    def make(receiver: str | None) -> Decoder:
        modes = ModesDecoder(
            figures=figures,
            airspace=shared.airspace,
            receivers=shared.receivers,
            peer=receiver,
            site=shared.site_of(url),
            mlat=bool(url.mlat),
        )
        if url.scheme == "beast":
            return BeastDecoder(stamps, modes)
        return AvrDecoder(stamps, modes, AvrFramer(figures))

    return make
