"""Recordings of a receiver's port 30003 come out of WebSocket and PostgreSQL as they were."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .expected import TRACKED, Aircraft, changes, differences, of_sbs
from .harness import LiveClient, Rows, Server, playing, until

RECORDINGS = [
    f"{name}.{program}.sbs.gz"
    for name in ("ulss7", "hu0102-1", "hu0102-2")
    for program in ("dump1090", "readsb")
]


def assert_stored(rows: Rows, expected: dict[str, Aircraft]) -> None:
    """One flight each, every position once and in order, every change of the other columns."""
    flights = rows.all("SELECT icao24, callsign, squawk FROM flight ORDER BY icao24")
    assert flights == [
        (icao24, aircraft.last.get("callsign"), aircraft.last.get("squawk"))
        for icao24, aircraft in sorted(expected.items())
    ]
    for icao24, aircraft in expected.items():
        columns = ", ".join(("lat", "lon", *TRACKED))
        stored = rows.all(
            f"SELECT {columns} FROM track_points WHERE icao24 = %s ORDER BY ts", icao24
        )
        assert aircraft.positions == [point[:2] for point in stored if point[0] is not None], icao24
        for index, name in enumerate(TRACKED, 2):
            of_column = changes(point[index] for point in stored)
            assert changes(aircraft.columns[name]) == of_column, (icao24, name)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_played_in_is_shown_and_stored_as_it_was_each_position_once(
    name: str, recording: Callable[[str], bytes], data_dir: Path, database_url: str
) -> None:
    played = recording(name)
    expected = of_sbs(played)
    lines = played.count(b"\n")
    with (
        playing(played) as (port, go),
        Server(
            data_dir, feeds=[f"sbs://127.0.0.1:{port}?name=rec"], database_url=database_url
        ) as server,
        LiveClient(server) as client,
    ):
        client.subscribe()
        until("the connection", lambda: server.feed("rec")["state"] == "connected")
        go.set()
        until("all lines", lambda: server.feed("rec")["received"] == lines)
        client.until(lambda held: not differences(held.flights, expected))
        assert {} == differences(client.held.flights, expected)
        assert {} == differences(server.flights(), expected)
        counted = server.feed("rec")
        assert (lines, {}) == (counted["accepted"], counted["refused"])
        assert {"rec"} == {flight["feed"] for flight in client.held.flights.values()}
        client.close()
        server.stop()
        assert_stored(Rows(database_url), expected)
