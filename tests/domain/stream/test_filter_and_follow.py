"""Views narrowed by a filter, and flights followed wherever they are."""

from typing import Any

import pytest

from aerotrack.domain.stream.filters import FlightFilter
from aerotrack.domain.stream.layers import FILTERS_MOST, TooManyFilters
from aerotrack.domain.stream.stream import WINDOW_S

from .scene import EUROPE, RYANAIR, Scene, flights, gone


def test_a_filter_shows_what_passes_and_says_when_it_does_no_more() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0, callsign="RYR1")
    scene.change("3c6444", lat=46.0, lon=2.0, callsign="DLH1")
    [snapshot] = scene.subscribe(1, EUROPE, which=RYANAIR)
    assert {"4ca2d6"} == set(flights(snapshot))
    scene.taken(1)
    scene.change("4ca2d6", callsign="DLH2")
    scene.change("3c6444", callsign="RYR2")
    scene.tick()
    [delta] = scene.taken(1)
    assert [("4ca2d6", "filtered")] == gone(delta)
    assert {"3c6444": True} == {i: entry["full"] for i, entry in flights(delta).items()}


def test_a_filter_judges_a_flight_once_and_only_where_it_looks_at_what_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0, callsign="RYR1")
    for client in range(20):
        scene.subscribe(client, EUROPE, which=RYANAIR)
    judged: list[Any] = []

    def passes(self: FlightFilter, values: Any) -> bool:
        judged.append(values)
        return True

    monkeypatch.setattr(FlightFilter, "passes", passes)
    scene.change("4ca2d6", lat=46.1)
    assert 0 == len(judged)
    scene.change("4ca2d6", callsign="RYR2")
    assert 1 == len(judged)


def test_one_distinct_filter_too_many_is_refused_until_one_was_unused_for_the_window() -> None:
    scene = Scene()
    for number in range(FILTERS_MOST):
        scene.subscribe(number, which=FlightFilter((("callsign", (f"A{number}",)),)))
    scene.subscribe(100, which=FlightFilter((("callsign", ("A1",)),)))
    with pytest.raises(TooManyFilters):
        scene.subscribe(101, which=RYANAIR)
    scene.stream.audience.unsubscribe(5, closed=True)
    assert "snapshot" == scene.subscribe(101, which=RYANAIR)[0]["type"]
    assert FILTERS_MOST == scene.stream.filters
    for number in range(110):
        scene.stream.audience.unsubscribe(number, closed=True)
    for _ in range(int(2 * WINDOW_S)):
        scene.tick()
    assert 0 == scene.stream.filters


def test_a_followed_flight_is_shown_wherever_it_is_and_whatever_the_filter_says() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=-30.0, lon=100.0, callsign="DLH1")
    scene.change("3c6444", lat=46.0, lon=2.0, callsign="DLH2")
    [snapshot] = scene.subscribe(1, EUROPE, which=RYANAIR, follow=["4ca2d6", "ffffff"])
    assert {"4ca2d6"} == set(flights(snapshot))
    scene.taken(1)
    scene.change("4ca2d6", lon=101.5)
    scene.tick()
    assert [{"icao24": "4ca2d6", "lon": 101.5}] == scene.taken(1)[-1]["flights"]
    scene.gone("4ca2d6", "ended")
    scene.change("ffffff", callsign="X")
    scene.tick()
    [delta] = scene.taken(1)
    assert ([("4ca2d6", "ended")], {"ffffff"}) == (gone(delta), set(flights(delta)))


def test_a_followed_flight_in_the_view_is_told_once_and_never_leaves_it() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    scene.subscribe(1, EUROPE, follow=["4ca2d6"])
    for lon in (2.1, 3.1, 12.0, 2.0):
        scene.taken(1)
        scene.change("4ca2d6", lon=lon)
        scene.tick()
        [delta] = scene.taken(1)
        assert ([], [{"icao24": "4ca2d6", "lon": lon}]) == (delta["gone"], delta["flights"])
