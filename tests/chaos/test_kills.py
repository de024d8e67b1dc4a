"""Kills at random under load: what was acknowledged is stored, once, as it was sent.

``tox -e chaos -- --rounds 100`` for the figures of docs/reliability.md. A round is a kill or a stop
of the server or of its PostgreSQL, at a moment nobody chose, with posts under way before, during
and after. At the end every row is compared with what was sent.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..system.harness import Rows, Server, until  # noqa: TID252 - tests are no package
from .traffic import DurablePoster, LiveFeed, Row

pytestmark = [pytest.mark.usefixtures("require_embedded"), pytest.mark.slow]

POSTERS = 3
# Between two blows: long enough for some commits, short enough to meet the recovery of the last.
CALM_S = (0.2, 2.5)
# Recovery of an embedded PostgreSQL that was killed takes seconds, on a busy machine more.
BACK_WITHIN_S = 60.0
FLUSH_S = 0.5
# Of what nobody acknowledged a flush interval may be lost, and what was on its way: on the socket,
# in the decoder, with the writer for as long as the outbox is patient.
MAY_BE_LOST_S = 2 * FLUSH_S + 1.0
LIVE = 3000

QUERY = (
    "SELECT icao24, extract(epoch FROM ts)::float8, lat, lon, alt_baro, gs::float8, callsign"
    " FROM api.positions WHERE lat IS NOT NULL"
)


class Stage:
    """The server of this moment, where its clients find it."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.http: tuple[str, int] | None = None
        self.feed: tuple[str, int] | None = None
        self.server: Server
        self.blows: list[tuple[float, str]] = []
        self.down: list[tuple[float, float]] = []  # when there was no server
        self.starts: list[float] = []

    def start(self) -> None:
        began = time.monotonic()
        self.server = Server(
            self._data_dir, "--flush-interval", str(FLUSH_S),
            feeds=["jsonl+listen://127.0.0.1:0?name=live"],
        )  # fmt: skip
        self.server.__enter__()
        self.starts.append(time.monotonic() - began)
        self.http = self.server.host, self.server.port
        self.feed = "127.0.0.1", self.server.listening_port("live")

    def _gone(self, end: Callable[[], object]) -> None:
        went = time.time()
        end()
        self.http = self.feed = None
        self.start()
        self.down.append((went, time.time()))

    def postgres(self) -> int:
        return until("PostgreSQL's pid", self.server.find_postgres, BACK_WITHIN_S)

    # -- blows

    def server_killed(self) -> None:
        self._gone(self.server.kill)

    def server_stopped(self) -> None:
        self._gone(self.server.stop)

    def postgres_killed(self) -> None:
        os.kill(self.postgres(), signal.SIGKILL)

    def postgres_stopped_at_once(self) -> None:
        os.kill(self.postgres(), signal.SIGQUIT)

    def postgres_restarted(self) -> None:
        os.kill(self.postgres(), signal.SIGINT)

    def both_killed(self) -> None:
        postgres = self.postgres()

        def end() -> None:
            os.kill(postgres, signal.SIGKILL)
            self.server.kill()

        self._gone(end)

    def strike(self, dice: random.Random) -> None:
        """One of them."""
        blow = dice.choice(
            [
                self.server_killed, self.server_killed, self.server_stopped, self.postgres_killed,
                self.postgres_stopped_at_once, self.postgres_restarted, self.both_killed,
            ]
        )  # fmt: skip
        self.blows.append((time.time(), blow.__name__))
        try:
            blow()
        except ProcessLookupError:
            self.blows[-1] = (time.time(), "postgres_was_away")


