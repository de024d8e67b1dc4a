"""How many rounds, with which dice; the directory the server lives in."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

DEFAULT_ROUNDS = 5


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rounds", type=int, default=DEFAULT_ROUNDS, help="kills in the chaos suite")
    parser.addoption("--dice", type=int, default=None, help="seed of the chaos suite's choices")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--rounds", DEFAULT_ROUNDS))


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """The choices; a run that failed says its seed."""
    seed = request.config.getoption("--dice", None)
    if seed is None:
        seed = random.SystemRandom().randrange(1 << 32)
    print(f"chaos: --dice {seed}")
    return random.Random(seed)


@pytest.fixture
def data_dir(make_place: Callable[[], Path]) -> Path:
    return make_place() / "data"
