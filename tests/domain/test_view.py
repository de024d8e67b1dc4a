"""A client of the live stream converges to a fresh snapshot of its view, whatever happens."""

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aerotrack.domain.changes import Change
from aerotrack.domain.geo import Box, box
from aerotrack.domain.held import HeldPicture
from aerotrack.domain.picture import LivePicture
from aerotrack.domain.view import INTERVALS, PART_BYTES, Beat, View, interval_for

NOW = 1_764_000_000.0
ICAOS = ["4ca2d6", "3c6444", "a0b1c2", "~00ff01"]


def fresh(picture: LivePicture, look: Box | None) -> dict[str, dict[str, Any]]:
    """What a client that connects now would hold."""
    held = HeldPicture()
    for part in View(look).snapshot(picture, NOW):
        held.apply(orjson.loads(part))
    assert held.complete
    return held.comparable()


def put(picture: LivePicture, icao24: str, **changed: Any) -> None:
    """A flight with these fields in the picture."""
    picture.apply(
        icao24,
        f"{icao24}-00000001",
        tuple(changed.items()),
        whole=picture.get(icao24) is None,
        time_position=NOW,
        last_contact=NOW,
    )


def change(picture: LivePicture, icao24: str, pairs: tuple[tuple[str, Any], ...]) -> Change:
    """A report of a flight that is in the picture."""
    entry = picture.get(icao24)
    assert entry is not None
    return Change(entry, pairs)


def test_a_snapshot_larger_than_a_part_comes_in_parts_and_the_last_says_so() -> None:
    picture = LivePicture()
    for number in range(9000):
        put(picture, f"{number:06x}", lat=1.0, lon=2.0, callsign=f"TST{number}")
    parts = list(View(None).snapshot(picture, NOW))
    assert len(parts) > 1
    assert max(map(len, parts)) < PART_BYTES + 12_000
    assert [True] * (len(parts) - 1) + [None] == [orjson.loads(p).get("more") for p in parts]
    assert len(fresh(picture, None)) == 9000


def test_a_delta_holds_what_changed_and_no_more() -> None:
    picture, beat = LivePicture(), Beat(1.0, NOW)
    put(picture, "4ca2d6", lat=50.0, lon=8.0, callsign="RYR1")
    view = beat.views[1] = View(None)
    list(view.snapshot(picture, NOW))
    for lat in (50.1, 50.2):
        put(picture, "4ca2d6", lat=lat)
        beat.note(change(picture, "4ca2d6", (("lat", lat),)), whole=False, received=7.0 + lat)
    [(client, payload, received)] = beat.frames(picture, NOW)
    frame = orjson.loads(payload)
    assert (client, received) == (1, 57.1)
    assert frame["flights"] == [{"icao24": "4ca2d6", "lat": 50.2}]
    assert list(beat.frames(picture, NOW)) == []


def test_a_position_older_than_a_second_says_how_old_it_is() -> None:
    picture, beat = LivePicture(), Beat(1.0, NOW)
    put(picture, "4ca2d6", lat=50.0, lon=8.0)
    list(beat.views.setdefault(1, View(None)).snapshot(picture, NOW))
    put(picture, "4ca2d6", lat=50.1)
    beat.note(change(picture, "4ca2d6", (("lat", 50.1),)), whole=False, received=0.0)
    [(_, payload, _)] = beat.frames(picture, NOW + 1.5)
    assert orjson.loads(payload)["flights"][0]["time_position"] == NOW


@given(st.floats(0.1, 60.0))
def test_frames_come_no_sooner_than_wanted_and_the_intervals_in_use_are_few(wanted: float) -> None:
    assert wanted <= interval_for(wanted) <= 2 * wanted
    assert 16 == len(INTERVALS)


def test_any_news_of_a_flight_say_how_old_its_position_is() -> None:
    picture, beat = LivePicture(), Beat(1.0, NOW)
    put(picture, "4ca2d6", lat=50.0, lon=8.0)
    list(beat.views.setdefault(1, View(None)).snapshot(picture, NOW))
    put(picture, "4ca2d6", gs=410.0)
    beat.note(change(picture, "4ca2d6", (("gs", 410.0),)), whole=False, received=0.0)
    [(_, payload, _)] = beat.frames(picture, NOW + 30)
    assert {"icao24": "4ca2d6", "gs": 410.0, "time_position": NOW} == orjson.loads(payload)[
        "flights"
    ][0]


def test_a_flight_of_unknown_position_is_seen_by_those_who_look_at_everything() -> None:
    picture = LivePicture()
    put(picture, "4ca2d6", callsign="RYR1")
    assert list(fresh(picture, None)) == ["4ca2d6"]
    assert list(fresh(picture, box(-180, -90, 180, 90))) == []


BOXES = st.sampled_from(
    [
        None,
        box(-180, -90, 180, 90),
        box(0, 40, 10, 60),
        box(170, -20, -170, 20),
        box(0, -90, 5, -80),
    ]
)
LATS = st.sampled_from([50.0, 50.5, 0.0, -85.0, 89.0])
LONS = st.sampled_from([8.0, 4.0, 175.0, -175.0, -180.0, 11.0])


