"""What frames are believed, and what they say in our vocabulary."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import rs1090
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.cpr import encode
from aerotrack.domain.observation import CprFrame, Observation, present, site
from aerotrack.feeds.avr import AvrFramer
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.modes.airspace import SAME_WITHIN_S, Airspace
from aerotrack.feeds.modes.codes import ALTITUDE, SQUAWK
from aerotrack.feeds.modes.comm_b import mach_of
from aerotrack.feeds.modes.decoder import MLAT_CLOCK, Frame, ModesDecoder
from aerotrack.feeds.modes.heard import BELIEVED_FOR_S, FORGOTTEN_AFTER_S
from aerotrack.feeds.modes.parity import remainder_long, remainder_short, with_parity
from aerotrack.feeds.modes.rust import ask
from aerotrack.feeds.receivers import Receivers

from .frames import (
    EVEN,
    KLM,
    ODD,
    VELOCITY,
    all_call,
    altitude_code,
    position,
    reply,
    squitter,
)

RYR = 0x4CA2D6


class Station:
    """A decoder with what it shares, and time in steps of two seconds."""

    def __init__(self, airspace: Airspace | None = None, **options: Any) -> None:
        self.figures = FeedFigures(name="home", url="")
        self.receivers = Receivers()
        self.airspace = airspace or Airspace()
        self.now = 1000.0
        self.decoder = ModesDecoder(
            figures=self.figures, airspace=self.airspace, receivers=self.receivers, **options
        )

    def hears(
        self, *messages: bytes, clock: int = 0, level: int | None = None
    ) -> list[Observation]:
        """What these say, two seconds apart."""
        times = [self.now + 2.0 * n for n in range(1, len(messages) + 1)]
        self.now = times[-1]
        return self.decoder.decode([(m, clock, level, None) for m in messages], times)

    def says(self, *messages: bytes) -> dict[str, Any]:
        """What the last of these says; there must be one observation of it."""
        return present(self.hears(*messages)[-1])


@pytest.fixture
def station() -> Station:
    return Station()


# -- parity and addresses --------------------------------------------------------------------------


@pytest.mark.parametrize("message", [KLM, EVEN, ODD, VELOCITY])
def test_the_parity_of_known_squitters_leaves_nothing(message: bytes) -> None:
    assert 0 == remainder_long(message)
    assert message == with_parity(message[:11])


@given(st.binary(min_size=11, max_size=11), st.integers(0, 111))
def test_any_flipped_bit_is_noticed(body: bytes, bit: int) -> None:
    message = int.from_bytes(with_parity(body), "big") ^ 1 << bit
    assert remainder_long(message.to_bytes(14, "big"))


@given(st.binary(min_size=4, max_size=4), st.integers(0, 0xFFFFFF))
def test_the_parity_of_a_reply_leaves_its_address(body: bytes, address: int) -> None:
    assert address == remainder_short(with_parity(body, address))


def test_a_squitter_with_a_broken_parity_is_refused(station: Station) -> None:
    assert [] == station.hears(KLM[:-1] + b"\x99")
    assert {"bad_parity": 1} == dict(station.figures.refused)


def test_a_reply_is_believed_once_its_address_was_seen(station: Station) -> None:
    altitude = reply(4, RYR, altitude_code(38_000))
    assert [] == station.hears(altitude)
    assert {"unknown_address": 1} == dict(station.figures.refused)
    *_, believed = station.hears(all_call(RYR), altitude)
    assert ("4ca2d6", "mode_s", 38_000) == (believed.icao24, believed.source, believed.alt_baro)
    station.now += BELIEVED_FOR_S
    assert [] == station.hears(altitude)


def test_an_all_call_reply_to_an_interrogator_makes_its_address_known(station: Station) -> None:
    assert [] == station.hears(all_call(RYR, interrogator=0x7F))  # nobody's first sign of life
    assert "1000" == station.says(reply(5, RYR, SQUAWK.index("1000")))["squawk"]
    assert [] == station.hears(all_call(RYR + 1, interrogator=0x80))
    assert {"bad_parity": 1} == dict(station.figures.refused)


def test_addresses_known_to_one_receiver_are_known_to_all() -> None:
    first = Station()
    second = Station(first.airspace)
    first.hears(KLM)
    second.now = first.now
    assert [] != second.hears(reply(4, 0x4840D6, altitude_code(10_000)))


def test_aircraft_not_heard_any_more_are_forgotten(station: Station) -> None:
    station.hears(*(all_call(address) for address in range(0x100, 0x200)))
    assert 0x100 == len(station.airspace.heard)
    station.now += FORGOTTEN_AFTER_S + 600.0
    station.hears(KLM)
    assert 1 == len(station.airspace.heard)


@given(st.lists(st.binary(min_size=7, max_size=7) | st.binary(min_size=14, max_size=14)))
def test_no_bytes_make_it_raise(messages: list[bytes]) -> None:
    station = Station()
    whole = [with_parity(m[:-3]) for m in messages]
    replies = [with_parity(m[:-3], RYR) for m in messages]
    if messages:
        station.hears(all_call(RYR), *messages, *whole, *replies)
    figures = station.figures
    assert figures.received == figures.accepted + figures.ignored + figures.refused.total()


# -- the same frame again --------------------------------------------------------------------------


def test_a_frame_of_two_receivers_counts_once_for_state_and_for_both_figures() -> None:
    first = Station()
    second = Station(first.airspace)
    second.decoder = ModesDecoder(
        figures=second.figures, airspace=first.airspace, receivers=first.receivers, peer="10.0.0.2"
    )
    assert 1 == len(first.hears(KLM))
    second.now = first.now - 2.0 + 0.9 * SAME_WITHIN_S
    assert [] == second.hears(KLM)
    shown = {r.name: (r.messages, r.duplicates) for r in first.receivers.all()}
    assert {"home": (1, 0), "10.0.0.2": (1, 1)} == shown
    assert (1, 0, 1) == (
        second.figures.received,
        second.figures.accepted,
        second.figures.ignored,
    )


def test_the_same_frame_later_is_another(station: Station) -> None:
    assert 2 == len(station.hears(KLM, KLM))


# -- squitters -------------------------------------------------------------------------------------


def test_identification(station: Station) -> None:
    (seen,) = station.hears(KLM)
    assert ("4840d6", "adsb_icao", "home") == (seen.icao24, seen.source, seen.feed)
    said = present(seen)
    assert {"callsign": "KLM1023", "category": "A0"} == {
        name: said[name] for name in ("callsign", "category")
    }


def test_an_airborne_position_is_left_encoded(station: Station) -> None:
    seen = station.hears(EVEN)[0]
    assert CprFrame(93000, 51372, odd=False, surface=False) == seen.cpr
    assert {
        "alt_baro": 38_000,
        "on_ground": False,
        "spi": False,
        "alert": False,
        "nic": 8,
        "rc": 186,
    } == present(seen)


def test_a_velocity_over_ground(station: Station) -> None:
    said = station.says(VELOCITY)
    assert (159.2, 182.88) == (round(said["gs"], 1), round(said["track"], 2))
    assert (-832, 0) == (said["geom_rate"], said["nac_v"])
    assert "alt_geom" not in said  # nobody said the barometric one


def test_a_geometric_altitude_is_the_barometric_one_and_the_difference(station: Station) -> None:
    where = position(0x485020, encode(52.0, 4.0, odd=False, surface=False), altitude=0xC38)
    assert 38_550 == station.says(where, VELOCITY)["alt_geom"]


@pytest.mark.parametrize(("subtype", "gs"), [(1, 159.2), (2, 636.8)])
def test_supersonic_speeds_count_fourfold(station: Station, subtype: int, gs: float) -> None:
    me = int.from_bytes(VELOCITY[4:11], "big") & ~(7 << 48) | subtype << 48
    assert gs == round(station.says(squitter(0x485020, me))["gs"], 1)


def test_an_airspeed_with_its_heading() -> None:
    said = Station().says(bytes.fromhex("8D89642D9B07322070040011EEC3"))
    assert (258, 287.578125) == (said["ias"], said["mag_heading"])
    assert "gs" not in said


def test_a_surface_position(station: Station) -> None:
    seen = station.hears(bytes.fromhex("8c4841753a9a153237aef0f275be"))[0]
    assert CprFrame(39195, 110320, odd=True, surface=True) == seen.cpr
    assert (True, 17.0, 92.8125) == (seen.on_ground, seen.gs, seen.track)


def test_target_state_and_operational_status() -> None:
    station = Station()
    said = station.says(bytes.fromhex("8D89653EEA485858013F8C7FAE5B"))
    assert (37_000, 1012.8) == (said["nav_altitude_mcp"], round(said["nav_qnh"], 1))
    assert ("autopilot", "vnav", "lnav", "tcas") == said["nav_modes"]
    assert (9, 3, "perhour", 1) == tuple(
        said[name] for name in ("nac_p", "sil", "sil_type", "nic_baro")
    )
    status = station.says(bytes.fromhex("8D400159F82300060049B812CDB4"))
    assert {
        "version": 2,
        "nac_p": 9,
        "sil": 3,
        "sil_type": "perhour",
        "gva": 2,
        "sda": 2,
        "nic_baro": 1,
    } == {name: status[name] for name in status if name not in {"on_ground"}}


@pytest.mark.parametrize(
    ("state", "emergency"),
    [(0, "none"), (1, "general"), (2, "lifeguard"), (4, "nordo"), (5, "unlawful"), (6, "downed")],
)
def test_an_emergency_and_its_squawk(station: Station, state: int, emergency: str) -> None:
    me = int.from_bytes(bytes.fromhex("E11DAD00000000"), "big") & ~(7 << 45) | state << 45
    said = station.says(squitter(RYR, me))
    assert (emergency, "5376") == (said["emergency"], said["squawk"])


def test_a_resolution_advisory_is_no_emergency(station: Station) -> None:
    me = int.from_bytes(bytes.fromhex("E21DAD00000000"), "big")
    assert not {"emergency", "squawk"} & station.says(squitter(RYR, me)).keys()


@pytest.mark.parametrize(
    ("control", "icao24", "source"),
    [
        (0, "4ca2d6", "adsb_icao_nt"),
        (1, "~4ca2d6", "adsb_other"),
        (2, "4ca2d6", "tisb_icao"),
        (5, "~4ca2d6", "tisb_other"),
        (6, "4ca2d6", "adsr_icao"),
    ],
)
def test_relayed_messages_say_whose_they_are(control: int, icao24: str, source: str) -> None:
    me = int.from_bytes(EVEN[4:11], "big")
    (seen,) = Station().hears(squitter(RYR, me, df=18, low=control))
    assert (icao24, source) == (seen.icao24, seen.source)
    if control in (2, 6):  # the bit that says the address is none of ICAO's
        (other,) = Station().hears(squitter(RYR, me | 1 << 48, df=18, low=control))
        assert "~4ca2d6" == other.icao24
        assert other.source == {2: "tisb_trackfile", 6: "adsr_other"}[control]


@pytest.mark.parametrize("control", [3, 4, 7])
def test_other_relayed_messages_are_of_no_use(control: int) -> None:
    station = Station()
    assert [] == station.hears(squitter(RYR, 0, df=18, low=control))
    assert 1 == station.figures.ignored


def test_results_of_multilateration_are_marked() -> None:
    assert "mlat" == Station().hears(EVEN, clock=MLAT_CLOCK)[0].source
    assert "mlat" == Station(mlat=True).hears(EVEN)[0].source
    assert "adsb_icao" == Station().hears(EVEN, clock=MLAT_CLOCK + 1)[0].source


# -- replies ---------------------------------------------------------------------------------------


def test_altitudes_and_squawks_are_those_of_the_library() -> None:
    codes = range(1 << 13)
    altitudes: Any = rs1090.decode([reply(4, RYR, code).hex() for code in codes])
    squawks: Any = rs1090.decode([reply(5, RYR, code).hex() for code in codes])
    assert SQUAWK == tuple(found["squawk"] for found in squawks)
    # It reads metric codes, which nobody sends, and leaves those below zero out.
    ours = [
        (code, ALTITUDE[code]) for code in codes if not code & 0x40 and (ALTITUDE[code] or 0) >= 0
    ]
    theirs = [(code, altitudes[code].get("altitude")) for code, _ in ours]
    assert theirs == ours
    assert (-1000, -1200) == (ALTITUDE[0x10], ALTITUDE[0x100])


@pytest.mark.parametrize(
    ("status", "alert", "spi", "ground"),
    [
        (0, False, False, None),
        (1, False, False, True),
        (2, True, False, None),
        (3, True, False, True),
        (4, True, True, None),
        (5, False, True, None),
        (6, None, None, None),
    ],
)
def test_the_status_of_a_reply(
    status: int, alert: bool | None, spi: bool | None, ground: bool | None
) -> None:
    station = Station()
    station.hears(all_call(RYR))
    said = station.says(reply(5, RYR, SQUAWK.index("7700"), status=status))
    assert ("7700", alert, spi, ground) == (
        said["squawk"],
        said.get("alert"),
        said.get("spi"),
        said.get("on_ground"),
    )


def test_the_level_is_told_now_and_then(station: Station) -> None:
    seen = station.hears(KLM, KLM, KLM, KLM, level=255)
    assert [0.0, None, None, 0.0] == [obs.rssi and round(obs.rssi, 3) for obs in seen]


def test_a_figure_for_how_far_it_hears() -> None:
    station = Station(site=site(52.0, 4.0))
    for odd in (False, True):
        station.now -= 1.5
        station.hears(position(RYR, encode(53.0, 4.0, odd=odd, surface=False)))
    (receiver,) = station.receivers.all()
    assert 60.0 == round(receiver.farthest or 0.0, 1)
    assert 2 == receiver.positions


# -- Comm-B ----------------------------------------------------------------------------------------


def test_mach_of_indicated_airspeed() -> None:
    # Known crossover altitudes: Mach 0.78 is 300 kt at 29,300 ft and 280 kt at 32,400 ft.
    assert [0.45, 0.78, 0.78] == [
        round(mach_of(ias, alt), 2) for ias, alt in ((250, 10_000), (300, 29_300), (280, 32_400))
    ]


def heard(station: Station, *messages: str) -> dict[str, Any]:
    return station.says(*(bytes.fromhex(message) for message in messages))


def test_a_register_is_taken_where_the_squitters_agree() -> None:
    # 4bcd81 cruises at 36,000 ft, gs 370, track 311.
    at = position(0x4BCD81, encode(47.3, 20.1, odd=False, surface=False), altitude=0xB98)
    assert 36_000 == Station().says(at)["alt_baro"]
    station = Station()
    station.hears(at)
    sixty = heard(station, "A80019ACE9FA1532200C01CF163B")
    assert (266, 0.8, 297.94921875) == (sixty["ias"], sixty["mach"], sixty["mag_heading"])
    fifty = heard(station, "A0001718801DD92E6004E1BC7220", "A80019AC801DD92E6004E1CA1C9E")
    assert (370, 450) == (fifty["gs"], fifty["tas"])  # the second agrees with the first
    assert -70 < fifty["oat"] < -50
    assert fifty["tat"] > fifty["oat"]


def test_a_register_that_contradicts_the_squitters_is_left_out() -> None:
    station = Station()
    low = position(0x4BCD81, encode(47.3, 20.1, odd=False, surface=False), altitude=0x4D8)
    station.hears(low)  # Mach 0.8 at 266 kt is nothing for 8,000 ft
    said = heard(station, "A80019ACE9FA1532200C01CF163B")
    assert not {"ias", "mach", "mag_heading"} & said.keys()
    assert "5352" == said["squawk"]


def test_a_register_that_could_be_two_is_left_out() -> None:
    station = Station()
    station.hears(all_call(0x3C65C2))
    said = heard(station, "A8000800FEBAB11F7FFC8FC5C50C")
    assert {"squawk", "alert", "spi"} == said.keys()


def test_selected_altitude_and_callsign_of_registers() -> None:
    station = Station()
    station.hears(all_call(0x4D012F))
    said = heard(station, "A0001498BE85F430AA0000F1027C")
    assert (32_000, 32_000, 1013.3, 32_000) == (
        said["nav_altitude_mcp"],
        said["nav_altitude_fms"],
        said["nav_qnh"],
        said["alt_baro"],
    )
    assert "CLX37" == heard(station, "A8001DAD200CC633DE08200042E5")["callsign"]


# -- the library, and the recordings ---------------------------------------------------------------


def test_what_the_library_panics_at_costs_that_message_only() -> None:
    found = ask([KLM.hex(), "zz", EVEN.hex()])
    assert ["08", None, "05"] == [decoded.get("bds") for decoded in found]


def _frames(recording: Callable[[str], bytes], name: str) -> list[Frame]:
    return AvrFramer(FeedFigures(name="test", url="")).feed(recording(f"{name}.avr.gz"))


@pytest.mark.parametrize("name", ["ulss7", "hu0102-1", "hu0102-2"])
def test_positions_and_velocities_are_those_of_the_library(
    recording: Callable[[str], bytes], name: str
) -> None:
    station = Station()
    frames = [f for f in _frames(recording, name) if f[0][0] >> 3 == 17]
    decoded: Sequence[Any] = rs1090.decode([frame[0].hex() for frame in frames])
    compared = 0
    for (message, *_), theirs in zip(frames, decoded, strict=True):
        (ours,) = station.hears(message)
        said = present(ours)
        if theirs.get("bds") == "05":
            assert ours.cpr == CprFrame(
                theirs["lat_cpr"], theirs["lon_cpr"], theirs["parity"] == "odd", surface=False
            )
            assert theirs["altitude"] == said["alt_baro"]
        elif theirs.get("bds") == "09":
            for key, names in (
                ("groundspeed", ("gs",)),
                ("track", ("track",)),
                ("IAS", ("ias",)),
                ("heading", ("mag_heading", "true_heading")),
                ("vertical_rate", ("baro_rate", "geom_rate")),
            ):
                if theirs.get(key) is not None:
                    assert pytest.approx(theirs[key]) == next(said[n] for n in names if n in said)
        else:
            continue
        compared += 1
    assert compared > 500
