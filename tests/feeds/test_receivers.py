"""Receivers: what each contributes, however it is known."""

from typing import Any

import pytest

from aerotrack.domain.observation import Observation, site
from aerotrack.feeds.receivers import (
    AIRCRAFT_FOR_S,
    MOST_RECEIVERS,
    CountingSink,
    Receiver,
    Receivers,
)

HOME = site(52.0, 4.0)
HZ = 12_000_000


def test_a_receiver_is_one_by_feed_and_id() -> None:
    receivers = Receivers()
    first = receivers.of("home", None, HOME)
    assert first is receivers.of("home", None, HOME)
    assert [("home", "home"), ("10.0.0.2", "home")] == [
        (receiver.name, receiver.feed)
        for receiver in (first, receivers.of("home", "10.0.0.2", None))
    ]


def test_senders_that_name_themselves_cannot_fill_memory() -> None:
    receivers = Receivers()
    for number in range(2 * MOST_RECEIVERS):
        receivers.of("home", f"{number:016x}", None).messages += 1
    assert MOST_RECEIVERS + 1 == len(receivers.all())
    assert MOST_RECEIVERS == receivers.of("home", "others", None).messages


def test_aircraft_count_for_a_minute_or_two() -> None:
    receiver = Receiver("home", None, None)
    for number in range(10):
        receiver.heard(f"{number:06x}", 1000.0 + number)
    assert (10, 10, 0) == tuple(
        receiver.aircraft(1009.0 + late) for late in (0.0, AIRCRAFT_FOR_S, 2 * AIRCRAFT_FOR_S + 1)
    )
    receiver.heard("4ca2d6", 1010.0 + AIRCRAFT_FOR_S)
    receiver.heard("4ca2d6", 1012.0 + 2 * AIRCRAFT_FOR_S)
    assert 1 == receiver.aircraft(1012.0 + 2 * AIRCRAFT_FOR_S)


def test_farthest_is_what_can_be_heard() -> None:
    receiver = Receiver("home", None, HOME)
    receiver.placed(53.0, 4.0, alt_ft=10_000)
    receiver.placed(52.5, 4.0, alt_ft=10_000)
    receiver.placed(57.0, 4.0, alt_ft=1_000)  # 300 nmi at 1,000 ft
    receiver.placed(62.0, 4.0)
    assert 60.0 == pytest.approx(receiver.farthest, abs=0.1)
    unknown = Receiver("home", None, None)
    unknown.placed(53.0, 4.0)
    assert unknown.farthest is None


def test_the_skew_of_a_clock_is_parts_per_million_of_ours() -> None:
    receiver = Receiver("home", None, None)
    receiver.compare_clock(HZ, 100.0)
    receiver.compare_clock(HZ + 30 * HZ, 130.0)
    assert receiver.clock_skew is None  # too short to tell
    receiver.compare_clock(HZ + round(200 * HZ * 1.00001), 300.0)
    assert 10.0 == pytest.approx(receiver.clock_skew, abs=0.01)
    receiver.compare_clock(HZ, 310.0)  # it was started again
    receiver.compare_clock(5000 * HZ, 400.0)  # no such counter
    assert receiver.clock_skew is None


def test_observations_of_other_feeds_are_counted_and_get_the_place(sink: Any) -> None:
    receivers = Receivers()
    counting = CountingSink(sink, receivers, HOME)
    seen = [
        Observation(icao24="4ca2d6", ts=10.0, source="other", feed="sbs", lat=53.0, lon=4.0),
        Observation(icao24="4ca2d7", ts=10.0, source="other", feed="sbs", receiver="10.0.0.2"),
    ]
    counting(seen, now=1000.0, received=5.0)
    shown = [(r.name, r.messages, r.positions, r.aircraft(1000.0)) for r in receivers.all()]
    assert [("sbs", 1, 1, 1), ("10.0.0.2", 1, 0, 1)] == shown
    assert [HOME, HOME] == [obs.site for obs in sink.observations]
    assert [(2, 1000.0, 5.0)] == sink.calls


def test_a_feed_judged_already_is_not_asked_where_its_receiver_hears(sink: Any) -> None:
    receivers = Receivers()
    counting = CountingSink(sink, receivers, None)
    for number in range(10):
        seen = Observation(
            icao24="4ca2d6", ts=10.0 + number, source="other", feed="sbs", lat=53.0, lon=4.0
        )
        counting([seen], now=1000.0, received=5.0)
    assert (10, None) == (receivers.all()[0].positions, receivers.all()[0].around)
