"""The server as its operator has it: a process, its log, its sockets; and the clients of a test.

Everything here is blocking and from outside: nothing of the server is imported but the rules a
client of the live stream applies (:class:`HeldPicture`). Waits are on lines of the log, on sockets,
or on a question asked again until its answer is as wanted, each with a time-out.
"""

import base64
import contextlib
import http.client
import json
import os
import re
import secrets
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import psycopg

from aerotrack.domain.held import HeldPicture

# A first start creates a PostgreSQL cluster, here beside other tests; everything else is quick.
START_TIMEOUT_S = 60.0
PATIENCE_S = 40.0
# An operator's patience, and as much again for a machine that is busy with other tests.
STOP_WITHIN_S = 20.0
POLL_S = 0.02
# Has every server whose test does not say otherwise serve its live clients by so many processes.
FANOUT_VARIABLE = "AEROTRACK_TEST_FANOUT"
# Lines that mean a bug, whatever the test is about.
BUGS = re.compile(
    r"Traceback|handler_failed|flight_died|rows_lost|drain_timed_out|feed_client_failed"
    r"|never (retrieved|awaited)"
)

T = TypeVar("T")


def until(what: str, look: Callable[[], T], timeout: float = PATIENCE_S) -> T:
    """What ``look`` returns, asked again until it is truthy."""
    deadline = time.monotonic() + timeout
    while True:
        if found := look():
            return found
        assert time.monotonic() < deadline, f"waited {timeout:.0f} s for {what}"
        time.sleep(POLL_S)


class Server:
    """A running ``aerotrack serve`` on a free port, ready. As a context: stopped, and looked over.

    ``feeds`` are URLs; ``environ`` adds variables. Leaving the context checks that nothing in the
    log means a bug, that it stops with exit code 0 in time, and that no process is left.
    """

    def __init__(
        self,
        data_dir: Path,
        *options: str,
        feeds: Sequence[str] = (),
        database_url: str | None = None,
        command: str = "serve",
        **environ: str,
    ) -> None:
        self.data_dir = data_dir
        self.database_url = database_url
        self.expected: str | None = None  # part of a line that else would mean a bug
        kept = {name: v for name, v in os.environ.items() if not name.startswith("AEROTRACK_")}
        if database_url is not None:
            kept["AEROTRACK_DATABASE_URL"] = database_url
        arguments = [command, "--port", "0", "--data-dir", str(data_dir), "--flush-interval", "0.1"]
        for feed in feeds:
            arguments += ["--feed", feed]
        if fanout := os.environ.get(FANOUT_VARIABLE):
            arguments += ["--fanout", fanout]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aerotrack", *arguments, *options],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            env=kept | environ,
        )
        self.lines: list[str] = []
        self._said = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.host, self.port = "", 0
        self.postgres_pid: int | None = None

    def __enter__(self) -> Self:
        try:
            url = urlsplit(self.logged(r" ready url=(\S+)", START_TIMEOUT_S)[1])
            self.host, self.port = url.hostname or "", url.port or 0
            self.postgres_pid = self.find_postgres()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.kill()
            return
        if self.process.poll() is None:
            self.stop()

    # -- its log -----------------------------------------------------------------------------------

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._said:
                self.lines.append(line)
                self._said.notify_all()
        with self._said:
            self._ended = True
            self._said.notify_all()

    @property
    def log(self) -> str:
        """What it logged so far."""
        with self._said:
            return "".join(self.lines)

    def logged(self, pattern: str, timeout: float = PATIENCE_S) -> re.Match[str]:
        """The first match of ``pattern`` in the log, waited for."""
        found: re.Match[str] | None = None

        def look() -> bool:
            nonlocal found
            found = next((m for line in self.lines if (m := re.search(pattern, line))), None)
            return found is not None or self._ended

        with self._said:
            self._said.wait_for(look, timeout)
        assert found is not None, f"{pattern!r} was not logged:\n{self.log}"
        return found

    # -- asking it ---------------------------------------------------------------------------------

    def request(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Status and body of an answer; ``content_type`` becomes Content-Type."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_S)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(connection):
            connection.request(method, path, body, named)
            with connection.getresponse() as answer:
                return answer.status, answer.read()

    def json(self, path: str) -> Any:
        """A document that is there."""
        status, body = self.request("GET", path)
        assert status == 200, (path, status, body[:500])
        return json.loads(body)

    def post(self, *observations: dict[str, Any], feed: str = "post") -> Any:
        """Post observations; the answer, whose status is 202."""
        status, body = self.request(
            "POST",
            f"/api/v1/observations?feed={feed}",
            json.dumps(observations).encode(),
            content_type="application/json",
        )
        assert status == 202, (status, body[:500])
        return json.loads(body)

    def feed(self, name: str) -> dict[str, Any]:
        """What it counts of one feed."""
        feeds = self.json("/api/v1/feeds")["feeds"]
        found: dict[str, Any] = next(feed for feed in feeds if feed["name"] == name)
        return found

    def flights(self) -> dict[str, dict[str, Any]]:
        """The live picture by icao24."""
        return {flight["icao24"]: flight for flight in self.json("/api/v1/flights")["flights"]}

    def listening_port(self, feed: str) -> int:
        """The port that a listening feed got."""
        return int(self.logged(rf"feed_listening feed={re.escape(feed)} ports=\((\d+),")[1])

    # -- its PostgreSQL ----------------------------------------------------------------------------

    def find_postgres(self) -> int | None:
        """Process id of the embedded server, None without one."""
        for pid_file in self.data_dir.glob("postgres-*/postmaster.pid"):
            with contextlib.suppress(FileNotFoundError, ValueError):
                return int(pid_file.read_text().partition("\n")[0])
        return None

    def embedded_url(self) -> str:
        """How to connect to the embedded server, by what it notes for its successor."""
        socket_dir = (self.data_dir / "postgres.lock").read_text().splitlines()[1]
        return f"host={socket_dir} port=5432 user=aerotrack dbname=aerotrack"

    # -- its end -----------------------------------------------------------------------------------

    def stop(self, number: signal.Signals = signal.SIGTERM, *, exit_code: int = 0) -> None:
        """Send the signal; what must hold after that, holds."""
        self.process.send_signal(number)
        try:
            code = self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"runs {STOP_WITHIN_S} s after {number}:\n{self.log}") from None
        self._finish()
        assert code == exit_code, f"exit code {code}:\n{self.log}"
        assert not self.data_dir_processes(), "processes are left"

    def account(self) -> dict[str, int]:
        """What its last line says became of everything it was given."""
        line = self.logged(r" stopped (fed=.*)")[1]
        return {name: int(value) for name, value in (field.split("=") for field in line.split())}

    def store_rest(self) -> None:
        """Behind a stop: have a later start store what PostgreSQL was too slow for, if anything."""
        if self.account()["outbox"]:
            with Server(self.data_dir, database_url=self.database_url) as later:
                until("drained", lambda: not later.json("/api/v1/stats")["outbox"]["batches"])

    def _finish(self) -> None:
        """Read the log to its end and look it over."""
        self._reader.join(PATIENCE_S)
        assert self.process.stderr is not None
        self.process.stderr.close()
        suspicious = [line for line in self.lines if BUGS.search(line)]
        if self.expected is not None:
            suspicious = [line for line in suspicious if self.expected not in line]
        assert not suspicious, f"{suspicious}\n{self.log}"

    def kill(self) -> None:
        """SIGKILL; no questions asked."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        if self.process.stderr is not None:
            self.process.stderr.close()

    def data_dir_processes(self) -> list[int]:
        """Processes whose command line names the data directory, as PostgreSQL's does."""
        return processes_naming(str(self.data_dir))


