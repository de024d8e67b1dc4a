"""The page outlives its server: it says that the connection is lost, and comes back by itself."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium import webdriver

from ..system.harness import Server
from .page import Page
from .test_map import ALPS, posted

pytestmark = pytest.mark.slow


def test_after_a_restart_of_the_server_the_page_goes_on(
    driver: webdriver.Chrome, make_place: Callable[[], Path]
) -> None:
    place = make_place() / "data"
    with Server(place) as server:
        posted(server, "b00001")
        page = Page(driver, server)
        page.expected_complaint = "ERR_CONNECTION_REFUSED"
        page.open(ALPS)
        page.until("it drawn", "aerotrack.place('b00001')")
        port = server.port
    page.until("the loss", "aerotrack.state !== 'open'")
    page.until(
        "it said", "document.querySelector('.status').textContent.includes('Connection lost')"
    )
    # What was known is still shown, and older by the second.
    assert page.js("aerotrack.drawn") == 1
    with Server(place, "--port", str(port)) as again:
        page.until("it back", "aerotrack.state === 'open'")
        posted(again, "b00002", lat=46.5)
        page.until("what is new", "aerotrack.place('b00002')")
        page.leave()
