"""Filters, the chosen flight wherever it is, and events: what the map asks the server for."""

import time

import pytest

from ..system.harness import Server
from .page import Page
from .test_map import ALPS, posted

pytestmark = pytest.mark.slow

ROWS = "[...document.querySelectorAll('.table-row:not([hidden])')].map(r => r.dataset.icao24)"


def test_a_filter_is_typed_kept_in_the_address_and_done_by_the_server(
    page: Page, server: Server
) -> None:
    high = posted(server, "c00001", lat=46.6, alt_baro=39000)
    low = posted(server, "c00002", lat=46.9, alt_baro=5000)
    page.open(ALPS)
    page.until("both", f"{ROWS}.includes('{high}') && {ROWS}.includes('{low}')")
    held = page.js("aerotrack.flights")
    page.press("s")
    page.find("input[name=lowest]").send_keys("30000")
    page.until("the low one gone", f"{ROWS}.includes('{high}') && !{ROWS}.includes('{low}')")
    page.until("it not sent any more", "aerotrack.flights < arguments[0]", held)
    page.until("the address", "location.search.includes('filterAltMin=30000')")
    page.find(".status .chip").click()
    page.until("it back", f"{ROWS}.includes('{low}')")
    assert "" == page.js("document.querySelector('input[name=lowest]').value")


def test_what_the_server_cannot_filter_the_browser_does(page: Page, server: Server) -> None:
    fast = posted(server, "c00003", lat=46.6, gs=480.0)
    slow = posted(server, "c00004", lat=46.9, gs=120.0)
    page.open(ALPS + "&speedMin=300")
    page.until("only the fast", f"{ROWS}.includes('{fast}') && !{ROWS}.includes('{slow}')")


def test_the_chosen_flight_stays_when_the_view_moves_away(page: Page, server: Server) -> None:
    icao24 = posted(server, "c00005", lat=46.5)
    page.open(f"?icao={icao24}&lat=46.8&lon=9.5&zoom=8")
    page.until("it here", "aerotrack.place(arguments[0])", icao24)
    page.js("aerotrack.jump(-150, -30, 8)")
    # What else was in view is gone then, so the new view is the one that is shown.
    page.until("only it", "aerotrack.flights === 1")
    posted(server, icao24, lat=46.4, alt_baro=12345)
    page.until("its news", "document.querySelector('.panel').textContent.includes('12,345')")


def test_events_are_listed_as_they_happen_and_choose_their_flight(
    page: Page, server: Server
) -> None:
    icao24 = posted(server, "c00006", lat=46.5)
    page.open(ALPS)
    page.press("e")
    page.until("it here", "aerotrack.place(arguments[0])", icao24)
    assert "Nothing yet" in page.text(".events-list")
    posted(server, icao24, lat=46.5, squawk="7600", ts=time.time())
    page.until("the event", "document.querySelector('[data-event=emergency]')")
    assert "T0006" in page.text("[data-event=emergency]")
    page.find("[data-event=emergency] button").click()
    page.until("it chosen", "aerotrack.chosen === arguments[0]", icao24)


def test_the_figures_name_feeds_and_say_how_things_stand(page: Page, server: Server) -> None:
    posted(server, "c00007", lat=46.5)
    page.open(ALPS)
    page.press("i")
    feeds = "document.querySelector('.plain')?.textContent"
    page.until("the feed of posts", f"{feeds}?.includes('post')")
    assert "Updates a second" in page.text("dialog[open] .figures")
