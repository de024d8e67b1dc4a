"""The stage: a server, its PostgreSQL, a feeder and viewers as processes, and what they use."""

import contextlib
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from live_checks import percentile, quantile
from live_server import Metrics, Server, ServerFailed
from processes import (
    Used,
    children,
    machine_busy_s,
    set_session_nice,
    stat,
    used,
    used_with_children,
)

from rig.child import Child
from rig.traffic import SEED, SLICES, places

SAMPLE_S: Final = 2.0
# The whole second goes by slices; a client sees it a tick and its interval later.
READY_TIMEOUT_S: Final = 90.0
POLL_S: Final = 0.25
HALF_BOX: Final = 2.5
ENOUGH: Final = 0.98
QUANTILES: Final = (0.5, 0.99, 0.999)

Latency = dict[str, float | None]  # p50, p99, p99.9 in seconds


class Sample(msgspec.Struct, frozen=True):
    """One look while it runs: seconds since the begin, bytes, deliveries, rows, seconds."""

    at: float
    memory: dict[str, int]
    queue: float
    rows_waiting: float
    rows_age: float
    slow: float
    feeder_late: float
    flights: float


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured. ``cores`` are processor seconds a second, memory is PSS in bytes."""

    seconds: float
    flights: int
    updates_per_s: float
    rows_per_s: float
    changes_per_s: float
    refused: int
    overloaded: int
    frames_per_s: dict[str, float]
    bytes_per_s: dict[str, float]
    clients: int
    lost: int
    came: int
    went: int
    feed_to_frame: dict[str, Latency]
    arrival: dict[str, Latency]
    end_to_end: dict[str, Latency]
    cores: dict[str, float]
    cores_others: float
    memory: dict[str, int]
    written: dict[str, int]
    tick_delay: float
    fanout_tick_delay: float
    longest_collection: float
    restarts: int
    failures: int
    feeder_late: float
    samples: list[Sample]


class Stage(NamedTuple):
    """Who plays. ``fed`` are the updates a second that the feeder sends."""

    server: Server
    feeder: Child
    fed: int
    place: Path

    @property
    def workers(self) -> list[int]:
        """The processes of the fan-out."""
        return [
            pid for pid in children(self.server.pid)
            if (known := stat(pid)) is not None and known.name != "postgres"
        ]  # fmt: skip

    def families(self, *viewers: Child) -> dict[str, Used]:
        """What each has used so far."""
        return {
            "server": used([self.server.pid]),
            "fanout": used(self.workers),
            "postgres": used_with_children(self.server.postmaster),
            "feeder": used([self.feeder.pid]),
            "clients": used([one.pid for one in viewers]),
        }


def say(text: str) -> None:
    """Tell whoever waits what goes on."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


@contextlib.contextmanager
def staged(
    options: Any,
    traffic: dict[str, Any],
    *more: str,
    scheme: str = "jsonl",
    sockets: int = 1,
    parameters: str = "",
    fanout: int | None = None,
) -> Iterator[tuple[Stage, Path]]:
    """A server fed with that traffic (see ``traffic.play``), running; where its data are."""
    processes = options.fanout[0] if fanout is None else fanout
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="aerotrack-bench-"))
        Path(name).chmod(0o755)  # under root PostgreSQL's account passes through
        place = Path(name) / "data"
        feeder = stack.enter_context(Child("feeder"))
        ports = feeder.ask(sockets=sockets, **traffic)["ports"]
        say(f"making {traffic['seconds']} s of traffic")
        fed = feeder.answer()["made"]
        feeds = [
            f"{scheme}://127.0.0.1:{port}?name=rig{n}{parameters}" for n, port in enumerate(ports)
        ]
        server = stack.enter_context(Server(place, feeds, "--fanout", str(processes), *more))
        set_session_nice(server.postmaster, options.nice)  # it has a session of its own
        feeder.ask(do="start")
        say(f"server {server.pid} is ready, fed with {fed:,} a second")
        yield Stage(server, feeder, fed, place), place


