"""Client messages: every text is a message or a refusal with a stable code, never anything else."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from aerotrack.domain.geo import Box
from aerotrack.domain.live import (
    CLIENT_TYPES,
    CODES,
    MESSAGE_LIMIT,
    ClientPing,
    ClientSubscribe,
    ClientUnsubscribe,
    Resume,
)
from aerotrack.domain.stream.filters import FlightFilter
from aerotrack.web.live_messages import Refused, View, decode, view_of, view_of_query

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
ALMOST = st.fixed_dictionaries(
    {"type": st.sampled_from([*CLIENT_TYPES, "resubscribe"]) | JSON},
    optional=dict.fromkeys(("id", "bbox", "interval", "filter", "resume", "at", "x"), JSON),
)


def refusal(text: str | bytes) -> tuple[str, object]:
    with pytest.raises(Refused) as caught:
        view_of(decode(text))
    return caught.value.code, caught.value.request_id


@pytest.mark.parametrize(
    ("text", "code", "request_id"),
    [
        ("", "bad_json", UNSET),
        ("{", "bad_json", UNSET),
        ('{"type":"ping"', "bad_json", UNSET),
        ('{"type":"subscribe","bbox":[1,2,3,NaN]}', "bad_json", UNSET),
        ('{"a":' * 5000, "bad_json", UNSET),
        ('{"type":"subscribe","x":' + "[" * 9000, "bad_json", UNSET),
        ("[]", "bad_message", UNSET),
        ("1", "bad_message", UNSET),
        ('{"id":4}', "bad_message", 4),
        ('{"type":null}', "bad_message", UNSET),
        ('{"type":"subscribe","boxx":1,"id":"a"}', "bad_message", "a"),
        ('{"type":"ping","id":[1]}', "bad_message", UNSET),
        ('{"type":"ping","id":36893488147419103232}', "bad_message", UNSET),
        ('{"type":"hello","id":7}', "unknown_type", 7),
        ('{"type":"subscribe","bbox":[1,2,3],"id":1}', "bad_bbox", 1),
        ('{"type":"subscribe","bbox":null}', "bad_bbox", UNSET),
        ('{"type":"subscribe","bbox":[1,2,3,"4"]}', "bad_bbox", UNSET),
        ('{"type":"subscribe","bbox":[1,2,3,1e999]}', "bad_json", UNSET),
        ('{"type":"subscribe","bbox":[0,50,1,40],"id":2}', "bad_bbox", 2),
        ('{"type":"subscribe","bbox":[0,-91,1,40]}', "bad_bbox", UNSET),
        ('{"type":"subscribe","interval":0.05}', "bad_interval", UNSET),
        ('{"type":"subscribe","interval":61}', "bad_interval", UNSET),
        ('{"type":"subscribe","interval":"1"}', "bad_interval", UNSET),
        ('{"type":"subscribe","resume":{"epoch":"e","pos":-1},"id":3}', "bad_resume", 3),
        ('{"type":"subscribe","resume":{"epoch":"e"}}', "bad_resume", UNSET),
        ('{"type":"subscribe","follow":["4CA2D6"],"id":3}', "bad_follow", 3),
        ('{"type":"subscribe","follow":"4ca2d6"}', "bad_follow", UNSET),
        (
            f'{{"type":"subscribe","follow":{["4ca2d6"] * 101}}}'.replace("'", '"'),
            "bad_follow",
            UNSET,
        ),
        ('{"type":"subscribe","filter":{"callsing":"A"},"id":3}', "bad_filter", 3),
        ('{"type":"subscribe","filter":{"callsign":[]},"id":3}', "bad_filter", 3),
        ('{"type":"subscribe","filter":{"alt_baro":[2,1]},"id":3}', "bad_filter", 3),
        ('{"type":"subscribe","filter":{"alt_baro":[2]}}', "bad_filter", UNSET),
        ('{"type":"subscribe","filter":[]}', "bad_filter", UNSET),
        ('{"type":"subscribe","at":"now","id":1}', "bad_time", 1),
        ('{"type":"subscribe","at":-1}', "bad_time", UNSET),
        ('{"type":"subscribe","at":1,"speed":61}', "bad_speed", UNSET),
        ('{"type":"speed","speed":0.09,"id":1}', "bad_speed", 1),
        (" " * (MESSAGE_LIMIT + 1), "too_large", UNSET),
        ("é" * (MESSAGE_LIMIT // 2 + 1), "too_large", UNSET),
        (b'{"type":"ping"}', "bad_message", UNSET),
    ],
)
def test_what_is_no_message_is_refused_by_its_first_fault(text, code, request_id):
    assert refusal(text) == (code, request_id)
    assert code in CODES


def test_messages_are_decoded_with_their_id():
    assert decode('{"type":"ping"}') == ClientPing()
    assert decode('{"type":"ping","id":"x"}') == ClientPing(id="x")
    assert decode('{"type":"unsubscribe","id":0}') == ClientUnsubscribe(id=0)
    assert decode('{"type":"subscribe"}') == ClientSubscribe()


def test_a_view_is_everything_once_a_second_unless_told():
    assert view_of(decode('{"type":"subscribe"}')) == View(None, 1.0)
    wanted = decode('{"type":"subscribe","bbox":[170,-10,190,10],"interval":0.1}')
    assert view_of(wanted) == View(Box(170.0, -10.0, -170.0, 10.0), 0.1)


@given(st.text() | st.binary() | ALMOST.map(lambda m: msgspec.json.encode(m).decode()))
def test_decoding_never_raises_anything_but_a_refusal(text):
    try:
        message = decode(text)
        if isinstance(message, ClientSubscribe):
            view_of(message)
    except Refused as refused:
        answer = msgspec.json.decode(refused.encoded())
        assert answer["type"] == "error"
        assert answer["code"] in CODES
        assert answer["message"]


def test_a_view_has_its_filter_its_follows_and_where_to_resume():
    wanted = decode(
        '{"type":"subscribe","filter":{"callsign":["ryr","RYR1"]},"id":"a",'
        '"follow":["4ca2d6-692159a0","~00ff01","4ca2d6"],"resume":{"epoch":"e","pos":7}}'
    )
    assert view_of(wanted) == View(
        None, 1.0, FlightFilter((("callsign", ("RYR",)),)), ("4ca2d6", "~00ff01"),
        Resume(epoch="e", pos=7), "a",
    )  # fmt: skip


def test_an_address_asks_for_the_same():
    asked = {
        "bbox": "-11,51,-5,56", "interval": "0.5", "follow": "4ca2d6,~00ff01",
        "filter": '{"callsign":"RYR"}',
    }  # fmt: skip
    said = (
        '{"type":"subscribe","bbox":[-11,51,-5,56],"interval":0.5,"follow":["4ca2d6","~00ff01"],'
        '"filter":{"callsign":"RYR"}}'
    )
    assert view_of(decode(said)) == view_of_query(asked)
    assert view_of_query({}) == View(None, 1.0)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"bbox": "1,2,3"}, "bad_bbox"),
        ({"bbox": "1,2,3,x"}, "bad_bbox"),
        ({"bbox": "0,50,1,nan"}, "bad_bbox"),
        ({"bbox": "0,50,1,40"}, "bad_bbox"),
        ({"interval": "0"}, "bad_interval"),
        ({"interval": "soon"}, "bad_interval"),
        ({"follow": ""}, "bad_follow"),
        ({"filter": "{"}, "bad_filter"),
        ({"filter": '{"x":1}'}, "bad_filter"),
    ],
)
def test_what_an_address_cannot_ask_for_is_refused(asked, code):
    with pytest.raises(Refused) as caught:
        view_of_query(asked)
    assert caught.value.code == code


@given(
    st.dictionaries(st.sampled_from(["bbox", "interval", "follow", "filter"]), st.text(max_size=30))
)
def test_no_address_raises_anything_but_a_refusal(asked):
    with contextlib.suppress(Refused):
        view_of_query(asked)
