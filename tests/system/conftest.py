"""A place for the server's data; the PostgreSQL of all tests is in the conftest above."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def data_dir(make_place: Callable[[], Path]) -> Path:
    """A data directory that is not there yet, where PostgreSQL's account can pass through."""
    return make_place() / "data"
