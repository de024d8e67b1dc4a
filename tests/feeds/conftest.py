"""What the tests of the feeds share: figures, a clock, and a sink that keeps."""

from collections.abc import Callable, Sequence

import pytest

from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import Clock, FeedFigures

NOW = 1_764_000_000.0


@pytest.fixture
def figures() -> FeedFigures:
    return FeedFigures(name="test", url="sbs://test")


@pytest.fixture
def clock() -> Clock:
    """Both clocks stand still."""
    return Clock(wall=lambda: NOW, monotonic=lambda: 100.0)


class KeepingSink:
    """A sink that keeps what it is given; waits are on its event, never on time."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.calls: list[tuple[int, float, float]] = []
        self.on_call: Callable[[], None] = lambda: None

    def __call__(self, observations: Sequence[Observation], *, now: float, received: float) -> None:
        self.observations.extend(observations)
        self.calls.append((len(observations), now, received))
        self.on_call()


@pytest.fixture
def sink() -> KeepingSink:
    return KeepingSink()
