"""Columns, keys and pages of the live table, without a terminal or a server."""

import io

import pytest
from rich.console import Console

from aerotrack.client import LiveFlight
from aerotrack.commands.top import SORTS
from aerotrack.domain.live import Filter
from aerotrack.top.columns import (
    BY_LETTER,
    BY_NAME,
    COLUMNS,
    age,
    fitting,
    ordered,
    speed_colour,
)
from aerotrack.top.control import HELP, Control
from aerotrack.top.keyboard import keys_in
from aerotrack.top.page import Seen, page
from aerotrack.top.wanted import BadWish, bbox, wanted_filter

NOW = 1_764_000_000.0


def flight(icao24: str, **values: object) -> LiveFlight:
    return LiveFlight(icao24=icao24, flight_id=f"{icao24}-692159a0", **values)


RYANAIR = flight(
    "4ca2d6", callsign="RYR4TK", registration="EI-DCL", typecode="B738", lat=53.42135,
    lon=-6.27009, alt_baro=3000, baro_rate=1216, gs=160.2, track=284.4, squawk="7700",
    time_position=NOW - 3.2, last_contact=NOW - 1,
)  # fmt: skip
PARKED = flight("3c6444", on_ground=True, gs=0.0, last_contact=NOW - 20)
SILENT = flight("~abcde")


def drawn(
    *flights: LiveFlight, width: int = 80, height: int = 10, trouble: str = "", **control: object
) -> list[str]:
    """The lines of the page."""
    seen = Seen(list(flights), NOW, "aerotrack/0.1.0", "ws://pi/api/v1/live", 12.4, trouble)
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=False)
    console.print(page(seen, Control(**control), width, height))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_page_has_a_header_the_flights_and_a_line_of_keys() -> None:
    title, figures, head, *rows, keys = drawn(RYANAIR, PARKED)
    assert "aerotrack top  live  aerotrack/0.1.0 at ws://pi/api/v1/live" == title
    assert "2 flights  12 updates/s  by callsign up  16:00:00Z" == figures
    assert (
        "CALLSIGN ICAO24  REG      TYPE     LAT      LON ALT ft FT/MIN   KT TRK SQWK  AGE" == head
    )
    assert (
        "RYR4TK   4ca2d6  EI-DCL   B738  53.421   -6.270   3000  +1216  160 284 7700    3"
    ) == rows[0]
    assert (
        "-        3c6444  -        -          -        - ground      -    0   - -      20"
        == rows[1]
    )
    assert "q quit" == keys[:6]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (10, 3), (40, 24), (80, 24), (200, 50)])
def test_a_page_fits_every_terminal(width: int, height: int) -> None:
    lines = drawn(
        *[flight(f"{n:06x}", callsign="X") for n in range(99)], width=width, height=height
    )
    assert max(map(len, lines)) <= width
    assert len(lines) == max(height, 5)


def test_narrow_terminals_lose_the_least_important_columns() -> None:
    assert tuple(COLUMNS) == fitting(300)
    assert "age" == fitting(79)[-1].name
    assert ["callsign", "icao24", "typecode", "alt_baro", "baro_rate", "gs", "squawk", "age"] == [
        column.name for column in fitting(50)
    ]
    assert ["callsign"] == [column.name for column in fitting(1)]


def test_trouble_and_what_is_unusual_is_said_in_the_header() -> None:
    title, figures, *_ = drawn(
        RYANAIR, PARKED, trouble="waiting: Connection refused", search="ryr", paused=True
    )
    assert "aerotrack top  waiting: Connection refused" in title
    assert "1 of 2 flights with 'ryr'  12 updates/s  by callsign up  standing still" in figures


def test_help_lists_every_key_that_sorts() -> None:
    listed = {key for keys, _ in HELP for key in keys.split()}
    assert set() == BY_LETTER.keys() - listed
    text = "\n".join(drawn(help=True, height=24))
    assert all(what in text for _, what in HELP)


def test_what_is_not_known_is_sorted_last_whichever_way() -> None:
    flights = [SILENT, PARKED, RYANAIR]
    for descending, expected in (
        (False, [PARKED, RYANAIR, SILENT]),
        (True, [RYANAIR, PARKED, SILENT]),
    ):
        assert expected == ordered(flights, BY_NAME["gs"], NOW, descending=descending)
    # On the ground is lower than any altitude, and known.
    by_altitude = ordered(flights, BY_NAME["alt_baro"], NOW, descending=False)
    assert [PARKED, RYANAIR, SILENT] == by_altitude