def processes_naming(text: str) -> list[int]:
    """Processes with ``text`` in their command line, this one left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if text.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return found


class LiveClient:
    """A WebSocket client of the live stream (RFC 6455) that reads only when it is told to.

    Closed at the end of its context. ``held`` is the picture after the frames read so far,
    ``answers`` are the other messages. ``query`` stands in the address. ``receive_buffer`` is the
    kernel's, in bytes.
    """

    def __init__(
        self, server: Server, *, receive_buffer: int | None = None, query: str = ""
    ) -> None:
        self.held = HeldPicture()
        self.answers: list[dict[str, Any]] = []
        self.frames = 0
        self.bytes = 0
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect((server.host, server.port))
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self._socket.sendall(
            f"GET /api/v1/live{query} HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._read_ahead = bytearray()
        while (end := self._read_ahead.find(b"\r\n\r\n")) < 0:
            self._receive()
        answer = self._read(end + 4)
        assert b" 101 " in answer, answer
        assert self.message()["type"] == "welcome"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, without a word."""
        self._socket.close()

    def send(self, message: object, opcode: int = 1) -> None:
        """Send text, bytes, or something as JSON, in one masked frame."""
        if not isinstance(message, str | bytes):
            message = json.dumps(message)
        payload = message.encode() if isinstance(message, str) else message
        size = len(payload)
        if size < 126:
            head = bytes((0x80 | opcode, 0x80 | size))
        elif size <= 0xFFFF:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        mask = secrets.token_bytes(4)
        repeated = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        masked = (int.from_bytes(payload, "big") ^ repeated).to_bytes(size, "big")
        self._socket.sendall(head + mask + masked)

    def raw(self, sent: bytes) -> None:
        """Send bytes as they are, whatever they mean."""
        self._socket.sendall(sent)

    def message(self, timeout: float = PATIENCE_S) -> dict[str, Any]:
        """The next text message, taken in; pings on the way are answered.

        Raises ``ConnectionError`` where the server closed, ``TimeoutError`` where nothing came.
        """
        while True:
            opcode, payload = self._frame(timeout)
            if opcode == 9:
                self.send(payload, opcode=10)
            elif opcode == 8:
                raise ConnectionResetError(f"closed by the server: {payload!r}")
            elif opcode == 1:
                break
        self.bytes += len(payload)
        message: dict[str, Any] = json.loads(payload)
        if message["type"] in ("snapshot", "delta", "event"):
            self.frames += message["type"] != "event"
            self.held.apply(message)
        else:
            self.answers.append(message)
        return message

    def _frame(self, timeout: float) -> tuple[int, bytes]:
        if not self._read_ahead and not select.select([self._socket], [], [], max(0, timeout))[0]:
            raise TimeoutError(f"no message within {timeout:.1f} s")
        head = self._read(2)
        size = head[1] & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._read(8))
        return head[0] & 0x0F, self._read(size)

    def _read(self, size: int) -> bytes:
        while len(self._read_ahead) < size:
            self._receive()
        got = bytes(self._read_ahead[:size])
        del self._read_ahead[:size]
        return got

    def _receive(self) -> None:
        chunk = self._socket.recv(1 << 16)
        if not chunk:
            raise ConnectionResetError("the connection ended")
        self._read_ahead += chunk

    def subscribe(self, **view: Any) -> Self:
        """Ask for a view, at ten frames a second; returns behind the whole snapshot."""
        self.send({"type": "subscribe", "interval": 0.1, **view})
        assert self.until(lambda held: held.complete).complete
        return self

    def until(self, so: Callable[[HeldPicture], Any], timeout: float = PATIENCE_S) -> HeldPicture:
        """Read until the picture held is as wanted, or the time is over."""
        deadline = time.monotonic() + timeout
        while not so(self.held) and time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                self.message(deadline - time.monotonic())
        return self.held

    def answer(self) -> dict[str, Any]:
        """The next message that is no frame of the view, however many of those come before it.

        Raises ``TimeoutError`` where none comes.
        """
        known, deadline = len(self.answers), time.monotonic() + PATIENCE_S
        while len(self.answers) == known:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no answer within {PATIENCE_S:g} s")
            self.message()
        return self.answers[-1]


