"""Frames at their beat: what changed, who crosses, views that move, what happened."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.geo import box
from aerotrack.domain.stream.beats import INTERVALS, interval_for

from .scene import EAST, EUROPE, NOW, Scene, flights, gone


@given(st.floats(0.1, 60.0))
def test_frames_come_no_sooner_than_wanted_and_the_intervals_in_use_are_few(wanted: float) -> None:
    assert wanted <= interval_for(wanted) <= 2 * wanted
    assert 16 == len(INTERVALS)


def test_a_delta_holds_what_changed_and_no_more() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0, callsign="RYR1")
    scene.subscribe(1, EUROPE)
    for lat in (46.1, 46.2):
        scene.change("4ca2d6", lat=lat)
    scene.tick()
    [_, delta] = scene.taken(1)
    assert [{"icao24": "4ca2d6", "lat": 46.2}] == delta["flights"]
    assert [] == delta["gone"]
    assert scene.received[-1] == NOW
    scene.tick()
    assert [] == scene.taken(1)


def test_a_client_without_a_change_under_it_is_not_visited() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    for client in range(50):
        scene.subscribe(client, EAST)
        scene.sent[client].clear()
    scene.change("4ca2d6", lat=46.1)
    [beat] = scene.stream.audience._beats.values()
    made = beat.begin(scene.stream.picture, scene.stream.pos, NOW + 1)
    assert {} == made.queue


def test_a_change_nobody_watches_is_not_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    scene.subscribe(1, EAST)
    scene.change("4ca2d6", lat=46.1)
    monkeypatch.setattr("aerotrack.domain.stream.changes.orjson.dumps", None)
    scene.tick(0.5)
    scene.tick(0.5)


def test_any_news_of_a_flight_say_how_old_its_position_is() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    scene.subscribe(1)
    scene.stream.change(
        "4ca2d6", "4ca2d6-00000001", (("gs", 410.0),), whole=False,
        time_position=NOW, last_contact=NOW + 30, received=0.0,
    )  # fmt: skip
    scene.tick(30)
    expected = {"icao24": "4ca2d6", "gs": 410.0, "time_position": NOW}
    assert [expected] == scene.taken(1)[-1]["flights"]


def test_who_crosses_is_gone_whole_or_a_delta_as_each_client_needs() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0, callsign="A")
    looks = {1: EUROPE, 2: EAST, 3: box(0, 45, 15, 50)}
    for client, look in looks.items():
        scene.subscribe(client, look)
        scene.taken(client)
    scene.change("4ca2d6", lon=12.0)
    scene.tick()
    [left], [entered], [stayed] = (scene.taken(client) for client in looks)
    assert ([("4ca2d6", "left_view")], []) == (gone(left), left["flights"])
    assert ([], True, "A") == (
        gone(entered), flights(entered)["4ca2d6"]["full"], flights(entered)["4ca2d6"]["callsign"],
    )  # fmt: skip
    assert ([], [{"icao24": "4ca2d6", "lon": 12.0}]) == (gone(stayed), stayed["flights"])


def test_clients_of_one_view_that_came_at_different_times_get_what_each_needs() -> None:
    """One joined after the flight had left and come back: it must get the whole of it."""
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    scene.subscribe(1, EUROPE)
    scene.change("4ca2d6", lon=12.0)
    scene.subscribe(2, EUROPE)
    scene.change("4ca2d6", lon=2.5)
    scene.tick()
    assert [{"icao24": "4ca2d6", "lon": 2.5}] == scene.taken(1)[-1]["flights"]
    assert scene.taken(2)[-1]["flights"][0]["full"]


def test_moving_a_view_sends_the_difference_at_once_and_nothing_twice() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=0.5)  # left behind
    scene.change("3c6444", lat=46.0, lon=4.5)  # seen before and after
    scene.change("a0b1c2", lat=46.0, lon=8.5)  # enters
    scene.subscribe(1, EUROPE)
    scene.change("3c6444", gs=400.0)
    [moved] = scene.subscribe(1, box(3, 45, 9, 50))
    assert ([("4ca2d6", "left_view")], {"a0b1c2"}) == (gone(moved), set(flights(moved)))
    scene.taken(1)
    scene.change("4ca2d6", gs=1.0)
    scene.gone("a0b1c2")
    scene.tick()
    [delta] = scene.taken(1)
    assert [{"icao24": "3c6444", "gs": 400.0}] == delta["flights"]
    assert [("a0b1c2", "stale")] == gone(delta)


def test_a_flight_that_left_where_the_view_went_is_not_gone_twice() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=12.0)
    scene.subscribe(1, EUROPE)
    scene.change("4ca2d6", lon=30.0)  # from where it will look to where it does not
    scene.subscribe(1, EAST)
    scene.tick()
    assert [] == [entry for frame in scene.taken(1)[1:] for entry in frame["gone"]]


def test_events_come_in_order_before_the_delta_and_only_once() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    scene.happens("4ca2d6", "before")
    scene.subscribe(1, EUROPE)
    scene.subscribe(2, EAST, follow=["4ca2d6"])
    for detail in ("one", "two"):
        scene.change("4ca2d6", gs=1.0)
        scene.happens("4ca2d6", detail)
        scene.subscribe(1, box(0, 45, 5.5, 50.5))
    scene.tick()
    for client in (1, 2):
        told = [(frame["type"], frame.get("detail")) for frame in scene.taken(client)]
        assert [("event", "one"), ("event", "two"), ("delta", None)] == told[1:]


def test_an_event_carries_a_position_from_which_nothing_is_missed() -> None:
    """Its own would be beyond changes that were not sent yet."""
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    scene.subscribe(1, EUROPE)
    scene.change("4ca2d6", gs=1.0)
    scene.happens("4ca2d6")
    scene.tick()
    snapshot, event, delta = scene.taken(1)
    assert snapshot["pos"] == event["pos"] < delta["pos"]


def test_the_picture_is_answered_by_box_exactly_and_by_feed() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=5.0, feed="home")
    scene.change("3c6444", lat=46.0, lon=5.1, feed="home")
    scene.change("a0b1c2", feed="load")

    def named(*wanted: Any) -> list[str]:
        return [orjson.loads(entry)["icao24"] for entry in scene.stream.inside(*wanted)]

    assert ["4ca2d6"] == named(EUROPE, None)
    assert ["4ca2d6", "3c6444"] == named(None, "home")
    assert 3 == len(named(None, None))


def test_a_flight_replaced_without_a_word_is_gone_first() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0, callsign="A")
    scene.subscribe(1)
    scene.stream.change(
        "4ca2d6", "4ca2d6-00000002", (("lat", 47.0), ("lon", 2.0)), whole=True,
        time_position=NOW, last_contact=NOW, received=0.0,
    )  # fmt: skip
    scene.tick()
    delta = scene.taken(1)[-1]
    assert ("4ca2d6-00000001", "ended", "replaced") == tuple(
        delta["gone"][0][name] for name in ("flight_id", "reason", "cause")
    )
    assert "callsign" not in delta["flights"][0]
