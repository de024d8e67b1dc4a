"""What is installed is the checkout: the same modules, and the files that are no modules."""

import os
from pathlib import Path

import pytest

import aerotrack

ROOT = Path(__file__).resolve().parent.parent
INSTALLED = Path(aerotrack.__file__).parent


def files(package: Path) -> list[str]:
    return sorted(
        str(path.relative_to(package))
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    )


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheel")
def test_under_tox_the_tests_run_against_the_wheel() -> None:
    assert "site-packages" in INSTALLED.parts


def test_the_package_carries_all_its_files() -> None:
    assert files(ROOT / "aerotrack") == files(INSTALLED)
