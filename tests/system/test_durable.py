"""Durable posts, from outside: answered when what they brought is on disk, and not before.

On disk is in PostgreSQL, or in the outbox where that takes its time, as it may on a busy machine:
so rows are waited for. That none is lost while they are under way is what the kills show.
"""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from .harness import STOP_WITHIN_S, Rows, Server, until
from .test_external_database import door_to

T0 = round(time.time()) - 600.0


def seen(number: int, ts: float, **fields: Any) -> dict[str, Any]:
    return {
        "icao24": f"4ca{number:03x}", "ts": T0 + ts, "lat": round(50 + ts * 1e-3, 4),
        "lon": float(number % 180),
    } | fields  # fmt: skip


def post(server: Server, *observations: dict[str, Any]) -> tuple[int, Any]:
    status, body = server.request(
        "POST",
        "/api/v1/observations?durable=true",
        json.dumps(observations).encode(),
        content_type="application/json",
    )
    return status, json.loads(body)


def stored(url: str) -> list[tuple[Any, ...]]:
    return Rows(url).all(
        "SELECT icao24, extract(epoch FROM ts)::float8, lat FROM api.positions ORDER BY 1, 2"
    )


def come(url: str, rows: int) -> list[tuple[Any, ...]]:
    """What is stored, as soon as it is that many rows or more."""
    return until(f"{rows} rows", lambda: len(found := stored(url)) >= rows and found)


def test_what_a_durable_post_brought_is_there_when_it_is_answered_and_once_if_repeated(
    data_dir: Path, database_url: str
) -> None:
    observations = [seen(n, ts) for n in range(5) for ts in (0, 1, 2)]
    options = ("--flush-interval", "60")  # nobody who waits has to wait for that
    with Server(data_dir, *options, database_url=database_url) as server:
        for repeat in range(3):
            status, answer = post(server, *observations)
            assert (200, 15, 15) == (
                status, answer["accepted"], answer["recorded"] + answer["refused"]
            )  # fmt: skip
            assert 15 == answer["recorded"] or repeat
            assert [(o["icao24"], o["ts"], o["lat"]) for o in observations] == come(
                database_url, 15
            )
        server.stop()
    with Server(data_dir, *options, database_url=database_url) as server:
        assert 200 == post(server, *observations)[0]
        server.stop()
    server.store_rest()
    assert 15 == len(stored(database_url))


def test_observations_after_a_pause_are_not_held_back(data_dir: Path, database_url: str) -> None:
    with Server(data_dir, database_url=database_url) as server:
        assert 200 == post(server, seen(1, 0))[0]
        assert 200 == post(server, seen(1, 400))[0]
        assert 2 == len(come(database_url, 2))


def test_with_the_database_away_the_outbox_has_it_and_a_kill_loses_nothing(
    data_dir: Path, database_url: str
) -> None:
    with door_to(database_url) as door:
        with Server(data_dir, database_url=door.url) as server:
            for ts in range(5):
                assert 200 == post(server, seen(1, ts), seen(2, ts))[0]
            server.kill()
        door.open()
        with Server(data_dir, database_url=door.url) as server:
            until("drained", lambda: server.json("/api/v1/stats")["points_stored"] == 10)
            server.stop()
    assert [
        (f"4ca00{n}", T0 + ts, round(50 + ts * 1e-3, 4)) for n in (1, 2) for ts in range(5)
    ] == (stored(database_url))


def test_one_that_is_refused_by_its_flight_counts(data_dir: Path, database_url: str) -> None:
    with Server(data_dir, database_url=database_url) as server:
        future = seen(1, 0) | {"ts": time.time() + 2}
        far = seen(1, 1, lat=-50.0) | {"ts": time.time() + 2.5}
        status, answer = post(server, future, far)
        assert (200, 2) == (status, answer["recorded"] + answer["refused"])


def test_a_second_signal_ends_it_at_once_and_loses_nothing_that_was_acknowledged(
    data_dir: Path, database_url: str
) -> None:
    with door_to(database_url) as door:
        with Server(data_dir, database_url=door.url) as server:
            for ts in range(5):
                assert 200 == post(server, seen(1, ts))[0]
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(STOP_WITHIN_S) in (0, 128 + signal.SIGTERM)
            server.kill()  # reads its log to the end
        door.open()
        with Server(data_dir, database_url=door.url) as server:
            until("drained", lambda: server.json("/api/v1/stats")["points_stored"] == 5)
            server.stop()
    assert [T0 + ts for ts in range(5)] == [ts for _, ts, _ in stored(database_url)]


@pytest.mark.slow
def test_many_at_once_are_answered_in_good_time(data_dir: Path, database_url: str) -> None:
    observations = [seen(n % 4000, n // 4000) for n in range(20_000)]
    with Server(data_dir, database_url=database_url) as server:
        status, answer = post(server, *observations)
        assert (200, 20_000) == (status, answer["recorded"])
        assert 20_000 == len(come(database_url, 20_000))
