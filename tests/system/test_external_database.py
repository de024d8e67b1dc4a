"""A PostgreSQL given by URL: away at the start, it is waited for, and live goes on meanwhile."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from .harness import PATIENCE_S, LiveClient, Rows, Server, until


class Door:
    """A TCP port in front of a PostgreSQL: shut at first, it refuses whoever comes."""

    def __init__(self, url: str) -> None:
        parts = conninfo_to_dict(url)
        self._host = str(parts.get("host") or "localhost")
        self._port = int(parts.get("port") or 5432)
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = make_conninfo(url, host="127.0.0.1", port=port)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        self._listener.listen()
        self._start(self._accept)

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._connect()
                self._open += [client, server]
                self._start(self._copy, client, server)
                self._start(self._copy, server, client)

    def _connect(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._host}/.s.PGSQL.{self._port}")
        return server

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(1 << 16):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for sock in (self._listener, *self._open):
            sock.close()


@contextlib.contextmanager
def door_to(url: str) -> Iterator[Door]:
    door = Door(url)
    try:
        yield door
    finally:
        door.close()


def test_a_database_that_comes_later_gets_everything_that_was_live_meanwhile(
    data_dir: Path, database_url: str
) -> None:
    with (
        door_to(database_url) as door,
        Server(data_dir, database_url=door.url) as server,
        LiveClient(server) as client,
    ):
        client.subscribe()
        assert 503 == server.request("GET", "/readyz")[0]
        assert 200 == server.request("GET", "/healthz")[0]
        for step in range(5):
            server.post({"icao24": "4ca2d6", "lat": 50.0 + step / 10_000, "lon": 8.0})
        last = client.until(lambda held: held.flights.get("4ca2d6", {}).get("lat") == 50.0004)
        assert 50.0004 == last.flights["4ca2d6"]["lat"]
        assert 0 == server.json("/api/v1/stats")["points_stored"]
        assert 503 == server.request("GET", "/api/v1/flights/4ca2d6/track")[0]
        door.open()
        until("ready", lambda: server.request("GET", "/readyz")[0] == 200)
        until("stored", lambda: server.json("/api/v1/stats")["points_stored"] == 5)
        track = server.json("/api/v1/flights/4ca2d6/track")["points"]
        assert [50.0, 50.0001, 50.0002, 50.0003, 50.0004] == [point["lat"] for point in track]
        client.close()
        server.stop()
    rows = Rows(database_url)
    assert [(50.0 + step / 10_000,) for step in range(5)] == rows.all(
        "SELECT lat FROM position ORDER BY ts"
    )
    assert [("4ca2d6", 5)] == rows.all("SELECT icao24, points FROM flight")
    assert not list(data_dir.glob("postgres-*"))


@pytest.mark.slow
def test_a_database_that_never_comes_does_not_hold_up_the_stop(
    data_dir: Path, database_url: str
) -> None:
    with (
        door_to(database_url) as door,
        Server(data_dir, database_url=door.url) as server,
    ):
        server.post({"icao24": "4ca2d6", "lat": 50.0, "lon": 8.0})
        server.expected = "rows_lost rows=3"  # the point, the flight, its start: said, not hidden
        server.stop(exit_code=1)
        server.logged("rows_lost rows=3")
