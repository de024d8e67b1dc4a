"""Silent flights come up when they are due, and only those."""

from aerotrack.domain.rules import FlightRules
from aerotrack.domain.silence import Heard, SilenceQueue

RULES = FlightRules()
T0 = 1000.0


def watched(*flights: tuple[str, str]) -> tuple[SilenceQueue, dict[str, Heard]]:
    """A queue that watches these (icao24, source), heard at T0."""
    queue = SilenceQueue(RULES)
    alive = {icao24: Heard(T0, T0, source) for icao24, source in flights}
    for icao24, heard in alive.items():
        queue.add(icao24, heard)
    return queue, alive


def test_a_flight_that_is_heard_never_comes_up() -> None:
    queue, alive = watched(("a", "sim"))
    for second in range(1, 4000):
        alive["a"].again(T0 + second, T0 + second, "sim")
        assert queue.due(T0 + second, alive) == []
    assert len(queue) == 1


def test_a_silent_flight_is_looked_at_until_it_is_gone_and_once_more_when_it_is_over() -> None:
    queue, alive = watched(("a", "adsb_icao"))
    found = []
    for second in range(2000):
        for _, _, over in queue.due(T0 + second, alive):
            found.append((second, over))
            if over:
                alive.clear()
    assert found == [(15, False), (30, False), (45, False), (60, False), (1800, True)]
    assert len(queue) == 0


def test_a_flight_whose_feed_is_ahead_of_our_clock_is_looked_at_until_it_is_gone() -> None:
    ahead = RULES.future_tolerance
    queue, alive = watched(("a", "adsb_icao"))
    alive["a"].again(T0, T0 + ahead, "adsb_icao")
    looked_at = [s for s in range(1800) for _ in queue.due(T0 + s, alive)]
    assert looked_at[-1] >= RULES.gone_after + ahead
    assert looked_at == [15, 30, 45, 60, 75]


def test_a_flight_over_the_ocean_is_given_longer() -> None:
    queue, alive = watched(("a", "adsc"))
    assert [over for s in range(0, 2090, 10) for *_, over in queue.due(T0 + s, alive) if over] == []
    assert [over for *_, over in queue.due(T0 + 2130, alive)] == [True]


def test_a_flight_that_ended_or_was_replaced_is_forgotten() -> None:
    queue, alive = watched(("a", "sim"), ("b", "sim"))
    del alive["a"]
    alive["b"] = Heard(T0 + 14, T0 + 14, "sim")
    assert queue.due(T0 + 15, alive) == []
    assert len(queue) == 0


def test_a_late_observation_does_not_turn_the_time_back() -> None:
    heard = Heard(T0, T0, "adsb_icao")
    heard.again(T0 + 5, T0 - 100, "adsc")
    assert (heard.at, heard.ts, heard.slow) == (T0 + 5, T0, False)
