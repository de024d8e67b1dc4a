"""Slow and hostile clients: 500 that read a byte a second, 500 that send rubbish, beside others.

First the others alone, then all together; the others' p99 is to stay within 1.5 times. Last a fifth
of what is sent are views of half the world, which is no rubbish, but meant as badly.
"""

from argparse import Namespace
from typing import Any

from rig.child import Child
from rig.report import listing, table
from rig.stage import audience, measure, say, staged, views, wait_for

FLIGHTS = 10_000
CLIENTS = 300
SLOW = 500
RUBBISH = 500
SECONDS = 20.0
SLACK_S = 30
AIM = 1.5


def run(options: Namespace) -> dict[str, Any]:
    """Others alone, then all."""
    flights, clients = options.flights or FLIGHTS, (options.clients or [CLIENTS])[0]
    seconds = options.seconds or SECONDS
    traffic = {
        "kind": "world", "flights": flights,
        "seconds": int(3 * (seconds + options.warm_up) + SLACK_S),
    }  # fmt: skip
    with staged(options, traffic) as (stage, _):
        wait_for(stage, flights)
        wanted = views(flights, clients, fast=clients // 10)
        with audience(stage, wanted, flights) as viewers:
            alone = measure(stage, viewers, seconds, warm_up=options.warm_up)
            runs = {"others alone": alone}
            before = stage.server.metrics()
            made: dict[str, Any] = {}
            for name, greedy in (("beside the hostile", False), ("beside the greedy", True)):
                with Child("troublemakers") as trouble:
                    server = stage.server
                    trouble.ask(
                        host=server.host, port=server.port, slow=SLOW, rubbish=RUBBISH,
                        greedy=greedy,
                    )  # fmt: skip
                    runs[name] = measure(stage, viewers, seconds, trouble, warm_up=options.warm_up)
                    made = made or trouble.ask(do="counts")
            after = stage.server.metrics()
    say("the hostile have gone")
    errors = {
        code: int(count - before.by_label("live_errors_total", "code").get(code, 0))
        for code, count in after.by_label("live_errors_total", "code").items()
    }
    ratios: dict[str, float | None] = {}
    for kind in ("fast", "normal"):
        for what, source in (("by the server", "feed_to_frame"), ("seen", "end_to_end")):
            then = getattr(alone, source)[kind]["p99"]
            for name in list(runs)[1:]:
                now = getattr(runs[name], source)[kind]["p99"]
                ratios[f"{name}: {kind}, {what}"] = now / then if then and now else None
    return {
        "runs": runs,
        "p99 ratios": ratios, "trouble": made, "answered with errors": errors,
    }  # fmt: skip


def show(found: dict[str, Any]) -> str:
    """For people."""
    parts = [table(found["runs"])]
    parts += [
        listing(f"{name} (aim: under {AIM})" if name == "p99 ratios" else name, found[name])
        for name in ("p99 ratios", "trouble", "answered with errors")
    ]
    return "\n\n".join(parts)
