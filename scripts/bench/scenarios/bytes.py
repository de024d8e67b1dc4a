"""Bytes a client and second: the stream against polling, plain and compressed.

The same boxes, the same fields, once a second: the live stream, the box query, ``aircraft.json``.
The stream runs twice, without compression and with permessage-deflate; answers to queries are
compressed here, as a web server in front would.
"""

from argparse import Namespace
from typing import Any

from rig.baselines import polling
from rig.report import table
from rig.stage import Played, audience, measure, staged, views, wait_for

FLIGHTS = 25_000
CLIENTS = 100
SECONDS = 20.0
SLACK_S = 40
AIM_BOX = 1 / 5
AIM_WORLD = 1 / 100


def run(options: Namespace) -> dict[str, Any]:
    """Plain, then compressed."""
    flights, clients = options.flights or FLIGHTS, (options.clients or [CLIENTS])[0]
    seconds = options.seconds or SECONDS
    runs: dict[str, Played] = {}
    polled: dict[str, float] = {}
    for name, switch in (
        ("plain", "--no-websocket-compression"), ("deflate", "--websocket-compression"),
    ):  # fmt: skip
        traffic = {
            "kind": "world", "flights": flights, "seconds": int(seconds + options.warm_up + SLACK_S)
        }  # fmt: skip
        with staged(options, traffic, switch) as (stage, _):
            wait_for(stage, flights)
            wanted = views(flights, clients)
            with audience(stage, wanted, flights, compress=name == "deflate") as viewers:
                runs[name] = measure(stage, viewers, seconds, warm_up=options.warm_up)
            if not polled:
                polled = polling(stage, wanted, boxes=clients)
    ways: dict[str, dict[str, float]] = {}
    for name, packed in (("plain", "bytes"), ("deflate", "gzip")):
        stream = runs[name].bytes_per_s["normal"] / runs[name].clients
        box, whole = polled[f"box query, {packed}"], polled[f"aircraft.json, {packed}"]
        ways[name] = {
            "stream": stream, "box query": box, "aircraft.json": whole,
            "stream to box query": stream / box, "stream to aircraft.json": stream / whole,
        }  # fmt: skip
    return {"runs": runs, "polling": polled, "ways": ways}


def show(found: dict[str, Any]) -> str:
    """For people."""
    lines = [
        "| bytes a client and second | stream | box query | aircraft.json | to the box (aim 0.2) "
        "| to aircraft.json (aim 0.01) |",
        "|---|---|---|---|---|---|",
    ]
    for name, way in found["ways"].items():
        lines.append(
            f"| {name} | {way['stream']:,.0f} | {way['box query']:,.0f} "
            f"| {way['aircraft.json']:,.0f} | {way['stream to box query']:.3f} "
            f"| {way['stream to aircraft.json']:.4f} |"
        )
    flights = found["polling"]["box query, flights"]
    lines.append(f"\n{flights:.0f} flights in a box on average")
    return "\n".join(lines) + "\n\n" + table(found["runs"])
