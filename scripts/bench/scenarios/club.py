"""A club: 50 receivers of 1,000 frames/s each, 70 % heard by several, clocks that differ.

500 viewers look on. A frame that several hear is heard by four of them, each with its own 12 MHz
counter. That is 50,000 frames a second; ``--flights`` changes how many receivers there are where a
machine cannot take it.
"""

from argparse import Namespace
from typing import Any

from rig.profile import profiled
from rig.report import listing, table
from rig.stage import audience, measure, staged

RECEIVERS = 50
FRAMES_PER_S = 1_000
SHARED = 0.7
# Each aircraft of the made recordings sends this many frames a second.
SENT_PER_AIRCRAFT = 15
# How many frames are sent for one that a receiver hears: those heard by four count once.
SENT_PER_HEARD = (1 - SHARED) + SHARED / 4
CLIENTS = 500
SECONDS = 20.0
SLACK_S = 30


def run(options: Namespace) -> dict[str, Any]:
    """All receivers on sockets of their own."""
    receivers, clients = options.flights or RECEIVERS, (options.clients or [CLIENTS])[0]
    seconds = options.seconds or SECONDS
    aircraft = round(receivers * FRAMES_PER_S * SENT_PER_HEARD / SENT_PER_AIRCRAFT)
    traffic = {
        "kind": "beast", "aircraft": aircraft, "receivers": receivers, "shared": SHARED,
        "frames_per_s": FRAMES_PER_S, "seconds": int(seconds + options.warm_up + SLACK_S),
    }  # fmt: skip
    wanted = [
        {"bbox": [lon, lat, lon + 5.0, lat + 5.0], "interval": 1.0}
        for lon, lat in ((n * 7 % 16, 45 + n * 3 % 6) for n in range(clients))
    ]
    with (
        staged(options, traffic, scheme="beast", sockets=receivers) as (stage, _),
        audience(stage, wanted, aircraft) as viewers,
    ):
        before = stage.server.metrics()
        played = measure(stage, viewers, seconds, warm_up=options.warm_up)
        after = stage.server.metrics()
        profile = profiled(stage, options.profile) if options.profile else None
    took = seconds + options.warm_up

    def rate(name: str) -> float:
        return (after.sum(name) - before.sum(name)) / took

    return {
        "runs": {f"{receivers} receivers": played},
        "profile": profile,
        "club": {
            "frames/s sent": stage.fed, "frames/s read": rate("feed_records_total"),
            "observations/s": rate("feed_accepted_total"),
            "heard before, or nothing for us, /s": rate("feed_ignored_total"),
            "aircraft": aircraft,
        },
    }  # fmt: skip


def show(found: dict[str, Any]) -> str:
    """For people."""
    parts = [table(found["runs"]), listing("club", found["club"])]
    return "\n\n".join(parts + [found["profile"]] * bool(found["profile"]))
