"""A station: 70 and 150 aircraft of raw Beast as one receiver hears them.

Processor, memory of all processes together (aim: under 200 MB), bytes written to disk a day. The
day is extrapolated from a minute: what PostgreSQL writes for a checkpoint is in it only where one
fell into the minute. ``compact`` storage does not exist yet, so it is ``full``.
"""

from argparse import Namespace
from typing import Any

from rig.report import MB, table
from rig.stage import Played, audience, measure, staged

AIRCRAFT = (70, 150)
SECONDS = 60.0
SLACK_S = 30
DAY_S = 86_400
AIM_MEMORY = 200 * MB
AIM_DISK = 500 * MB
# Where the made recordings fly.
STATION = "&lat=50.0&lon=10.0"
MAP = {"bbox": [-5.0, 42.0, 25.0, 58.0], "interval": 1.0}


def run(options: Namespace) -> dict[str, Any]:
    """With one viewer, the station's owner."""
    seconds = options.seconds or SECONDS
    found: dict[str, Any] = {"runs": {}, "day": {}}
    for aircraft in [options.flights] if options.flights else AIRCRAFT:
        traffic = {
            "kind": "beast", "aircraft": aircraft, "receivers": 1, "shared": 0.0,
            "frames_per_s": None, "seconds": int(seconds + options.warm_up + SLACK_S),
        }  # fmt: skip
        with (
            staged(options, traffic, scheme="beast", parameters=STATION, fanout=0) as (stage, _),
            audience(stage, [MAP], aircraft) as owner,
        ):
            played = measure(stage, owner, seconds, warm_up=options.warm_up)
            found["runs"][f"{aircraft} aircraft"] = played
            found["day"][f"{aircraft} aircraft"] = day(played) | {"frames/s": stage.fed}
    return found


def day(played: Played) -> dict[str, float]:
    """Sums over processes, and a day at that pace."""
    mine = ("server", "postgres")
    written = played.written["server"] + played.written["postgres"]
    steady = (written - played.written["wal_files"]) / played.seconds
    memory = sum(played.memory[one] for one in mine)
    return {
        "cores": sum(played.cores[one] for one in mine),
        "memory, MB (aim 200)": memory / MB,
        "disk, MB a day (aim 500, compact)": steady * DAY_S / MB,
        "new files of the log beside, MB": played.written["wal_files"] / MB,
        "rows a day": played.rows_per_s * DAY_S,
    }  # fmt: skip


def show(found: dict[str, Any]) -> str:
    """For people."""
    parts = [table(found["runs"])]
    parts += [
        f"{name}: " + ", ".join(f"{what} {value:,.2f}" for what, value in one.items())
        for name, one in found["day"].items()
    ]
    return "\n\n".join(parts)
