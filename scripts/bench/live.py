#!/usr/bin/env python3
"""The whole server under load: simulated flights in, PostgreSQL and WebSocket clients out.

    python scripts/bench/live.py [--flights 10000] [--seconds 300] [--clients 10] [--json]

Starts ``aerotrack serve`` with a simulator and an embedded PostgreSQL (fsync on) as one process
tree, its clients as another process, and after a warm-up measures for ``--seconds``. Then each
client's picture is compared with a fresh one, the server is stopped, and what it says it was fed
is compared with what lies in PostgreSQL, to the row. Last the baselines, on the idle machine: COPY
of the same rows into a table like it, and a bare Tornado process that writes frames of the same
average sizes to as many clients.

Exit code 0 means that every check held; figures that miss the targets of docs/benchmarks.md are
marked, and with ``--strict`` are failures too. Linux only.
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import tornado
from live_baseline import copy_again, own_cpu_s
from live_checks import (
    Account,
    Compared,
    Stored,
    account_faults,
    picture_faults,
    quantile,
)
from live_report import Measured, print_report, targets_missed
from live_server import Metrics, Server, ServerFailed, simulator
from processes import (
    machine_busy_s,
    set_session_nice,
    used,
    used_with_children,
    waited_s,
)

from aerotrack.db.connection import connect
from aerotrack.db.embedded import EmbeddedPostgres

HERE = Path(__file__).resolve().parent
# All flights are there and the clients have their snapshots; then the allocator and PostgreSQL's
# buffers settle.
WARM_UP_S = 15.0
# Memory and queues are looked at this often.
SAMPLE_S = 5.0
BASELINE_S = 15.0
CLIENT_TIMEOUT_S = 120.0
# Flights in the air before the warm-up begins; the last may just have been replaced.
ENOUGH_FLIGHTS = 0.99
POLL_S = 0.5
START_TIMEOUT_S = 180.0


class Clients:
    """``live_clients.py`` as a process: a word in, a JSON object out. Killed at the end."""

    def __init__(self, url: str, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "live_clients.py"), url, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.pid = self._process.pid

    def __enter__(self) -> "Clients":
        self.answer()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def ask(self, word: str) -> dict[str, Any]:
        """Say a word, get the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ServerFailed("the clients' process has ended")
        found: dict[str, Any] = json.loads(line)
        return found


