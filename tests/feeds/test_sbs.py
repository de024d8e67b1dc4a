"""SBS lines say what the reference says they say, and no line whatever raises."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.observation import Observation, present
from aerotrack.domain.vocabulary import CHECKS
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.lines import ArrivalStamps, Parsed
from aerotrack.feeds.sbs import parse_sbs, sbs_decoder

DATED = b"MSG,%s,1,1,40621D,1,2026/11/22,06:57:21.232,2026/11/22,06:57:21.232,%s"
RECORDINGS = [
    "antirez.sbs",
    *(
        f"{name}.{program}.sbs.gz"
        for name in ("ulss7", "hu0102-1", "hu0102-2")
        for program in ("dump1090", "readsb")
    ),
]


def _parse(line: bytes, **options: str) -> tuple[Parsed, Counter[str]]:
    dropped: Counter[str] = Counter()
    return parse_sbs(line, 10.0, feed="test", dropped=dropped, **options), dropped


def _fields(line: bytes, **options: str) -> dict[str, object]:
    parsed, dropped = _parse(line, **options)
    assert isinstance(parsed, Observation)
    assert dropped == {}
    return dict(present(parsed))


def test_a_real_position_line_gives_what_it_says() -> None:
    parsed, _ = _parse(DATED % (b"3", b",38000,,,52.25720,3.91937,,,,,,0"))
    assert parsed == Observation(
        icao24="40621d",
        ts=10.0,
        source="other",
        feed="test",
        lat=52.2572,
        lon=3.91937,
        alt_baro=38000,
        on_ground=False,
    )


@pytest.mark.parametrize(
    ("kind", "rest", "expected"),
    [
        (b"1", b"KLM1023 ,,,,,,,,,,,", {"callsign": "KLM1023"}),
        (b"2", b",0,12.5,271,52.3,4.7,,,,,,-1", {
            "alt_baro": 0, "gs": 12.5, "track": 271.0, "lat": 52.3, "lon": 4.7, "on_ground": True,
        }),
        (b"4", b",,159,182.88,,,-832,,,,,0", {
            "gs": 159.0, "track": 182.88, "baro_rate": -832, "on_ground": False,
        }),
        (b"5", b",6425,,,,,,,0,,-1,1", {
            "alt_baro": 6425, "alert": False, "spi": True, "on_ground": True,
        }),
        (b"6", b",,,,,,,7600,-1,-1,0,0", {
            "squawk": "7600", "emergency": "nordo", "alert": True, "spi": False,
            "on_ground": False,
        }),
        (b"6", b",,,,,,,1017,0,0,0,", {
            "squawk": "1017", "emergency": "none", "alert": False, "spi": False,
        }),
        (b"8", b",,,,,,,,,,,", {}),
        (b"3", b"RYR4TK,3025H,180,90,53.4,-6.2,64,7000,0,0,0,0", {
            "callsign": "RYR4TK", "alt_geom": 3025, "gs": 180.0, "track": 90.0, "lat": 53.4,
            "lon": -6.2, "baro_rate": 64, "squawk": "7000", "emergency": "none", "alert": False,
            "spi": False, "on_ground": False,
        }),
    ],
    ids=["ident", "surface", "velocity", "altitude", "emergency", "squawk", "contact", "all"],
)  # fmt: skip
def test_each_transmission_type_gives_its_fields(
    kind: bytes, rest: bytes, expected: dict[str, object]
) -> None:
    assert expected == _fields(DATED % (kind, rest))


def test_an_empty_field_says_nothing_and_so_clears_nothing() -> None:
    parsed, _ = _parse(DATED % (b"8", b",,,,,,,,,,,"))
    assert isinstance(parsed, Observation)
    assert present(parsed) == {}


def test_the_original_dump1090_with_empty_dates_is_read_without_its_constant_flags() -> None:
    line = b"MSG,3,,,738065,,,,,,,35000,,,34.81609,34.07810,,,0,0,0,0"
    assert _fields(line) == {
        "alt_baro": 35000, "lat": 34.81609, "lon": 34.0781, "on_ground": False,
    }  # fmt: skip
    assert _fields(b"MSG,1,,,738065,,,,,,ELY1,,,,,,,,0,0,0,0") == {"callsign": "ELY1"}
    assert _fields(b"MSG,6,,,738065,,,,,,,,,,,,,112,0,0,0,0")["squawk"] == "0112"


def test_an_emergency_flag_of_zero_without_a_squawk_ends_no_emergency() -> None:
    assert "emergency" not in _fields(DATED % (b"3", b",38000,,,,,,,0,0,0,0"))
    assert _fields(DATED % (b"3", b",38000,,,,,,,0,-1,0,0"))["emergency"] == "general"


def test_what_mlat_server_writes_into_the_flags_is_no_flag() -> None:
    line = DATED % (b"3", b",38000,,,52.2,3.9,,,5,37,,")
    assert _fields(line, source="mlat") == {"alt_baro": 38000, "lat": 52.2, "lon": 3.9}


def test_zero_zero_is_no_position() -> None:
    assert _fields(DATED % (b"3", b",,,,0.00000,0.00000,,,,,,")) == {}


def test_an_address_that_is_no_icao_address_keeps_its_mark() -> None:
    parsed, _ = _parse(b"MSG,8,1,1,~2B4F10,1" + b"," * 16)
    assert isinstance(parsed, Observation)
    assert parsed.icao24 == "~2b4f10"


@pytest.mark.parametrize(
    ("rest", "reason", "kept"),
    [
        (b"NO\xffPE,38000,,,,,,,,,,", "bad_callsign", {"alt_baro": 38000}),
        (b"klm1023,38000,,,,,,,,,,", "bad_callsign", {"alt_baro": 38000}),
        (b",120000,200,,,,,,,,,", "bad_alt_baro", {"gs": 200.0}),
        (b",38_000,200,,,,,,,,,", "bad_alt_baro", {"gs": 200.0}),
        (b",GROUND,200,,,,,,,,,", "bad_alt_baro", {"gs": 200.0}),
        (b",H,200,,,,,,,,,", "bad_alt_geom", {"gs": 200.0}),
        (b",,nan,90,,,,,,,,", "bad_gs", {"track": 90.0}),
        (b",,1e3,90,,,,,,,,", "bad_gs", {"track": 90.0}),
        (b",,200,361,,,,,,,,", "bad_track", {"gs": 200.0}),
        (b",,200,,,,99999,,,,,", "bad_baro_rate", {"gs": 200.0}),
        (b",,200,,91.0,4.0,,,,,,", "bad_position", {"gs": 200.0}),
        (b",,200,,52.0,,,,,,,", "bad_position", {"gs": 200.0}),
        (b",,200,,,181,,,,,,", "bad_position", {"gs": 200.0}),
        (b",,200,,0.001,0.001,,,,,,", "bad_position", {"gs": 200.0}),
        (b",,200,,,,,7780,,,,", "bad_squawk", {"gs": 200.0}),
        (b",,200,,,,,12345,,,,", "bad_squawk", {"gs": 200.0}),
        (b",,200,,,,,,7,,,", "bad_alert", {"gs": 200.0}),
        (b",,200,,,,,,,x,,", "bad_emergency", {"gs": 200.0}),
        (b",,200,,,,,,,,2,", "bad_spi", {"gs": 200.0}),
        (b",,200,,,,,,,,,2", "bad_on_ground", {"gs": 200.0}),
    ],
)
def test_a_bad_field_is_dropped_and_counted_and_the_rest_of_the_line_holds(
    rest: bytes, reason: str, kept: dict[str, object]
) -> None:
    parsed, dropped = _parse(DATED % (b"3", rest))
    assert isinstance(parsed, Observation)
    assert ({reason: 1}, kept) == (dropped, present(parsed))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"", None),
        (b" ", None),
        (b"STA,,5,179,400AE7,10103,2008/11/28,14:58:51.153,2008/11/28,14:58:51.153,RM", None),
        (b"SEL,,496,2286,4CA4E5,27215,2010/02/19,18:06:07.710,2010/02/19,18:06:07.710,X", None),
        (b"XYZ,1,2", "bad_line"),
        (b"MSG,3,1,1,40621D,1", "bad_line"),
        (b"MSG", "bad_line"),
        (b"\x1a3\x00\x00", "bad_line"),
        (b"MSG,8,1,1,40621,1" + b"," * 16, "bad_icao24"),
        (b"MSG,8,1,1,40_21D,1" + b"," * 16, "bad_icao24"),
        (b"MSG,8,1,1,,1" + b"," * 16, "bad_icao24"),
    ],
)
def test_other_lines_are_ignored_or_refused_with_a_reason(line: bytes, expected: object) -> None:
    assert (expected, {}) == _parse(line)


FIELD = st.one_of(
    st.just(b""),
    st.sampled_from([b"MSG", b"3", b"40621D", b"-1", b"52.1", b"1e999", b"nan", b"9" * 400, b"H"]),
    st.binary(max_size=12),
)


@given(st.one_of(st.binary(), st.lists(FIELD, min_size=22, max_size=22).map(b",".join)))
def test_no_line_whatever_raises(line: bytes) -> None:
    assert isinstance(_parse(line)[0], Observation | str | None)


@given(st.lists(FIELD, min_size=17, max_size=17).map(b",".join))
def test_whatever_is_taken_is_within_the_vocabulary(rest: bytes) -> None:
    parsed, _ = _parse(b"MSG,3,1,1,40621D," + rest)
    assert isinstance(parsed, Observation)
    values = present(parsed)
    assert values == {name: CHECKS[name](value) for name, value in values.items()}


def _independent_count(stream: bytes) -> dict[str, tuple[int, set[str], set[str]]]:
    """Lines, callsigns and positions of each aircraft, read with nothing of ours."""
    seen: dict[str, tuple[int, set[str], set[str]]] = {}
    for line in stream.decode("ascii").splitlines():
        parts = line.split(",")
        count, callsigns, positions = seen.get(parts[4].lower(), (0, set(), set()))
        if parts[10].strip():
            callsigns.add(parts[10].strip())
        if parts[14]:
            positions.add(f"{float(parts[14])} {float(parts[15])}")
        seen[parts[4].lower()] = (count + 1, callsigns, positions)
    return seen


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_comes_out_with_every_aircraft_callsign_and_position(
    recording: Callable[[str], bytes], figures: FeedFigures, name: str
) -> None:
    stream = recording(name)
    decoder = sbs_decoder(figures=figures, stamps=ArrivalStamps(), source="other", receiver=None)
    found: dict[str, tuple[int, set[str], set[str]]] = {}
    last = 0.0
    for start in range(0, len(stream), 1000):
        for o in decoder.decode(stream[start : start + 1000], now=1.7e9):
            assert o.ts > last
            last = o.ts
            count, callsigns, positions = found.get(o.icao24, (0, set(), set()))
            if o.callsign is not None:
                callsigns.add(o.callsign)
            if o.lat is not None:
                positions.add(f"{o.lat} {o.lon}")
            found[o.icao24] = (count + 1, callsigns, positions)
    assert decoder.close(now=1.7e9) == []
    assert _independent_count(stream) == found
    assert (figures.ignored, figures.refused, figures.dropped) == (0, {}, {})
    assert figures.received == figures.accepted == len(stream.splitlines())
