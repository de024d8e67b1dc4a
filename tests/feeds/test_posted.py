"""Of a posted body everything good is taken, everything bad named by index and code."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.observation import Observation
from aerotrack.feeds.posted import (
    ARRIVAL_STEP_S,
    REJECTED_LIMIT,
    PostedBatch,
    PostedError,
    parse_posted,
)

NOW = 1_764_000_000.0
JSON, NDJSON = "application/json", "application/x-ndjson"
GOOD = b'{"icao24":"4ca2d6","ts":1763999999.5,"lat":51.5,"lon":-0.5,"alt_baro":3000}'
TAKEN = Observation(
    icao24="4ca2d6", ts=NOW - 0.5, source="other", feed="post", lat=51.5, lon=-0.5, alt_baro=3000
)


def _parse(body: bytes, content_type: str = JSON) -> PostedBatch:
    return parse_posted(body, content_type, feed="post", now=NOW)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[%b,%b]" % (GOOD, GOOD), JSON),
        (b" \n[%b,%b] " % (GOOD, GOOD), "application/json; charset=utf-8"),
        (b"%b\n%b\n" % (GOOD, GOOD), NDJSON),
        (b"\r\n%b\r\n\r\n%b" % (GOOD, GOOD), "Application/X-NDJSON"),
        (b"[%b,%b]" % (GOOD, GOOD), NDJSON),
        (b"%b\n%b\n" % (GOOD, GOOD), JSON),
    ],
)
def test_an_array_and_lines_say_the_same(body: bytes, content_type: str) -> None:
    assert _parse(body, content_type) == PostedBatch((TAKEN, TAKEN), (), 0)


def test_one_object_over_several_lines_is_a_record() -> None:
    body = json.dumps(json.loads(GOOD), indent=2).encode()
    assert _parse(body).observations == (TAKEN,)


def test_an_empty_array_is_no_error() -> None:
    assert _parse(b"[]") == PostedBatch((), (), 0)


def test_records_without_a_time_get_their_arrival_each_a_microsecond_later() -> None:
    batch = _parse(b'[{"icao24":"4ca2d6"},{"icao24":"4ca2d6","source":"mlat","receiver":"roof"}]')
    assert [o.ts for o in batch.observations] == [NOW, NOW + ARRIVAL_STEP_S]
    assert [(o.source, o.receiver) for o in batch.observations] == [
        ("other", None),
        ("mlat", "roof"),
    ]


BAD = [
    (b'{"ts":1}', "bad_icao24", "six"),
    (b'{"icao24":"4CA2D6"}', "bad_icao24", "lower-case"),
    (b'{"icao24":4}', "bad_icao24", "six"),
    (b'{"icao24":"4ca2d6\\n"}', "bad_icao24", "six"),
    (b'{"icao24":"4ca2d6","gs":"fast"}', "bad_value", "$.gs"),
    (b'{"icao24":"4ca2d6","gs":-1}', "bad_value", "$.gs"),
    (b'{"icao24":"4ca2d6","lat":91,"lon":1}', "bad_value", "$.lat"),
    (b'{"icao24":"4ca2d6","ts":1764000000000}', "bad_value", "$.ts"),
    (b'{"icao24":"4ca2d6","nav_modes":["warp"]}', "bad_value", "$.nav_modes"),
    (b'{"icao24":"4ca2d6","lat":51.0}', "bad_position", "together"),
    (b'{"icao24":"4ca2d6","lon":51.0}', "bad_position", "together"),
    (b'{"icao24":"4ca2d6","lat":0,"lon":0}', "bad_position", "0.0, 0.0"),
    (b'{"icao24":"4ca2d6","ts":1764000005.5}', "future", "5.5 s"),
    (b'{"icao24":"4ca2d6","ts":1761321600}', "too_old", "31.0 days"),
    (b"3", "not_an_object", "int"),
    (b"null", "not_an_object", "null"),
    (b"[]", "not_an_object", "array"),
]


@pytest.mark.parametrize(("bad", "code", "said"), BAD)
@pytest.mark.parametrize("content_type", [JSON, NDJSON])
def test_a_bad_record_is_named_and_the_good_ones_around_it_are_taken(
    bad: bytes, code: str, said: str, content_type: str
) -> None:
    body = b"[%b,%b,%b]" if content_type == JSON else b"%b\n\n%b\n%b"
    batch = _parse(body % (GOOD, bad, GOOD), content_type)
    assert batch.observations == (TAKEN, TAKEN)
    assert [(r.index, r.code) for r in batch.rejected] == [(1, code)]
    assert batch.rejected_total == 1
    assert said in batch.rejected[0].message


def test_a_broken_line_costs_that_line() -> None:
    batch = _parse(b'%b\n{"icao24":\n\xff\n%b' % (GOOD, GOOD), NDJSON)
    assert batch.observations == (TAKEN, TAKEN)
    assert [(r.index, r.code) for r in batch.rejected] == [(1, "bad_json"), (2, "bad_json")]


def test_a_time_a_little_ahead_is_a_clock_that_differs() -> None:
    assert len(_parse(b'[{"icao24":"4ca2d6","ts":1764000004.9}]').observations) == 1


def test_at_most_a_thousand_rejections_are_named_and_all_are_counted() -> None:
    batch = _parse(b"[" + b",".join([b"{}"] * (REJECTED_LIMIT + 5)) + b"]")
    assert (len(batch.rejected), batch.rejected_total) == (REJECTED_LIMIT, REJECTED_LIMIT + 5)
    assert batch.reasons == {"bad_icao24": REJECTED_LIMIT + 5}


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", JSON, "bad_json"),
        (b"", NDJSON, "bad_json"),
        (b"<html>", JSON, "bad_json"),
        (b"[" + GOOD, JSON, "bad_json"),
        (b"[" * 200_000, JSON, "bad_json"),
        (b"nonsense\nmore", NDJSON, "bad_json"),
        (b'"text"', JSON, "not_an_array"),
        (b"17", JSON, "not_an_array"),
        (GOOD, "text/plain", "bad_content_type"),
        (GOOD, "", "bad_content_type"),
    ],
)
def test_only_a_body_of_which_nothing_can_be_parsed_raises(
    body: bytes, content_type: str, code: str
) -> None:
    with pytest.raises(PostedError) as refused:
        _parse(body, content_type)
    assert refused.value.code == code


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["icao24", "lat", "ts", "gs"]) | st.text(max_size=3), inner
        )
    ),
    max_leaves=8,
)


@given(st.lists(JSON_VALUES, max_size=5), st.sampled_from([JSON, NDJSON]))
def test_every_record_is_taken_or_named(records: list[object], content_type: str) -> None:
    lines = [json.dumps(record).encode() for record in records]
    array = b"[" + b",".join(lines) + b"]"
    body = array if content_type == JSON else b"\n".join([GOOD, *lines])
    batch = _parse(body, content_type)
    total = len(records) + (content_type == NDJSON)
    assert len(batch.observations) + batch.rejected_total == total


@given(st.binary(), st.sampled_from([JSON, NDJSON]))
def test_no_body_whatever_raises_anything_else(body: bytes, content_type: str) -> None:
    try:
        batch = _parse(body, content_type)
    except PostedError:
        return
    assert msgspec.json.encode(batch.rejected)