def wait_for_flights(server: Server, flights: int) -> None:
    """Return when (nearly) all of them are in the registry."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.metrics().sum("registry_flights") < ENOUGH_FLIGHTS * flights:
        server.check_alive()
        if time.monotonic() > deadline:
            raise ServerFailed(f"not {flights} flights after {START_TIMEOUT_S:.0f} s")
        time.sleep(POLL_S)


def measure(server: Server, clients: Clients, seconds: float) -> Measured:
    """What server, PostgreSQL and clients use and do for so many seconds."""
    postmaster = server.postmaster

    def families() -> dict[str, Any]:
        return {
            "server": used([server.pid]),
            "postgres": used_with_children(postmaster),
            "clients": used([clients.pid]),
        }

    began_wall = time.perf_counter()
    before, began, busy_before = server.metrics(), families(), machine_busy_s()
    waited_before = waited_s(server.pid)
    clients.ask("begin")
    samples = [(0.0, began)]
    queue_most = waiting_most = lag_most = slow_most = 0.0
    while (left := began_wall + seconds - time.perf_counter()) > 0:
        time.sleep(min(SAMPLE_S, left))
        server.check_alive()
        now = server.metrics()
        queue_most = max(queue_most, now.sum("actors_queue_depth"))
        waiting_most = max(waiting_most, now.sum("persistence_rows_waiting"))
        lag_most = max(lag_most, now.sum("persistence_lag_seconds"))
        slow_most = max(slow_most, now.sum("live_slow_clients"))
        samples.append((time.perf_counter() - began_wall, families()))
    figures = clients.ask("end")["clients"]
    after, ended, busy_after = server.metrics(), families(), machine_busy_s()
    took = time.perf_counter() - began_wall
    waited = (waited_s(server.pid) - waited_before) / took

    def rate(name: str) -> float:
        return (after.sum(name) - before.sum(name)) / took

    busy = {name: (ended[name].cpu_s - began[name].cpu_s) / took for name in began}
    return Measured(
        seconds=took,
        flights=int(after.sum("registry_flights")),
        updates_per_s=rate("registry_routed_total"),
        points_per_s=rate("persistence_points_recorded_total"),
        rows_per_s=rate("persistence_rows_stored_total"),
        batches=int(rate("persistence_batches_stored_total") * took),
        frames_per_s=rate("live_frames_total"),
        bytes_per_s=rate("live_bytes_total"),
        cpu=busy,
        cpu_others=(busy_after - busy_before) / took - sum(busy.values()),
        server_waited=waited,
        load_average=os.getloadavg()[0],
        memory_begin={name: one.pss for name, one in began.items()},
        memory_end={name: one.pss for name, one in ended.items()},
        memory_private_begin={name: one.private for name, one in began.items()},
        memory_private_end={name: one.private for name, one in ended.items()},
        growth_per_min={name: slope(samples, name) for name in began},
        feed_to_frame={
            kind: quantiles(after, before, kind) for kind in ("fast", "normal")
        },
        longest_tick_delay=after.sum("actors_longest_tick_delay_seconds"),
        longest_tick_delay_before=before.sum("actors_longest_tick_delay_seconds"),
        longest_slice=after.sum("actors_longest_slice_s"),
        gc_longest_pause=after.sum("actors_gc_longest_pause_seconds"),
        queue_most=int(queue_most),
        waiting_most=int(waiting_most),
        lag_most=lag_most,
        slow_most=int(slow_most),
        failures=int(after.sum("actors_failures_total") + after.sum("actors_dead_letters_total")),
        clients=figures,
    )  # fmt: skip


def quantiles(after: Metrics, before: Metrics, kind: str) -> dict[str, float | None]:
    """Feed-to-frame of what was handed to sockets between the two, seconds."""
    buckets = after.buckets_since(before, "feed_to_frame_seconds", interval=kind)
    return {f"p{100 * q:g}": quantile(buckets, q) for q in (0.5, 0.99, 0.999)}


def slope(samples: list[tuple[float, Mapping[str, Any]]], name: str) -> float:
    """Bytes of private memory a minute in the second half: least squares through the samples."""
    half = samples[len(samples) // 2 :]
    if len(half) < 2:
        return 0.0
    times = [at for at, _ in half]
    sizes = [float(of[name].private) for _, of in half]
    mid_t, mid_s = sum(times) / len(times), sum(sizes) / len(sizes)
    spread = sum((t - mid_t) ** 2 for t in times)
    return 60 * sum((t - mid_t) * (s - mid_s) for t, s in zip(times, sizes, strict=True)) / spread


def look_into_database(conninfo: str) -> Stored:
    """Count what lies there, the slow and certain way."""
    queries = {
        "rows": "SELECT count(*) FROM position",
        "rejected_points": "SELECT count(*) FROM rejected_row WHERE relation = 'position'",
        "wrong_flights": (
            "SELECT count(*) FROM flight FULL JOIN"
            " (SELECT flight, count(*) AS rows FROM position GROUP BY flight) AS held"
            " USING (flight) WHERE flight.points IS DISTINCT FROM coalesce(held.rows, 0)"
        ),
    }
    with connect(conninfo, "bench") as connection:
        return Stored(
            **{
                name: int((connection.execute(query.encode()).fetchone() or (0,))[0])
                for name, query in queries.items()
            }
        )


def bare_fan_out(clients: list[dict[str, Any]], seconds: float) -> float:
    """The share of a core that Tornado takes to write as many bytes to as many clients."""
    sizes = [(max(1, one["bytes"] // max(1, one["frames"])), one["interval"]) for one in clients]
    process = subprocess.Popen(
        [sys.executable, str(HERE / "live_baseline.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = json.loads(process.stdout.readline())["port"]
        with Clients(f"ws://127.0.0.1:{port}/", "--sizes", json.dumps(sizes)):
            time.sleep(1.0)
            began, cpu_s = time.perf_counter(), own_cpu_s(process.pid)
            time.sleep(seconds)
            return (own_cpu_s(process.pid) - cpu_s) / (time.perf_counter() - began)
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@contextlib.contextmanager
def data_dir(given: Path | None) -> Iterator[Path]:
    """Where the run keeps its database: the directory given, or one that goes when it is over."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="aerotrack-bench-") as name:
        place = Path(name)
        place.chmod(0o755)  # under root PostgreSQL's account passes through
        yield place / "data"


