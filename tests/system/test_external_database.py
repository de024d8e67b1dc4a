"""A PostgreSQL given by URL: away at the start, it is waited for, and live goes on meanwhile."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

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
        self._refusing = False

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
                if self._refusing:
                    client.close()
                    continue
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

    def shut(self) -> None:
        """Cut whoever is connected, and refuse whoever comes."""
        self._refusing = True
        self.cut()

    def cut(self) -> None:
        """Cut whoever is connected."""
        for sock in tuple(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def open_again(self) -> None:
        self._refusing = False

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


def outbox(server: Server) -> tuple[int, int]:
    """Batches and bytes that wait on the disk."""
    document = server.json("/api/v1/stats")["outbox"]
    return document["batches"], document["bytes"]


def on_disk(server: Server, batches: int) -> None:
    """Wait until so many batches are."""
    until(f"{batches} batches", lambda: outbox(server)[0] >= batches)


def test_what_a_database_that_never_came_should_have_is_stored_by_a_later_start(
    data_dir: Path, database_url: str
) -> None:
    with door_to(database_url) as door:
        for step in range(2):  # the database is away all the time, also at the second start
            with Server(data_dir, database_url=door.url) as server:
                server.post({"icao24": "4ca2d6", "lat": 50.0 + step / 1e4, "lon": 8.0})
                on_disk(server, step + 1)
                server.stop()
        assert 0 == Rows(database_url).one("SELECT count(*) FROM position")
        door.open()
        with Server(data_dir, database_url=door.url) as server:
            until("drained", lambda: outbox(server)[0] == 0)
            assert 200 == until("ready", lambda: server.request("GET", "/readyz")[0])
            server.stop()
    rows = Rows(database_url)
    assert [(50.0,), (50.0001,)] == rows.all("SELECT lat FROM position ORDER BY ts")
    assert 1 == rows.one("SELECT count(DISTINCT run) FROM batch")


def test_a_connection_cut_in_the_middle_of_traffic_costs_no_row_and_doubles_none(
    data_dir: Path, database_url: str
) -> None:
    with door_to(database_url) as door, Server(data_dir, database_url=door.url) as server:
        door.open()
        until("ready", lambda: server.request("GET", "/readyz")[0] == 200)
        sent = []
        for step in range(200):
            if step % 20 == 10:
                (door.shut if step % 40 == 10 else door.cut)()
            elif step % 20 == 15:
                door.open_again()
            lat = round(50 + step / 1000, 3)
            server.post({"icao24": "4ca2d6", "lat": lat, "lon": 8.0})
            sent.append((lat,))
        until("drained", lambda: outbox(server)[0] == 0)
        until("stored", lambda: server.json("/api/v1/stats")["points_stored"] == len(sent))
        server.stop()
    assert sent == Rows(database_url).all("SELECT lat FROM position ORDER BY ts")
