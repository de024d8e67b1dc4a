"""Dates of recorded records: pauses and late ones are taken, those from the future are not."""

from pathlib import Path

import orjson
import pytest

from aerotrack.decode import decode_file
from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.recording import Replay
from aerotrack.feeds.timeline import NEXT, Dated, Dates

T0 = 1_764_000_000.0


def sorted_out(dates: list[float | None], *, at_once: int = 7) -> tuple[list[float | None], ...]:
    """The dates taken and those refused, read some at a time."""
    judge = Dates()
    obs = Observation(icao24="4ca2d6", ts=0.0, source="other", feed="test")
    records = [Dated(obs, own, b"") for own in dates]
    taken, future = [], []
    for at in range(0, len(records), at_once):
        part = judge.sort_out(records[at : at + at_once], last=False)
        taken += part[0]
        future += part[1]
    part = judge.sort_out([], last=True)
    taken += part[0]
    future += part[1]
    return [one.own for one in taken], [one.own for one in future]


def test_dates_in_order_are_all_taken() -> None:
    dates: list[float | None] = [T0 + n for n in range(100)]
    assert (dates, []) == sorted_out(dates)


@pytest.mark.parametrize("place", [0, 1, 50, 90])
@pytest.mark.parametrize("ahead", [10.0, 3_600.0, 1e8])
def test_a_date_from_the_future_is_refused(place: int, ahead: float) -> None:
    good: list[float | None] = [T0 + n / 10 for n in range(100)]
    wrong = T0 + place / 10 + ahead
    assert (good, [wrong]) == sorted_out([*good[:place], wrong, *good[place:]])


def test_a_pause_is_none_nor_what_comes_late_after_it() -> None:
    before: list[float | None] = [T0 + n for n in range(30)]
    after: list[float | None] = [T0 + 5_000 + n for n in range(30)]
    late = [*after[:3], T0 + 20, *after[3:]]
    assert ([*before, *late], []) == sorted_out([*before, *late])


def test_records_without_a_date_say_nothing_of_others() -> None:
    dates = [T0, None, None, T0 + 1, None]
    assert (dates, []) == sorted_out(dates)
    assert NEXT > len(dates)


def test_a_record_from_the_future_does_not_stop_a_replay(tmp_path: Path) -> None:
    lines = [
        {"icao24": "4ca2d6", "ts": T0 + n, "lat": 52 + n / 1000, "lon": 4.0, "gs": 220.0}
        for n in range(60)
    ]
    lines.insert(20, {"icao24": "4ca2d6", "ts": T0 + 86_400, "lat": 52.02, "lon": 4.0})
    path = tmp_path / "tape.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    figures = FeedFigures(name="test", url="")
    text = b"".join(decode_file(path, Replay(format="jsonl"), figures=figures, rejected=True))
    rows = [orjson.loads(line) for line in text.splitlines()]
    assert 60 == sum("lat" in row for row in rows)
    assert 59.0 == max(row.get("ts", 0.0) for row in rows)
    assert ["future"] == [row["rejected"] for row in rows if "rejected" in row]
