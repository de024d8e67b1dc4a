"""Stops, kills and restarts in the middle of traffic: what was accepted is in PostgreSQL after."""

import http.client
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from .harness import POLL_S, STOP_WITHIN_S, LiveClient, Rows, Server, until

pytestmark = pytest.mark.usefixtures("require_embedded")

# A start on a data directory that exists takes a tenth of a second of PostgreSQL's time, on a
# machine that is busy with other tests a few seconds.
RESTART_WITHIN_S = 15.0
EMBEDDED_BACK_WITHIN_S = 30.0
FLIGHTS = 20


class Poster:
    """Posts a step of every flight again and again, from a thread; counts what was taken.

    Every observation has a position and an altitude of its own, so each makes one track point.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._post, daemon=True)
        self.accepted: set[tuple[str, float]] = set()
        self.posted = 0

    def __enter__(self) -> "Poster":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(STOP_WITHIN_S)

    def _post(self) -> None:
        step = 0
        while not self._over.is_set():
            step += 1
            observations = [
                {
                    "icao24": f"4ca{number:03x}",
                    "ts": round(time.time(), 3),
                    "lat": round(50 + step * 1e-4, 4),
                    "lon": float(number),
                }
                for number in range(FLIGHTS)
            ]
            try:
                answer = self._server.post(*observations)
            except (OSError, http.client.HTTPException):
                return  # it stops; whether it took this one in nobody was told
            assert (FLIGHTS, 0) == (answer["accepted"], answer["rejected_total"])
            self.accepted |= {(o["icao24"], o["lat"]) for o in observations}
            self.posted += 1

    def took(self, posts: int) -> None:
        """Wait until so many more were answered."""
        goal = self.posted + posts
        until(f"{goal} answers", lambda: self.posted >= goal)


def stored(rows: Rows) -> list[tuple[str, float]]:
    return rows.all("SELECT icao24, lat FROM api.positions WHERE lat IS NOT NULL")


def assert_each_once(rows: Rows, accepted: set[tuple[str, float]]) -> None:
    points = stored(rows)
    assert len(points) == len(set(points)), "a point is there twice"
    assert set() == accepted - set(points), "points that were accepted are missing"


def assert_all_come(rows: Rows, accepted: set[tuple[str, float]]) -> None:
    """The same of a server that was just started: the outbox may have the last of it."""
    until("all points", lambda: accepted <= set(stored(rows)))
    assert_each_once(rows, accepted)


def accepted_by_feeds(server: Server) -> int:
    return sum(feed["accepted"] for feed in server.json("/api/v1/feeds")["feeds"])


def test_sigterm_amid_posts_keeps_every_accepted_point(data_dir: Path, database_url: str) -> None:
    with Server(data_dir, database_url=database_url) as server, Poster(server) as poster:
        poster.took(20)
        server.stop()
    server.store_rest()
    assert_each_once(Rows(database_url), poster.accepted)


def test_sigterm_right_behind_the_answer_keeps_a_large_post(
    data_dir: Path, database_url: str
) -> None:
    observations = [
        {"icao24": f"{0x4B0000 + n:06x}", "lat": round(n * 1e-3, 3), "lon": 9.0, "alt_baro": 35000}
        for n in range(10_000)
    ]
    with Server(data_dir, database_url=database_url) as server:
        assert 9_990 == server.post(*observations[10:])["accepted"]
        server.stop()
    server.store_rest()
    rows = Rows(database_url)
    assert_each_once(rows, {(o["icao24"], o["lat"]) for o in observations[10:]})
    assert 9_990 == rows.one("SELECT count(*) FROM flight")


def test_sigterm_amid_simulated_traffic_keeps_the_final_picture(
    data_dir: Path, database_url: str
) -> None:
    feeds = ["simulator://?flights=500&rate=10"]
    with Server(data_dir, feeds=feeds, database_url=database_url) as server:
        with LiveClient(server) as client:
            client.subscribe()
            client.until(lambda held: len(held.flights) >= 500)
        before = server.flights()
        server.stop()
    server.store_rest()
    rows = Rows(database_url)
    assert len(before) <= rows.one("SELECT count(*) FROM flight")
    # Rows of flights are written at the stop, behind every point of theirs.
    assert rows.one("SELECT sum(points) FROM flight") == rows.one("SELECT count(*) FROM position")
    assert [] == rows.all(
        "SELECT icao24 FROM flight JOIN LATERAL (SELECT lat, lon FROM position WHERE"
        " position.flight = flight.flight AND lat IS NOT NULL ORDER BY ts DESC LIMIT 1) last"
        " ON true WHERE (last_lat, last_lon) IS DISTINCT FROM (last.lat, last.lon)"
    )


def test_a_restart_on_the_same_directory_is_quick_and_keeps_the_rows(data_dir: Path) -> None:
    with Server(data_dir) as server, Poster(server) as poster:
        poster.took(5)
        postgres = server.postgres_pid
        server.stop()
    assert postgres is not None
    with pytest.raises(ProcessLookupError):
        os.kill(postgres, 0)
    began = time.monotonic()
    with Server(data_dir) as server:
        assert time.monotonic() - began < RESTART_WITHIN_S
        rows = Rows(server.embedded_url())
        assert_all_come(rows, poster.accepted)
        assert [("4ca000",)] == rows.all("SELECT icao24 FROM flight WHERE icao24 = '4ca000'")
        track = server.json("/api/v1/flights/4ca000/track")
        assert len(track["points"]) >= poster.posted


def test_after_sigkill_a_restart_takes_the_database_over(data_dir: Path) -> None:
    with Server(data_dir) as server, Poster(server) as poster:
        poster.took(3)
        until("stored points", lambda: server.json("/api/v1/stats")["points_stored"])
        kept = set(stored(Rows(server.embedded_url())))
        server.kill()
    assert kept
    with Server(data_dir) as server:
        assert kept <= set(stored(Rows(server.embedded_url())))
        server.post({"icao24": "abcdef", "lat": 1.5, "lon": 2.5})
        server.stop()
    assert "abcdef" not in {icao24 for icao24, _ in kept}
    with Server(data_dir) as server:
        rows = Rows(server.embedded_url())
        until("the point of before", lambda: ("abcdef", 1.5) in stored(rows))


def ready(server: Server) -> tuple[int, Any]:
    status, body = server.request("GET", "/readyz")
    return status, json.loads(body)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "shut_down"])
def test_with_postgresql_gone_live_goes_on_and_every_point_is_there_in_the_end(
    data_dir: Path, number: signal.Signals
) -> None:
    with Server(data_dir) as server, Poster(server) as poster, LiveClient(server) as client:
        poster.took(5)
        assert 200 == ready(server)[0]
        client.subscribe()
        postgres = server.postgres_pid
        assert postgres is not None
        os.kill(postgres, number)

        state = until("not ready", lambda: (r := ready(server))[0] == 503 and r[1])
        wrong = [check["name"] for check in state["checks"] if not check["ok"]]
        assert (False, ["database"]) == (state["ready"], wrong)
        frames, accepted = client.frames, poster.posted
        client.until(lambda _: client.frames >= frames + 5)
        assert client.frames >= frames + 5
        poster.took(3)
        assert poster.posted > accepted

        until("ready again", lambda: ready(server)[0] == 200, EMBEDDED_BACK_WITHIN_S)
        poster.took(3)
        poster.__exit__()
        accepted = accepted_by_feeds(server)
        assert accepted == len(poster.accepted)
        until("all points", lambda: server.json("/api/v1/stats")["points_stored"] == accepted)
        rows = Rows(server.embedded_url())
        assert_each_once(rows, poster.accepted)
        assert server.find_postgres() != postgres
        client.close()
        server.stop()


@pytest.mark.slow
def test_sigterm_while_postgresql_is_down_still_keeps_every_accepted_point(data_dir: Path) -> None:
    with Server(data_dir) as server, Poster(server) as poster:
        poster.took(5)
        assert server.postgres_pid is not None
        os.kill(server.postgres_pid, signal.SIGKILL)
        poster.took(5)
        server.stop()
    with Server(data_dir) as server:
        assert_all_come(Rows(server.embedded_url()), poster.accepted)


def test_sigint_stops_it_as_sigterm_does(data_dir: Path, database_url: str) -> None:
    with Server(data_dir, database_url=database_url) as server:
        server.stop(signal.SIGINT)


def test_sigterm_during_the_start_stops_it(data_dir: Path) -> None:
    server = Server(data_dir)
    server.logged("Creating a PostgreSQL")
    time.sleep(POLL_S)
    server.stop()
    with Server(data_dir) as server:
        server.post({"icao24": "abcdef", "lat": 1.5, "lon": 2.5})


def test_peers_that_neither_read_nor_finish_do_not_hold_up_the_stop(
    data_dir: Path, database_url: str, fanout: tuple[str, ...]
) -> None:
    feeds = ["jsonl+listen://127.0.0.1:0?name=in"]
    unfinished = (
        b"POST /api/v1/observations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n[{"
    )
    many = [{"icao24": f"{n:06x}", "lat": 50.5, "lon": n / 1e3 + 1} for n in range(20_000)]
    with (
        Server(data_dir, *fanout, feeds=feeds, database_url=database_url) as server,
        socket.create_connection((server.host, server.port)) as poster,
        socket.create_connection(("127.0.0.1", server.listening_port("in"))) as receiver,
        LiveClient(server, receive_buffer=4096) as client,
    ):
        poster.sendall(unfinished)
        receiver.sendall(b'{"icao24":"4ca2d6","lat":50.5')
        server.post(*many)
        client.send({"type": "subscribe"})  # and never looks at the megabytes that come
        until("flights", lambda: len(server.flights()) == len(many))
        server.stop()
    server.store_rest()
    assert len(many) == Rows(database_url).one("SELECT count(*) FROM position")


def test_a_second_server_on_the_same_directory_is_refused_in_words(data_dir: Path) -> None:
    with Server(data_dir) as server:
        second = Server(data_dir)
        assert 0 != second.process.wait(STOP_WITHIN_S)
        second.kill()
        assert f"is in use by process {server.process.pid}" in second.log
        assert "Traceback" not in second.log
        server.post({"icao24": "abcdef", "lat": 1.5, "lon": 2.5})


def test_a_second_server_on_the_same_port_is_refused_in_words(
    data_dir: Path, database_url: str
) -> None:
    with Server(data_dir, database_url=database_url) as server:
        second = Server(data_dir, "--port", str(server.port), database_url=database_url)
        assert 0 != second.process.wait(STOP_WITHIN_S)
        second.kill()
        refusal = f"cannot listen on {server.host} port {server.port}: Address already in use"
        assert refusal in second.log
        assert "Traceback" not in second.log
