"""What the tests of the feeds share: recordings where they are, figures, and a sink that keeps."""

import gzip
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import Clock, FeedFigures

NOW = 1_764_000_000.0


def _recordings() -> Path | None:
    """The folder of recordings: named by the environment, or beside the repository."""
    named = os.environ.get("AEROTRACK_TEST_SHARED")
    roots = [Path(named)] if named else [p / "shared" for p in Path(__file__).resolve().parents]
    return next((d for r in roots if (d := r / "data" / "recordings").is_dir()), None)


@pytest.fixture(scope="session")
def recording() -> Callable[[str], bytes]:
    """The bytes of a recording by its name; skips where the recordings are not at hand."""
    folder = _recordings()
    if folder is None:
        pytest.skip(
            "no ../shared/data/recordings beside the repository (see AEROTRACK_TEST_SHARED)"
        )

    def read(name: str) -> bytes:
        path = folder / name
        return gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()

    return read


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
