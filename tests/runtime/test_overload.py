"""When the actors cannot keep up, feeds are refused and counted, and it is said."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from aerotrack.domain.observation import Observation
from aerotrack.runtime import actors as module
from aerotrack.runtime.actors import Actors
from aerotrack.runtime.stats import SILENT_AFTER_S, Stats, value
from aerotrack.settings import Settings


def seen(second: float) -> Observation:
    """An observation of one aircraft."""
    return Observation(icao24="4ca2d6", ts=1e9 + second, source="sim", feed="home", alt_baro=100)


def test_over_the_limit_whole_batches_are_refused_counted_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "OVERLOAD_DEPTH", 3)

    async def run() -> dict[str, Any]:
        actors = Actors(Settings(data_dir=tmp_path), lambda _: None, lambda _: None)
        for second in range(8):
            actors.ingest([seen(second), seen(second + 0.5)], now=1e9, received=0.0)
        await actors.system.drained()
        actors.ingest([seen(9)], now=1e9, received=0.0)
        figures = await actors.figures()
        actors.stop()
        return figures

    with caplog.at_level(logging.INFO):
        figures = asyncio.run(run())
    overloaded = value(figures, "actors", "overloaded_total")
    assert overloaded > 0
    assert 17.0 == overloaded + value(figures, "registry", "routed_total")
    assert ["overloaded", "overload_over"] == [
        record.message for record in caplog.records if "overload" in record.message
    ]


def test_actors_that_do_not_answer_make_the_server_unready() -> None:
    class Away:
        error = None

    stats = Stats(Away(), flush_interval=1.0)  # type: ignore[arg-type]
    stats.sample({}, 100.0)
    assert [] == [check.name for check in stats.checks(100.0 + SILENT_AFTER_S / 2) if not check.ok]
    late = [check.code for check in stats.checks(100.0 + SILENT_AFTER_S) if not check.ok]
    assert ["actors_silent"] == late
