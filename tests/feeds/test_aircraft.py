"""An aircraft object of any of the field's programs says the same in our words."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.observation import Observation, present
from aerotrack.domain.vocabulary import CHECKS
from aerotrack.feeds.aircraft import parse_aircraft

NOW = 1_700_000_000.0


def _parse(entry: object) -> tuple[Observation | str, Counter[str]]:
    dropped: Counter[str] = Counter()
    return parse_aircraft(entry, now=NOW, feed="test", dropped=dropped), dropped


def _good(**entry: Any) -> Observation:
    parsed, dropped = _parse({"hex": "4ca2d6", **entry})
    assert isinstance(parsed, Observation)
    assert dropped == {}
    return parsed


def test_everything_readsb_says_is_taken() -> None:
    entry = {
        "hex": "A3E31A", "type": "adsb_icao", "flight": "N35GR   ", "r": "N35GR", "t": "GLF5",
        "desc": "GULFSTREAM", "dbFlags": 8, "alt_baro": 45000, "alt_geom": 45700, "gs": 489.0,
        "ias": 251, "tas": 460, "mach": 0.824, "track": 67.26, "track_rate": 0.03, "roll": -0.18,
        "mag_heading": 60.1, "true_heading": 69.9, "baro_rate": -64, "geom_rate": -32,
        "squawk": "3471", "emergency": "none", "category": "A3", "nav_qnh": 1013.6,
        "nav_altitude_mcp": 45024, "nav_altitude_fms": 45000, "nav_heading": 64.7,
        "nav_modes": ["autopilot", "althold"], "lat": 35.208109, "lon": -110.373001, "nic": 8,
        "rc": 186, "seen_pos": 1.939, "r_dst": 186.602, "r_dir": 271.5, "version": 2,
        "nic_baro": 1, "nac_p": 10, "nac_v": 2, "sil": 3, "sil_type": "perhour", "gva": 2,
        "sda": 2, "alert": 0, "spi": 1, "wd": 249, "ws": 115, "oat": -68, "tat": -40,
        "mlat": [], "tisb": [], "messages": 261, "seen": 0.1, "rssi": -22.3,
        "lastPosition": {"lat": 1.0, "lon": 1.0},
    }  # fmt: skip
    parsed, dropped = _parse(entry)
    assert isinstance(parsed, Observation)
    assert dropped == {}
    assert present(parsed) == {
        "callsign": "N35GR", "registration": "N35GR", "typecode": "GLF5", "category": "A3",
        "desc": "GULFSTREAM", "db_flags": 8, "lat": 35.208109, "lon": -110.373001,
        "alt_baro": 45000, "alt_geom": 45700, "on_ground": False, "gs": 489.0, "ias": 251,
        "tas": 460, "mach": 0.824, "track": 67.26, "track_rate": 0.03, "true_heading": 69.9,
        "mag_heading": 60.1, "roll": -0.18, "baro_rate": -64, "geom_rate": -32,
        "squawk": "3471", "emergency": "none", "spi": True, "alert": False, "nic": 8, "rc": 186,
        "nic_baro": 1, "nac_p": 10, "nac_v": 2, "sil": 3, "sil_type": "perhour", "gva": 2,
        "sda": 2, "version": 2, "nav_qnh": 1013.6, "nav_altitude_mcp": 45024,
        "nav_altitude_fms": 45000, "nav_heading": 64.7, "nav_modes": ("autopilot", "althold"),
        "wd": 249.0, "ws": 115.0, "oat": -68.0, "tat": -40.0, "rssi": -22.3,
    }  # fmt: skip
    assert (parsed.icao24, parsed.source) == ("a3e31a", "adsb_icao")
    assert (parsed.ts, parsed.time_position) == (NOW - 0.1, NOW - 1.939)


def test_the_old_names_of_dump1090_are_read() -> None:
    parsed = _good(altitude=35000, speed=489, vert_rate=-64, track=143, nucp=7, mlat=[], tisb=[])
    assert present(parsed) == {
        "alt_baro": 35000, "on_ground": False, "gs": 489.0, "baro_rate": -64, "track": 143.0,
    }  # fmt: skip


def test_a_new_name_wins_over_the_old_one() -> None:
    assert _good(altitude=1, alt_baro=2, speed=1, gs=2).alt_baro == 2
    assert _good(speed=1, gs=2).gs == 2.0


@pytest.mark.parametrize("name", ["alt_baro", "altitude"])
def test_ground_instead_of_an_altitude_is_on_the_ground(name: str) -> None:
    assert present(_good(**{name: "ground"})) == {"on_ground": True}


def test_null_and_blank_say_nothing() -> None:
    nothing = dict.fromkeys(["flight", "alt_baro", "gs", "track", "lat", "lon", "type", "seen"])
    assert present(_good(**nothing)) == {}
    assert present(_good(flight="        ")) == {}


@pytest.mark.parametrize(
    ("seen", "seen_pos", "ts", "time_position"),
    [
        (0.1, 5.25, NOW - 0.1, NOW - 5.25),
        (0.1, 0.04, NOW - 0.04, None),
        (None, None, NOW, None),
        (-3, "x", NOW, None),
        (49.5, 50.5, NOW - 49.5, NOW - 50.5),
    ],
)
def test_ages_count_back_from_the_time_of_the_document(
    seen: object, seen_pos: object, ts: float, time_position: float | None
) -> None:
    parsed = _good(lat=51.0, lon=1.0, seen=seen, seen_pos=seen_pos)
    assert (parsed.ts, parsed.time_position) == (ts, time_position)


def test_without_a_position_its_age_says_nothing() -> None:
    parsed = _good(seen=3.0, seen_pos=0.0)
    assert (parsed.ts, parsed.time_position) == (NOW - 3.0, None)


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        ({"type": "mlat"}, "mlat"),
        ({"type": "tisb_trackfile"}, "tisb_trackfile"),
        ({"mlat": ["lat", "lon"], "tisb": [], "lat": 51.0, "lon": 1.0}, "mlat"),
        ({"mlat": [], "tisb": ["lat", "lon"], "lat": 51.0, "lon": 1.0}, "tisb_icao"),
        ({"hex": "~2b4f10", "mlat": [], "tisb": ["lat"], "lat": 51.0, "lon": 1.0}, "tisb_other"),
        ({"hex": "~2b4f10", "mlat": [], "tisb": []}, "other"),
        ({"mlat": ["altitude"], "tisb": [], "lat": 51.0, "lon": 1.0}, "adsb_icao"),
        ({"mlat": [], "tisb": []}, "mode_s"),
        ({"lat": 51.0, "lon": 1.0}, "other"),
    ],
)
def test_the_source_is_what_the_program_says_or_does(entry: dict[str, Any], source: str) -> None:
    assert _good(**entry).source == source


@pytest.mark.parametrize(
    ("key", "wrong", "reason"),
    [
        ("alt_baro", "35000", "bad_alt_baro"),
        ("alt_baro", 200_000, "bad_alt_baro"),
        ("altitude", "GND", "bad_alt_baro"),
        ("alt_geom", True, "bad_alt_geom"),
        ("gs", float("nan"), "bad_gs"),
        ("speed", [], "bad_gs"),
        ("track", 361, "bad_track"),
        ("vert_rate", 10**400, "bad_baro_rate"),
        ("squawk", 7700, "bad_squawk"),
        ("squawk", "7800", "bad_squawk"),
        ("flight", 17, "bad_callsign"),
        ("flight", "KLM 1023", "bad_callsign"),
        ("alert", 2, "bad_alert"),
        ("spi", "1", "bad_spi"),
        ("emergency", "help", "bad_emergency"),
        ("type", "radar", "bad_source"),
        ("category", "Z9", "bad_category"),
        ("dbFlags", -1, "bad_db_flags"),
        ("lat", 51.0, "bad_position"),
        ("lon", "1.0", "bad_position"),
    ],
)
def test_a_bad_value_costs_its_field_only(key: str, wrong: object, reason: str) -> None:
    parsed, dropped = _parse({"hex": "4ca2d6", "nic": 8, key: wrong})
    assert isinstance(parsed, Observation)
    assert (present(parsed), dropped) == ({"nic": 8}, {reason: 1})


@pytest.mark.parametrize(
    ("lat", "lon"), [(91.0, 0.0), (0.0, 0.0), (51.0, 200.0), (float("nan"), 1.0), (51.0, None)]
)
def test_a_place_no_aircraft_can_be_at_is_left_out(lat: object, lon: object) -> None:
    parsed, dropped = _parse({"hex": "4ca2d6", "lat": lat, "lon": lon})
    assert isinstance(parsed, Observation)
    assert (parsed.lat, dropped) == (None, {"bad_position": 1})


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, "not_an_object"),
        ([], "not_an_object"),
        ("4ca2d6", "not_an_object"),
        ({}, "bad_icao24"),
        ({"hex": None}, "bad_icao24"),
        ({"hex": 4}, "bad_icao24"),
        ({"hex": "4ca2d"}, "bad_icao24"),
        ({"hex": "4ca2dg"}, "bad_icao24"),
        ({"hex": "~~ca2d6"}, "bad_icao24"),
    ],
)
def test_without_an_address_it_is_refused(entry: object, reason: str) -> None:
    assert _parse(entry) == (reason, {})


KEYS = st.sampled_from(
    ["alt_baro", "altitude", "gs", "speed", "flight", "lat", "lon", "type", "mlat", "tisb", "seen",
     "seen_pos", "spi", "alert", "nav_modes", "squawk", "r", "t", "dbFlags", "category", "x"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.dictionaries(KEYS, JSON))
def test_no_object_whatever_raises_and_all_taken_is_in_range(entry: dict[str, Any]) -> None:
    parsed, _ = _parse({"hex": "4ca2d6", **entry})
    assert isinstance(parsed, Observation)
    values = present(parsed)
    assert values == {name: CHECKS[name](value) for name, value in values.items()}
    assert 0.0 <= parsed.ts <= NOW


@given(JSON)
def test_no_json_whatever_raises(entry: object) -> None:
    assert isinstance(_parse(entry)[0], str)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_real_snapshot_is_taken_whole(recording: Callable[[str], bytes], number: int) -> None:
    entries = json.loads(recording(f"readsb-newmexico-{number}.aircraft.json.gz"))["aircraft"]
    parsed = [_parse(entry) for entry in entries]
    assert [dropped for _, dropped in parsed if dropped] == []
    taken = [one for one, _ in parsed if isinstance(one, Observation)]
    assert [
        (e["hex"], e.get("flight", "").strip(), e.get("lat"), e.get("r"), e["type"])
        for e in entries
    ] == [(o.icao24, o.callsign or "", o.lat, o.registration, o.source) for o in taken]
