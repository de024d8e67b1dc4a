"""Airports by code and by place."""

from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.airports import Airport, Airports, load_airports
from aerotrack.domain.geo import distance_nmi


def _airport(icao: str, lat: float, lon: float) -> Airport:
    return Airport(icao, None, icao, "", "XX", lat, lon, 0)


def test_an_airport_is_found_by_either_code() -> None:
    airports = load_airports()
    heathrow = airports.by_icao("EGLL")
    assert heathrow is not None
    assert (heathrow.iata, heathrow.country, heathrow.elevation) == ("LHR", "GB", 83)
    assert heathrow is airports.by_iata("LHR")
    assert airports.by_icao("QQQQ") is None
    assert airports.by_iata("") is None


def test_private_strips_without_a_code_of_their_own_are_left_out() -> None:
    airports = load_airports()
    assert airports.by_icao("00AA") is None
    assert 15_000 < len(airports) < 20_000
    assert len(airports) == len(list(airports))


def test_the_table_is_read_once() -> None:
    assert load_airports() is load_airports()


def test_nearest_sees_over_the_antimeridian_and_round_the_pole() -> None:
    airports = Airports([_airport("EAST", -17.0, 179.9), _airport("POLE", 89.9, 10.0)])
    found = airports.nearest(-17.0, -179.9, 20.0)
    assert found is not None
    assert found[0].icao == "EAST"
    found = airports.nearest(89.9, -170.0, 20.0)
    assert found is not None
    assert found[0].icao == "POLE"


def test_nothing_is_near_where_all_are_further_than_asked() -> None:
    assert load_airports().nearest(0.0, -30.0, 50.0) is None


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(1, 150))
def test_nearest_agrees_with_looking_at_every_airport(
    lat: float, lon: float, within: float
) -> None:
    spots = [(-90, 0), (-45, 170), (-1, -179), (0, 0), (30, 179), (60, -120), (84.5, 40), (89, 1)]
    airports = Airports([_airport(f"A{n}", *spot) for n, spot in enumerate(spots)])
    distances = [distance_nmi(lat, lon, *spot) for spot in spots]
    found = airports.nearest(lat, lon, within)
    if min(distances) > within:
        assert found is None
    else:
        assert found is not None
        assert min(distances) == found[1]


def test_of_two_airports_that_share_their_runways_the_one_with_airlines_is_the_likely_one() -> None:
    airports = load_airports()
    melsbroek = airports.by_icao("EBMB")
    assert melsbroek is not None
    found = airports.likely(melsbroek.lat, melsbroek.lon, 4.0)
    assert found is not None
    assert "EBBR" == found[0].icao
    assert airports.likely(0.0, -150.0, 15.0) is None
