#!/usr/bin/env python3
"""Build the wheel, install it into a fresh environment, and see the whole thing work once.

``aerotrack demo`` comes up, /readyz answers 200, a WebSocket gets a snapshot, flights reach
PostgreSQL, SIGTERM ends it with exit code 0 and no process left; started again on the same data it
still knows a track from before. Uses only the standard library and what is documented in
docs/http.md and docs/live.md, so that it holds the documents too.

    scripts/smoke.py              everything
    scripts/smoke.py --command .venv/bin/aerotrack     an installed one, nothing is built
"""

import argparse
import base64
import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
# A first start creates a PostgreSQL cluster; on a slow disk that takes a while.
START_TIMEOUT_S = 120.0
# Flights are written within the flush interval of a second; everything else is a busy machine.
ANSWER_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
POLL_S = 0.2
FLIGHTS = 200

T = TypeVar("T")


class SmokeError(Exception):
    """Something that must work does not; the text says what."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", type=Path, help="an installed aerotrack to try")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aerotrack-smoke-") as name:
        place = Path(name)
        # Under root PostgreSQL runs as another account, which has to pass through here.
        place.chmod(0o755)
        command = options.command.resolve() if options.command else install(place)
        try:
            check(command, place / "data")
        except SmokeError as error:
            sys.exit(f"smoke: {error}")
    say("all well")


def install(place: Path) -> Path:
    """The command of a wheel of this checkout in an environment of its own."""
    build = place / "build"
    run(sys.executable, "-m", "venv", build)
    pip = (build / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--wheel-dir", place, ROOT)
    (wheel,) = place.glob("aerotrack-*.whl")
    say(f"built {wheel.name}, {wheel.stat().st_size / 1024:.0f} kB")
    run(*pip, "install", wheel)
    say("installed")
    return build / "bin" / "aerotrack"


def check(command: Path, data_dir: Path) -> None:
    """The story: start, look, stop, start again, look again, stop."""
    with Server(command, data_dir) as server:
        say(f"started at {server.url}")
        server.expect("/healthz")
        say("healthy and ready")
        count = first_snapshot(server.host, server.port)
        say(f"a WebSocket got a snapshot of {count} flights")
        flight = server.until("flights with a stored track", lambda: stored_flight(server))
        stored = server.json("/api/v1/stats")["points_stored"]
        say(f"{stored} points stored, {flight} has a track in PostgreSQL")
        server.stop()
    say("stopped with exit code 0, no process left")
    with Server(command, data_dir) as server:
        track = server.json(f"/api/v1/flights/{flight}/track")
        if not track["points"]:
            raise SmokeError(f"after a restart the track of {flight} is empty")
        say(f"started again: {flight} still has {len(track['points'])} points")
        server.stop()


class Server:
    """A running ``aerotrack demo`` on a free port. As a context: killed if it still runs."""

    def __init__(self, command: Path, data_dir: Path) -> None:
        self._data_dir = data_dir
        environ = {k: v for k, v in os.environ.items() if not k.startswith("AEROTRACK_")}
        options = f"--port 0 --flights {FLIGHTS} --log-format json --data-dir".split()
        self._process = subprocess.Popen(
            [str(command), "demo", *options, str(data_dir)],
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        self.url = ""
        self._ended = False
        self._lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.host, self.port = "", 0

    def __enter__(self) -> "Server":
        try:
            self._wait_listening()
            parts = urlsplit(self.url)
            self.host, self.port = parts.hostname or "", parts.port or 0
            self.until("/readyz answering 200", lambda: self.get("/readyz")[0] == 200)
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()

    def stop(self) -> None:
        """SIGTERM, exit code 0 in time, and nothing of it left."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise self._error(f"still running {STOP_TIMEOUT_S:.0f} s after SIGTERM") from None
        if code != 0:
            raise self._error(f"exit code {code} after SIGTERM")
        left = processes_of(self._data_dir)
        if left:
            raise self._error(f"processes left after the end: {'; '.join(left)}")

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=ANSWER_TIMEOUT_S)
        with contextlib.closing(connection):
            connection.request("GET", path)
            with connection.getresponse() as answer:
                return answer.status, answer.read()

    def expect(self, path: str) -> bytes:
        status, body = self.get(path)
        if status != 200:
            raise self._error(f"{path} answers {status}: {body[:300]!r}")
        return body

    def json(self, path: str) -> Any:
        return json.loads(self.expect(path))

    def until(self, what: str, look: Callable[[], T | bool | None]) -> T:
        """What ``look`` finds, asked again until it does; it fails when the process ends."""
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while True:
            found = look()
            if found:
                return found  # type: ignore[return-value]
            if time.monotonic() > deadline:
                raise self._error(f"waited {ANSWER_TIMEOUT_S:.0f} s for {what}")
            if self._process.poll() is not None:
                raise self._error(f"ended with {self._process.returncode}, before {what}")
            time.sleep(POLL_S)

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._said:
                self._lines.append(line)
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if isinstance(entry, dict) and entry.get("event") == "ready":
                        self.url = str(entry["url"])
                self._said.notify()
        with self._said:
            self._ended = True
            self._said.notify()

    def _wait_listening(self) -> None:
        """Wait for the event ``ready``, which says the URL."""
        with self._said:
            self._said.wait_for(lambda: self.url or self._ended, START_TIMEOUT_S)
        if self._ended:
            raise self._error(f"ended with exit code {self._process.wait()}")
        if not self.url:
            raise self._error(f"not listening after {START_TIMEOUT_S:.0f} s")

    def _error(self, text: str) -> SmokeError:
        with self._said:
            return SmokeError(f"{text}\nIts last lines:\n{''.join(self._lines[-30:])}")

    def _kill(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(5)
        if self._process.stderr is not None:
            self._process.stderr.close()


def stored_flight(server: Server) -> str | None:
    """The flight_id of a flight whose track PostgreSQL gives, None as long as there is none."""
    if not server.json("/api/v1/stats")["points_stored"]:
        return None
    for flight in server.json("/api/v1/flights")["flights"][:5]:
        status, body = server.get(f"/api/v1/flights/{flight['flight_id']}/track")
        if status == 200 and json.loads(body)["points"]:
            return str(flight["flight_id"])
    return None


def first_snapshot(host: str, port: int) -> int:
    """Subscribe to the world as a WebSocket client (RFC 6455); the flights of its snapshot."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    with socket.create_connection((host, port), timeout=ANSWER_TIMEOUT_S) as connection:
        connection.sendall(
            f"GET /api/v1/live HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        stream = connection.makefile("rb")
        with contextlib.closing(stream):
            status = stream.readline()
            if b" 101 " not in status:
                raise SmokeError(f"/api/v1/live answers {status!r}")
            while stream.readline().strip():
                pass
            connection.sendall(masked_text('{"type":"subscribe"}'))
            flights = 0
            for text in text_frames(stream):
                message = json.loads(text)
                if message["type"] == "snapshot":
                    flights += len(message["flights"])
                    if flights and not message.get("more"):
                        return flights
                elif message["type"] == "delta" and message["flights"]:
                    return flights + len(message["flights"])
    raise SmokeError("the WebSocket was closed before a snapshot with flights")


def masked_text(text: str) -> bytes:
    """A short text frame as a client has to send it."""
    payload = text.encode()
    mask = secrets.token_bytes(4)
    body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes((0x81, 0x80 | len(payload))) + mask + body


def text_frames(stream: Any) -> Iterator[str]:
    """The text frames of a server; pings and the like are passed over."""
    while len(head := stream.read(2)) == 2:
        length = head[1] & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", stream.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", stream.read(8))
        payload = stream.read(length)
        if head[0] & 0x0F == 1:
            yield payload.decode()


def processes_of(data_dir: Path) -> list[str]:
    """Processes whose command line names ``data_dir``, which those of PostgreSQL's main one do."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    own = str(os.getpid())
    lines = (line.strip() for line in listed.splitlines())
    return [line for line in lines if str(data_dir) in line and line.split()[0] != own]


def run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(f"smoke: {' '.join(map(str, command))} failed")


def say(text: str) -> None:
    print(f"smoke: {text}", flush=True)


if __name__ == "__main__":
    main()
