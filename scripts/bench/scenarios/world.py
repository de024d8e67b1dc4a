"""The world: 25,000 flights at one update a second, all stored, shown to 1,000 clients.

A hundred clients at interval 0.1, the rest at 1, each with 5° around some flight. Afterwards the
account of the server is held against PostgreSQL, to the row, and the baselines run.
"""

from argparse import Namespace
from typing import Any

import msgspec
from live import look_into_database
from live_checks import account_faults
from rig import baselines
from rig.profile import profiled
from rig.report import listing, table
from rig.stage import audience, measure, say, staged, views, wait_for

from aerotrack.db.embedded import EmbeddedPostgres

FLIGHTS = 25_000
CLIENTS = 1_000
SECONDS = 60.0
# Server, database and clients come first: the traffic runs from the server's start.
SLACK_S = 60


def run(options: Namespace) -> dict[str, Any]:
    """Play it once for each ``--fanout``."""
    flights, clients = options.flights or FLIGHTS, (options.clients or [CLIENTS])[0]
    seconds = options.seconds or SECONDS
    found: dict[str, Any] = {"runs": {}}
    for fanout in options.fanout:
        name = f"fanout {fanout}"
        traffic = {
            "kind": "world", "flights": flights, "seconds": int(seconds + options.warm_up + SLACK_S)
        }  # fmt: skip
        with staged(options, traffic, fanout=fanout) as (stage, place):
            wait_for(stage, flights)
            wanted = views(flights, clients, fast=clients // 10)
            with audience(stage, wanted, flights) as viewers:
                found["runs"][name] = measure(stage, viewers, seconds, warm_up=options.warm_up)
                played = found["runs"][name]
                if options.profile:
                    found.setdefault("profiles", {})[name] = profiled(stage, options.profile)
                if options.baselines:
                    found.setdefault("polling", {})[name] = baselines.polling(stage, wanted)
            stage.feeder.ask(do="share", share=0)
            account = stage.server.stop()
            with EmbeddedPostgres(place) as postgres:
                stored = look_into_database(postgres.conninfo)
                found.setdefault("account", {})[name] = msgspec.to_builtins(account)
                found.setdefault("faults", {})[name] = account_faults(account, stored)
                if options.baselines and "copy" not in found:
                    say("baseline: COPY")
                    assert postgres.pid is not None
                    found["copy"] = baselines.copied(postgres.conninfo, postgres.pid, played)
        if options.baselines and "bare" not in found:
            say("baseline: bare Tornado")
            found["bare"] = baselines.bare(played, clients // 10, clients - clients // 10)
    return found


def show(found: dict[str, Any]) -> str:
    """For people."""
    parts = [table(found["runs"])]
    parts += [listing(f"polling, {name}", one) for name, one in found.get("polling", {}).items()]
    parts += [listing(f"bare {name}", found[name]) for name in ("copy", "bare") if name in found]
    parts += [f"{name}: {fault}" for name, each in found["faults"].items() for fault in each]
    parts += [f"{name}:\n{text}" for name, text in found.get("profiles", {}).items()]
    return "\n\n".join(parts)