def test_what_was_acknowledged_is_stored_once_as_it_was_sent(
    data_dir: Path, rounds: int, dice: random.Random
) -> None:
    stage, began = Stage(data_dir), time.time()
    stage.start()
    posters = [DurablePoster(n, lambda: stage.http, began) for n in range(POSTERS)]
    live = LiveFeed(LIVE, lambda: stage.feed, began)
    for thread in (*posters, live):
        thread.start()
    for _ in range(rounds):
        time.sleep(dice.uniform(*CALM_S))
        goal = sum(poster.posts for poster in posters) + 1
        stage.strike(dice)
        until(
            "a post acknowledged",
            lambda goal=goal: sum(poster.posts for poster in posters) >= goal,  # type: ignore[misc]
            BACK_WITHIN_S,
        )
    for thread in (*posters, live):
        thread.stop()
    for thread in (*posters, live):
        thread.join(BACK_WITHIN_S)
        assert not thread.is_alive()
    ready(stage.server)
    until("drained", lambda: outbox_is_empty(stage.server), BACK_WITHIN_S)
    time.sleep(MAY_BE_LOST_S)
    rows = Rows(stage.server.embedded_url())
    found, rejected = rows.all(QUERY), rows.all("SELECT relation, code, message FROM rejected_row")
    stage.server.stop()
    acknowledged = [row for poster in posters for row in poster.acknowledged]
    tell(stage, posters, live, acknowledged, found)
    assert ([], 0) == (rejected, sum(poster.refused for poster in posters))
    judge(acknowledged, found)
    judge_live(stage, live.sent, found)


def ready(server: Server) -> None:
    """Wait until it says so; else show why not."""
    try:
        until("ready", lambda: server.request("GET", "/readyz")[0] == 200, BACK_WITHIN_S)
    except AssertionError:
        print(server.request("GET", "/readyz")[1].decode(), server.json("/api/v1/stats"))
        print(server.log)
        raise


def outbox_is_empty(server: Server) -> bool:
    stats = server.json("/api/v1/stats")
    return bool(stats["outbox"]["batches"] == 0 and stats["db"]["lag_s"] < 1.0)


def judge(acknowledged: list[Row], found: list[tuple[Any, ...]]) -> None:
    """Each acknowledged row is there, once, under one flight, as it was sent."""
    assert len(acknowledged) == len(set(acknowledged))
    stored = Counter(found)
    by_time = {(row[0], row[1]): row for row in found}
    wrong = [(row, by_time.get(row[:2])) for row in acknowledged if row not in stored]
    assert [] == wrong[:5], f"{len(wrong)} are missing, or changed to what stands beside them"
    times = Counter((row[0], row[1]) for row in found)
    assert {} == {key: count for key, count in times.items() if count > 1}, "stored twice"


def judge_live(stage: Stage, sent: list[tuple[float, Row]], found: list[tuple[Any, ...]]) -> None:
    """What the live feed lost, it lost within a flush interval before a blow, or while down."""
    # Live lines carry their time; where the feed's clock rule says arrival, content still tells.
    stored = {row[2] for row in found if row[0] == f"c1{LIVE:04x}"}
    lost = [ts for ts, row in sent if row[2] not in stored]
    unexplained = [
        ts for ts in lost
        if not any(went - MAY_BE_LOST_S <= ts <= back + 0.5 for went, back in stage.down)
    ]  # fmt: skip
    assert [] == unexplained, (len(lost), stage.down)


def tell(
    stage: Stage, posters: list[DurablePoster], live: LiveFeed,
    acknowledged: list[Row], found: list[tuple[Any, ...]],
) -> None:  # fmt: skip
    """The figures of docs/reliability.md."""
    stored = {row[2] for row in found if row[0] == f"c1{LIVE:04x}"}
    latencies = sorted(latency for poster in posters for latency in poster.latencies)
    print(
        f"chaos: {len(stage.blows)} blows {dict(Counter(name for _, name in stage.blows))};"
        f" {sum(p.posts for p in posters)} posts acknowledged,"
        f" {sum(p.repeats for p in posters)} repeated; {len(acknowledged)} observations"
        f" acknowledged; live: {len(live.sent)} sent,"
        f" {sum(row[2] not in stored for _, row in live.sent)} lost;"
        f" post p50 {latencies[len(latencies) // 2] * 1e3:.0f} ms,"
        f" p99 {latencies[len(latencies) * 99 // 100] * 1e3:.0f} ms, most {latencies[-1]:.1f} s;"
        f" restart to ready most {max(stage.starts):.1f} s"
    )
