#!/usr/bin/env python3
"""The live stream at the world's scale: a real server, fed and watched by other processes.

    python scripts/bench/stream.py SCENARIO [--seconds 60] [--fanout 1 0] [--nice -15] [--json]

Scenarios: world, viewers, bytes, hostile, churn, station, club, highest. Each starts ``aerotrack
serve`` with an embedded PostgreSQL (fsync on), feeds it over sockets with traffic made beforehand,
and opens viewers in another process. Latency is the server's own histogram, from a feed's read to a
frame handed to a socket; beside it stands what sampled clients saw, up to from the feeder's write
to the client's read. Results are in docs/benchmarks.md. Linux only.
"""

import argparse
import importlib
import os
import sys
from typing import Any

import msgspec
from live import versions
from live_server import ServerFailed
from processes import set_session_nice
from rig.child import ChildFailed
from rig.wire import raise_open_files

SCENARIOS = ("world", "viewers", "bytes", "hostile", "churn", "station", "club", "highest")
WARM_UP_S = 10.0
PROFILE_S = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--seconds", type=float, help="how long to measure; each has its default")
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S)
    parser.add_argument("--fanout", type=int, nargs="+", default=[1], help="processes for clients")
    parser.add_argument("--flights", type=int, help="instead of the scenario's own number")
    parser.add_argument("--clients", type=int, nargs="+", help="the same of clients")
    parser.add_argument(
        "--nice", type=int, default=0,
        help="priority of everything that is started; negative ones (root) keep other work on the "
        "machine out of the figures",
    )  # fmt: skip
    parser.add_argument("--no-baselines", dest="baselines", action="store_false")
    parser.add_argument(
        "--profile", type=float, nargs="?", const=PROFILE_S, metavar="SECONDS",
        help="sample the server's stacks for so long after measuring (needs py-spy)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON line at the end")
    options = parser.parse_args()
    raise_open_files()
    os.nice(options.nice)
    set_session_nice(os.getpid(), options.nice)
    scenario = importlib.import_module(f"scenarios.{options.scenario}")
    try:
        found: dict[str, Any] = scenario.run(options)
    except (ServerFailed, ChildFailed) as error:
        sys.exit(f"{options.scenario}: {error}")
    print(scenario.show(found))
    if options.json:
        about = {
            "scenario": options.scenario, "command": sys.argv[1:], "versions": versions(),
            "load_average": os.getloadavg(),
        }  # fmt: skip
        print(msgspec.json.encode(about | found).decode())


if __name__ == "__main__":
    main()
