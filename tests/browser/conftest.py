"""A headless Chromium on the page of a real server.

Needs Debian's chromium and chromium-driver (or Google's chrome and its driver) on PATH, and the
built dashboard. Where one is missing the tests are skipped, and fail under CI.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from aerotrack.web.assets import is_built
from aerotrack.web.settings import BUILT_DASHBOARD

from ..system.harness import Server
from .page import Page

# Without a GPU, without talking to its makers; small, so that software drawing keeps up.
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--window-size=900,620",
    "--hide-scrollbars",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


def missing(what: str) -> None:
    """Skip, or under CI fail: a map that nobody looked at is not tested."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def browser_path() -> str | None:
    """Where the browser is, if there is one."""
    return shutil.which("chromium") or shutil.which("google-chrome")


def started_browser(profile: Path, arguments: Sequence[str] = ARGUMENTS) -> webdriver.Chrome:
    """A browser with a fresh profile there; the caller quits it."""
    options = Options()
    options.binary_location = browser_path() or ""
    for argument in (*arguments, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    started.set_script_timeout(30)
    return started


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """The browser, one for all tests of a worker."""
    if browser_path() is None or shutil.which("chromedriver") is None:
        missing("no chromium and chromedriver here (Debian: apt-get install chromium-driver)")
    if not is_built(BUILT_DASHBOARD):
        missing("the dashboard is not built (python dashboard/npm.py build)")
    started = started_browser(tmp_path_factory.mktemp("chromium"))
    try:
        yield started
    finally:
        started.quit()


@pytest.fixture(scope="session")
def server(make_place: Callable[[], Path], driver: webdriver.Chrome) -> Iterator[Server]:
    """A server without feeds: what flies is what the test posts."""
    with Server(make_place() / "data") as started:
        yield started


@pytest.fixture
def page(driver: webdriver.Chrome, server: Server) -> Iterator[Page]:
    """The page, not opened yet; after the test it must have kept to itself and not complained."""
    made = Page(driver, server)
    yield made
    made.leave()
