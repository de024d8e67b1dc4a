"""The open databases of aircraft are read as they are published, and no row costs another."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.airframe import Airframe
from aerotrack.domain.airframe_csv import read_airframes
from aerotrack.domain.tables import BadRow, UnknownTable

OLD_OPENSKY = (
    '"icao24","registration","manufacturericao","manufacturername","model","typecode",'
    '"serialnumber","linenumber","icaoaircrafttype","operator","operatorcallsign","operatoricao",'
    '"operatoriata","owner","testreg","registered","reguntil","status","built","firstflightdate",'
    '"seatconfiguration","engines","modes","adsb","acars","notes","categoryDescription"'
)
NEW_OPENSKY = (
    "'icao24','timestamp','acars','adsb','built','categoryDescription','country','engines',"
    "'firstFlightDate','firstSeen','icaoAircraftClass','lineNumber','manufacturerIcao',"
    "'manufacturerName','model','modes','nextReg','notes','operator','operatorCallsign',"
    "'operatorIata','operatorIcao','owner','prevReg','regUntil','registered','registration',"
    "'selCal','serialNumber','status','typecode','vdl'"
)


def read(*lines: str) -> tuple[list[Airframe | BadRow], Counter[str]]:
    dropped: Counter[str] = Counter()
    return list(read_airframes(lines, dropped=dropped)), dropped


def codes(found: list[Airframe | BadRow]) -> list[str]:
    return [row.code if isinstance(row, BadRow) else row.icao24 for row in found]


def test_openskys_old_file_is_read() -> None:
    row = (
        '"4ca2d6","EI-DLF","BOEING","Boeing","737NG 8AS/W","B738","33588","2057","L2J","Ryanair",'
        '"RYANAIR","RYR","FR","Ryanair ""DAC"", Dublin","","2006-01-01","","","2006-03-01","",'
        '"","CFM","false","false","false","","Large (75000 to 300000 lbs)"'
    )
    assert (
        [
            Airframe(
                icao24="4ca2d6",
                registration="EI-DLF",
                typecode="B738",
                desc="Boeing 737NG 8AS/W",
                operator="Ryanair",
                operator_icao="RYR",
                owner='Ryanair "DAC", Dublin',
                serial_number="33588",
                year=2006,
            )
        ],
        Counter(),
    ) == read(OLD_OPENSKY, row)


def test_openskys_new_file_is_read() -> None:
    row = (
        "'8a003c','2017-09-15 00:10:03',0,0,,'',Indonesia,'',,,L2J,'',AIRBUS,Airbus,A330 341,0,'',"
        "'','',INDONESIA,'',GIA,Garuda Indonesia's,'',,,PK-GPG,'','165','',A333,0"
    )
    assert [
        Airframe(
            icao24="8a003c",
            registration="PK-GPG",
            typecode="A333",
            desc="Airbus A330 341",
            operator_icao="GIA",
            owner="Garuda Indonesia's",
            serial_number="165",
        )
    ] == read(NEW_OPENSKY, row)[0]


def test_the_file_of_readsb_and_tar1090_is_read_with_its_flags() -> None:
    found, dropped = read(
        "3EA0F4;14+01;A343;10;AIRBUS A-340-300;1999;German Air Force;\n",
        '4CA2D6;EI-DLF;B738;00;BOEING 737-800;;Say "hi;\n',
        "A00001;N1;C172;0001;CESSNA 172;;\n",
        "A00002;N2;C172;0110;CESSNA 172\n",
    )
    assert [
        Airframe(
            icao24="3ea0f4",
            registration="14+01",
            typecode="A343",
            desc="AIRBUS A-340-300",
            owner="German Air Force",
            year=1999,
            db_flags=1,
        ),
        Airframe(
            icao24="4ca2d6",
            registration="EI-DLF",
            typecode="B738",
            desc="BOEING 737-800",
            owner='Say "hi',
            db_flags=0,
        ),
        Airframe(
            icao24="a00001", registration="N1", typecode="C172", desc="CESSNA 172", db_flags=8
        ),
        Airframe(
            icao24="a00002", registration="N2", typecode="C172", desc="CESSNA 172", db_flags=6
        ),
    ] == found
    assert Counter() == dropped


def test_bad_rows_are_named_and_the_others_are_read() -> None:
    found, dropped = read(
        "004002;Z-WPA;B732;00;BOEING 737-200;;",
        "zz4002;Z-WPB;B732;00;BOEING 737-200;;",
        "004003;;",
        "",
        "004004;;;;;;",
        "000000;all;B732;00;call;;",
        f"004005;{'A' * 17};toolongtype;7;long;soon;",
        "004006;Z-WPC;B732;00;BOEING\x00 737;;",
    )
    assert [
        "004002", "bad_icao24", "missing_columns", "nothing_known", "bad_icao24",
        "004005", "004006",
    ] == codes(found)  # fmt: skip
    assert [2, 3, 5, 6] == [row.line for row in found if isinstance(row, BadRow)]
    assert {"bad_registration": 1, "bad_typecode": 1, "bad_flags": 1, "bad_year": 1} == dropped
    last = found[-1]
    assert isinstance(last, Airframe)
    assert "BOEING 737" == last.desc


def test_a_field_over_several_lines_is_one_and_a_stray_quote_costs_only_its_row() -> None:
    head = "'icao24','model','owner','registration'"
    found, _ = read(
        head,
        "'00000a',B737,'Main street 1",
        "Dublin',EI-A",
        "'00000b',B737,'stray,EI-B",
        *(f"'0000{n:02x}',B737,'',EI-{n}" for n in range(0x10, 0x20)),
    )
    assert ["00000a", "missing_columns", *(f"0000{n:02x}" for n in range(0x10, 0x20))] == codes(
        found
    )
    first = found[0]
    assert isinstance(first, Airframe)
    assert "Main street 1 Dublin" == first.owner


@pytest.mark.parametrize("first", ["", "<html>", "callsign,route", "icao24", "hello;world;x;y;z"])
def test_another_table_is_refused(first: str) -> None:
    with pytest.raises(UnknownTable):
        read(first, "004002;Z-WPA;B732;00;BOEING 737-200;;")


@given(st.lists(st.text()), st.sampled_from([OLD_OPENSKY, NEW_OPENSKY, "004002;Z-WPA;B732;00;x"]))
def test_no_text_whatever_stops_it(lines: list[str], first: str) -> None:
    for row in read(first, *lines)[0]:
        assert isinstance(row, Airframe | BadRow)
