"""aircraft.json and receiver.json as displays of readsb expect them."""

import asyncio

import msgspec
import pytest

from aerotrack.actors.messages import GetPicture, Picture
from aerotrack.domain.vocabulary import TERMS
from aerotrack.web.readsb import NAMES, aircraft

NOW = 1_764_000_000.5
ENTRY = {
    "icao24": "4ca2d6", "flight_id": "4ca2d6-692159a0", "callsign": "RYR4TK",
    "registration": "EI-DWF", "typecode": "B738", "category": "A3", "db_flags": 1,
    "lat": 53.42135, "lon": -6.27009, "alt_baro": 3000, "alt_geom": 3125, "on_ground": False,
    "gs": 160.2, "track": 98.1, "baro_rate": -640, "squawk": "7700", "emergency": "general",
    "spi": True, "alert": False, "nav_modes": ["autopilot"], "source": "adsb_icao",
    "feed": "home", "phase": "approach", "time_position": NOW - 2.5, "last_contact": NOW - 0.4,
    "r_dst": 4.2, "r_dir": 271.0,
}  # fmt: skip

# The keys readsb writes for an aircraft (its README-json and the wire reference).
READSB_KEYS = frozenset({
    "hex", "type", "flight", "r", "t", "desc", "ownOp", "year", "dbFlags", "alt_baro", "alt_geom",
    "gs", "ias", "tas", "mach", "track", "calc_track", "track_rate", "roll", "mag_heading",
    "true_heading", "baro_rate", "geom_rate", "squawk", "emergency", "category", "nav_qnh",
    "nav_altitude_mcp", "nav_altitude_fms", "nav_heading", "nav_modes", "lat", "lon", "nic", "rc",
    "seen_pos", "seen", "r_dst", "r_dir", "lastPosition", "rr_lat", "rr_lon", "version", "nic_baro",
    "nac_p", "nac_v", "sil", "sil_type", "gva", "sda", "alert", "spi", "wd", "ws", "oat", "tat",
    "mlat", "tisb", "messages", "rssi", "acas_ra", "gpsOkBefore", "gpsOkLat", "gpsOkLon",
})  # fmt: skip


def test_an_aircraft_is_what_readsb_would_write():
    assert aircraft(ENTRY, NOW) == {
        "hex": "4ca2d6", "type": "adsb_icao", "flight": "RYR4TK  ", "r": "EI-DWF", "t": "B738",
        "category": "A3", "dbFlags": 1, "lat": 53.42135, "lon": -6.27009, "alt_baro": 3000,
        "alt_geom": 3125, "gs": 160.2, "track": 98.1, "baro_rate": -640, "squawk": "7700",
        "emergency": "general", "spi": 1, "alert": 0, "nav_modes": ["autopilot"], "mlat": [],
        "tisb": [], "seen": 0.4, "seen_pos": 2.5, "r_dst": 4.2, "r_dir": 271.0,
    }  # fmt: skip


def test_every_name_of_ours_that_readsb_knows_comes_out_under_a_key_of_readsb():
    assert set(NAMES.values()) - READSB_KEYS == set()
    whole = dict.fromkeys(TERMS, 1) | {
        "callsign": "A", "source": "mlat", "time_position": NOW, "last_contact": NOW,
    }  # fmt: skip
    assert set(aircraft(whole, NOW)) - READSB_KEYS == set()


def test_what_is_unknown_is_absent_and_never_null():
    assert aircraft({"icao24": "~4ca2d6", "lat": None}, NOW) == {
        "hex": "~4ca2d6", "type": "unknown", "mlat": [], "tisb": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"on_ground": True}, {"alt_baro": "ground"}),
        ({"source": "sim"}, {"type": "other"}),
        ({"source": "hfdl"}, {"type": "other"}),
        ({"source": "mlat"}, {"type": "mlat", "mlat": ["lat", "lon"]}),
        ({"source": "tisb_icao"}, {"type": "tisb_icao", "tisb": ["lat", "lon"]}),
        ({"last_contact": NOW + 1}, {"seen": 0.0}),
    ],
)
def test_words_that_readsb_says_another_way(change, expected):
    made = aircraft(ENTRY | change, NOW)
    assert {name: made[name] for name in expected} == expected


def test_no_flags_are_no_key():
    assert "dbFlags" not in aircraft(ENTRY | {"db_flags": 0}, NOW)


def test_the_file_is_made_once_a_second_for_all_and_its_time_always_rises(staged):
    async def scene():
        async with staged() as stage:
            stage.entries = tuple(msgspec.json.encode(ENTRY) for _ in range(450))
            stage.figures[0].accepted = 99
            first, second = await asyncio.gather(
                stage.json("/data/aircraft.json?_=1"), stage.json("/data/aircraft.json")
            )
            assert first == second
            assert (first["now"], first["messages"]) == (stage.time.wall, 99)
            assert [len(first["aircraft"]), first["aircraft"][449]["hex"]] == [450, "4ca2d6"]
            assert len(stage.actors.asked) == 1
            stage.time.monotonic += 1.0
            stage.time.wall -= 5.0  # the clock was set back
            third = await stage.json("/data/aircraft.json")
            assert third["now"] > first["now"]

    asyncio.run(scene())


def test_an_empty_sky_is_an_empty_list(staged):
    async def scene():
        async with staged() as stage:
            stage.actors.answers[GetPicture] = lambda ask: Picture(ask.now, ())
            assert (await stage.json("/data/aircraft.json"))["aircraft"] == []

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({}, {}),
        ({"receiver": (51.5, -0.5)}, {"lat": 51.5, "lon": -0.5}),
    ],
)
def test_where_the_receiver_stands_is_said_as_it_is_shown(staged, settings, where):
    async def scene():
        async with staged(**settings) as stage:
            assert await stage.json("/data/receiver.json") == {
                "version": "aerotrack/0.1.0", "refresh": 1000, "history": 0, "readsb": True,
            } | where  # fmt: skip

    asyncio.run(scene())
