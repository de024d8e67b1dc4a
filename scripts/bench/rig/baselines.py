"""The least that parts of it cost, in the same run: bare COPY, a bare Tornado loop, polling."""

import json
import subprocess
import sys
import time
import zlib
from typing import Any, Final
from urllib.request import Request, urlopen

from live_baseline import copy_again
from processes import used

from rig.child import BENCH, Child
from rig.stage import Played, Stage

BARE_S: Final = 8.0
# Rows copied again: so many seconds of them.
COPIED_S: Final = 10.0
BOXES_POLLED: Final = 20
WORLDS_POLLED: Final = 3
# What web servers use for answers made anew each time.
GZIP_LEVEL: Final = 6


def copied(conninfo: str, postmaster: int, played: Played) -> dict[str, float]:
    """COPY of the rows of the last seconds into a table like theirs."""
    found = copy_again(conninfo, postmaster, COPIED_S)
    return {
        "rows/s": found.rows / found.seconds,
        "PostgreSQL, µs a row": 1e6 * found.cpu_s / found.rows,
        "PostgreSQL in the run, µs a row": 1e6 * played.cores["postgres"] / played.rows_per_s,
    }


def bare(played: Played, fast: int, normal: int) -> dict[str, float]:
    """A Tornado loop that writes one constant frame of the average size to as many clients."""
    views = []
    for kind, count, interval in (("fast", fast, 0.1), ("normal", normal, 1.0)):
        if count and played.frames_per_s[kind]:
            size = round(played.bytes_per_s[kind] / played.frames_per_s[kind])
            path = f"/?size={size}&interval={interval}"
            views += [{"path": path, "interval": interval, "bbox": None}] * count
    process = subprocess.Popen(
        [sys.executable, str(BENCH / "live_baseline.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = json.loads(process.stdout.readline())["port"]
        with Child("viewers") as viewers:
            viewers.ask(host="127.0.0.1", port=port, views=views)
            viewers.ask(do="counts")
            began, cpu = time.perf_counter(), used([process.pid]).cpu_s
            time.sleep(BARE_S)
            counted, took = viewers.ask(do="counts"), time.perf_counter() - began
            spent = used([process.pid]).cpu_s - cpu
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()
    frames = counted["fast"]["frames"] + counted["normal"]["frames"]
    return {
        "cores": spent / took,
        "frames/s": frames / took,
        "µs a frame": 1e6 * spent / frames,
        "µs a frame, ours (server and fan-out, ingest included)": 1e6
        * (played.cores["server"] + played.cores["fanout"])
        / sum(played.frames_per_s.values()),
    }


def fetched(stage: Stage, path: str) -> bytes:
    """The body of an answer, as it is."""
    url = f"http://{stage.server.host}:{stage.server.port}{path}"
    with urlopen(Request(url)) as answer:
        body: bytes = answer.read()
    return body


def polling(
    stage: Stage, wanted: list[dict[str, Any]], boxes: int = BOXES_POLLED
) -> dict[str, float]:
    """What the same clients would cost that ask for their box, or for everything, once a second.

    Processor time is the server's while nobody else asks for anything less than in the run, so what
    it takes besides is measured just before and taken off.
    """
    asked_for = [",".join(f"{edge:.4f}" for edge in one["bbox"]) for one in wanted[::-1][:boxes]]
    began, cpu = time.perf_counter(), used([stage.server.pid]).cpu_s
    time.sleep(3.0)
    usual = (used([stage.server.pid]).cpu_s - cpu) / (time.perf_counter() - began)

    def asked(paths: list[str]) -> tuple[list[bytes], float]:
        began, cpu = time.perf_counter(), used([stage.server.pid]).cpu_s
        bodies = [fetched(stage, path) for path in paths]
        spent = used([stage.server.pid]).cpu_s - cpu - usual * (time.perf_counter() - began)
        return bodies, max(0.0, spent) / len(paths)

    box_bodies, box_s = asked([f"/api/v1/flights?bbox={box}" for box in asked_for])
    whole, whole_s = asked(["/data/aircraft.json"] * WORLDS_POLLED)
    return {
        "box query, bytes": sum(map(len, box_bodies)) / len(box_bodies),
        "box query, gzip": sum(len(zlib.compress(b, GZIP_LEVEL)) for b in box_bodies)
        / len(box_bodies),
        "box query, flights": sum(json.loads(b)["count"] for b in box_bodies) / len(box_bodies),
        "box query, server's ms": 1000 * box_s,
        "aircraft.json, bytes": float(len(whole[-1])),
        "aircraft.json, gzip": float(len(zlib.compress(whole[-1], GZIP_LEVEL))),
        "aircraft.json, server's ms": 1000 * whole_s,
    }
