"""``flights``, ``flights/{name}`` and its track: from memory while alive, then from PostgreSQL."""

import re
from collections.abc import Awaitable
from typing import Final, TypeVar

import msgspec

from aerotrack.actors.messages import FlightFound, GetFlight, GetPicture, Picture
from aerotrack.domain import types as t
from aerotrack.domain.records import FlightRecord, flight_id_of_key, key_of_flight_id
from aerotrack.web import tracks
from aerotrack.web.documents import past_flight
from aerotrack.web.handler import ApiHandler, joined
from aerotrack.web.problems import Problem

# A flight of 20 hours at one point a second is 72,000; a document past this helps nobody.
TRACK_LIMIT: Final = 100_000
# PostgreSQL is back within seconds after a restart; asking sooner helps nobody.
RETRY_AFTER_SECONDS: Final = 5
_NAME: Final = re.compile(r"~?[0-9a-f]{6}(-[0-9a-f]{8})?")

T = TypeVar("T")


def feed_name(text: str) -> str:
    """``text`` if it can name a feed."""
    try:
        return msgspec.convert(text, t.FeedName)
    except msgspec.ValidationError:
        raise Problem(
            "bad_parameter", "feed is 1 to 64 letters, digits, and any of _ . : -"
        ) from None


def flight_name(text: str) -> str:
    """``text`` in lower case if it is an icao24 or a flight_id."""
    name = text.lower()
    if _NAME.fullmatch(name) is None:
        raise Problem(
            "bad_flight_name",
            "A flight is named by its icao24 (4ca2d6) or its flight_id (4ca2d6-692159a0).",
        )
    return name


class FlightsHandler(ApiHandler):
    """The live picture."""

    parameters = frozenset({"bbox", "feed"})
    later = frozenset(
        {
            "at", "from", "to", "callsign", "registration", "icao24", "typecode", "airport",
            "cursor", "limit",
        }
    )  # fmt: skip

    async def get(self) -> None:
        box = self.box_argument()
        feed = self.argument("feed")
        feed = None if feed is None else feed_name(feed)
        now = self.ports.clock.wall()
        picture = await self.ask(self.ports.broadcaster, GetPicture(now, box, feed))
        assert isinstance(picture, Picture)
        head = {"now": round(picture.now, 3), "count": len(picture.entries)}
        self.send(joined(head, "flights", picture.entries))


class FlightReader(ApiHandler):
    """What the handlers of one flight share."""

    async def from_history(self, answer: Awaitable[T]) -> T:
        """The history's answer, or the problem that it cannot be asked."""
        try:
            return await answer
        except OSError:
            # Counted only: the database's own supervisor says it loudly.
            self.application.metrics.history_failures.inc()
            raise Problem(
                "database_away",
                "The database does not answer.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            ) from None

    async def live_document(self, name: str) -> bytes | None:
        """The flight from its actor, ``None`` where it is not alive."""
        message = GetFlight(name, self.ports.clock.wall(), None)
        found = await self.ask(self.ports.registry, message)
        assert isinstance(found, FlightFound)
        return found.document

    async def record(self, name: str) -> FlightRecord:
        """The flight from the history, or the problem of an unknown one."""
        record = await self.from_history(self.ports.history.flight(name))
        if record is None:
            raise Problem("flight_not_found", f"No flight {name} is alive or in the history.")
        return record


class FlightHandler(FlightReader):
    """One flight: as its actor sees it, or as the history holds it."""

    async def get(self, name: str) -> None:
        name = flight_name(name)
        document = await self.live_document(name)
        if document is not None:
            self.send(document)
            return
        self.send(past_flight(await self.record(name)))


class _LiveTitle(msgspec.Struct):
    """The part of a live document that names its track."""

    flight_id: str
    icao24: str
    callsign: str | None = None


class TrackHandler(FlightReader):
    """The track of one flight, from PostgreSQL."""

    async def get(self, name: str, extension: str | None = None) -> None:
        name = flight_name(name)
        if extension == "kml":
            raise Problem("not_supported", "KML is not supported yet; GeoJSON and CSV are.")
        form = tracks.format_of(extension, self.request.headers.get("Accept", ""))
        if form is None:
            raise Problem("not_acceptable", "A track comes as json, geojson or csv.")
        title = await self.title(name)
        key = key_of_flight_id(title.flight_id)
        points = await self.from_history(self.ports.history.track(key, TRACK_LIMIT))
        self.set_header("Content-Type", f"{tracks.MEDIA_TYPES[form]}; charset=utf-8")
        self.set_header("Vary", "Accept")
        if form == "geojson":
            self.finish(msgspec.json.encode(tracks.geojson(title, points)))
        elif form == "csv":
            name = title.flight_id.replace("~", "_")
            self.set_header("Content-Disposition", f'attachment; filename="{name}.csv"')
            await self.write_parts(tracks.csv_parts(points))
        else:
            await self.write_parts(tracks.json_parts(title, points))

    async def title(self, name: str) -> tracks.Titled:
        """Whose track it is: a flight alive is known before its row is in the database."""
        document = await self.live_document(name)
        if document is not None:
            live = msgspec.json.decode(document, type=_LiveTitle)
            return tracks.Titled(live.flight_id, live.icao24, live.callsign)
        record = await self.record(name)
        return tracks.Titled(flight_id_of_key(record.flight), record.icao24, record.callsign)
