"""A feed is run again whatever it did, after a growing pause, and stops when told."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from aerotrack.feeds.feed import Clock, FeedError, FeedFigures
from aerotrack.feeds.supervisor import (
    HEALTHY_AFTER_S,
    LOG_AGAIN_S,
    LONGEST_PAUSE_S,
    Backoff,
    FeedSupervisor,
)

PATIENCE_S = 30.0


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(uniform=lambda: 1.0)
    assert [backoff.pause(0.0) for _ in range(7)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_a_pause_is_at_least_half_its_length_and_at_random() -> None:
    assert [Backoff(uniform=lambda: u).pause(0.0) for u in (0.0, 0.5)] == [0.5, 0.75]  # noqa: B023


def test_a_healthy_run_starts_the_pauses_anew() -> None:
    backoff = Backoff(uniform=lambda: 1.0)
    assert [backoff.pause(s) for s in (0, 0, HEALTHY_AFTER_S, 0)] == [1.0, 2.0, 1.0, 2.0]


def test_a_thousand_losses_still_give_a_pause() -> None:
    assert Backoff(uniform=lambda: 1.0, losses=5_000).pause(0.0) == LONGEST_PAUSE_S


class ScriptedFeed:
    """Each run raises the next of its errors; then it stays until cancelled."""

    def __init__(self, *errors: BaseException | None) -> None:
        self.figures = FeedFigures(name="scripted", url="test://")
        self.errors = list(errors)
        self.settled = asyncio.Event()
        self.closed = False

    async def run(self) -> None:
        if self.errors:
            if (error := self.errors.pop(0)) is not None:
                raise error
            return
        self.figures.state = "connected"
        self.settled.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.closed = True


class Time:
    """A clock that only pauses move."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def clock(self) -> Clock:
        return Clock(wall=lambda: self.now, monotonic=lambda: self.now)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def _supervise(feeds: Callable[[], list[ScriptedFeed]]) -> tuple[list[ScriptedFeed], Time]:
    """Run until every feed has settled, then stop."""
    time = Time()

    async def scenario() -> list[ScriptedFeed]:
        made = feeds()
        supervisor = FeedSupervisor(made, clock=time.clock(), sleep=time.sleep, uniform=lambda: 1.0)
        supervisor.start()
        async with asyncio.timeout(PATIENCE_S):
            for feed in made:
                await feed.settled.wait()
        assert {feed.figures.state for feed in made} == {"connected"}
        await supervisor.stop()
        return made

    return asyncio.run(scenario()), time


def test_a_feed_that_fails_in_any_way_is_run_again_and_says_why() -> None:
    (feed,), time = _supervise(
        lambda: [
            ScriptedFeed(
                ConnectionRefusedError("refused"),
                None,
                asyncio.CancelledError(),
                ZeroDivisionError("a bug"),
                FeedError("idle", "not a byte for 150 s"),
            )
        ]
    )
    assert time.pauses == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert (feed.figures.last_error, feed.figures.state, feed.closed) == (
        "idle: not a byte for 150 s",
        "stopped",
        True,
    )


def test_one_failing_feed_leaves_the_others_alone() -> None:
    (failing, well), _ = _supervise(lambda: [ScriptedFeed(RuntimeError("x")), ScriptedFeed()])
    assert (failing.closed, well.closed, well.figures.last_error) == (True, True, None)


def test_an_error_is_logged_once_and_again_only_after_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = [ConnectionRefusedError("no one there") for _ in range(25)]
    with caplog.at_level(logging.INFO):
        _, time = _supervise(lambda: [ScriptedFeed(*refused, ZeroDivisionError("a bug"))])
    assert LOG_AGAIN_S < sum(time.pauses) < 2 * LOG_AGAIN_S
    assert [(r.levelname, r.exc_info is not None) for r in caplog.records] == [
        ("WARNING", False),
        ("WARNING", False),
        ("ERROR", True),
    ]


def test_stopping_before_anything_ran_is_no_error(clock: Clock) -> None:
    async def scenario() -> str:
        supervisor = FeedSupervisor([feed := ScriptedFeed()], clock=clock)
        supervisor.start()
        await supervisor.stop()
        return feed.figures.state

    assert asyncio.run(scenario()) == "stopped"
