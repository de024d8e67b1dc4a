"""``flights``, ``flights/{name}`` and its track: from memory while alive, then from PostgreSQL."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from aerotrack.actors.messages import FlightFound, GetFlight, GetPicture, Picture
from aerotrack.domain import types as t
from aerotrack.domain.moments import LATEST
from aerotrack.domain.records import FlightRecord, TrackPoint, flight_id_of_key, key_of_flight_id
from aerotrack.domain.simplify import Simplifier
from aerotrack.web import tracks
from aerotrack.web.asked import FromHistory
from aerotrack.web.documents import past_flight
from aerotrack.web.handler import joined
from aerotrack.web.past import MICROSECOND, SEARCH, SearchesFlights, past_entries
from aerotrack.web.problems import Problem

# Points read at once: a few milliseconds of the event loop.
PART: Final = 1000
# A flight of 20 hours at one point a second is 72,000; a document past this helps nobody.
WHOLE_LIMIT: Final = 100_000
# Beyond that two points are left of any flight.
SIMPLIFY_MOST: Final = 1_000_000.0
_NAME: Final = re.compile(r"~?[0-9a-f]{6}(-[0-9a-f]{8})?")


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


class PictureHandler(FromHistory):
    """A handler that shows the picture of now or of a past moment."""

    async def picture(self) -> tuple[float, tuple[bytes, ...]]:
        """The time it is of and its entries, by ``at``, ``bbox`` and ``feed``."""
        at = self.time_argument("at")
        box = self.box_argument()
        feed = self.argument("feed")
        feed = None if feed is None else feed_name(feed)
        now = self.ports.clock.wall()
        if at is None:
            picture = await self.ask(self.ports.broadcaster, GetPicture(now, box, feed))
            assert isinstance(picture, Picture)
            return picture.now, picture.entries
        if at > now:
            raise Problem("bad_time", "at lies in the future.")
        states = await self.from_history(self.ports.history.picture(at, box))
        return at, await past_entries(states, feed)


class FlightsHandler(PictureHandler, SearchesFlights):
    """The picture, now or at a past moment, or the search."""

    parameters = SEARCH | {"bbox", "feed", "at"}

    async def get(self) -> None:
        asked = self.request.query_arguments.keys()
        searched = sorted(asked & SEARCH)
        if not searched:
            at, entries = await self.picture()
            self.send(joined({"now": round(at, 3), "count": len(entries)}, "flights", entries))
            return
        for name in ("at", "feed"):
            if name in asked:
                raise Problem("bad_parameter", f"{name} and {searched[0]} do not go together.")
        await self.search()


class FlightReader(FromHistory):
    """What the handlers of one flight share."""

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
        record = await self.record(name)
        register = await self.from_history(self.ports.history.register((record.icao24,)))
        self.send(past_flight(record, register))


class _LiveTitle(msgspec.Struct):
    """The part of a live document that names its track."""

    flight_id: str
    icao24: str
    callsign: str | None = None


class TrackHandler(FlightReader):
    """The track of one flight, from PostgreSQL."""

    parameters = frozenset({"from", "to", "simplify"})

    async def get(self, name: str, extension: str | None = None) -> None:
        name = flight_name(name)
        form = tracks.format_of(extension, self.request.headers.get("Accept", ""))
        if form is None:
            raise Problem("not_acceptable", "A track comes as json, geojson, csv or kml.")
        begin, end = self.period_arguments()
        tolerance = self.simplify_argument()
        title = await self.title(name)
        parts = self.parts(key_of_flight_id(title.flight_id), begin, end, tolerance)
        self.set_header("Content-Type", f"{tracks.MEDIA_TYPES[form]}; charset=utf-8")
        self.set_header("Vary", "Accept")
        if form in ("csv", "kml"):
            file = title.flight_id.replace("~", "_")
            self.set_header("Content-Disposition", f'attachment; filename="{file}.{form}"')
        if form == "csv":
            await self.write_stream(tracks.csv_parts(parts))
        elif form == "json":
            await self.write_stream(tracks.json_parts(title, parts))
        else:
            points = await self.whole(parts)
            made = tracks.geojson if form == "geojson" else tracks.kml
            self.finish(made(title, points))

    def simplify_argument(self) -> float | None:
        """``simplify``: how far a point left out may be from the line, metres."""
        text = self.argument("simplify")
        if text is None:
            return None
        try:
            tolerance = float(text)
        except ValueError:
            tolerance = -1.0
        if not 0.0 < tolerance <= SIMPLIFY_MOST:
            raise Problem("bad_parameter", f"simplify is metres, up to {SIMPLIFY_MOST:g}.")
        return tolerance

    async def parts(
        self, key: int, begin: float | None, end: float | None, tolerance: float | None
    ) -> AsyncIterator[Sequence[TrackPoint]]:
        """The track in order, read as it is written out."""
        simplifier = None if tolerance is None else Simplifier(tolerance)
        # The key holds the second of the first observation; nothing of the flight is older.
        after = max((key & 0xFFFF_FFFF) - 1, -1 if begin is None else begin - MICROSECOND)
        until = LATEST if end is None else end
        part: Sequence[TrackPoint] = ()
        while not part or len(part) == PART:
            history = self.ports.history
            part = await self.from_history(history.track_part(key, after, until, PART))
            if not part:
                break
            after = part[-1].ts
            yield part if simplifier is None else simplifier.take(part)
        if simplifier is not None:
            yield simplifier.rest()

    async def whole(self, parts: AsyncIterator[Sequence[TrackPoint]]) -> list[TrackPoint]:
        """All points with a position, for formats that are made at once."""
        points: list[TrackPoint] = []
        async for part in parts:
            points += [one for one in part if one.lat is not None]
            if len(points) > WHOLE_LIMIT:
                raise Problem(
                    "too_much",
                    f"More than {WHOLE_LIMIT} points: ask for less by from and to, for fewer by "
                    "simplify, or for json or csv.",
                )
        return points

    async def title(self, name: str) -> tracks.Titled:
        """Whose track it is: a flight alive is known before its row is in the database."""
        document = await self.live_document(name)
        if document is not None:
            live = msgspec.json.decode(document, type=_LiveTitle)
            return tracks.Titled(live.flight_id, live.icao24, live.callsign)
        record = await self.record(name)
        return tracks.Titled(flight_id_of_key(record.flight), record.icao24, record.callsign)
