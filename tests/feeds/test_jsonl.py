"""JSON lines of both shapes are taken, by the time they carry; no line whatever raises."""

import json
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.jsonl import jsonl_decoder, parse_json_line
from aerotrack.feeds.lines import ArrivalStamps, Parsed

NOW = 1_764_000_000.0


def _parse(line: bytes) -> Parsed:
    return parse_json_line(line, NOW, feed="test", receiver="10.0.0.7", dropped=Counter())


def _times(line: bytes) -> tuple[str, float, str | None, str]:
    parsed = _parse(line)
    assert isinstance(parsed, Observation)
    return parsed.icao24, parsed.ts, parsed.receiver, parsed.source


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"hex":"4CA2D6","now":1763999999.5,"seen":1.5,"type":"adsb_icao"}',
         ("4ca2d6", NOW - 2.0, "10.0.0.7", "adsb_icao")),
        (b'{"hex":"4ca2d6","seen":2}', ("4ca2d6", NOW - 2.0, "10.0.0.7", "other")),
        (b'{"hex":"4ca2d6"},', ("4ca2d6", NOW, "10.0.0.7", "other")),
        (b'{"icao24":"4ca2d6","ts":1763999990.25,"lat":51.0,"lon":1.0}',
         ("4ca2d6", NOW - 9.75, "10.0.0.7", "other")),
        (b'{"icao24":"4ca2d6","source":"mlat","receiver":"roof"}',
         ("4ca2d6", NOW, "roof", "mlat")),
        (b'{"hex":"4ca2d6","note":"\\"icao24\\""}', ("4ca2d6", NOW, "10.0.0.7", "other")),
        (b'{"icao24":1,"hex":"4ca2d6"}', ("4ca2d6", NOW, "10.0.0.7", "other")),
    ],
)  # fmt: skip
def test_a_line_counts_from_the_time_it_carries_or_its_arrival(
    line: bytes, expected: tuple[str, float, str | None, str]
) -> None:
    assert _times(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"", None),
        (b"   ", None),
        (b"{", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b'{"hex":"4ca2d6","gs":NaN}', "bad_json"),
        (b"[" * 60_000, "bad_json"),
        (b"[1]", "not_an_object"),
        (b"null", "not_an_object"),
        (b"{}", "bad_icao24"),
        (b'{"flight":"N/A","now":1693383001}', "bad_icao24"),
        (b'{"hex":"xyz"}', "bad_icao24"),
        (b'{"icao24":"4CA2D6"}', "bad_icao24"),
        (b'{"icao24":"4ca2d6","gs":"fast"}', "bad_value"),
        (b'{"icao24":"4ca2d6","lat":51.0}', "bad_position"),
        (b'{"icao24":"4ca2d6","ts":1764000005.5}', "future"),
        (b'{"hex":"4ca2d6","now":1764000005.5}', "future"),
    ],
)
def test_other_lines_are_ignored_or_refused_with_a_reason(line: bytes, expected: object) -> None:
    assert _parse(line) == expected


@given(st.binary() | st.builds(b'{"icao24":"4ca2d6",%b}'.__mod__, st.binary()))
def test_no_line_whatever_raises(line: bytes) -> None:
    assert isinstance(_parse(line), Observation | str | None)


def test_a_last_line_without_an_end_is_taken(figures: FeedFigures) -> None:
    decoder = jsonl_decoder(figures=figures, stamps=ArrivalStamps(), receiver=None)
    assert decoder.decode(b'{"hex":"4ca2d6"}\n{"hex":"3c6444"}', now=NOW)[0].icao24 == "4ca2d6"
    assert [o.icao24 for o in decoder.close(now=NOW)] == ["3c6444"]


@pytest.mark.parametrize(
    "name", ["readsb-newmexico.jsonlines.gz", "readsb-reduced-20min.ndjson.gz"]
)
def test_a_recording_comes_out_whole(
    recording: Callable[[str], bytes], figures: FeedFigures, name: str
) -> None:
    stream = recording(name)
    decoder = jsonl_decoder(figures=figures, stamps=ArrivalStamps(), receiver=None)
    seen = [*decoder.decode(stream, now=NOW), *decoder.close(now=NOW)]
    objects = [json.loads(line.rstrip(b",")) for line in stream.splitlines()]
    aircraft = [o for o in objects if "hex" in o]
    assert [o.icao24 for o in seen] == [a["hex"] for a in aircraft]
    assert [o.callsign or "" for o in seen] == [(a.get("flight") or "").strip() for a in aircraft]
    assert [(o.lat, o.lon) for o in seen] == [(a.get("lat"), a.get("lon")) for a in aircraft]
    # The reduced recording has a line without an aircraft for every second in which it had none.
    assert sum(figures.refused.values()) == figures.refused["bad_icao24"]
    assert figures.refused["bad_icao24"] == len(objects) - len(aircraft)
    assert figures.dropped == {}


def test_a_readsb_line_a_little_ahead_holds_for_its_arrival() -> None:
    line = b'{"hex":"4ca2d6","now":1764000003.0,"seen":0.5}'
    parsed = parse_json_line(line, 1_764_000_000.0, feed="test", dropped=Counter())
    assert isinstance(parsed, Observation)
    assert 1_763_999_999.5 == parsed.ts
