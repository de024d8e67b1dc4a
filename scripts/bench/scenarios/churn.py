"""Churn: clients and flights that come and go.

200 clients a second connect and leave after five seconds; 1,000 more move their viewport every
second; 1,000 flights a second appear, and as many end, eight seconds later.
"""

from argparse import Namespace
from typing import Any

from rig.profile import profiled
from rig.report import listing, table
from rig.stage import audience, measure, staged, views, wait_for
from rig.traffic import LIFE_S

FLIGHTS = 10_000
CLIENTS = 1_000
FRESH = 1_000
CONNECTS_PER_S = 200.0
STAY_S = 5.0
SECONDS = 30.0
SLACK_S = 50
# Flights fall silent after eight seconds; five later they have ended.
END_AFTER_S = 5


def run(options: Namespace) -> dict[str, Any]:
    """All three at once."""
    flights, clients = options.flights or FLIGHTS, (options.clients or [CLIENTS])[0]
    seconds = options.seconds or SECONDS
    traffic = {
        "kind": "coming_and_going", "flights": flights, "fresh": FRESH,
        "seconds": int(seconds + options.warm_up + SLACK_S),
    }  # fmt: skip
    silence = ("--stale-after", "2", "--gone-after", "3", "--end-after", str(END_AFTER_S))
    with staged(options, traffic, *silence) as (stage, _):
        wait_for(stage, flights + FRESH * LIFE_S)
        wanted = views(flights, clients)
        with (
            audience(stage, wanted, flights, move=True) as viewers,
            audience(
                stage, [], flights, passing=wanted, connects_per_s=CONNECTS_PER_S, stay_s=STAY_S
            ) as passing,
        ):
            before, counted = stage.server.metrics(), passing.ask(do="counts")
            played = measure(stage, viewers, seconds, passing, warm_up=options.warm_up)
            profile = profiled(stage, options.profile) if options.profile else None
            after, counted = stage.server.metrics(), passing.ask(do="counts")
    took = played.seconds + options.warm_up + (options.profile or 0.0)

    def grown(name: str) -> float:
        return (after.sum(name) - before.sum(name)) / took

    return {
        "runs": {"churn": played},
        "profile": profile,
        "churn": {
            "clients that came, a second": counted["came"] / took,
            "clients that went, a second": counted["went"] / took,
            "of them refused": counted["refused"],
            "of them closed by the server": counted["lost"],
            "open at the end": counted["open"],
            "flights begun, a second": grown("registry_flights_started_total"),
            "flights ended, a second": grown("registry_flights_ended_total"),
        },
    }


def show(found: dict[str, Any]) -> str:
    """For people."""
    parts = [table(found["runs"]), listing("churn", found["churn"])]
    return "\n\n".join(parts + [found["profile"]] * bool(found["profile"]))