class Stream(RuleBasedStateMachine):
    """Flights that come, move, change and go; clients that look, turn away, stall and come back."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = LivePicture()
        self.beats = [Beat(0.1, NOW), Beat(1.0, NOW)]
        self.clients: dict[int, tuple[int, View, HeldPicture]] = {}
        self.count = 0

    @rule(icao24=st.sampled_from(ICAOS), lat=LATS, lon=LONS)
    def moves(self, icao24: str, lat: float, lon: float) -> None:
        self._change(icao24, (("lat", lat), ("lon", lon)))

    @rule(icao24=st.sampled_from(ICAOS), name=st.sampled_from(["squawk", "callsign"]),
          value=st.sampled_from(["1000", "7700", None]))  # fmt: skip
    def changes(self, icao24: str, name: str, value: str | None) -> None:
        self._change(icao24, ((name, value),))

    def _change(self, icao24: str, changed: tuple[tuple[str, Any], ...]) -> None:
        whole = self.picture.get(icao24) is None
        entry, _ = self.picture.apply(
            icao24, f"{icao24}-{self.count:08x}" if whole else self._id(icao24), changed,
            whole=whole, time_position=NOW, last_contact=NOW,
        )  # fmt: skip
        change = Change(entry, changed)
        for beat in self.beats:
            beat.note(change, whole=whole, received=0.0)

    def _id(self, icao24: str) -> str:
        entry = self.picture.get(icao24)
        assert entry is not None
        return entry.flight_id

    @rule(icao24=st.sampled_from(ICAOS), reason=st.sampled_from(["stale", "ended"]))
    def goes(self, icao24: str, reason: str) -> None:
        self.count += 1
        if self.picture.get(icao24) is not None:
            flight_id = self._id(icao24)
            assert self.picture.remove(icao24, flight_id)
            for beat in self.beats:
                beat.note_gone(icao24, flight_id, reason, None)

    @rule(client=st.integers(1, 3), beat=st.integers(0, 1), look=BOXES)
    def subscribes(self, client: int, beat: int, look: Box | None) -> None:
        if client in self.clients:
            old, view, held = self.clients[client]
            view.miss(self.beats[old].pending, self.beats[old].gone)
            view.move(look, self.picture)
            del self.beats[old].views[client]
        else:
            view, held = View(look), HeldPicture()
            for part in view.snapshot(self.picture, NOW):
                held.apply(orjson.loads(part))
        self.beats[beat].views[client] = view
        self.clients[client] = (beat, view, held)

    @rule(client=st.integers(1, 3), writable=st.booleans())
    def reads(self, client: int, writable: bool) -> None:
        if client in self.clients:
            self.clients[client][1].writable = writable

    @rule(client=st.integers(1, 3))
    def leaves(self, client: int) -> None:
        if client in self.clients:
            beat, _, _ = self.clients.pop(client)
            del self.beats[beat].views[client]

    @rule(beat=st.integers(0, 1))
    def prepares(self, beat: int) -> None:
        self.beats[beat].prepare()

    @rule(beat=st.integers(0, 1))
    def beats_once(self, beat: int) -> None:
        for client, payload, _ in self.beats[beat].frames(self.picture, NOW):
            self.clients[client][2].apply(orjson.loads(payload))

    @invariant()
    def a_client_that_reads_holds_its_view_after_a_beat(self) -> None:
        for beat in (0, 1):
            self.beats_once(beat)
        for _, view, held in self.clients.values():
            if view.writable:
                assert fresh(self.picture, view.box) == held.comparable()


class LazyStream(Stream):
    """The same without a beat after every step: changes pile up, and views move meanwhile."""

    @invariant()
    def a_client_that_reads_holds_its_view_after_a_beat(self) -> None:
        pass

    def teardown(self) -> None:
        for _, view, _ in self.clients.values():
            view.writable = True
        Stream.a_client_that_reads_holds_its_view_after_a_beat(self)


TestStream = Stream.TestCase
TestLazyStream = LazyStream.TestCase
TestStream.settings = TestLazyStream.settings = settings(max_examples=60, stateful_step_count=40)


@given(st.lists(st.tuples(LATS, LONS), min_size=1, max_size=20), BOXES)
def test_every_view_shows_exactly_the_flights_inside_it(
    places: list[tuple[float, float]], look: Box | None
) -> None:
    picture = LivePicture()
    for number, (lat, lon) in enumerate(places):
        put(picture, f"{number:06x}", lat=lat, lon=lon)
    inside = [f"{n:06x}" for n, p in enumerate(places) if look is None or look.contains(*p)]
    assert inside == list(fresh(picture, look))


def test_a_client_that_missed_a_beat_gets_the_whole_of_what_changed() -> None:
    picture, beat = LivePicture(), Beat(1.0, NOW)
    put(picture, "4ca2d6", lat=50.0, lon=8.0)
    view = beat.views[1] = View(None)
    held = HeldPicture()
    for part in view.snapshot(picture, NOW):
        held.apply(orjson.loads(part))
    view.writable = False
    put(picture, "4ca2d6", squawk="7700")
    beat.note(change(picture, "4ca2d6", (("squawk", "7700"),)), whole=False, received=0.0)
    assert list(beat.frames(picture, NOW)) == []
    view.writable = True
    put(picture, "4ca2d6", lat=50.1)
    beat.note(change(picture, "4ca2d6", (("lat", 50.1),)), whole=False, received=0.0)
    [(_, payload, _)] = beat.frames(picture, NOW)
    held.apply(orjson.loads(payload))
    assert fresh(picture, None) == held.comparable()
    assert orjson.loads(payload)["flights"][0]["full"]
