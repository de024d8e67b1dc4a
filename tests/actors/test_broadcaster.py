"""The broadcaster actor: snapshots, deltas on the beat, moving views, clients that stall."""

from typing import Any

import orjson

from aerotrack.actors.broadcaster import Broadcaster
from aerotrack.actors.messages import (
    EventRecorded,
    FlightChanged,
    FlightGone,
    GetPicture,
    SetWritable,
    Subscribe,
    Tick,
    Unsubscribe,
)
from aerotrack.domain.geo import Box
from aerotrack.domain.held import HeldPicture
from aerotrack.domain.records import FlightEvent, flight_key
from aerotrack.domain.stream.filters import FlightFilter
from aerotrack.domain.stream.layers import FILTERS_MOST
from aerotrack.domain.types import Value

T0 = 1_764_000_000.0
# Served by cells of four degrees: what lies within four degrees of an edge may be shown too.
EAST, WEST = Box(0.0, 40.0, 19.0, 59.0), Box(-20.0, 40.0, -1.0, 59.0)


def changed(icao24: str, *, whole: bool = False, **fields: Value) -> FlightChanged:
    """A flight reports these fields."""
    return FlightChanged(
        icao24, f"{icao24}-00000001", tuple(fields.items()), whole, T0, T0, received=3.0
    )


