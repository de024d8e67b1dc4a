"""A broadcaster in one process and those that follow it in others."""

import random
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from aerotrack.actors.broadcaster import Broadcaster
from aerotrack.actors.messages import (
    ConfigureRelay,
    FlightChanged,
    FlightGone,
    GetPicture,
    PictureBatch,
    ShowPicture,
    Subscribe,
    Tick,
)
from aerotrack.actors.relay import (
    BATCH_REPORTS,
    PART_FLIGHTS,
    RELAYED,
    FollowingBroadcaster,
    RelayingBroadcaster,
)

NOW = 1_764_000_000.0
decode = msgspec.msgpack.Decoder(PictureBatch).decode


def changed(number: int, *, whole: bool = False, **fields: Any) -> FlightChanged:
    icao24 = f"{number:06x}"
    return FlightChanged(
        icao24, f"{icao24}-692159a0", tuple(fields.items()), whole, NOW, NOW + number / 10, 7.5
    )


def gone(number: int) -> FlightGone:
    return FlightGone(f"{number:06x}", f"{number:06x}-692159a0", "ended", "landed", NOW)


class Stage:
    """A relaying broadcaster and what it sends; followers get it by hand, as over a link."""

    def __init__(self, actors: Any) -> None:
        self.actors = actors
        self.sink = actors.collector()
        self.relay = actors.create(RelayingBroadcaster, ConfigureRelay(self.sink.address))
        self.followers: dict[int, Any] = {}
        self._delivered = 0

    def tell(self, *messages: Any) -> None:
        for message in messages:
            self.actors.tell(self.relay, message)
        self.actors.settle()

    @property
    def batches(self) -> list[tuple[int | None, PictureBatch]]:
        return [(one.follower, decode(one.payload)) for one in self.sink.messages]

    def follow(self, number: int) -> Any:
        """A new follower; what it is sent comes with :meth:`deliver`."""
        self.followers[number] = None
        self.actors.tell(self.relay, ShowPicture(number))
        return number

    def deliver(self) -> None:
        """Give every follower what was sent since."""
        self.actors.settle()
        batches = self.batches
        for number, batch in batches[self._delivered :]:
            if number is not None and self.followers[number] is None:
                self.followers[number] = self.actors.create(FollowingBroadcaster)
            for follower in self.followers if number is None else (number,):
                if self.followers[follower] is not None:
                    self.actors.tell(self.followers[follower], batch)
        self._delivered = len(batches)
        self.actors.settle()

    def picture(self, of: Any) -> tuple[set[bytes], int]:
        """The entries a broadcaster shows, and its position."""
        asker = self.actors.collector()
        self.actors.tell(of, GetPicture(NOW, None, None), asker.address)
        self.actors.settle()
        (picture,) = asker.messages
        return set(picture.entries), self.actors.instance(of)._stream.pos


def test_it_is_settled_what_is_relayed():
    said = get_type_hints(PictureBatch)["reports"]
    assert set(RELAYED) == set(get_args(get_args(said)[0]))
    by_others = {"Subscribe", "Unsubscribe", "SetWritable", "Tick", "GetPicture", "GetFigures",
                 "ContinueServing"}  # fmt: skip
    ours = {k for k in Broadcaster.handled_messages() if k.__module__ == Tick.__module__}
    assert set(RELAYED) == {kind for kind in ours if kind.__name__ not in by_others}


def test_reports_are_relayed_in_one_batch_at_the_tick_with_the_position_after_them(actor_system):
    stage = Stage(actor_system)
    reports = (changed(1, whole=True, lat=1.5), changed(2, whole=True, callsign="A"), gone(1))
    stage.tell(*reports, Tick(NOW))
    assert [(None, PictureBatch(reports, 3, NOW))] == stage.batches
    stage.tell(Tick(NOW + 0.1))
    assert (None, PictureBatch((), 3, NOW + 0.1)) == stage.batches[-1]


