"""A client of the live stream that stops reading gets the newest later; the others lose nothing."""

import json
import socket
import statistics
import threading
import time
from pathlib import Path

import pytest

from aerotrack.domain.held import HeldPicture

from .harness import LiveClient, Server, until

FLIGHTS = 500
STEP_EVERY_S = 0.25
# At ten frames a second of up to 500 flights each a queue would hold a megabyte by then.
AWAY_S = 5.0
# A frame a step is usual; the rest is what a machine busy with other tests may add.
USUALLY_WAITS_AT_MOST_S = 4 * STEP_EVERY_S


class Traffic:
    """Moves every flight four times a second until it is told to stop."""

    def __init__(self, port: int) -> None:
        self.steps = 0
        self._port = port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def _send(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port)) as receiver:
            while not self._over.wait(STEP_EVERY_S):
                self.steps = step = self.steps + 1
                lat = round(10 + step * 1e-3, 3)
                lines = (
                    json.dumps({"icao24": f"5{n:05x}", "lat": lat, "lon": n / 10 + 1, "gs": step})
                    for n in range(FLIGHTS)
                )
                receiver.sendall("\n".join(lines).encode() + b"\n")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


@pytest.mark.slow
def test_a_client_that_does_not_read_delays_nobody_and_gets_no_backlog(
    data_dir: Path, database_url: str, fanout: tuple[str, ...]
) -> None:
    feeds = ["jsonl+listen://127.0.0.1:0?name=in"]
    with (
        Server(data_dir, *fanout, feeds=feeds, database_url=database_url) as server,
        LiveClient(server, receive_buffer=4096) as slow,
        LiveClient(server) as other,
    ):
        traffic = Traffic(server.listening_port("in"))
        traffic.start()
        for client in (slow, other):
            client.subscribe()
            client.until(lambda held: len(held.flights) == FLIGHTS)
        waits: list[float] = []
        frames, received, last = other.frames, other.bytes, time.monotonic()
        while sum(waits) < AWAY_S:
            other.message()
            waits.append(time.monotonic() - last)
            last += waits[-1]
        missed_frames, missed_bytes = other.frames - frames, other.bytes - received
        assert statistics.median(waits) < USUALLY_WAITS_AT_MOST_S
        slow_ones = b"\naerotrack_live_slow_clients 1.0\n"
        until("one that is slow", lambda: slow_ones in server.request("GET", "/metrics")[1])

        frames, received = slow.frames, slow.bytes
        slow.send({"type": "ping", "id": "back"})
        while slow.answer() != {"type": "pong", "id": "back"}:
            pass
        assert slow.frames - frames < missed_frames / 2
        assert slow.bytes - received < missed_bytes / 2

        traffic.stop()
        until("the last line", lambda: server.feed("in")["accepted"] == FLIGHTS * traffic.steps)
        with LiveClient(server) as fresh:
            fresh.subscribe()
            fresh.until(lambda held: steps_of(held) == {traffic.steps})
            assert (FLIGHTS, {traffic.steps}) == (len(fresh.held.flights), steps_of(fresh.held))
            for client in (slow, other):
                client.until(lambda held: held.comparable() == fresh.held.comparable())
                assert fresh.held.comparable() == client.held.comparable()


def steps_of(held: HeldPicture) -> set[object]:
    """The steps that flights have come to."""
    return {flight["gs"] for flight in held.flights.values()}
