"""The map in a browser: what is posted is seen, moves, can be found and chosen."""

import json
import time
from typing import Any

import pytest
from axe_selenium_python import Axe
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from ..system.harness import Server, until
from .page import PATIENCE_S, Page

pytestmark = pytest.mark.slow

ALPS = "?lat=46.8&lon=9.5&zoom=7"


def posted(server: Server, icao24: str, **fields: Any) -> str:
    """An airliner over the Alps, posted and taken in; gives its address."""
    flight: dict[str, Any] = {
        "icao24": icao24, "callsign": f"T{icao24[-4:].upper()}", "typecode": "A320",
        "lat": 46.8, "lon": 9.5, "alt_baro": 35000, "gs": 450.0, "track": 90.0, "squawk": "1000",
    }  # fmt: skip
    server.post({**flight, "ts": time.time(), **fields})
    until(f"{icao24} in the picture", lambda: icao24 in server.flights(), PATIENCE_S)
    return icao24


def chosen_place(page: Page, icao24: str) -> list[float]:
    """Where it is drawn, CSS pixels."""
    place: list[float] = page.until("its place", "aerotrack.place(arguments[0])", icao24)
    return place


def test_aircraft_appear_and_move_between_updates(page: Page, server: Server) -> None:
    icao24 = posted(server, "a00001", lat=46.7)
    page.open("?lat=46.8&lon=9.5&zoom=10")
    page.until("it drawn", "aerotrack.drawn > 0 && aerotrack.painter === 'webgl'")
    first = chosen_place(page, icao24)
    # Nothing more is posted: what moves it is its speed, 450 kt to the east.
    moved = until(
        "it to move",
        lambda: (now := chosen_place(page, icao24))[0] > first[0] + 2 and now,
        PATIENCE_S,
    )
    assert moved[1] == pytest.approx(first[1], abs=1)
    frames = page.js("aerotrack.frames")
    page.until("another frame", "aerotrack.frames > arguments[0]", frames)


def test_a_flight_is_chosen_from_the_map_and_its_panel_tells_of_it(
    page: Page, server: Server
) -> None:
    icao24 = posted(server, "a00002", lat=46.5, gs=0.1, registration="HB-TST")
    page.open(ALPS)
    page.press("t")  # the table goes
    left, top = chosen_place(page, icao24)
    canvas = page.find(".maplibregl-canvas")
    size = canvas.size
    offset = (round(left - size["width"] / 2), round(top - size["height"] / 2))
    ActionChains(page.driver).move_to_element_with_offset(canvas, *offset).click().perform()
    page.until("it chosen", "aerotrack.chosen === arguments[0]", icao24)
    assert "T0002" == page.text(".panel h2")
    assert "HB-TST · A320" == page.text(".panel .panel-name p")
    assert "35,000 ft" in page.text(".figures")
    page.until("its address", "location.search.includes('icao=a00002')")
    page.press(Keys.ESCAPE)
    page.until("it let go", "aerotrack.chosen === null")
    assert not page.find(".panel").is_displayed()


def test_the_table_sorts_and_chooses(page: Page, server: Server) -> None:
    low = posted(server, "a00003", lat=46.3, alt_baro=3000)
    high = posted(server, "a00004", lat=46.4, alt_baro=43000)
    page.open(ALPS)
    rows = "[...document.querySelectorAll('.table-row:not([hidden])')].map(r => r.dataset.icao24)"
    page.until("both, high above low", f"{rows}.indexOf('{high}') >= 0 && {rows}.includes('{low}')")
    assert high == page.js(f"{rows}[0]")
    page.find("[data-column=altitude] button").click()
    page.until("low first", f"{rows}[0] === '{low}'")
    assert "ascending" == page.find("[data-column=altitude]").get_attribute("aria-sort")
    page.find(f".table-row[data-icao24={low}]").click()
    page.until("it chosen", "aerotrack.chosen === arguments[0]", low)
    page.find(".table-scroll").send_keys(Keys.ARROW_DOWN)
    page.until(
        "the next chosen", "aerotrack.chosen !== null && aerotrack.chosen !== arguments[0]", low
    )


def test_search_finds_flights_and_airports(page: Page, server: Server) -> None:
    icao24 = posted(server, "a00005", lat=46.2, callsign="SWR123", registration="HB-JHK")
    page.open(ALPS)
    page.until("it here", "aerotrack.place(arguments[0])", icao24)
    page.press("/")
    field = page.find(".search input")
    field.send_keys("hbjh")
    page.until("it found", "document.querySelector('.results')?.textContent.includes('SWR123')")
    field.send_keys(Keys.ENTER)
    page.until("it chosen", "aerotrack.chosen === arguments[0]", icao24)
    field.send_keys("JFK")
    page.until("the airport", "document.querySelector('.results')?.textContent.includes('Kennedy')")
    field.send_keys(Keys.ENTER)
    page.until("the map there", "Math.abs(aerotrack.camera.lon + 73.78) < 0.1")


