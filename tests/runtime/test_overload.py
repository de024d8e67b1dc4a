"""When the actors cannot keep up, feeds are refused and counted, and it is said."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from aerotrack.db.outbox import SpoolState
from aerotrack.domain.observation import Observation
from aerotrack.runtime.actors import OVERLOAD_OVER_AFTER_S, OVERLOADED_AFTER_S, Actors
from aerotrack.runtime.stats import SILENT_AFTER_S, Stats, value
from aerotrack.settings import Settings


def seen(second: float) -> Observation:
    """An observation of one aircraft."""
    return Observation(icao24="4ca2d6", ts=1e9 + second, source="sim", feed="home", alt_baro=100)


def test_what_comes_while_flights_are_far_behind_is_refused_counted_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    time = [100.0]

    async def run() -> dict[str, Any]:
        def ingest(second: float) -> None:
            actors.ingest([seen(second), seen(second + 0.5)], now=1e9, received=0.0)

        actors = Actors(
            Settings(data_dir=tmp_path), lambda _: None, lambda _: None, monotonic=lambda: time[0]
        )
        actors.probe(time[0])
        ingest(0)
        time[0] += OVERLOADED_AFTER_S  # the loop had no turn meanwhile
        ingest(1)
        time[0] += 0.1
        ingest(2)
        ingest(3)
        await actors.system.drained()
        assert 0.0 == actors.behind(time[0])
        actors.probe(time[0])
        ingest(4)
        await actors.system.drained()
        time[0] += OVERLOAD_OVER_AFTER_S + 0.1
        actors.probe(time[0])
        figures = await actors.figures()
        actors.stop()
        return figures

    with caplog.at_level(logging.INFO):
        figures = asyncio.run(run())
    assert (4.0, 6.0) == (
        value(figures, "actors", "overloaded_total"),
        value(figures, "registry", "routed_total"),
    )
    assert ["overloaded", "overload_over"] == [
        record.message for record in caplog.records if "overload" in record.message
    ]


def test_actors_that_do_not_answer_make_the_server_unready() -> None:
    class Away:
        error = None

    class Empty:
        state = SpoolState()

    stats = Stats(Away(), Empty(), flush_interval=1.0, now=lambda: 0.0)  # type: ignore[arg-type]
    stats.sample({}, 100.0)
    assert [] == [check.name for check in stats.checks(100.0 + SILENT_AFTER_S / 2) if not check.ok]
    late = [check.code for check in stats.checks(100.0 + SILENT_AFTER_S) if not check.ok]
    assert ["actors_silent"] == late