def test_values_keep_their_types_on_the_way(actor_system):
    stage = Stage(actor_system)
    report = changed(1, lat=51.0, alt_baro=35000, on_ground=False, callsign=None, nav=("a", "b"))
    stage.tell(report, Tick(NOW))
    ((_, batch),) = stage.batches
    assert repr(report) == repr(batch.reports[0])


def test_a_batch_leaves_before_the_tick_when_it_is_full(actor_system):
    stage = Stage(actor_system)
    stage.tell(*(changed(number, whole=True) for number in range(BATCH_REPORTS + 1)))
    assert [BATCH_REPORTS] == [len(batch.reports) for _, batch in stage.batches]
    stage.tell(Tick(NOW))
    assert [BATCH_REPORTS, 1] == [len(batch.reports) for _, batch in stage.batches]


def test_the_relay_answers_as_any_broadcaster_does(actor_system):
    stage = Stage(actor_system)
    stage.tell(changed(1, whole=True, lat=1.5, lon=2.5))
    entries, pos = stage.picture(stage.relay)
    assert (1, 1) == (len(entries), pos)


def test_a_picture_is_shown_in_parts_and_the_last_says_so(actor_system):
    stage = Stage(actor_system)
    flights = 2 * PART_FLIGHTS + 1
    stage.tell(*(changed(number, whole=True, lat=1.5) for number in range(flights)), Tick(NOW))
    stage.sink.clear()
    stage.follow(7)
    actor_system.settle()
    parts = [batch for number, batch in stage.batches if number == 7]
    assert [PART_FLIGHTS, PART_FLIGHTS, 1] == [len(part.reports) for part in parts]
    assert [False, False, True] == [part.complete for part in parts]
    assert {f"{n:06x}" for n in range(flights)} == {r.icao24 for p in parts for r in p.reports}


def test_an_empty_picture_is_complete_at_once(actor_system):
    stage = Stage(actor_system)
    stage.follow(1)
    actor_system.settle()
    assert [(1, PictureBatch((), 0, None, complete=True))] == stage.batches


@pytest.mark.parametrize("seed", range(5))
def test_followers_that_begin_at_any_time_hold_the_same_picture_and_position(actor_system, seed):
    stage = Stage(actor_system)
    chance = random.Random(seed)
    live: set[int] = set()
    for step in range(4_000):
        number = chance.randrange(2_500)
        if number in live and chance.random() < 0.2:
            live.discard(number)
            actor_system.tell(stage.relay, gone(number))
        else:
            fields = {chance.choice(("lat", "gs", "squawk")): chance.choice((None, 1.5, 2.5))}
            whole = number not in live
            actor_system.tell(stage.relay, changed(number, whole=whole, **fields))
            live.add(number)
        if chance.random() < 0.01:
            actor_system.tell(stage.relay, Tick(NOW + step))
        if chance.random() < 0.001:
            stage.follow(step)
        if chance.random() < 0.002:
            stage.deliver()
    stage.follow(4_000)
    actor_system.tell(stage.relay, Tick(NOW + 5_000))
    stage.deliver()
    expected = stage.picture(stage.relay)
    assert len(live) == len(expected[0])
    for follower in stage.followers.values():
        assert expected == stage.picture(follower)
    assert {} == actor_system.failures()


def test_clients_of_a_follower_get_frames_at_the_ticks_it_is_sent(actor_system):
    stage = Stage(actor_system)
    stage.tell(changed(1, whole=True, lat=1.5, lon=2.5))
    stage.follow(1)
    stage.deliver()
    client = actor_system.collector()
    subscribe = Subscribe(1, client.address, None, 0.1, NOW)
    actor_system.tell(stage.followers[1], subscribe)
    stage.tell(changed(1, lat=1.6), Tick(NOW + 1))
    stage.deliver()
    frames = [msgspec.json.decode(message.payload) for message in client.messages]
    assert ["snapshot", "delta"] == [frame["type"] for frame in frames]
    assert [1, 2] == [frame["pos"] for frame in frames]
    assert NOW + 1 == frames[1]["now"]
    assert [None, 7.5] == [message.received for message in client.messages]