class Scene:
    """A broadcaster and its clients."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.broadcaster = driver.create(Broadcaster)
        self.clients: dict[int, tuple[Any, HeldPicture]] = {}
        self.asker = driver.collector()

    def tell(self, *messages: object) -> None:
        for message in messages:
            self.driver.tell(self.broadcaster, message, self.asker.address)
        self.driver.settle()

    def subscribe(self, client: int, box: Box | None, interval: float = 1.0) -> None:
        sink, _ = self.clients.setdefault(client, (self.driver.collector(), HeldPicture()))
        self.tell(Subscribe(client, sink.address, box, interval, T0))

    def frames(self, client: int) -> list[dict[str, Any]]:
        """The frames since the last look, applied to what the client holds."""
        sink, held = self.clients[client]
        frames = [orjson.loads(message.payload) for message in sink.messages]
        sink.clear()
        for frame in frames:
            held.apply(frame)
        return frames

    def held(self, client: int) -> dict[str, dict[str, Any]]:
        self.frames(client)
        return self.clients[client][1].flights


def test_a_subscriber_gets_a_snapshot_then_deltas_on_its_beat(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=8.0))
    scene.subscribe(1, None)
    scene.tell(changed("4ca2d6", lat=50.1), Tick(T0 + 0.5))
    [snapshot] = scene.frames(1)
    assert ("snapshot", 50.0) == (snapshot["type"], snapshot["flights"][0]["lat"])
    scene.tell(changed("4ca2d6", lat=50.2), Tick(T0 + 1.0))
    [delta] = scene.frames(1)
    assert [{"icao24": "4ca2d6", "lat": 50.2}] == delta["flights"]
    assert 1 == delta["seq"] - snapshot["seq"]
    assert delta["pos"] > snapshot["pos"]


def test_a_beat_without_a_change_sends_nothing(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=8.0))
    scene.subscribe(1, None)
    scene.frames(1)
    scene.tell(changed("4ca2d6"), Tick(T0 + 1), Tick(T0 + 2))
    assert [] == scene.frames(1)


def test_clients_see_what_crosses_into_and_out_of_their_views(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=5.0, callsign="A1"))
    scene.subscribe(1, EAST)
    scene.subscribe(2, WEST)
    scene.tell(changed("4ca2d6", lon=-5.0), Tick(T0 + 1))
    assert ["left_view"] == [gone["reason"] for gone in scene.frames(1)[-1]["gone"]]
    [entered] = scene.frames(2)[-1]["flights"]
    assert (True, "A1", -5.0) == (entered["full"], entered["callsign"], entered["lon"])


def test_moving_the_view_is_answered_at_once_by_what_enters_and_leaves(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=5.0))
    scene.tell(changed("3c6444", whole=True, lat=50.0, lon=-5.0))
    scene.subscribe(1, EAST)
    scene.frames(1)
    scene.subscribe(1, WEST)
    [moved] = scene.frames(1)
    assert "delta" == moved["type"]
    assert ["4ca2d6"] == [gone["icao24"] for gone in moved["gone"]]
    assert ["3c6444"] == [flight["icao24"] for flight in moved["flights"]]


def test_changing_the_interval_loses_no_change(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=8.0))
    scene.tell(changed("3c6444", whole=True, lat=51.0, lon=8.0))
    scene.subscribe(1, None, interval=1.0)
    scene.tell(
        changed("4ca2d6", lat=50.5), FlightGone("3c6444", "3c6444-00000001", "stale", None, T0)
    )
    scene.subscribe(1, None, interval=0.1)
    scene.tell(Tick(T0 + 0.2))
    assert ["4ca2d6"] == list(scene.held(1))
    assert 50.5 == scene.held(1)["4ca2d6"]["lat"]


def test_a_flight_that_ends_is_gone_with_reason_and_cause(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=8.0))
    scene.subscribe(1, None)
    scene.tell(FlightGone("4ca2d6", "4ca2d6-00000001", "ended", "silence", T0), Tick(T0 + 1))
    [gone] = scene.frames(1)[-1]["gone"]
    assert {
        "icao24": "4ca2d6", "flight_id": "4ca2d6-00000001", "reason": "ended", "cause": "silence",
    } == gone  # fmt: skip


def test_a_stalled_client_gets_the_latest_state_when_it_reads_again(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=8.0))
    scene.tell(changed("3c6444", whole=True, lat=51.0, lon=8.0))
    scene.subscribe(1, None, interval=0.1)
    scene.frames(1)
    scene.tell(SetWritable(1, False))
    for step in range(1, 50):
        scene.tell(changed("4ca2d6", lat=50.0 + step / 100), Tick(T0 + step))
    scene.tell(FlightGone("3c6444", "3c6444-00000001", "stale", None, T0), Tick(T0 + 50))
    assert [] == scene.frames(1)
    scene.tell(SetWritable(1, True), Tick(T0 + 51))
    [frame] = scene.frames(1)
    assert (["3c6444"], [50.49]) == (
        [g["icao24"] for g in frame["gone"]], [f["lat"] for f in frame["flights"]],
    )  # fmt: skip


def test_after_unsubscribing_nothing_comes(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.subscribe(1, None)
    scene.frames(1)
    gone = (Unsubscribe(1, closed=True), Unsubscribe(1, closed=True))
    scene.tell(*gone, changed("4ca2d6", whole=True, lat=1.0, lon=1.0), Tick(T0 + 1))
    assert [] == scene.frames(1)


def test_who_subscribes_again_gets_a_snapshot_and_the_sequence_goes_on(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=1.0))
    scene.subscribe(1, EAST)
    scene.tell(Unsubscribe(1, closed=False), changed("4ca2d6", lat=50.5), Tick(T0 + 1))
    scene.subscribe(1, WEST)
    scene.subscribe(1, EAST)
    frames = scene.frames(1)
    assert [("snapshot", 1), ("snapshot", 2), ("delta", 3)] == [
        (f["type"], f["seq"]) for f in frames
    ]
    assert 50.5 == scene.held(1)["4ca2d6"]["lat"]


def test_the_picture_is_answered_by_box_and_by_feed(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=1.0, feed="load"))
    scene.tell(changed("3c6444", whole=True, lat=50.0, lon=-1.0, feed="home"))
    scene.tell(GetPicture(T0, EAST, None), GetPicture(T0, None, "home"), GetPicture(T0, None, None))
    answers = [
        sorted(orjson.loads(entry)["icao24"] for entry in message.entries)
        for message in scene.asker.messages
    ]
    assert [["4ca2d6"], ["3c6444"], ["3c6444", "4ca2d6"]] == answers


def test_who_stalled_left_and_subscribes_again_gets_deltas(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=1.0))
    scene.subscribe(1, None)
    scene.tell(SetWritable(1, False), Unsubscribe(1, closed=False))
    scene.subscribe(1, None)
    scene.tell(changed("4ca2d6", lat=50.5), Tick(T0 + 1))
    assert 50.5 == scene.held(1)["4ca2d6"]["lat"]


def test_a_clock_set_back_holds_up_no_frame(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=1.0))
    scene.subscribe(1, None)
    scene.frames(1)
    then = T0 - 3600
    for tenth in range(21):
        scene.tell(changed("4ca2d6", lat=50.0 + tenth / 10), Tick(then + tenth / 10))
    assert [50.0, 51.0, 52.0] == [frame["flights"][0]["lat"] for frame in scene.frames(1)]


def test_a_position_that_is_confirmed_where_it_was_does_not_age(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=8.0, callsign="A1"))
    scene.subscribe(1, None)
    confirmed = FlightChanged("4ca2d6", "4ca2d6-00000001", (), False, T0 + 30, T0 + 30, 33.0)
    scene.tell(confirmed, Tick(T0 + 30.5))
    assert T0 + 30.5 == scene.held(1)["4ca2d6"]["time_position"]
    heard_only = FlightChanged("4ca2d6", "4ca2d6-00000001", (), False, T0 + 30, T0 + 60, 63.0)
    scene.tell(heard_only, Tick(T0 + 60))
    assert [] == scene.frames(1)


def test_the_frames_of_many_clients_and_the_parts_of_a_world_come_in_slices(
    actor_system: Any,
) -> None:
    scene = Scene(actor_system)
    for number in range(3000):
        scene.driver.tell(
            scene.broadcaster,
            changed(f"{number:06x}", whole=True, lat=1.0, lon=2.0, callsign="T" * 300),
        )
    scene.subscribe(1, None)
    assert [*[True] * 5, None] == [frame.get("more") for frame in scene.frames(1)]
    assert 3000 == len(scene.held(1))
    for client in range(2, 450):
        scene.subscribe(client, EAST)
    scene.tell(changed("000001", lat=50.0), Tick(T0 + 1))
    assert {"delta"} == {scene.frames(client)[-1]["type"] for client in range(2, 450)}


def test_one_distinct_filter_too_many_is_refused_and_the_view_stays(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=1.0))
    scene.subscribe(1, None)
    for number in range(FILTERS_MOST):
        which = FlightFilter((("callsign", (f"A{number}",)),))
        sink = scene.driver.collector()
        scene.tell(Subscribe(number + 2, sink.address, None, 1.0, T0, which))
    scene.frames(1)
    sink, _ = scene.clients[1]
    which = FlightFilter(emergency=True)
    scene.tell(Subscribe(1, sink.address, None, 1.0, T0, which, request_id=7))
    [refused] = sink.messages
    assert ("too_many_filters", 7) == (refused.code, refused.request_id)
    sink.clear()
    scene.tell(changed("4ca2d6", lat=50.5), Tick(T0 + 1))
    assert 50.5 == scene.held(1)["4ca2d6"]["lat"]


def test_an_event_comes_to_those_whose_view_shows_the_flight(actor_system: Any) -> None:
    scene = Scene(actor_system)
    scene.tell(changed("4ca2d6", whole=True, lat=50.0, lon=5.0, callsign="A1"))
    scene.subscribe(1, EAST)
    scene.subscribe(2, WEST)
    event = FlightEvent(flight_key("4ca2d6", 1), T0, "emergency", "7700", 50.0, 5.000001)
    scene.tell(EventRecorded(event), Tick(T0 + 1))
    assert {
        "type": "event", "seq": 2, "pos": 1, "now": T0 + 1, "event": "emergency",
        "icao24": "4ca2d6", "flight_id": "4ca2d6-00000001", "ts": T0, "callsign": "A1",
        "lat": 50.0, "lon": 5.0, "detail": "7700",
    } == scene.frames(1)[-1]  # fmt: skip
    assert ["snapshot"] == [frame["type"] for frame in scene.frames(2)]
