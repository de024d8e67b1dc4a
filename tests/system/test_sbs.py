"""Recordings of a receiver's port 30003 come out of WebSocket and PostgreSQL as they were."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from .expected import TRACKED, Aircraft, changes, differences, of_sbs
from .harness import LiveClient, Rows, Server, playing, until

RECORDINGS = ("ulss7", "hu0102-1", "hu0102-2")
# The longest is 80 s, and clients look away from flights silent for a minute.
PLAYED_WITHIN_S = 150.0
ALL_LIVE = ("--gone-after", "300")


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
            f"SELECT {columns} FROM api.positions WHERE icao24 = %s ORDER BY ts", icao24
        )
        assert aircraft.positions == [point[:2] for point in stored if point[0] is not None], icao24
        for index, name in enumerate(TRACKED, 2):
            of_column = changes(point[index] for point in stored)
            assert changes(aircraft.columns[name]) == of_column, (icao24, name)


@pytest.mark.slow
@pytest.mark.parametrize("program", ["dump1090", "readsb"])
def test_recordings_played_in_are_shown_and_stored_as_they_were_each_position_once(
    program: str, recording: Callable[[str], bytes], data_dir: Path, database_url: str
) -> None:
    """All three at once, at their own speed, as three receivers: no aircraft is in two of them."""
    played = {name: recording(f"{name}.{program}.sbs.gz") for name in RECORDINGS}
    expected = {icao24: it for lines in played.values() for icao24, it in of_sbs(lines).items()}
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(playing(lines)) for name, lines in played.items()}
        feeds = [f"sbs://127.0.0.1:{port}?name={name}" for name, (port, _) in ports.items()]
        server = stack.enter_context(
            Server(data_dir, *ALL_LIVE, feeds=feeds, database_url=database_url)
        )
        client = stack.enter_context(LiveClient(server))
        client.subscribe()
        for name, (_, go) in ports.items():
            until("the connection", lambda name=name: server.feed(name)["state"] == "connected")
            go.set()
        client.until(lambda held: not differences(held.flights, expected), PLAYED_WITHIN_S)
        assert {} == differences(client.held.flights, expected)
        assert {} == differences(server.flights(), expected)
        for name, lines in played.items():
            count = lines.count(b"\n")
            until("the last line", lambda name=name, n=count: server.feed(name)["received"] == n)
            counted = server.feed(name)
            assert (count, {}) == (counted["accepted"], counted["refused"])
        assert set(RECORDINGS) == {flight["feed"] for flight in client.held.flights.values()}
        client.close()
        server.stop()
        assert_stored(Rows(database_url), expected)