def versions() -> dict[str, str]:
    """What ran."""
    return {
        "python": platform.python_version(),
        "tornado": tornado.version,
        "psycopg": psycopg.__version__,
        "kernel": platform.release(),
        "cores": str(len(os.sched_getaffinity(0))),
    }


def run(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    """The whole story; everything that was found, ready for JSON."""
    say = print if not options.json else lambda *_, **__: None
    with Server(place, [simulator(options.flights, options.seed)]) as server:
        set_session_nice(server.postmaster, options.nice)  # it has a session of its own
        say(f"server {server.pid} is ready, PostgreSQL is {server.postmaster}", flush=True)
        wait_for_flights(server, options.flights)
        with Clients(server.live_url, "--clients", str(options.clients)) as clients:
            say(f"{options.clients} clients; warming up for {options.warm_up:.0f} s", flush=True)
            time.sleep(options.warm_up)
            say(f"measuring for {options.seconds:.0f} s", flush=True)
            measured = measure(server, clients, options.seconds)
            say("comparing pictures", flush=True)
            compared = msgspec.convert(clients.ask("verify")["compared"], list[Compared])
        account: Account = server.stop()
        complaints = server.complaints
    say("stopped; counting rows", flush=True)
    copied = None
    with EmbeddedPostgres(place) as postgres:
        assert postgres.pid is not None
        stored = look_into_database(postgres.conninfo)
        if options.baselines:
            say("baselines", flush=True)
            copied = copy_again(postgres.conninfo, postgres.pid)
        version = postgres.server_version
    bare = bare_fan_out(measured.clients, BASELINE_S) if options.baselines else None
    faults = account_faults(account, stored) + picture_faults(compared)
    if measured.failures:
        faults.append(f"actors counted {measured.failures} failures and dead letters")
    return {
        "flights": options.flights,
        "clients": options.clients,
        "nice": options.nice,
        "versions": {**versions(), "postgresql": version},
        "measured": measured,
        "account": account,
        "in_database": stored,
        "compared": compared,
        "copy_baseline": copied and copied._asdict(),
        "bare_fan_out_cpu": bare,
        "server_log": complaints,
        "faults": faults,
        "missed": targets_missed(measured, options.flights),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flights", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure")
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S, help="seconds before that")
    parser.add_argument(
        "--nice",
        type=int,
        default=0,
        help="priority of everything that is started; negative ones (root) keep other work on the "
        "machine out of the figures",
    )
    parser.add_argument("--data-dir", type=Path, help="a new directory to keep the database in")
    parser.add_argument("--no-baselines", dest="baselines", action="store_false")
    parser.add_argument("--strict", action="store_true", help="a missed target is a failure")
    parser.add_argument("--json", action="store_true", help="one JSON line instead of the table")
    options = parser.parse_args()
    os.nice(options.nice)
    set_session_nice(os.getpid(), options.nice)
    try:
        with data_dir(options.data_dir) as place:
            found = run(options, place)
    except ServerFailed as error:
        sys.exit(f"live: {error}")
    if options.json:
        print(msgspec.json.encode(found).decode())
    else:
        print_report(found)
    sys.exit(bool(found["faults"]) or (options.strict and bool(found["missed"])))


if __name__ == "__main__":
    main()
