"""The load: clients that post durably until they are told that it is there, and a live feed."""

import contextlib
import http.client
import json
import math
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

# What a client does after an answer that is none, or none yet.
AGAIN_S = 0.1
POST_TIMEOUT_S = 30.0
AIRCRAFT = 8
TIMES = 3  # observations of each aircraft in a post
APART_S = 0.01
SPEED_KT = 400.0
DEG_PER_S = SPEED_KT / 3600.0 / 60.0

# icao24, ts, lat, lon, alt_baro, gs, callsign: what a stored row must say.
Row = tuple[str, float, float, float, int, float, str]
Address = Callable[[], tuple[str, int] | None]


def observed(icao24: str, number: int, ts: float, began: float) -> tuple[dict[str, Any], Row]:
    """An aircraft that flies north at a constant speed; every observation says all of it."""
    lat = round(number % 40 + 2 + (ts - began) * DEG_PER_S, 6)
    lon, altitude = float(number % 180), 30_000 + number
    fields = {
        "icao24": icao24, "ts": ts, "lat": lat, "lon": lon, "alt_baro": altitude,
        "gs": SPEED_KT, "track": 0.0, "callsign": f"CHA{number}",
    }  # fmt: skip
    return fields, (icao24, ts, lat, lon, altitude, SPEED_KT, f"CHA{number}")


class DurablePoster(threading.Thread):
    """Posts a step of its own aircraft again and again; repeats each until it is acknowledged."""

    def __init__(self, number: int, server: Address, began: float) -> None:
        super().__init__(daemon=True)
        self._first = 1 + number * AIRCRAFT
        self._server = server
        self._began = began
        self._over = threading.Event()
        self.acknowledged: list[Row] = []
        self.posts = self.repeats = self.refused = 0
        self.latencies: list[float] = []

    def stop(self) -> None:
        """Have what is under way acknowledged, and end."""
        self._over.set()

    def run(self) -> None:
        ts = round(self._began, 2)
        while not self._over.is_set():
            # As fast as it is acknowledged, but never ahead of the clock: that would be refused.
            while (ahead := ts + TIMES * APART_S - time.time()) > 0:
                time.sleep(ahead)
            body: list[dict[str, Any]] = []
            rows: list[Row] = []
            for number in range(self._first, self._first + AIRCRAFT):
                for step in range(TIMES):
                    at = round(ts + step * APART_S, 2)
                    fields, row = observed(f"c0{number:04x}", number, at, self._began)
                    body.append(fields)
                    rows.append(row)
            ts = round(ts + TIMES * APART_S, 2)
            started = time.monotonic()
            self._until_acknowledged(json.dumps(body).encode())
            self.latencies.append(time.monotonic() - started)
            self.posts += 1
            self.acknowledged += rows

    def _until_acknowledged(self, body: bytes) -> None:
        repeated = False
        while (answer := self._post(body)) is None:
            repeated = True
            self.repeats += 1
            time.sleep(AGAIN_S)
        if not repeated:  # what comes again may be refused as known
            self.refused += answer["refused"]

    def _post(self, body: bytes) -> Any:
        """The answer to one attempt, ``None`` where it is no acknowledgement."""
        address = self._server()
        if address is None:
            return None
        connection = http.client.HTTPConnection(*address, timeout=POST_TIMEOUT_S)
        try:
            connection.request(
                "POST", "/api/v1/observations?durable=true", body,
                {"Content-Type": "application/json"},
            )  # fmt: skip
            with connection.getresponse() as answer:
                text = answer.read()
                assert answer.status in (200, 503), (answer.status, text)
                return json.loads(text) if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


class LiveFeed(threading.Thread):
    """Sends JSON lines over a socket, as a receiver does: what it sends nobody acknowledges."""

    def __init__(self, number: int, feed: Address, began: float) -> None:
        super().__init__(daemon=True)
        self._number = number
        self._feed = feed
        self._began = began
        self._over = threading.Event()
        self.sent: list[tuple[float, Row]] = []  # and when, by the wall clock

    def stop(self) -> None:
        self._over.set()

    def run(self) -> None:
        step = 0
        link: socket.socket | None = None
        while not self._over.wait(0.05):
            address = self._feed()
            if address is None:
                continue
            try:
                link = link or socket.create_connection(address, timeout=5.0)
                ts = math.floor(time.time() * 1000) / 1000
                step += 1
                fields, row = observed(f"c1{self._number:04x}", self._number, ts, self._began)
                link.sendall(json.dumps(fields).encode() + b"\n")
                self.sent.append((ts, row))
            except OSError:
                if link is not None:
                    link.close()
                link = None
        with contextlib.suppress(OSError, AttributeError):
            link.close()  # type: ignore[union-attr]
