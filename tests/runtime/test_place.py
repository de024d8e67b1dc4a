"""A station stands where somebody lives: what is published of it goes by a rounded place."""

from pathlib import Path

import pytest

from aerotrack.domain.flight import FlightState
from aerotrack.domain.observation import Observation, site
from aerotrack.feeds.factory import Shared
from aerotrack.feeds.url import parse_feed_url
from aerotrack.runtime.server import Server
from aerotrack.settings import Settings

LAT, LON = 51.47812, -0.46231


def server(tmp_path: Path, **given: float) -> Server:
    """A server at this place, not running."""
    return Server(Settings(data_dir=tmp_path, receiver_lat=LAT, receiver_lon=LON, **given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, (51.5, -0.5)),
        ({"publish_receiver_precision": 0.25}, (51.5, -0.5)),
        ({"publish_receiver_precision": 0.0}, (LAT, LON)),
    ],
)
def test_the_place_of_the_settings_is_published_rounded_unless_told(
    given: dict[str, float], shown: tuple[float, float], tmp_path: Path
) -> None:
    made = server(tmp_path, **given)
    assert shown == made._web_settings().receiver
    place = made._site()
    assert place is not None
    assert (LAT, LON, shown) == (place.lat, place.lon, place.shown)


def test_a_place_in_a_feeds_url_is_shown_rounded_too() -> None:
    url = parse_feed_url(f"beast://h?lat={LAT}&lon={LON}")
    assert site(LAT, LON, 0.1) == Shared(precision=0.1).site_of(url)


def test_distances_and_bearings_do_not_give_the_place_away() -> None:
    seen = []
    for place in (site(LAT, LON, 0.1), site(51.5, -0.5)):
        state = FlightState("4ca2d6", 1e9)
        state.fold(
            Observation(
                icao24="4ca2d6", ts=1e9, source="other", feed="home", lat=51.9, lon=0.3, site=place
            )
        )
        seen.append((state.values["r_dst"], state.values["r_dir"]))
    assert seen[0] == seen[1]
