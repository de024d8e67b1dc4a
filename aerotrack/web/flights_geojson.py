"""``flights.geojson``: the live picture as points on a map, by GeoJSON's RFC 7946."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from aerotrack.domain import types as t
from aerotrack.domain.geojson import position
from aerotrack.domain.vocabulary import Live
from aerotrack.web.flights import PictureHandler
from aerotrack.web.tracks import MEDIA_TYPES

# Flights encoded between two turns of the event loop: about two milliseconds.
SLICE: Final = 500


class PointGeometry(msgspec.Struct, frozen=True):
    """Longitude, latitude, and where it is known the height in metres above the ellipsoid."""

    coordinates: Annotated[tuple[float, ...], Meta(min_length=2, max_length=3)]
    type: Literal["Point"] = "Point"


class FlightFeature(msgspec.Struct, frozen=True):
    """A flight of known position; ``properties`` are its fields but ``lat`` and ``lon``."""

    id: t.Icao24
    geometry: PointGeometry
    properties: Live
    type: Literal["Feature"] = "Feature"


class FlightCollection(msgspec.Struct, frozen=True):
    """The flights of known position, and the time they are of."""

    now: float
    features: tuple[FlightFeature, ...]
    type: Literal["FeatureCollection"] = "FeatureCollection"


def feature(entry: bytes) -> dict[str, Any] | None:
    """The feature of a whole entry of the picture; ``None`` where its position is not known."""
    properties = msgspec.json.decode(entry, type=dict[str, Any])
    lat, lon = properties.pop("lat", None), properties.pop("lon", None)
    if lat is None or lon is None:
        return None
    coordinates = position(lat, lon, properties.get("alt_geom"))
    return {
        "type": "Feature",
        "id": properties["icao24"],
        "geometry": {"type": "Point", "coordinates": coordinates},
        "properties": properties,
    }


def collection_parts(now: float, entries: Sequence[bytes]) -> Iterator[bytes]:
    """The document of :class:`FlightCollection`, in pieces."""
    yield b'{"type":"FeatureCollection","now":%.3f,"features":[' % now
    comma = b""
    for start in range(0, len(entries), SLICE):
        made = [feature(entry) for entry in entries[start : start + SLICE]]
        encoded = msgspec.json.encode([one for one in made if one is not None])[1:-1]
        if encoded:
            yield comma + encoded
            comma = b","
    yield b"]}"


class FlightsGeoJsonHandler(PictureHandler):
    """The picture as a FeatureCollection, now or at a past moment."""

    parameters = frozenset({"bbox", "feed", "at"})

    async def get(self) -> None:
        now, entries = await self.picture()
        self.set_header("Content-Type", f"{MEDIA_TYPES['geojson']}; charset=utf-8")
        await self.write_parts(collection_parts(now, entries))
