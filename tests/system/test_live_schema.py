"""Every frame a server sends is valid by docs/live.schema.json, and holds no field it lacks."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from aerotrack.domain.observation import REPORTED_FIELDS
from aerotrack.domain.vocabulary import TERMS, Term

from .harness import PATIENCE_S, LiveClient, Server, until

SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "live.schema.json").read_text(encoding="utf-8")
)
FLIGHT = {"$ref": "#/$defs/Flight"}


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of what a server says, with fields it does not name refused."""
    made = deepcopy(schema)
    for name, definition in made["$defs"].items():
        if "properties" in definition and name != "Flight":  # a whole change has one field more
            definition["unevaluatedProperties"] = False
    snapshot = made["$defs"]["Snapshot"]["properties"]["flights"]
    assert FLIGHT == snapshot["items"]
    snapshot["items"] = {**FLIGHT, "unevaluatedProperties": False}
    made["anyOf"] = [{"$ref": "#/$defs/ServerMessage"}]
    return made


VALIDATOR = Draft202012Validator(closed(SCHEMA))


class Validating(LiveClient):
    """A client that holds every message against the schema."""

    kinds: frozenset[str] = frozenset()

    def message(self, timeout: float = PATIENCE_S) -> dict[str, Any]:
        message = super().message(timeout)
        mistakes = [f"{e.json_path}: {e.message}" for e in VALIDATOR.iter_errors(message)]
        assert [] == mistakes, message
        self.kinds |= {message["type"]}
        return message


def some(term: Term) -> Any:
    """A value of a field, such as a feed may report it."""
    words = {"callsign": "RYR4TK", "typecode": "A320", "category": "A3", "squawk": "1000"}
    if term.kind is tuple:
        return list(term.choices)
    if term.choices:
        return term.choices[0]
    if term.low is not None and term.high is not None:
        middle = (term.low + term.high) / 2 + 0.123456
        return middle if term.kind is float else int(middle)
    return True if term.kind is bool else words.get(term.name, "Some words")


def test_an_unknown_field_would_be_noticed() -> None:
    frame = {"type": "delta", "seq": 1, "pos": 0, "now": 1.5, "gone": []}
    assert VALIDATOR.is_valid({**frame, "flights": [{"icao24": "4ca2d6", "squawk": None}]})
    assert not VALIDATOR.is_valid({**frame, "flights": [{"icao24": "4ca2d6", "colour": "red"}]})
    assert not VALIDATOR.is_valid({**frame, "flights": [], "colour": "red"})


def test_every_frame_of_a_server_is_valid(
    data_dir: Path, database_url: str, fanout: tuple[str, ...]
) -> None:
    options = ("--flights", "200", *fanout)
    everything = {name: some(TERMS[name]) for name in REPORTED_FIELDS}
    with (
        Server(data_dir, *options, command="demo", database_url=database_url) as server,
        Validating(server) as client,
    ):
        until("traffic", lambda: len(server.flights()) >= 200)
        client.subscribe()
        server.post({"icao24": "4ca2d6", **everything})
        held = client.until(lambda held: "4ca2d6" in held.flights)
        assert {*everything, "icao24", "flight_id", "source", "feed"} <= {*held.flights["4ca2d6"]}
        server.post({"icao24": "4ca2d6", "callsign": "EIN1", "squawk": "7700"})
        client.until(lambda held: held.flights["4ca2d6"].get("squawk") == "7700")
        client.send({"type": "subscribe", "bbox": [-30, 0, 60, 70], "interval": 0.1})
        client.until(lambda held: 0 < len(held.flights) < 200)
        client.until(lambda held, pos=client.held.pos: held.pos > pos + 1000)
        client.send("no json")
        assert "bad_json" == client.answer()["code"]
        client.send({"type": "ping", "id": "x"})
        assert {"type": "pong", "id": "x"} == client.answer()
        assert {"snapshot", "delta", "error", "pong"} <= client.kinds
