"""``aircraft.json`` polled from a receiver, and JSON lines, come out as they were."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .expected import Aircraft, add_snapshot, differences, of_sbs, of_snapshots
from .harness import PATIENCE_S, LiveClient, Rows, Server, serving, until
from .test_sbs import assert_stored

RECORDINGS = ("ulss7", "hu0102-1", "hu0102-2")
# The whole of a recording stays in the picture, however old its first contacts are by the end.
ALL_LIVE = ("--gone-after", "1700")


def moved(documents: list[bytes]) -> list[bytes]:
    """The same documents, ``now`` moved by whole seconds so that the last is of this moment."""
    parsed = [json.loads(document) for document in documents]
    shift = int(time.time() - parsed[-1]["now"])
    return [json.dumps(one | {"now": round(one["now"] + shift, 3)}).encode() for one in parsed]


@pytest.mark.slow
@pytest.mark.parametrize("program", ["dump1090", "readsb"])
def test_snapshots_polled_over_http_are_shown_and_stored_each_position_once(
    program: str, recording: Callable[[str], bytes], data_dir: Path, database_url: str
) -> None:
    documents = {
        f"/{name}.json": moved(recording(f"{name}.{program}.aircraft.ndjson.gz").splitlines())
        for name in RECORDINGS
    }
    expected: dict[str, Aircraft] = {}
    for snapshots in documents.values():
        found = of_snapshots(snapshots)
        assert not expected.keys() & found.keys()  # else one feed could hide another's
        expected |= found
    with serving(documents) as (port, over):
        feeds = [
            f"readsb+http://127.0.0.1:{port}/{name}.json?interval=0.1&name={name}"
            for name in RECORDINGS
        ]
        with (
            Server(data_dir, *ALL_LIVE, feeds=feeds, database_url=database_url) as server,
            LiveClient(server) as client,
        ):
            client.subscribe()
            client.until(lambda held: not differences(held.flights, expected), timeout=30)
            assert {} == differences(client.held.flights, expected)
            assert over.wait(PATIENCE_S)
            assert [{}] * 3 == [server.feed(name)["refused"] for name in RECORDINGS]
            client.close()
            server.stop()
    assert_stored(Rows(database_url), expected)


def of_lines(lines: bytes) -> dict[str, Aircraft]:
    """By icao24: what readsb's JSON port says, which is an aircraft object a line."""
    found: dict[str, Aircraft] = {}
    add_snapshot(found, (json.loads(line.strip().rstrip(b",")) for line in lines.splitlines()))
    return found


def test_json_lines_sent_to_a_listening_feed_are_shown_and_stored(
    recording: Callable[[str], bytes], data_dir: Path, database_url: str
) -> None:
    played = recording("readsb-newmexico.jsonlines.gz")
    expected = of_lines(played)
    feeds = ["jsonl+listen://127.0.0.1:0?name=rec"]
    with (
        Server(data_dir, *ALL_LIVE, feeds=feeds, database_url=database_url) as server,
        LiveClient(server) as client,
    ):
        client.subscribe()
        with socket.create_connection(("127.0.0.1", server.listening_port("rec"))) as receiver:
            receiver.sendall(played)
        client.until(lambda held: not differences(held.flights, expected))
        assert {} == differences(client.held.flights, expected)
        counted = server.feed("rec")
        assert (counted["received"], {}) == (counted["accepted"], counted["refused"])
        client.close()
        server.stop()
        assert_stored(Rows(database_url), expected)


def test_a_recording_without_times_is_taken_line_by_line_and_shows_its_aircraft(
    recording: Callable[[str], bytes], data_dir: Path
) -> None:
    """How fast it was is not known, so positions that come too soon are rightly not believed."""
    played = recording("antirez.sbs")
    expected = of_sbs(played)
    with Server(data_dir, feeds=["sbs+listen://127.0.0.1:0?name=rec"]) as server:
        with socket.create_connection(("127.0.0.1", server.listening_port("rec"))) as receiver:
            receiver.sendall(played)
        count = played.count(b"\n")
        until("the last line", lambda: server.feed("rec")["received"] == count)
        until("the aircraft", lambda: server.flights().keys() == expected.keys())
        counted = server.feed("rec")
        assert (count, {}) == (counted["accepted"] + counted["ignored"], counted["refused"])
        for icao24, flight in server.flights().items():
            assert expected[icao24].last.get("callsign") == flight.get("callsign")