def wait_for(stage: Stage, flights: int) -> None:
    """Return when nearly so many are known to the registry."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while (known := stage.server.metrics().sum("registry_flights")) < ENOUGH * flights:
        stage.server.check_alive()
        if time.monotonic() > deadline:
            raise ServerFailed(f"{known:.0f} flights, not {flights}, after {READY_TIMEOUT_S:.0f} s")
        time.sleep(POLL_S)


def probes_of(flights: int) -> list[int]:
    """Which flights of the world tell when they were sent."""
    return [flights * n // SLICES for n in range(SLICES)]


def views(
    flights: int, count: int, *, fast: int = 0, interval: float = 1.0, sampled_every: int = 20
) -> list[dict[str, Any]]:
    """So many views of 5° around flights of the world, ``fast`` of them at interval 0.1.

    Flights are drawn by chance, so views are where traffic is. A sampled client looks at a probe.
    """
    where = places(flights)
    chance = random.Random(SEED)
    seen = [where[number % len(where)] for number in probes_of(flights)]
    found = []
    for number in range(count):
        is_fast = number < fast
        sampled = number % (sampled_every // 4 if is_fast else sampled_every) == 0
        lat, lon = chance.choice(seen if sampled else where)
        lat = min(87.0, max(-87.0, lat))
        west, east = ((lon + by + 180) % 360 - 180 for by in (-HALF_BOX, HALF_BOX))
        found.append({
            "bbox": [west, lat - HALF_BOX, east, lat + HALF_BOX],
            "interval": 0.1 if is_fast else interval,
            "sampled": sampled,
        })  # fmt: skip
    return found


def probe_names(flights: int) -> list[str]:
    """The ``icao24`` of the probes, as ``ingest_traffic`` names them."""
    return [f"{0x100000 + number * 61:06x}" for number in probes_of(flights)]


def audience(stage: Stage, wanted: list[dict[str, Any]], flights: int, **more: Any) -> Child:
    """Viewers with these views, all of them looking."""
    viewers = Child("viewers")
    began = time.monotonic()
    got = viewers.ask(
        host=stage.server.host, port=stage.server.port, views=wanted,
        probes=probe_names(flights), **more,
    )  # fmt: skip
    say(f"{got['ready']} of {len(wanted)} viewers look, after {time.monotonic() - began:.1f} s")
    return viewers


def latencies(values: Sequence[float]) -> Latency:
    """Quantiles of what was sampled."""
    return {f"p{100 * q:g}": percentile(values, q) for q in QUANTILES}


def histogram(after: Metrics, before: Metrics, kind: str) -> Latency:
    """Feed to frame, by the server."""
    buckets = after.buckets_since(before, "feed_to_frame_seconds", interval=kind)
    return {f"p{100 * q:g}": quantile(buckets, q) for q in QUANTILES}


def written(pid: int) -> int:
    """Bytes a process and those of its children that ended had written to disk."""
    try:
        text = Path(f"/proc/{pid}/io").read_text()
    except OSError:
        return 0
    return int(text.partition("\nwrite_bytes:")[2].split()[0])


def on_disk(stage: Stage) -> dict[str, int]:
    """Bytes handed to the disk so far, and the size of the write-ahead log's files.

    These are filled with zeros when they are made, and used again later: what they grow by is
    written in the first minutes of a database only.
    """
    wal = stage.place.glob("postgres-*/pg_wal/*")
    postmaster = stage.server.postmaster
    return {
        "server": sum(map(written, [stage.server.pid, *stage.workers])),
        "postgres": sum(map(written, [postmaster, *children(postmaster)])),
        "wal_files": sum(one.stat().st_size for one in wal if one.is_file()),
    }


def measure(
    stage: Stage, viewers: Child, seconds: float, *others: Child, warm_up: float = 0.0
) -> Played:
    """What all of them use and do for so many seconds; ``others`` are clients not judged."""
    server, feeder = stage.server, stage.feeder
    time.sleep(warm_up)
    say(f"measuring for {seconds:.0f} s")
    viewers.ask(do="counts")
    feeder.ask(do="probes")
    began, busy_before = time.perf_counter(), machine_busy_s()
    before, used_before, disk_before = (
        server.metrics(),
        stage.families(viewers, *others),
        on_disk(stage),
    )
    samples: list[Sample] = []
    while (left := began + seconds - time.perf_counter()) > 0:
        time.sleep(min(SAMPLE_S, left))
        server.check_alive()
        now = server.metrics()
        samples.append(
            Sample(
                at=round(time.perf_counter() - began, 1),
                memory={
                    "server": used([server.pid]).private, "fanout": used(stage.workers).private
                },
                queue=now.sum("actors_queue_depth"),
                rows_waiting=now.sum("persistence_rows_waiting"),
                rows_age=now.sum("persistence_lag_seconds"),
                slow=now.sum("live_slow_clients"),
                feeder_late=round(feeder.ask(do="counts")["late"], 3),
                flights=now.sum("registry_flights"),
            )
        )  # fmt: skip
    counted = viewers.ask(do="counts")
    if feeder.ask(do="counts")["left"] <= 0:
        raise ServerFailed("the traffic ended before the measuring did: too little was made")
    sent = {(icao24, alt): at for icao24, alt, at in feeder.ask(do="probes")["probes"]}
    after, used_after, busy_after = (
        server.metrics(),
        stage.families(viewers, *others),
        machine_busy_s(),
    )
    disk_after = on_disk(stage)
    took = time.perf_counter() - began
    cores = {who: (used_after[who].cpu_s - used_before[who].cpu_s) / took for who in used_after}
    under_way: dict[str, list[float]] = {"fast": [], "normal": []}
    for icao24, alt, at, kind in counted["seen"]:
        if (icao24, alt) in sent:
            under_way[kind].append(at - sent[icao24, alt])

    def grown(name: str) -> float:
        return after.sum(name) - before.sum(name)

    return Played(
        seconds=took,
        flights=int(after.sum("registry_flights")),
        updates_per_s=grown("registry_routed_total") / took,
        rows_per_s=grown("persistence_rows_stored_total") / took,
        changes_per_s=grown("broadcaster_changes_total") / took,
        refused=int(grown("registry_refused_total") + grown("feed_refused_total")),
        overloaded=int(grown("actors_overloaded_total")),
        frames_per_s={kind: counted[kind]["frames"] / took for kind in ("fast", "normal")},
        bytes_per_s={kind: counted[kind]["bytes"] / took for kind in ("fast", "normal")},
        clients=counted["open"],
        lost=counted["lost"],
        came=counted["came"],
        went=counted["went"],
        feed_to_frame={kind: histogram(after, before, kind) for kind in ("fast", "normal")},
        arrival={kind: latencies(counted["late"][kind]) for kind in ("fast", "normal")},
        end_to_end={kind: latencies(values) for kind, values in under_way.items()},
        cores=cores,
        cores_others=(busy_after - busy_before) / took - sum(cores.values()),
        memory={who: one.pss for who, one in used_after.items()},
        written={who: disk_after[who] - disk_before[who] for who in disk_after},
        tick_delay=after.sum("actors_longest_tick_delay_seconds"),
        fanout_tick_delay=after.sum("fanout_longest_tick_delay_seconds"),
        longest_collection=after.sum("actors_gc_longest_pause_seconds"),
        restarts=int(after.sum("fanout_restarts_total")),
        failures=int(after.sum("actors_failures_total")),
        feeder_late=max((one.feeder_late for one in samples), default=0.0),
        samples=samples,
    )  # fmt: skip
