"""A flight saved and restored: the same picture, the same row, and it goes on the same way."""

from typing import Any

import msgspec
import pytest

from aerotrack.domain.compaction import Compaction
from aerotrack.domain.flight import FlightState
from aerotrack.domain.observation import Observation
from aerotrack.domain.records import FlightRecord
from aerotrack.domain.saved import VERSION, SavedFlight, load, restored, save, save_row

T0 = 1_764_000_000.0


def track(count: int) -> list[Observation]:
    """A climb and a turn, by two feeds, with a jump that nobody believes."""
    made = []
    for n in range(count):
        fields: dict[str, Any] = {"lat": 52.0 + n * 1e-3, "lon": 4.0 + n * 2e-3}
        if n % 17 == 16:
            fields["lat"] = -40.0
        fields |= {"alt_baro": 1000 + 100 * n, "gs": 300.0, "track": (60 + n) % 360.0}
        if n % 5 == 0:
            fields |= {"callsign": "KLM1023", "squawk": "1000", "nav_modes": ("autopilot", "vnav")}
        made.append(
            Observation(
                icao24="4840d6", ts=T0 + n, source="adsb_icao" if n % 3 else "mlat",
                feed="home" if n % 2 else "club", receiver="roof", **fields,
            )
        )  # fmt: skip
    return made


def after(observations: list[Observation]) -> FlightState:
    state = FlightState("4840d6", T0)
    for obs in observations:
        state.fold(obs)
    return state


def told(state: FlightState) -> tuple[Any, ...]:
    """Everything a flight tells of itself."""
    return (
        state.flight_id, state.record(), dict(state.picture()), dict(state.origins),
        state.time_position, state.last_contact, list(state.refused or ()), state.values,
        state.course.landed_at,
    )  # fmt: skip


@pytest.mark.parametrize("heard", [1, 16, 17, 40, 90])
def test_a_restored_flight_tells_the_same_and_goes_on_as_if_nothing_had_been(heard: int) -> None:
    observations = track(120)
    state = after(observations[:heard])
    saved = load(save(state, T0 + heard))
    again = restored(saved)
    assert (T0 + heard, told(state)) == (saved.heard_at, told(again))
    for obs in observations[heard:]:
        assert state.fold(obs) == again.fold(obs)
    assert told(state) == told(again)


@pytest.mark.parametrize("heard", [1, 7, 40])
def test_points_held_back_survive(heard: int) -> None:
    observations = track(80)
    state = FlightState("4840d6", T0)
    state.compaction = Compaction()
    for obs in observations[:heard]:
        state.fold_compact(obs)
    again = restored(load(save(state, T0 + heard)))
    assert state.compaction == again.compaction
    for obs in observations[heard:]:
        assert state.fold_compact(obs) == again.fold_compact(obs)
    assert state.finish() == again.finish()


def test_a_flight_that_had_just_begun_goes_on_from_its_row() -> None:
    record = after(track(1)).record()
    again = restored(load(save_row(record)))
    assert (record.flight, record.last_contact, "KLM1023") == (
        again.key, again.last_contact, again.values["callsign"]
    )  # fmt: skip
    assert [None] * 2 == [again.fold(obs).refused for obs in track(3)[1:]]


def test_a_state_that_means_something_else_by_now_is_not_taken() -> None:
    saved = load(save(after(track(30)), T0))
    assert saved.state is not None
    other = msgspec.structs.replace(saved.state, version=VERSION + 1)
    again = restored(msgspec.structs.replace(saved, state=other))
    assert (saved.record.flight, saved.record.points, None) == (
        again.key, again.points, again.time_position
    )  # fmt: skip


def test_what_later_releases_add_is_left_out_and_what_they_drop_missing() -> None:
    plain = msgspec.msgpack.decode(save(after(track(30)), T0))
    plain["state"]["later"] = 1
    plain["state"]["origins"]["later"] = (T0, 0)
    del plain["state"]["phases"]["phase"]
    again = restored(load(msgspec.msgpack.encode(plain)))
    assert "KLM1023" == again.values["callsign"]


@pytest.mark.parametrize("body", [b"", b"garbage", msgspec.msgpack.encode({"record": 1})])
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        load(body)


def test_a_state_takes_little_room() -> None:
    assert len(save(after(track(120)), T0)) < 3_500


def test_a_row_is_enough_to_save() -> None:
    record = FlightRecord(1, "4840d6", T0, T0 + 5, 3)
    assert SavedFlight(record, T0 + 5) == load(save_row(record))
