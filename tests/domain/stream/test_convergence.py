"""A client of the live stream converges to a fresh snapshot of its view, whatever happens.

What it should hold is told by the plainest model there is: dictionaries, and the rule which cells a
view covers. The client applies its frames as any would (``aerotrack.domain.held``), which also sees
to it that nothing is gone that was not there, and nothing changes that was not there.
"""

from collections import deque
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aerotrack.domain.geo import box
from aerotrack.domain.held import HeldPicture
from aerotrack.domain.live import Filter
from aerotrack.domain.records import FlightEvent, flight_key
from aerotrack.domain.stream.audience import Frame, Limits, Wanted
from aerotrack.domain.stream.filters import FlightFilter, filter_of
from aerotrack.domain.stream.pyramid import NOWHERE, Area, area_of, place_of
from aerotrack.domain.stream.stream import LiveStream

NOW = 1_764_000_000.0
ICAOS = ["4ca2d6", "3c6444", "a0b1c2", "~00ff01"]
BOXES = [
    None,
    box(-180, -90, 180, 90),
    box(0, 40, 10, 60),
    box(4, 50, 5, 51),
    box(6, 48, 11, 53),
    box(170, -20, -170, 20),
    box(0, -90, 5, -80),
    box(-180, 85, 180, 90),
]
# Around the edges of those boxes and of their cells, the poles and the antimeridian.
LATS = [50.0, 50.99999, 51.0, 52.5, 0.0, -85.0, 89.0, 90.0, -90.0]
LONS = [5.0, 5.99999, 6.0, 4.0, 11.0, 12.1, 175.0, -175.0, -180.0, 180.0, 0.0]
FILTERS = [
    None,
    Filter(callsign="RYR"),
    Filter(squawk=("7700", "1")),
    Filter(alt_baro=(0, 10_000), on_ground=False),
    Filter(emergency=True),
]
FIELDS: list[tuple[str, Any]] = [
    ("squawk", "1000"), ("squawk", "7700"), ("squawk", None), ("callsign", "RYR1"),
    ("callsign", "DLH2"), ("alt_baro", 5_000), ("alt_baro", 35_000), ("on_ground", False),
    ("on_ground", True), ("emergency", "general"), ("emergency", None),
]  # fmt: skip
FOLLOWS: list[frozenset[str]] = [frozenset(), frozenset(["4ca2d6"]), frozenset(ICAOS[:2])]
INTERVALS = [0.1, 1.0]

Look = tuple[Area, FlightFilter | None, frozenset[str]]


class Client:
    """A client's end: what was sent and not read yet, and what it holds by what it read."""

    def __init__(self, look: Look) -> None:
        self.held = HeldPicture()
        self.look = look
        self.inbox: deque[tuple[Look, dict[str, Any]]] = deque()
        self.read_look = look  # the view it had when the last frame it read was made
        self.owed: list[str] = []  # events its view showed, by their detail
        self.told: set[str] = set()  # those that came
        self.unanswered: set[int] = set()  # by seq: frames before the last of a new view's answer

    @property
    def may_resume(self) -> bool:
        """Whether it holds a view, and no new one was asked for and not answered yet."""
        return self.held.complete and self.held.seq not in self.unanswered

    def read(self, most: int) -> None:
        for _ in range(min(most, len(self.inbox))):
            self.read_look, frame = self.inbox.popleft()
            self.held.apply(frame)
            if frame["type"] == "event":
                self.told.add(frame["detail"])