@pytest.mark.parametrize("name", SORTS)
def test_every_column_can_be_sorted_by_and_drawn_of_any_flight(name: str) -> None:
    assert name in BY_NAME
    assert len(drawn(SILENT, RYANAIR, PARKED, sort=name, width=300)) == 10


def test_the_command_offers_every_column() -> None:
    assert tuple(BY_NAME) == SORTS


def test_age_is_of_the_position_else_of_the_last_contact_and_never_negative() -> None:
    assert (3.2, 20.0, None) == (
        pytest.approx(age(RYANAIR, NOW), abs=0.01), age(PARKED, NOW), age(SILENT, NOW),
    )  # fmt: skip
    assert 0.0 == age(RYANAIR, NOW - 60)


def test_speed_has_a_colour_at_any_speed() -> None:
    colours = [speed_colour(float(gs)) for gs in (0, 100, 200, 300, 400, 500, 600)]
    assert len(colours) == len(set(colours))


def pressed(*keys: str, **control: object) -> Control:
    made = Control(**control)
    for key in keys:
        made.press(key, columns=fitting(79), page=10)
    return made


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("q",), Control(over=True)),
        (("a",), Control(sort="alt_baro", descending=True)),
        (("a", "a"), Control(sort="alt_baro")),
        (("r",), Control(descending=True)),
        ((">",), Control(sort="icao24")),
        (("left",), Control(sort="age")),
        (("down", "down", "up"), Control(offset=1)),
        (("up",), Control()),
        (("pagedown", "pagedown", "pageup"), Control(offset=10)),
        (("pagedown", "home"), Control()),
        (("pagedown", "a"), Control(sort="alt_baro", descending=True)),
        ((" ",), Control(paused=True)),
        ((" ", " "), Control()),
        (("h",), Control(help=True)),
        (("h", "a"), Control()),
        (("h", "q"), Control(over=True)),
        (("/", "q", "a", "backspace"), Control(typing=True, search="q")),
        (("/", "q", "enter"), Control(search="q")),
        (("/", "q", "enter", "esc"), Control()),
        (("/", "q", "esc"), Control()),
        (("/", "up"), Control(typing=True)),
        (("Z", "tab"), Control()),
    ],
)
def test_keys_do_what_the_help_says(keys: tuple[str, ...], expected: Control) -> None:
    assert expected == pressed(*keys)


def test_scrolling_ends_with_the_flights() -> None:
    flights = [flight(f"{n:06x}", callsign=f"X{n:02}") for n in range(20)]
    lines = drawn(*flights, offset=1000, height=10)
    assert "from 15" in lines[1]
    assert "X19" == lines[-2][:3]


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("a", ["a"]),
        ("ab", ["a", "b"]),
        ("\x1b[A\x1bOBx", ["up", "down", "x"]),
        ("\x1b", ["esc"]),
        ("\x1b[99~x", []),
        ("\r\x7f", ["enter", "backspace"]),
        ("é", ["é"]),
        ("", []),
    ],
)
def test_keys_are_read_from_what_terminals_send(sent: str, keys: list[str]) -> None:
    assert keys == keys_in(sent)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), None),
        (("callsign=ryr,EIN",), Filter(callsign=("RYR", "EIN"))),
        (("source=ADSB", "squawk=7700"), Filter(source=("adsb",), squawk=("7700",))),
        (("alt_baro=0..10000 on_ground=no",), Filter(alt_baro=(0.0, 10000.0), on_ground=False)),
        (('{"emergency":true}', "callsign=X"), Filter(emergency=True, callsign=("X",))),
    ],
)
def test_a_filter_is_read_as_people_type_it(
    texts: tuple[str, ...], expected: Filter | None
) -> None:
    assert expected == wanted_filter(texts)


@pytest.mark.parametrize(
    "wrong",
    ["callsign", "colour=red", "alt_baro=high", "on_ground=maybe", "callsign=", "{", "[1]", "=x"],
)
def test_what_is_no_filter_is_refused_with_a_reason(wrong: str) -> None:
    with pytest.raises(BadWish, match=r".+"):
        wanted_filter((wrong,))


def test_a_box_is_four_numbers() -> None:
    assert (-11.0, 51.0, -5.0, 56.5) == bbox("-11,51,-5,56.5")
    for wrong in ("", "1,2,3", "1,2,3,x"):
        with pytest.raises(BadWish):
            bbox(wrong)
