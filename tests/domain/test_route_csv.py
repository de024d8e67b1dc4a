"""Lists of callsign routes are read in the forms they go round in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.route_csv import CallsignRoute, read_routes
from aerotrack.domain.tables import BadRow, UnknownTable

BAW = CallsignRoute("BAW123", ("EGLL", "KJFK"))


@pytest.mark.parametrize(
    "lines",
    [
        ("Callsign,Code,Number,AirlineCode,AirportCodes", "BAW123,BAW,123,BAW,EGLL-KJFK"),
        ("BAW123,EGLL-KJFK",),
        ("baw123;egll;kjfk",),
        ("callsign\troute\tnote", "BAW123\tEGLL KJFK\tdaily"),
        ('"flight","origin","destination"', '"BAW123","EGLL","KJFK"'),
        ("\ufeffBAW123,EGLL-EGLL-KJFK\r\n",),
    ],
)
def test_every_form_gives_the_same_route(lines: tuple[str, ...]) -> None:
    assert [BAW] == list(read_routes(lines))


def test_bad_rows_are_named_and_the_others_are_read() -> None:
    lines = ["Callsign,AirportCodes", "BAW 1,EGLL-KJFK", "BAW2,EGLL", "BAW3", "QFA1,YSSY-WSSS-EGLL"]
    found = [row.code if isinstance(row, BadRow) else row for row in read_routes(lines)]
    qantas = CallsignRoute("QFA1", ("YSSY", "WSSS", "EGLL"))
    assert ["bad_callsign", "bad_airports", "missing_columns", qantas] == found


@pytest.mark.parametrize("first", ["", "icao24,registration", "callsign,number", "BAW123"])
def test_another_table_is_refused(first: str) -> None:
    with pytest.raises(UnknownTable):
        list(read_routes([first, "BAW123,EGLL-KJFK"]))


@given(st.lists(st.text()))
def test_no_text_whatever_stops_it(lines: list[str]) -> None:
    for row in read_routes(["Callsign,AirportCodes", *lines]):
        assert isinstance(row, CallsignRoute | BadRow)
