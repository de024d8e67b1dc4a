"""The rules of the live stream, one by one."""

from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.geo import Box, box
from aerotrack.domain.held import HeldPicture
from aerotrack.domain.records import FlightEvent, flight_key
from aerotrack.domain.stream.audience import Frame, Limits, Wanted
from aerotrack.domain.stream.beats import INTERVALS, interval_for
from aerotrack.domain.stream.filters import FlightFilter
from aerotrack.domain.stream.layers import FILTERS_MOST, TooManyFilters
from aerotrack.domain.stream.pyramid import area_of
from aerotrack.domain.stream.stream import WINDOW_S, LiveStream

NOW = 1_764_000_000.0
EUROPE = box(0, 45, 5, 50)
EAST = box(10, 45, 15, 50)  # more than a cell away from EUROPE
RYANAIR = FlightFilter((("callsign", ("RYR",)),))


class Scene:
    """A stream, its clock, and clients that read everything at once."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.stream = LiveStream(*(() if limits is None else (limits,)))
        self.now = NOW
        self.sent: dict[int, list[dict[str, Any]]] = {}
        self.held: dict[int, HeldPicture] = {}
        self.received: list[float | None] = []

    def change(self, icao24: str, *, whole: bool = False, **fields: Any) -> None:
        new = whole or self.stream.picture.get(icao24) is None
        self.stream.change(
            icao24, f"{icao24}-00000001", tuple(fields.items()), whole=new,
            time_position=self.now, last_contact=self.now, received=self.now,
        )  # fmt: skip

    def gone(self, icao24: str, reason: str = "stale") -> None:
        self.stream.gone(icao24, f"{icao24}-00000001", reason, None)

    def happens(self, icao24: str, detail: str = "EDDF") -> None:
        event = FlightEvent(flight_key(icao24, 1), self.now, "takeoff", detail)
        self.stream.happened(event)

    def subscribe(
        self,
        client: int,
        look: Box | None = None,
        *,
        interval: float = 1.0,
        which: FlightFilter | None = None,
        follow: Iterable[str] = (),
        resume: int | None = None,
    ) -> list[dict[str, Any]]:
        wanted = Wanted(area_of(look), interval, which, frozenset(follow), resume)
        self.sent.setdefault(client, [])
        return self._deliver(self.stream.audience.subscribe(client, wanted, self.now), client)

    def tick(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self._deliver(self.stream.tick(self.now))
        while self.stream.audience.busy:
            self._deliver(self.stream.audience.work())

    def _deliver(self, frames: Iterable[Frame], client: int = 0) -> list[dict[str, Any]]:
        made = []
        for number, payload, received in frames:
            frame = orjson.loads(payload)
            self.sent[number].append(frame)
            self.held.setdefault(number, HeldPicture()).apply(frame)
            self.received.append(received)
            if number == client:
                made.append(frame)
        return made

    def reading(self, client: int, writable: bool) -> None:
        self.stream.audience.set_writable(client, writable=writable)

    def taken(self, client: int) -> list[dict[str, Any]]:
        """The frames since the last look."""
        frames, self.sent[client] = self.sent[client], []
        return frames


def flights(frame: dict[str, Any]) -> dict[str, Any]:
    return {entry["icao24"]: entry for entry in frame["flights"]}


def gone(frame: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["icao24"], entry["reason"]) for entry in frame["gone"]]


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
