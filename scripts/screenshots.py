"""Pictures of the map for README and docs: ``python scripts/screenshots.py``, into docs/images.

Starts a demo server with data of its own, waits until there is traffic, and takes the map in a
headless Chromium: dark and light on a desktop, and on a phone, each with a flight chosen. Needs the
tests' requirements and a built dashboard.
"""

import base64
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from selenium import webdriver

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.browser.conftest import ARGUMENTS, started_browser
from tests.system.harness import Server, until

IMAGES = Path(__file__).parents[1] / "docs" / "images"
# A clone should not grow by megabytes with each redesign.
MOST_BYTES = 300_000
FLIGHTS = 1200
TRAFFIC_TIMEOUT_S = 120.0
# Drawing in software: tiles and their labels fade in after the map says it is there.
FADED_S = 3.0


class Shot(NamedTuple):
    """A picture: the page's query, its size in CSS pixels, whether the screen is touched."""

    name: str
    query: str
    width: int
    height: int
    theme: str
    mobile: bool = False


EUROPE = "?lat=48.5&lon=8&zoom=4.6"
SHOTS = (
    Shot("map-dark.png", EUROPE, 1040, 620, "dark"),
    Shot("map-light.png", EUROPE, 1040, 620, "light"),
    Shot("map-phone.png", "?lat=49&lon=8&zoom=4.4", 390, 780, "dark", mobile=True),
)
# An airliner in flight in the middle of the picture: of those with most to tell.
CHOOSE = """
const rows = await (await fetch('api/v1/flights?bbox=-2,43,17,55')).json();
const flying = rows.flights.filter((f) => f.alt_baro > 12000 && f.callsign);
const away = (f) => Math.hypot(f.lat - 48.8, f.lon - 4.6);
flying.sort((a, b) => away(a) - away(b));
arguments[arguments.length - 1](flying[0]?.icao24 ?? null);
"""


def main() -> None:
    """Take all pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # root runs PostgreSQL as a user that must get in
        with Server(Path(place) / "data", feeds=[f"simulator://?flights={FLIGHTS}"]) as server:
            until("traffic", lambda: len(server.flights()) > FLIGHTS / 4, TRAFFIC_TIMEOUT_S)
            driver = started_browser(Path(place) / "chromium", ARGUMENTS)
            try:
                for shot in SHOTS:
                    picture = taken(driver, f"http://{server.host}:{server.port}/", shot)
                    (IMAGES / shot.name).write_bytes(picture)
                    print(f"{shot.name}: {len(picture) / 1000:.0f} kB")
                    if len(picture) > MOST_BYTES:
                        raise SystemExit(f"{shot.name} is larger than {MOST_BYTES / 1000:.0f} kB")
            finally:
                driver.quit()


def taken(driver: webdriver.Chrome, origin: str, shot: Shot) -> bytes:
    """The page as a PNG."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": shot.width, "height": shot.height, "deviceScaleFactor": 1, "mobile": shot.mobile},
    )
    scheme = [{"name": "prefers-color-scheme", "value": shot.theme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    driver.get(f"{origin}api")
    chosen = until(
        "a flight to choose",
        lambda: driver.execute_async_script(f"(async () => {{{CHOOSE}}}).apply(null, arguments)"),
    )
    driver.get(f"{origin}{shot.query}&icao={chosen}")
    ready = (
        "return window.aerotrack?.idle && aerotrack.drawn > 20 && !!aerotrack.place(arguments[0])"
    )
    until("the map drawn", lambda: driver.execute_script(ready, chosen), TRAFFIC_TIMEOUT_S)
    time.sleep(FADED_S)
    return base64.b64decode(driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"])


if __name__ == "__main__":
    main()
