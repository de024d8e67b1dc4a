"""Those who were not there: slow clients, resumed connections, snapshots in parts."""

import pytest

from aerotrack.domain.stream.audience import Limits
from aerotrack.domain.stream.stream import WINDOW_S

from .scene import EAST, EUROPE, Scene, flights, gone


def test_who_does_not_read_is_passed_over_and_gets_what_changed_whole() -> None:
    scene = Scene()
    for icao24 in ("4ca2d6", "3c6444", "a0b1c2"):
        scene.change(icao24, lat=46.0, lon=2.0)
    scene.subscribe(1, EUROPE)
    scene.taken(1)
    scene.reading(1, False)
    scene.change("4ca2d6", squawk="7700")
    scene.happens("4ca2d6")
    scene.tick()
    scene.gone("a0b1c2", "ended")
    scene.tick()
    assert [] == scene.taken(1)
    scene.reading(1, True)
    scene.tick()
    event, delta = scene.taken(1)
    assert ("event", "EDDF") == (event["type"], event["detail"])
    assert [("a0b1c2", "ended")] == gone(delta)
    assert {"4ca2d6": "7700"} == {i: entry["squawk"] for i, entry in flights(delta).items()}
    scene.change("4ca2d6", gs=3.0)
    scene.tick()
    assert [{"icao24": "4ca2d6", "gs": 3.0}] == scene.taken(1)[-1]["flights"]


def test_who_is_away_longer_than_the_window_gets_a_snapshot() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    scene.subscribe(1, EUROPE)
    scene.taken(1)
    scene.reading(1, False)
    scene.change("4ca2d6", lat=46.1)
    for _ in range(int(WINDOW_S) + 3):
        scene.tick()
    scene.reading(1, True)
    scene.tick()
    [frame] = scene.taken(1)
    assert ("snapshot", 2, 46.1) == (frame["type"], frame["seq"], frame["flights"][0]["lat"])


def test_who_resumes_gets_what_changed_since_with_what_is_gone_and_happened() -> None:
    scene = Scene()
    for icao24 in ("4ca2d6", "3c6444", "a0b1c2"):
        scene.change(icao24, lat=46.0, lon=2.0)
    [snapshot] = scene.subscribe(1, EUROPE)
    scene.stream.audience.unsubscribe(1, closed=True)
    scene.change("4ca2d6", lon=12.0)
    scene.gone("3c6444", "ended")
    scene.change("dddddd", lat=47.0, lon=1.0)
    scene.happens("a0b1c2")
    for _ in range(59):
        scene.tick()
    scene.held[2] = scene.held[1]
    scene.held[2].reconnect()
    event, delta = scene.subscribe(2, EUROPE, resume=snapshot["pos"])
    assert ("event", 1, "a0b1c2") == (event["type"], event["seq"], event["icao24"])
    assert [("3c6444", "ended"), ("4ca2d6", "left_view")] == sorted(gone(delta))
    assert {"dddddd"} == set(flights(delta))
    assert delta["pos"] == scene.stream.pos


def test_who_resumes_where_nothing_changed_hears_just_that() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    [delta] = scene.subscribe(1, EUROPE, resume=scene.stream.pos)
    assert ("delta", [], []) == (delta["type"], delta["gone"], delta["flights"])


def test_who_resumes_too_late_still_hears_what_happened_of_late() -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    before = scene.stream.pos
    scene.change("4ca2d6", lat=46.1)
    for _ in range(int(WINDOW_S) + 3):
        scene.tick()
    scene.happens("4ca2d6")
    frames = scene.subscribe(1, EUROPE, resume=before)
    assert ["event", "snapshot"] == [frame["type"] for frame in frames]


@pytest.mark.parametrize("ahead", [False, True])
def test_a_position_that_is_not_known_is_answered_by_a_snapshot(ahead: bool) -> None:
    scene = Scene()
    scene.change("4ca2d6", lat=46.0, lon=2.0)
    for _ in range(int(WINDOW_S) + 3):
        scene.tick()
    [frame] = scene.subscribe(1, EUROPE, resume=scene.stream.pos + 1 if ahead else 0)
    assert "snapshot" == frame["type"]


def test_a_large_snapshot_comes_in_parts_that_wait_for_the_client() -> None:
    scene = Scene(Limits(part_bytes=2_000))
    for number in range(100):
        scene.change(f"{number:06x}", lat=1.0, lon=2.0, callsign=f"TST{number}")
    scene.subscribe(1)
    scene.reading(1, False)
    scene.change("000050", lat=1.5)
    scene.gone("000060")
    scene.tick(0.1)
    assert 1 == len(scene.taken(1))
    scene.reading(1, True)
    scene.tick(0.1)
    parts = scene.taken(1)
    assert len(parts) > 3
    assert [True] * (len(parts) - 1) + [False] == [part.get("more", False) for part in parts]
    assert {0} == {part["pos"] - scene.stream.pos + 2 for part in parts}
    scene.tick()
    assert [("000060", "stale")] == gone(scene.taken(1)[-1])
    assert 99 == len(scene.held[1].flights)


def test_another_view_asked_for_during_a_snapshot_ends_it_and_begins_anew() -> None:
    scene = Scene(Limits(part_bytes=500))
    for number in range(100):
        scene.change(f"{number:06x}", lat=46.0, lon=2.0 + number / 10)
    scene.subscribe(1)
    frames = scene.subscribe(1, EAST)
    assert [None, True] == [frame.get("more") for frame in frames]
    scene.tick()
    assert {f"{number:06x}" for number in range(80, 100)} == set(scene.held[1].flights)


def test_who_unsubscribes_during_a_snapshot_gets_its_end_before_the_next() -> None:
    scene = Scene(Limits(part_bytes=500))
    for number in range(100):
        scene.change(f"{number:06x}", lat=46.0, lon=2.0 + number / 10)
    scene.subscribe(1)
    scene.stream.audience.unsubscribe(1, closed=False)
    assert [None, True] == [frame.get("more") for frame in scene.subscribe(1, EAST)]
    scene.tick()
    assert {f"{number:06x}" for number in range(80, 100)} == set(scene.held[1].flights)


def test_a_view_that_grows_to_a_world_gets_it_in_parts() -> None:
    scene = Scene(Limits(whole_most=10))
    for number in range(100):
        scene.change(f"{number:06x}", lat=46.0, lon=2.0 + number)
    scene.subscribe(1, EUROPE)
    assert "snapshot" == scene.subscribe(1)[0]["type"]
    assert 100 == len(scene.held[1].flights)
