"""``aircraft.json`` polled from a receiver, and JSON lines, come out as they were."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .expected import Aircraft, add_snapshot, differences, of_sbs, of_snapshots
from .harness import PATIENCE_S, LiveClient, Rows, Server, serving
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


@pytest.mark.parametrize(
    ("name", "scheme", "read"),
    [("readsb-newmexico.jsonlines.gz", "jsonl", of_lines), ("antirez.sbs", "sbs", of_sbs)],
)
def test_other_recordings_sent_to_a_listening_feed_are_shown_and_stored(
    *,
    name: str,
    scheme: str,
    read: Callable[[bytes], dict[str, Aircraft]],
    recording: Callable[[str], bytes],
    data_dir: Path,
    database_url: str,
) -> None:
    played = recording(name)
    expected = read(played)
    with (
        Server(
            data_dir,
            *ALL_LIVE,
            feeds=[f"{scheme}+listen://127.0.0.1:0?name=rec"],
            database_url=database_url,
        ) as server,
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
