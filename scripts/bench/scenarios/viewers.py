"""Viewers: 1,000, 5,000, 10,000, each with its own viewport, at interval 1, over 25,000 flights."""

from argparse import Namespace
from typing import Any

from rig.profile import profiled
from rig.report import MB, table
from rig.stage import Played, audience, measure, say, staged, views, wait_for

FLIGHTS = 25_000
CLIENTS = (1_000, 5_000, 10_000)
SECONDS = 30.0
SLACK_S = 20
# So many connect in a second at least, beside the load: ten thousand took 96 s on a full machine.
CONNECTS_PER_S = 80


def run(options: Namespace) -> dict[str, Any]:
    """One server for each ``--fanout``; the viewers leave before the next, larger crowd comes."""
    flights, crowds = options.flights or FLIGHTS, options.clients or CLIENTS
    seconds = options.seconds or SECONDS
    needed = int(
        (seconds + options.warm_up + SLACK_S) * (len(crowds) + 1) + sum(crowds) / CONNECTS_PER_S
    )
    found: dict[str, Any] = {"runs": {}, "per_client": {}}
    for fanout in options.fanout:
        traffic = {"kind": "world", "flights": flights, "seconds": needed}
        limit = ("--max-clients", str(max(crowds)))
        with staged(options, traffic, *limit, fanout=fanout) as (stage, _):
            wait_for(stage, flights)
            with audience(stage, views(flights, 1), flights) as one:
                empty = measure(stage, one, 4.0, warm_up=options.warm_up)
            for clients in crowds:
                name = f"fanout {fanout}, {clients:,} viewers"
                with audience(stage, views(flights, clients), flights) as viewers:
                    played = measure(stage, viewers, seconds, warm_up=options.warm_up)
                    if options.profile:
                        found.setdefault("profiles", {})[name] = profiled(stage, options.profile)
                found["runs"][name] = played
                found["per_client"][name] = each(played, empty)
                say(f"{name}: {found['per_client'][name]}")
    return found


def each(played: Played, empty: Played) -> dict[str, float]:
    """What one more viewer takes, by what all of them take more than none."""
    clients = max(1, played.clients)

    def more(what: dict[str, Any], before: dict[str, Any]) -> float:
        who = ("server", "fanout")
        return float(sum(what[one] for one in who) - sum(before[one] for one in who))

    return {
        "memory, kB": more(played.memory, empty.memory) / clients / 1e3,
        "processor, µs a second": 1e6 * more(played.cores, empty.cores) / clients,
        "bytes a second": played.bytes_per_s["normal"] / clients,
        "MB/s to all": played.bytes_per_s["normal"] / MB,
    }


def show(found: dict[str, Any]) -> str:
    """For people."""
    parts = [table(found["runs"])]
    for name, one in found["per_client"].items():
        parts.append(f"{name}: " + ", ".join(f"{what} {value:,.1f}" for what, value in one.items()))
    parts += [f"{name}:\n{text}" for name, text in found.get("profiles", {}).items()]
    return "\n\n".join(parts)
