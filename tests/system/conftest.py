"""A place for the server's data; the PostgreSQL of all tests is in the conftest above."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(params=["0", "1"], ids=["one process", "fan-out"])
def fanout(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Options of a server: live clients served by it, and by a process of the fan-out."""
    return ("--fanout", request.param)


@pytest.fixture
def data_dir(make_place: Callable[[], Path]) -> Path:
    """A data directory that is not there yet, where PostgreSQL's account can pass through."""
    return make_place() / "data"
