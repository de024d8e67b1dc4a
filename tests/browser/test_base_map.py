"""The base map: land and sea where they belong, on both sides of the antimeridian."""

import pytest

from .page import Page

pytestmark = pytest.mark.slow

LAND = {
    "France": (2.5, 47.0),
    "Chukotka, east of 180": (-175.5, 66.5),
    "Chukotka, west of 180": (177.0, 67.0),
    "Taveuni, Fiji": (-179.95, -16.85),
    "Antarctica": (100.0, -75.0),
    "Marie Byrd Land": (-135.0, -78.0),
    "Greenland": (-40.0, 72.0),
    "New Zealand": (175.5, -39.0),
}
SEA = {
    "Atlantic": (-35.0, 40.0),
    "Pacific at 180": (179.9, 30.0),
    "Pacific beyond 180": (-179.9, 30.0),
    "Bering Sea": (-179.0, 58.0),
    "Southern Ocean": (-120.0, -60.0),
    "Arctic Ocean": (170.0, 78.0),
    "Fiji's sea": (-178.5, -19.5),
    "Null Island, which is none": (0.0, 0.0),
}
# Too small to be there at zoom 2.
SMALL = {"Taveuni, Fiji"}


@pytest.mark.parametrize("zoom", [2, 6])
def test_land_is_land_and_sea_is_sea(page: Page, zoom: int) -> None:
    page.open(f"?lat=47&lon=2.5&zoom={zoom}")
    found: dict[str, bool] = {}
    for name, (lon, lat) in {**LAND, **SEA}.items():
        page.js("aerotrack.jump(...arguments)", lon, lat, zoom)
        page.until(f"the tiles of {name}", "aerotrack.idle")
        found[name] = "land" in page.js("aerotrack.layersAt(...arguments)", lon, lat)
    small = SMALL if zoom == 2 else set()
    expected = {name: name in LAND for name in {**LAND, **SEA}}
    assert {name: is_land for name, is_land in expected.items() if name not in small} == {
        name: is_land for name, is_land in found.items() if name not in small
    }


def test_runways_are_there_from_zoom_ten(page: Page) -> None:
    page.open("?lat=51.4776&lon=-0.46&zoom=9")
    northern = (-0.46, 51.4776)  # Heathrow, 09L/27R
    assert "runway" not in page.js("aerotrack.layersAt(...arguments)", *northern)
    page.js("aerotrack.jump(...arguments)", *northern, 12)
    page.until(
        "the runway",
        "aerotrack.idle && aerotrack.layersAt(...arguments).includes('runway')",
        *northern,
    )