def test_the_whole_view_is_in_the_address_and_comes_back(page: Page, server: Server) -> None:
    high = posted(server, "a00006", lat=46.6, alt_baro=39000)
    low = posted(server, "a00007", lat=46.9, alt_baro=5000)
    page.open(f"?icao={high}&lat=46.8&lon=9.5&zoom=7.5&filterAltMin=10000")
    page.until("it chosen", "aerotrack.chosen === arguments[0]", high)
    rows = "[...document.querySelectorAll('.table-row:not([hidden])')].map(r => r.dataset.icao24)"
    page.until("the high one in the table", f"{rows}.includes('{high}')")
    assert low not in page.js(rows)
    assert "above 10,000 ft" in page.text(".status .chip")
    page.js("aerotrack.jump(9.8, 46.7, 8)")
    page.until("the address", "location.search.includes('zoom=8.0')")
    address = page.js("location.search")
    page.open(address)
    camera = page.js("aerotrack.camera")
    assert {"lon": 9.8, "lat": 46.7, "zoom": 8.0} == pytest.approx(camera)
    assert high == page.js("aerotrack.chosen")
    page.find(".status .chip").click()
    page.until("the low one again", f"{rows}.includes('{low}')")


def test_following_keeps_a_flight_in_the_middle(page: Page, server: Server) -> None:
    icao24 = posted(server, "a00008", lat=46.9, lon=9.9)
    page.open(f"?icao={icao24}&lat=46.8&lon=9.5&zoom=9")
    page.until("it chosen", "aerotrack.chosen === arguments[0]", icao24)
    page.press("f")
    page.until("it in the middle", "Math.abs(aerotrack.camera.lat - 46.9) < 0.02")


def test_an_emergency_stands_out_in_title_table_and_panel_and_is_said(
    page: Page, server: Server
) -> None:
    south = {"lat": -30.0, "lon": 20.0}  # away from the emergencies of other tests
    icao24 = posted(server, "a00009", **south, squawk="7700")
    page.open(f"?icao={icao24}&lat=-30&lon=20&zoom=7")
    page.until("the title", "document.title.includes('Emergency')")
    assert "Emergency, squawk 7700" == page.until(
        "the panel", "document.querySelector('.alarm')?.textContent"
    )
    assert "Emergency, squawk 7700: T0009" == page.text("[role=alert]")
    posted(server, icao24, **south, squawk="1000")
    page.until("the end of it", "document.title === 'AeroTrack'")


def test_the_keyboard_reaches_help_table_units_and_theme(page: Page, server: Server) -> None:
    posted(server, "a0000a", lat=46.1)
    page.open(ALPS)
    page.press("?")
    page.until("the sheet", "document.querySelector('dialog').open")
    assert "Follow the chosen flight" in page.text("dialog .keys")
    page.find("dialog select").send_keys(Keys.ESCAPE)
    page.until("it closed", "!document.querySelector('dialog').open")
    shown = page.find(".table").is_displayed()
    page.press("t")
    page.until("the table toggled", "true")
    assert (not shown) == page.find(".table").is_displayed()
    assert "Altitude, ft" in page.text(".legend")
    page.press("u")
    assert "Altitude, m" in page.text(".legend")
    theme = page.js("document.documentElement.dataset.theme")
    page.press("d")
    page.until("the other theme", "document.documentElement.dataset.theme !== arguments[0]", theme)


def test_on_a_phone_nothing_reaches_beyond_the_screen(page: Page, server: Server) -> None:
    icao24 = posted(server, "a0000b", lat=46.8)
    page.resize(390, 780, mobile=True)
    page.open(f"?icao={icao24}&lat=46.8&lon=9.5&zoom=6")
    page.until("the panel", "document.querySelector('.figures')")
    assert 390 >= page.js("document.documentElement.scrollWidth")
    panel = page.js("document.querySelector('.panel').getBoundingClientRect().toJSON()")
    assert (0, 390, 780) == (panel["left"], panel["right"], panel["bottom"])
    assert not page.find(".table").is_displayed()


def test_without_webgl_it_draws_all_the_same_and_says_so(page: Page, server: Server) -> None:
    posted(server, "a0000c", lat=46.8)
    page.open(ALPS + "&nowebgl")
    page.until("it drawn", "aerotrack.painter === 'canvas' && aerotrack.drawn > 0")
    page.until("it said", "document.querySelector('.status').textContent.includes('No WebGL')")


def test_assistive_technology_gets_along_with_it(page: Page, server: Server) -> None:
    icao24 = posted(server, "a0000d", lat=46.8)
    page.open(f"?icao={icao24}&lat=46.8&lon=9.5&zoom=7")
    page.until("the panel", "document.querySelector('.figures')")
    page.until("a row", "document.querySelector('.table-row')")  # a list without items is a fault
    axe = Axe(page.driver)
    axe.inject()
    # The axe-core inside the package is older than ARIA 1.2, which lets a text field be a combobox.
    options = {"rules": {"aria-allowed-role": {"enabled": False}}}
    found = axe.run(options=json.dumps(options))["violations"]
    assert {} == {one["id"]: [node["target"] for node in one["nodes"]] for one in found}
