"""A restart goes on with the flights that were alive: same names, same picture, nothing new."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from aerotrack.db.outbox import open_outbox

from .harness import Rows, Server, until
from .test_external_database import door_to

OWN = ("last_contact", "time_position", "seen", "seen_pos")


def report(server: Server, number: int, step: int) -> None:
    server.post(
        {
            "icao24": f"4ca{number:03x}", "lat": round(50 + step * 1e-3, 4), "lon": float(number),
            "alt_baro": 30_000, "gs": 400.0, "track": 10.0, "callsign": f"RYR{number}",
        }
    )  # fmt: skip


def picture(server: Server) -> dict[str, Any]:
    return {
        icao24: {name: value for name, value in flight.items() if name not in OWN}
        for icao24, flight in server.flights().items()
    }


def events(url: str) -> list[tuple[Any, ...]]:
    return Rows(url).all("SELECT kind, count(*) FROM event GROUP BY kind ORDER BY kind")


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
@pytest.mark.parametrize("away", [False, True], ids=["", "database_away"])
def test_flights_go_on_after_a_restart(
    data_dir: Path, database_url: str, killed: bool, away: bool
) -> None:
    with door_to(database_url) as door:
        if not away:
            door.open()
        with Server(data_dir, database_url=door.url) as server:
            for number in range(10):
                report(server, number, 0)
            until("flights", lambda: len(server.flights()) == 10)
            before = picture(server)
            if killed:
                until("states", lambda: stored_or_kept(server, 30))
                server.kill()
            else:
                server.stop()
        with Server(data_dir, database_url=door.url) as server:
            if not killed:
                assert before == picture(server)  # before anything was heard
            assert 1 == server.log.count(" flights_restored flights=10")
            for number in range(10):
                report(server, number, 1)
            until(
                "new places",
                lambda: (
                    all(f["lat"] == 50.001 for f in server.flights().values()) and server.flights()
                ),
            )
            assert {i: f["flight_id"] for i, f in before.items()} == {
                i: f["flight_id"] for i, f in picture(server).items()
            }
            if away:
                door.open()
                until("drained", lambda: server.json("/api/v1/stats")["outbox"]["batches"] == 0)
            until("stored", lambda: Rows(database_url).one("SELECT count(*) FROM position") == 20)
            server.stop()
    assert [("started", 10)] == events(database_url)
    assert 10 == Rows(database_url).one("SELECT count(*) FROM flight")


def stored_or_kept(server: Server, rows: int) -> bool:
    """Whether so many rows are safe."""
    status, body = server.request("GET", "/metrics")
    figures = dict(
        line.rsplit(" ", 1) for line in body.decode().splitlines() if not line.startswith("#")
    )
    names = ("rows_stored_total", "rows_kept_total")
    return status == 200 and rows <= sum(
        float(figures[f"aerotrack_persistence_{name}"]) for name in names
    )


def test_a_flight_that_fell_silent_while_the_server_was_down_ends(
    data_dir: Path, database_url: str
) -> None:
    options = ("--end-after", "2", "--gone-after", "1", "--stale-after", "1")
    with Server(data_dir, *options, database_url=database_url) as server:
        report(server, 1, 0)
        until("a flight", server.flights)
        server.stop()
    with Server(data_dir, *options, database_url=database_url) as server:
        until("its end", lambda: ("ended", 1) in events(database_url))
        server.stop()
    assert [("ended", 1), ("started", 1)] == events(database_url)


@pytest.mark.parametrize(
    ("days", "code"), [(200.0, "clock_behind"), (-200.0, "clock_ahead")], ids=["behind", "ahead"]
)
def test_with_a_clock_that_is_months_off_history_waits_and_live_does_not(
    data_dir: Path, database_url: str, days: float, code: str
) -> None:
    outbox = open_outbox(data_dir)
    with outbox.file.transaction():
        outbox.file.set_meta("seen", time.time() + days * 86_400)
    outbox.close()
    with Server(data_dir, database_url=database_url) as server:
        server.logged(f"clock_doubted code={code}")
        report(server, 1, 0)
        until("it is live", server.flights)
        status, body = server.request("GET", "/readyz")
        codes = {check["name"]: check.get("code") for check in json.loads(body)["checks"]}
        assert (503, code) == (status, codes["clock"])
        server.stop()
    assert 0 == Rows(database_url).one("SELECT count(*) FROM position")
