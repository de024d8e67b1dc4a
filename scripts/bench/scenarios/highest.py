"""The highest rate before anything falls behind, in updates a second, and where the time goes.

The world's flights at one update a second, more and more of them: a binary search over the share of
the feeder's slices that are sent, on one server. A rate holds where after some seconds nothing is
refused as overload, the feeder is not late, queues and rows do not pile up, and the p99 of clients
at interval 0.1 stays under a second.
"""

import time
from argparse import Namespace
from typing import Any

from rig.profile import profiled
from rig.report import table
from rig.stage import Played, audience, measure, say, staged, views

MOST_FLIGHTS = 40_000
CLIENTS = 100
SETTLE_S = 4.0
RECOVER_S = 4.0
SECONDS = 6.0
STEPS = 5
SLACK_S = 30
MOST_LATE_S = 0.5
MOST_P99_S = 1.0
# A batch in the making and one on its way are two seconds of rows.
MOST_AGE_S = 3.0


def faults(played: Played) -> list[str]:
    """What falls behind."""
    found = []
    if played.overloaded:
        found.append(f"{played.overloaded} refused as overload")
    if played.feeder_late > MOST_LATE_S:
        found.append(f"the feeder waits, {played.feeder_late:.1f} s late")
    p99 = played.feed_to_frame["fast"]["p99"]
    if p99 is None or p99 > MOST_P99_S:
        found.append(f"p99 {p99} s")
    if max(one.rows_age for one in played.samples) > MOST_AGE_S:
        found.append(f"rows {max(one.rows_age for one in played.samples):.1f} s old")
    return found


def run(options: Namespace) -> dict[str, Any]:
    """The search, then a profile at the rate that held."""
    flights, clients = options.flights or MOST_FLIGHTS, (options.clients or [CLIENTS])[0]
    seconds = options.seconds or SECONDS
    needed = int((SETTLE_S + RECOVER_S + seconds + 2) * (STEPS + 1) + SLACK_S)
    traffic = {"kind": "world", "flights": flights, "seconds": needed}
    runs: dict[str, Played] = {}
    steps = []
    with staged(options, traffic) as (stage, _):
        stage.feeder.ask(do="share", share=0.2)
        with audience(stage, views(flights, clients, fast=clients // 2), flights) as viewers:
            low, high = 0.0, 1.0
            share = 0.5
            for _ in range(STEPS):
                share = round(share * 50) / 50
                stage.feeder.ask(do="share", share=share)
                played = measure(stage, viewers, seconds, warm_up=SETTLE_S)
                behind = faults(played)
                steps.append({
                    "asked": round(share * flights), "taken": played.updates_per_s,
                    "behind": behind, "cores": played.cores,
                    "p99": played.feed_to_frame["fast"]["p99"],
                })  # fmt: skip
                say(f"{share * flights:,.0f} updates/s: {'; '.join(behind) or 'holds'}")
                if behind:
                    high = share
                    stage.feeder.ask(do="share", share=0.2 * share)
                    time.sleep(RECOVER_S)
                else:
                    low = share
                    runs = {f"{share * flights:,.0f} updates/s": played}
                share = (low + high) / 2
            stage.feeder.ask(do="share", share=low)
            time.sleep(SETTLE_S)
            profile = profiled(stage, options.profile) if options.profile else None
    return {"highest": round(low * flights), "steps": steps, "runs": runs, "profile": profile}


def show(found: dict[str, Any]) -> str:
    """For people."""
    parts = [f"highest: {found['highest']:,} updates/s"]
    parts += [
        f"{one['asked']:,}: {'; '.join(one['behind']) or 'holds'} "
        f"(server {one['cores']['server']:.2f}, fan-out {one['cores']['fanout']:.2f} cores)"
        for one in found["steps"]
    ]
    if found["runs"]:
        parts.append(table(found["runs"]))
    return "\n\n".join(parts + [found["profile"]] * bool(found["profile"]))