class Stream(RuleBasedStateMachine):
    """Flights that come, move, change and go; clients that look, stall, lose their line, resume."""

    limits = Limits(clients_a_slice=1, whole_most=2, part_bytes=1)

    def __init__(self) -> None:
        super().__init__()
        self.stream = LiveStream(self.limits)
        self.now = NOW
        self.flights: dict[str, dict[str, Any]] = {}
        self.clients: dict[int, Client] = {}
        self.unwritable: set[int] = set()
        self.count = 0
        self.next_client = 0

    # -- flights

    @rule(icao24=st.sampled_from(ICAOS), lat=st.sampled_from(LATS), lon=st.sampled_from(LONS))
    def moves(self, icao24: str, lat: float, lon: float) -> None:
        self._report(icao24, {"lat": lat, "lon": lon})

    @rule(icao24=st.sampled_from(ICAOS), field=st.sampled_from(FIELDS))
    def changes(self, icao24: str, field: tuple[str, Any]) -> None:
        self._report(icao24, dict([field]))

    @rule(icao24=st.sampled_from(ICAOS))
    def loses_its_position(self, icao24: str) -> None:
        self._report(icao24, {"lat": None, "lon": None})

    @rule(icao24=st.sampled_from(ICAOS), lat=st.sampled_from(LATS), lon=st.sampled_from(LONS))
    def is_replaced_by_another_flight(self, icao24: str, lat: float, lon: float) -> None:
        self.count += 1
        self.flights.pop(icao24, None)
        self._report(icao24, {"lat": lat, "lon": lon})

    def _report(self, icao24: str, changed: dict[str, Any]) -> None:
        whole = icao24 not in self.flights
        if whole:
            self.count += 1
            named = {"icao24": icao24, "flight_id": f"{icao24}-{self.count:08x}"}
            self.flights[icao24] = named
        flight = self.flights[icao24]
        flight.update(changed)
        for name in [name for name, value in flight.items() if value is None]:
            del flight[name]
        self.stream.change(
            icao24, flight["flight_id"], tuple(changed.items()), whole=whole,
            time_position=self.now, last_contact=self.now, received=0.0,
        )  # fmt: skip

    @rule(icao24=st.sampled_from(ICAOS), reason=st.sampled_from(["stale", "ended"]))
    def goes(self, icao24: str, reason: str) -> None:
        if icao24 in self.flights:
            self.stream.gone(icao24, self.flights.pop(icao24)["flight_id"], reason, None)

    @rule(icao24=st.sampled_from(ICAOS))
    def something_happens(self, icao24: str) -> None:
        if icao24 not in self.flights:
            return
        self.count += 1
        started = int(self.flights[icao24]["flight_id"].partition("-")[2], 16)
        detail = str(self.count)
        self.stream.happened(FlightEvent(flight_key(icao24, started), self.now, "takeoff", detail))
        for client in self.clients.values():
            if icao24 in self.shown(client.look):
                client.owed.append(detail)

    # -- clients

    @rule(
        client=st.integers(0, 2), area=st.sampled_from(BOXES), which=st.sampled_from(FILTERS),
        follow=st.sampled_from(FOLLOWS), interval=st.sampled_from(INTERVALS),
    )  # fmt: skip
    def subscribes(
        self, client: int, area: Any, which: Filter | None, follow: Any, interval: float
    ) -> None:
        look = (area_of(area), None if which is None else filter_of(which), follow)
        if client in self.unwritable:
            return  # the socket holds it back
        if client not in self.clients:
            self.clients[client] = Client(look)
        self.clients[client].look = look
        self._subscribe(client, interval, None)

    @rule(client=st.integers(0, 2), area=st.sampled_from(BOXES))
    def looks_elsewhere(self, client: int, area: Any) -> None:
        if client in self.clients and client not in self.unwritable:
            _, which, follow = self.clients[client].look
            self.clients[client].look = (area_of(area), which, follow)
            self._subscribe(client, 1.0, None)

    def _subscribe(self, client: int, interval: float, resume_pos: int | None) -> None:
        area, which, follow = self.clients[client].look
        wanted = Wanted(area, interval, which, follow, resume_pos)
        one = self.clients[client]
        before = len(one.inbox)
        self._deliver(self.stream.audience.subscribe(client, wanted, self.now))
        one.unanswered.update(frame["seq"] for _, frame in list(one.inbox)[before:-1])

    @rule(client=st.integers(0, 2), read=st.integers(0, 3), interval=st.sampled_from(INTERVALS))
    def loses_its_line_and_resumes(self, client: int, read: int, interval: float) -> None:
        """What it has not read by then it never sees."""
        if client not in self.clients:
            return
        one = self.clients[client]
        one.read(read)
        self._hang_up(client)
        one.inbox.clear()
        self.clients[client] = one
        if one.may_resume:
            if one.look != one.read_look:
                one.owed.clear()  # the view it goes back to need not show them
            one.look = one.read_look
            one.held.reconnect()
            one.unanswered.clear()
            self._subscribe(client, interval, one.held.pos)
        else:
            self.clients[client] = Client(one.look)
            self._subscribe(client, interval, None)

    def _hang_up(self, client: int) -> None:
        del self.clients[client]
        self.unwritable.discard(client)
        self.stream.audience.unsubscribe(client, closed=True)

    @rule(client=st.integers(0, 2))
    def hangs_up(self, client: int) -> None:
        if client in self.clients:
            self._hang_up(client)

    @rule(client=st.integers(0, 2))
    def turns_away_and_back(self, client: int) -> None:
        if client in self.clients and client not in self.unwritable:
            self.stream.audience.unsubscribe(client, closed=False)
            self.clients[client].owed.clear()
            self._subscribe(client, 1.0, None)

    @rule(client=st.integers(0, 2), writable=st.booleans())
    def stalls_or_reads_again(self, client: int, writable: bool) -> None:
        if client in self.clients:
            (self.unwritable.discard if writable else self.unwritable.add)(client)
            self.stream.audience.set_writable(client, writable=writable)

    @rule(client=st.integers(0, 2), most=st.integers(1, 3))
    def reads_a_little(self, client: int, most: int) -> None:
        if client in self.clients:
            self.clients[client].read(most)

    # -- time

    @rule()
    def ticks(self) -> None:
        self._tick(0.11)

    @rule()
    def a_second_passes(self) -> None:
        self._tick(1.1)

    @rule()
    def works_a_little(self) -> None:
        self._deliver(self.stream.audience.work())

    @rule()
    def time_passes_beyond_the_window(self) -> None:
        for _ in range(80):
            self._tick(1.1)
        for client in self.clients.values():
            client.owed.clear()  # events older than the window are lost to who was away

    def _tick(self, seconds: float) -> None:
        self.now += seconds
        self._deliver(self.stream.tick(self.now))

    def _deliver(self, frames: Any) -> None:
        frame: Frame
        for frame in frames:
            client = self.clients[frame[0]]
            client.inbox.append((client.look, orjson.loads(frame[1])))

    # -- what must hold

    def shown(self, look: Look) -> dict[str, dict[str, Any]]:
        """What a client with this view should hold."""
        area, which, follow = look
        return {
            icao24: flight
            for icao24, flight in self.flights.items()
            if icao24 in follow
            or (area.contains(place(flight)) and (which is None or which.passes(flight)))
        }

    def settle(self) -> None:
        """Let every client that reads have what is there for it."""
        self._tick(1.1)
        while self.stream.audience.busy:
            self._deliver(self.stream.audience.work())
        self._tick(1.1)
        while self.stream.audience.busy:
            self._deliver(self.stream.audience.work())
        for number, client in self.clients.items():
            if number not in self.unwritable:
                client.read(len(client.inbox))

    @invariant()
    def a_client_that_reads_holds_its_view(self) -> None:
        self.settle()
        for number, client in self.clients.items():
            if number in self.unwritable:
                continue
            assert self.shown(client.look) == client.held.comparable()
            assert set(client.owed) <= client.told


def place(flight: dict[str, Any]) -> int:
    """Where a flight is; nowhere while either coordinate is unknown."""
    return place_of(flight["lat"], flight["lon"]) if "lat" in flight else NOWHERE


class LazyStream(Stream):
    """The same without settling after every step: changes pile up, and views move meanwhile."""

    @invariant()
    def a_client_that_reads_holds_its_view(self) -> None:
        pass

    def teardown(self) -> None:
        for number in tuple(self.unwritable):
            self.stalls_or_reads_again(number, True)
        Stream.a_client_that_reads_holds_its_view(self)


class LargeStream(LazyStream):
    """With nothing cut in pieces."""

    limits = Limits()


TestStream = Stream.TestCase
TestLazyStream = LazyStream.TestCase
TestLargeStream = LargeStream.TestCase
TestStream.settings = settings(max_examples=40, stateful_step_count=25)
TestLazyStream.settings = settings(max_examples=100, stateful_step_count=40)
TestLargeStream.settings = settings(max_examples=100, stateful_step_count=40)