class Rows:
    """Questions to a database, its times in seconds."""

    def __init__(self, url: str) -> None:
        self._url = url

    def all(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            self._url, options="-c search_path=aerotrack -c timezone=UTC"
        ) as connection:
            return connection.execute(query.encode(), parameters or None).fetchall()

    def one(self, query: str, *parameters: Any) -> Any:
        """The only value."""
        ((value,),) = self.all(query, *parameters)
        return value


PACE_S = 0.05
"""Lines within this of each other are sent together, as a receiver's buffer does."""


def paced(recording: bytes) -> Iterator[tuple[float, bytes]]:
    """The lines of SBS in groups, each with the seconds to wait before it."""
    began = time.monotonic()
    first, group, due = None, b"", 0.0
    for line in recording.splitlines(keepends=True):
        hour, minute, second = line.split(b",")[9].split(b":")
        at = int(hour) * 3600 + int(minute) * 60 + float(second)
        first = at if first is None else first
        if at - first - due > PACE_S:
            yield max(0.0, began + due - time.monotonic()), group
            group, due = b"", at - first
        group += line
    yield max(0.0, began + due - time.monotonic()), group


@contextlib.contextmanager
def playing(recording: bytes) -> Iterator[tuple[int, threading.Event]]:
    """A receiver's output port: its number, and the event that sends the lines of ``recording``.

    At their own speed, by the time of day they were logged at: what they say of how fast aircraft
    are is held against the time it takes them.

    It waits for one client and keeps the connection open after the last byte, as a receiver does.
    """
    go, over = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(START_TIMEOUT_S)

        def play() -> None:
            with contextlib.suppress(OSError):
                client, _ = listener.accept()
                with client:
                    go.wait(START_TIMEOUT_S)
                    for pause, lines in paced(recording):
                        if over.wait(pause):
                            return
                        client.sendall(lines)
                    over.wait(START_TIMEOUT_S)

        player = threading.Thread(target=play, daemon=True)
        player.start()
        try:
            yield listener.getsockname()[1], go
        finally:
            go.set()
            over.set()
            listener.close()
            player.join(PATIENCE_S)


@contextlib.contextmanager
def serving(documents: dict[str, list[bytes]]) -> Iterator[tuple[int, threading.Event]]:
    """An HTTP server that gives each path's documents one after the other, the last for ever.

    Gives its port, and the event that is set when every path's last was asked for again: whoever
    does that has taken in the one before.
    """
    over = threading.Event()
    left = {path: [*pages, pages[-1]] for path, pages in documents.items()}

    class Pages(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            pages = left[self.path]
            page = pages.pop(0) if len(pages) > 1 else pages[0]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)
            if all(len(pages) == 1 for pages in left.values()):
                over.set()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as http_server:
        thread = threading.Thread(target=http_server.serve_forever, daemon=True)
        thread.start()
        try:
            yield http_server.server_address[1], over
        finally:
            http_server.shutdown()
            thread.join(PATIENCE_S)
