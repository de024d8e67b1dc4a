"""The OpenAPI 3.1 document: a table of operations, and schemas from the types themselves."""

import functools
from typing import Any, Final

import msgspec

from aerotrack.domain.observation import Posted
from aerotrack.web import documents as d
from aerotrack.web.flights_geojson import FlightCollection
from aerotrack.web.problems import PROBLEM_TYPE, ProblemDocument

JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"


class Parameter(msgspec.Struct, frozen=True):
    """A parameter in the query or, where the path names it, of the path."""

    name: str
    description: str
    example: str
    required: bool = False


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path. ``answers`` are the documents of its success, by media type."""

    path: str
    summary: str
    method: str = "get"
    status: int = 200
    parameters: tuple[Parameter, ...] = ()
    answers: tuple[tuple[str, tuple[type, ...]], ...] = ()
    body: tuple[tuple[str, Any], ...] = ()
    problems: tuple[int, ...] = ()


NAME: Final = Parameter("name", "icao24 or flight_id", "4ca2d6", required=True)
ASSET: Final = Parameter("name", "File name, with a hash", "main-ABCD1234.js", required=True)
BBOX: Final = Parameter(
    "bbox", "west,south,east,north in degrees; west > east crosses 180", "-11,51,-5,56"
)
FEED: Final = Parameter("feed", "Name of a feed", "home")
TRACK_ANSWERS: Final = (
    (JSON, (d.TrackDocument,)),
    (GEOJSON, ()),
    ("text/csv", ()),
    ("application/vnd.google-earth.kml+xml", ()),
)
ICAO24: Final = Parameter("icao24", "24-bit address in hex", "4ca2d6", required=True)
AT: Final = Parameter("at", "A past moment: epoch seconds or ISO 8601", "2025-11-24T16:00:00Z")
PERIOD: Final = (
    Parameter("from", "Not before this time: epoch seconds or ISO 8601", "2025-11-24T16:00:00Z"),
    Parameter("to", "Not after this time; default now", "1764003600"),
)
PAGES: Final = (
    Parameter("cursor", "The next of the answer before", "ksQGAAAAAAAAks8AAAAAAAAAAAA"),
    Parameter("limit", "Rows of a page, 1 to 1000; default 100", "100"),
)
AIRPORT: Final = Parameter("airport", "Departure or arrival, as estimated", "EIDW")
SEARCH: Final = (
    *PERIOD,
    Parameter("callsign", "What it begins with", "RYR"),
    Parameter("registration", "What it begins with", "EI-"),
    Parameter("icao24", "24-bit address in hex", "4ca2d6"),
    Parameter("typecode", "ICAO type designator", "B738"),
    AIRPORT,
    *PAGES,
)
SIMPLIFY: Final = Parameter("simplify", "Metres by which a point left out may be missed", "50")

OPERATIONS: Final = (
    Operation(path="/", summary="The map", answers=(("text/html", ()),)),
    Operation(
        path="/assets/{name}", summary="What the map is made of", parameters=(ASSET,),
        answers=(("*/*", ()),), problems=(404,),
    ),
    Operation(
        path="/client.js", summary="The stream client, a JavaScript module for other pages",
        answers=(("text/javascript", ()),), problems=(404,),
    ),
    Operation(
        path="/client.d.ts", summary="Its types", answers=(("text/plain", ()),), problems=(404,),
    ),
    Operation(
        path="/live.d.ts", summary="The types of the live stream",
        answers=(("text/plain", ()),), problems=(404,),
    ),
    Operation(
        path="/licences.txt", summary="The licences of what the map is made of",
        answers=(("text/plain", ()),), problems=(404,),
    ),
    Operation(path="/api", summary="A page that lists all this", answers=(("text/html", ()),)),
    Operation(
        path="/api/v1/live", summary="The live stream (WebSocket, docs/live.md)", status=101,
        parameters=(
            BBOX,
            Parameter("interval", "Seconds between frames, 0.1 to 60", "1"),
            Parameter("follow", "icao24s or flight_ids, with commas between", "4ca2d6,3c6444"),
            Parameter("filter", "As in docs/live.md, JSON", '{"callsign":"RYR"}'),
            AT,
            Parameter("speed", "With at: how fast history is played, 0.1 to 60", "10"),
        ),
        problems=(400, 403, 426, 501, 503),
    ),
    Operation(
        path="/api/v1/flights", summary="The picture, live or past, or a search",
        parameters=(BBOX, FEED, AT, *SEARCH),
        answers=((JSON, (d.FlightsDocument, d.PastFlightsDocument)),), problems=(400, 422, 503),
    ),
    Operation(
        path="/api/v1/flights.geojson", summary="The picture as GeoJSON",
        parameters=(BBOX, FEED, AT), answers=((GEOJSON, (FlightCollection,)),),
        problems=(400, 422, 503),
    ),
    Operation(
        path="/api/v1/flights/{name}", summary="One flight, alive or over", parameters=(NAME,),
        answers=((JSON, (d.FlightDocument, d.PastFlight)),), problems=(400, 404, 503),
    ),
    Operation(
        path="/api/v1/flights/{name}/track", summary="The track of one flight, format by Accept",
        parameters=(NAME, *PERIOD, SIMPLIFY), answers=TRACK_ANSWERS,
        problems=(400, 404, 406, 422, 503),
    ),
    Operation(
        path="/api/v1/flights/{name}/track.{extension}", summary="The same, format by extension",
        parameters=(
            NAME, Parameter("extension", "json, geojson, csv or kml", "csv", required=True),
            *PERIOD, SIMPLIFY,
        ),
        answers=TRACK_ANSWERS, problems=(400, 404, 406, 422, 503),
    ),
    Operation(
        path="/api/v1/aircraft/{icao24}", summary="What is known of an aircraft",
        parameters=(ICAO24,), answers=((JSON, (d.AircraftDocument,)),), problems=(400, 404, 503),
    ),
    Operation(
        path="/api/v1/aircraft/{icao24}/flights", summary="The flights of an aircraft",
        parameters=(
            ICAO24, *PERIOD, Parameter("callsign", "What it begins with", "RYR"), AIRPORT, BBOX,
            *PAGES,
        ),
        answers=((JSON, (d.PastFlightsDocument,)),), problems=(400, 422, 503),
    ),
    Operation(
        path="/api/v1/events", summary="What happened, the latest first",
        parameters=(
            *PERIOD,
            Parameter("event", "started, takeoff, landing, emergency, ended or resumed", "landing"),
            Parameter("icao24", "24-bit address in hex", "4ca2d6"),
            Parameter("airport", "Where a take-off or landing was", "EIDW"),
            *PAGES,
        ),
        answers=((JSON, (d.EventsDocument,)),), problems=(400, 422, 503),
    ),
    Operation(
        path="/api/v1/observations", method="post", status=202, summary="Take observations in",
        parameters=(
            Parameter("feed", "Name to count them under; default post", "load"),
            Parameter("durable", "Answer 200 when all of them are on disk, else 503", "false"),
        ),
        body=((JSON, list[Posted]), ("application/x-ndjson", Posted)),
        answers=((JSON, (d.AcceptedDocument,)),),
        problems=(400, 401, 403, 409, 413, 415, 501),
    ),
    Operation(
        path="/api/v1/feeds", summary="Every feed and what came by it",
        answers=((JSON, (d.FeedsDocument,)),),
    ),
    Operation(
        path="/api/v1/receivers", summary="Every receiver and what it contributes",
        answers=((JSON, (d.ReceiversDocument,)),),
    ),
    Operation(
        path="/api/v1/stats", summary="The server in a few numbers",
        answers=((JSON, (d.StatsDocument,)),), problems=(503,),
    ),
    Operation(
        path="/api/v1/openapi.json", summary="This document", answers=((JSON, ()),),
    ),
    Operation(
        path="/data/aircraft.json", summary="The live picture as readsb writes it",
        answers=((JSON, ()),), problems=(503,),
    ),
    Operation(
        path="/data/receiver.json", summary="The receiver as readsb describes it",
        answers=((JSON, (d.ReceiverDocument,)),),
    ),
    Operation(
        path="/healthz", summary="The event loop is alive", answers=((JSON, (d.HealthDocument,)),)
    ),
    Operation(
        path="/readyz", summary="Ready, or 503 with the reasons",
        answers=((JSON, (d.ReadyDocument,)),),
    ),
    Operation(path="/metrics", summary="Prometheus metrics", answers=(("text/plain", ()),)),
)  # fmt: skip


@functools.cache
def _schemas() -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    """The schema of every type the operations name, and the components they refer to."""
    kinds: list[Any] = [ProblemDocument]
    for operation in OPERATIONS:
        kinds += [kind for _, answer in operation.answers for kind in answer]
        kinds += [kind for _, kind in operation.body]
    unique = list(dict.fromkeys(kinds))
    made, components = msgspec.json.schema_components(
        unique, ref_template="#/components/schemas/{name}"
    )
    return dict(zip(unique, made, strict=True)), dict(components)


def _answer(operation: Operation) -> dict[str, Any]:
    schemas, _ = _schemas()
    content: dict[str, Any] = {}
    for media, kinds in operation.answers:
        made = [schemas[kind] for kind in kinds]
        if len(made) > 1:
            made = [{"anyOf": made}]
        content[media] = {"schema": made[0]} if made else {}
    return {"description": operation.summary} | ({"content": content} if content else {})


def _operation(operation: Operation) -> dict[str, Any]:
    schemas, _ = _schemas()
    problem = {"content": {PROBLEM_TYPE: {"schema": schemas[ProblemDocument]}}}
    made: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": [
            {
                "name": parameter.name,
                "in": "path" if f"{{{parameter.name}}}" in operation.path else "query",
                "description": parameter.description,
                "required": parameter.required,
                "schema": {"type": "string"},
                "example": parameter.example,
            }
            for parameter in operation.parameters
        ],
        "responses": {str(operation.status): _answer(operation)}
        | {str(status): {"description": "Refused"} | problem for status in operation.problems},
    }
    if operation.path == "/readyz":
        made["responses"]["503"] = _answer(operation)
    if operation.body:
        made["requestBody"] = {
            "required": True,
            "content": {media: {"schema": schemas[kind]} for media, kind in operation.body},
        }
    return made


def document(*, version: str, base_path: str) -> dict[str, Any]:
    """The document of a server of ``version`` that lives under ``base_path``."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "AeroTrack", "version": version},
        "servers": [{"url": base_path.rstrip("/") or "/"}],
        "paths": paths,
        "components": {"schemas": _schemas()[1]},
    }
