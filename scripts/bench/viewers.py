#!/usr/bin/env python3
"""What many viewers cost, in the main process and in processes of the fan-out.

    python scripts/bench/viewers.py [--flights 5000] [--clients 1000] [--fanout 0 1] [--seconds 30]

For each value of ``--fanout`` starts ``aerotrack serve`` with a simulator and an embedded
PostgreSQL, and its viewers in one other process: each has a box of 5° around some live flight and
an interval of 1 s. After a warm-up it measures: processor time and memory of the main process and
of each process of the fan-out, frames, bytes, and how late frames are by the server's histogram and
by sampled clients. Linux only.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import msgspec
from live import quantiles, versions, wait_for_flights
from live_checks import percentile
from live_server import Server
from processes import children, set_session_nice, stat, used

HERE = Path(__file__).resolve().parent
WARM_UP_S: Final = 10.0
HALF_BOX: Final = 2.5
SEED: Final = 1


class Found(msgspec.Struct):
    """One run. Cores are processor seconds a second; memory is private, in bytes."""

    fanout: int
    flights: int
    clients: int
    changes_per_s: float
    cores_main: float
    cores_fanout: float
    cores_clients: float
    memory_main: int
    memory_fanout: list[int]
    frames_per_s: float
    bytes_per_s: float
    feed_to_frame: dict[str, float | None]
    late: dict[str, float | None]
    tick_delay_main: float
    tick_delay_fanout: float
    restarts: int


class Viewers:
    """``viewers_clients.py`` as a process."""

    def __init__(self, server: Server, boxes: list[list[float]], interval: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "viewers_clients.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.pid = self._process.pid
        self.ask(host=server.host, port=server.port, boxes=boxes, interval=interval)

    def ask(self, **values: Any) -> dict[str, Any]:
        """Say a line, get the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(values).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            sys.exit("viewers: the clients' process has ended")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """End them."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def boxes_over_traffic(server: Server, count: int) -> list[list[float]]:
    """Boxes of 5° around flights that are in the air, each drawn by chance."""
    with urlopen(f"http://{server.host}:{server.port}/api/v1/flights") as answer:
        flights = [one for one in json.load(answer)["flights"] if "lat" in one]
    chance = random.Random(SEED)
    boxes = []
    for flight in chance.choices(flights, k=count):
        lat = min(87.0, max(-87.0, flight["lat"]))
        lon = flight["lon"]
        west, east = ((lon + d + 180) % 360 - 180 for d in (-HALF_BOX, HALF_BOX))
        boxes.append([west, lat - HALF_BOX, east, lat + HALF_BOX])
    return boxes


def fanout_pids(server: Server) -> list[int]:
    """The server's children that are no PostgreSQL."""
    return [
        pid for pid in children(server.pid)
        if (known := stat(pid)) is not None and known.name != "postgres"
    ]  # fmt: skip


def run(options: argparse.Namespace, fanout: int, place: Path) -> Found:
    """One server, one set of viewers."""
    with Server(place, options.flights, SEED, "--fanout", str(fanout)) as server:
        set_session_nice(server.postmaster, options.nice)
        wait_for_flights(server, options.flights)
        viewers = Viewers(server, boxes_over_traffic(server, options.clients), options.interval)
        try:
            time.sleep(options.warm_up)
            workers = fanout_pids(server)
            viewers.ask()
            before, began = server.metrics(), time.perf_counter()
            cpu = [used(each).cpu_s for each in ([server.pid], workers, [viewers.pid])]
            time.sleep(options.seconds)
            took = time.perf_counter() - began
            busy = [
                (used(each).cpu_s - then) / took
                for each, then in zip(
                    ([server.pid], workers, [viewers.pid]), cpu, strict=True
                )
            ]  # fmt: skip
            after, counted = server.metrics(), viewers.ask()
            memory = [used([pid]).private for pid in (server.pid, *workers)]
        finally:
            viewers.close()
        if counted["open"] != options.clients:
            print(f"viewers: {options.clients - counted['open']} were closed", file=sys.stderr)
        changes = after.sum("broadcaster_changes_total") - before.sum("broadcaster_changes_total")
        return Found(
            fanout=fanout,
            flights=int(after.sum("registry_flights")),
            clients=counted["open"],
            changes_per_s=changes / took,
            cores_main=busy[0],
            cores_fanout=busy[1],
            cores_clients=busy[2],
            memory_main=memory[0],
            memory_fanout=memory[1:],
            frames_per_s=counted["frames"] / took,
            bytes_per_s=counted["bytes"] / took,
            feed_to_frame=quantiles(after, before, "normal"),
            late={f"p{100 * q:g}": percentile(counted["late"], q) for q in (0.5, 0.99)},
            tick_delay_main=after.sum("actors_longest_tick_delay_seconds"),
            tick_delay_fanout=after.sum("fanout_longest_tick_delay_seconds"),
            restarts=int(after.sum("fanout_restarts_total")),
        )


def show(found: Found) -> str:
    """A few lines for people."""

    def ms(seconds: float | None) -> str:
        return "-" if seconds is None else f"{1000 * seconds:.0f}"

    memory = ", ".join(f"{one / 1e6:.0f}" for one in found.memory_fanout) or "-"
    return (
        f"fanout {found.fanout}: {found.clients} clients, {found.flights} flights, "
        f"{found.changes_per_s:,.0f} changes/s\n"
        f"  cores: main {found.cores_main:.2f}, fan-out {found.cores_fanout:.2f}, "
        f"clients {found.cores_clients:.2f}\n"
        f"  private memory, MB: main {found.memory_main / 1e6:.0f}, fan-out {memory}\n"
        f"  {found.frames_per_s:,.0f} frames/s, {found.bytes_per_s / 1e6:.1f} MB/s\n"
        f"  feed to frame, ms: {', '.join(f'{k} {ms(v)}' for k, v in found.feed_to_frame.items())}"
        f"; arrives late by, ms: {', '.join(f'{k} {ms(v)}' for k, v in found.late.items())}\n"
        f"  a tick late, ms: main {ms(found.tick_delay_main)} since its start, "
        f"fan-out {ms(found.tick_delay_fanout)} in the last second; restarts {found.restarts}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flights", type=int, default=5_000)
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--interval", type=float, default=1.0)
    parser.add_argument("--fanout", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S)
    parser.add_argument("--nice", type=int, default=0, help="as in live.py")
    parser.add_argument("--json", action="store_true", help="one JSON line instead of text")
    options = parser.parse_args()
    os.nice(options.nice)
    set_session_nice(os.getpid(), options.nice)
    results = []
    for fanout in options.fanout:
        with tempfile.TemporaryDirectory(prefix="aerotrack-bench-") as name:
            Path(name).chmod(0o755)  # under root PostgreSQL's account passes through
            results.append(run(options, fanout, Path(name) / "data"))
        if not options.json:
            print(show(results[-1]), flush=True)
    if options.json:
        print(msgspec.json.encode({"versions": versions(), "runs": results}).decode())


if __name__ == "__main__":
    main()
