"""A feed URL is read as written, or refused with what to fix."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.vocabulary import CHECKS
from aerotrack.feeds import url
from aerotrack.feeds.url import FeedUrl, FeedUrlError, parse_feed_url, parse_feed_urls


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sbs://host:30003?name=home&lat=51.4&lon=-0.4", {
            "scheme": "sbs", "mode": "connect", "host": "host", "port": 30003, "name": "home",
            "lat": 51.4, "lon": -0.4,
        }),
        ("sbs://Radar.Local", {"host": "radar.local", "port": 30003,
                               "name": "sbs-radar.local:30003"}),
        ("readsb+http://h/data/", {"path": "/data/aircraft.json", "name": "readsb-h"}),
        ("sbs://[::1]:30103", {"host": "::1", "port": 30103, "name": "sbs-::1:30103",
                               "address": "[::1]:30103"}),
        ("sbs+listen://:30003", {"mode": "listen", "host": "127.0.0.1", "port": 30003,
                                 "name": "sbs-listen-127.0.0.1:30003"}),
        ("sbs+listen://0.0.0.0:0?source=mlat&idle=0", {"host": "0.0.0.0", "port": 0,
                                                       "source": "mlat", "idle": 0.0}),
        ("beast://h?mlat=1&lat=51.4&lon=-0.4", {
            "scheme": "beast", "mode": "connect", "port": 30005, "mlat": 1, "lat": 51.4,
            "name": "beast-h:30005",
        }),
        ("beast+listen://", {"mode": "listen", "host": "127.0.0.1", "port": 30004}),
        ("avr://h", {"scheme": "avr", "port": 30002, "mlat": 0}),
        ("avr+listen://:0", {"mode": "listen", "port": 0}),
        ("file:///srv/day%201.beast.gz?format=beast", {
            "scheme": "file", "mode": "file", "path": "/srv/day 1.beast.gz", "speed": 1.0,
            "start": None, "rate": None, "name": "file-srv-day-1.beast.gz",
        }),
        ("file:///x?format=sbs&speed=0&rate=20&start=2026-11-22T10:00:00", {
            "format": "sbs", "speed": 0.0, "rate": 20.0, "start": 1_795_341_600.0,
        }),
        ("file:///x?format=avr&start=1764000000.5", {"start": 1_764_000_000.5}),
        ("jsonl://h:30047", {"scheme": "jsonl", "mode": "connect", "port": 30047}),
        ("jsonl+listen://:30047", {"scheme": "jsonl", "mode": "listen", "host": "127.0.0.1"}),
        ("readsb+http://host/data/aircraft.json", {
            "scheme": "readsb", "mode": "http", "name": "readsb-host", "interval": 1.0,
            "http_url": "http://host:80/data/aircraft.json",
        }),
        ("readsb+https://host/tar1090/?interval=5", {
            "name": "readsb-host-tar1090", "interval": 5.0,
            "http_url": "https://host:443/tar1090/data/aircraft.json",
        }),
        ("readsb+http://[::1]:8080", {"name": "readsb-::1:8080",
                                      "http_url": "http://[::1]:8080/data/aircraft.json"}),
        ("readsb+file:///run/readsb/aircraft.json", {
            "mode": "file", "path": "/run/readsb/aircraft.json", "name": "readsb-run-readsb",
        }),
        ("opensky://", {
            "scheme": "opensky", "host": "opensky-network.org", "interval": 10.0, "extended": 1,
            "name": "opensky-opensky-network.org", "lamin": None,
            "http_url": "https://opensky-network.org:443/api",
        }),
        ("opensky://127.0.0.1:8000?lamin=45&lomin=5&lamax=48&lomax=11&interval=5&extended=0", {
            "lamin": 45.0, "lomin": 5.0, "lamax": 48.0, "lomax": 11.0, "interval": 5.0,
            "extended": 0, "http_url": "http://127.0.0.1:8000/api",
            "name": "opensky-127.0.0.1:8000",
        }),
        ("simulator://?flights=500&seed=7&rate=2", {
            "scheme": "simulator", "flights": 500, "seed": 7, "rate": 2.0, "name": "simulator",
        }),
    ],
)  # fmt: skip
def test_a_feed_url_says_all_of_this(text: str, expected: dict[str, object]) -> None:
    feed = parse_feed_url(text)
    assert {name: getattr(feed, name) for name in expected} == expected
    assert (feed.url, CHECKS["feed"](feed.name)) == (text, feed.name)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("opensky://me:secret@", "bad_url", "passwords"),
        ("opensky://host/api", "bad_url", "path"),
        ("opensky://?lamin=45&lomin=5&lamax=48", "bad_option", "all four"),
        ("opensky://?lamin=48&lomin=5&lamax=45&lomax=11", "bad_option", "less than"),
        ("opensky://?lamin=91&lomin=5&lamax=45&lomax=11", "bad_option", "-90 to 90"),
        ("opensky://?interval=0.5", "bad_option", "1 to"),
        ("http://host/data/aircraft.json", "unknown_scheme", "readsb+http://"),
        ("host:30003", "unknown_scheme", "sbs://"),
        ("sbs:host", "unknown_scheme", "sbs://"),
        ("", "unknown_scheme", "sbs://"),
        ("sbs://", "missing_host", "HOST"),
        ("readsb+http:///data", "missing_host", "HOST"),
        ("jsonl://host", "missing_port", "PORT"),
        ("jsonl+listen://", "missing_port", "PORT"),
        ("sbs://host:99999", "bad_port", "65535"),
        ("sbs://host:abc", "bad_port", "number"),
        ("sbs://[::1", "bad_url", "no URL"),
        ("sbs://me:secret@host", "bad_url", "passwords"),
        ("sbs://host/path", "bad_url", "path"),
        ("sbs://host#x", "bad_url", "#"),
        ("simulator://host", "bad_url", "no host"),
        ("readsb+file://run/readsb", "bad_url", "three slashes"),
        ("sbs://host?nam=x", "unknown_option", "'nam'"),
        ("sbs://host?interval=2", "unknown_option", "'interval'"),
        ("sbs://host?name=a&name=b", "bad_option", "twice"),
        ("sbs://host?name=", "bad_option", "name"),
        ("sbs://host?name=a%20b", "bad_option", "letters"),
        ("sbs://host?lat=51", "bad_option", "both"),
        ("sbs://host?lat=nan&lon=1", "bad_option", "-90 to 90"),
        ("sbs://host?idle=0.1", "bad_option", "1 to"),
        ("sbs://host?source=radar", "bad_option", "source"),
        ("beast://host?source=mlat", "unknown_option", "'source'"),
        ("beast://host?mlat=yes", "bad_option", "mlat"),
        ("file:///x", "bad_option", "format=beast|avr"),
        ("file:///x?format=pcap", "bad_option", "one of beast"),
        ("file:///x?format=avr&start=noon", "bad_option", "ISO 8601"),
        ("file:///x?format=avr&start=-5", "bad_option", "1970"),
        ("file:///x?format=avr&speed=-1", "bad_option", "speed"),
        ("file://x?format=avr", "bad_url", "file:///path"),
        ("readsb+http://h?interval=0", "bad_option", "0.1"),
        ("simulator://?flights=many", "bad_option", "flights"),
    ],
)
def test_a_wrong_url_is_refused_by_code_with_what_to_fix(text: str, code: str, said: str) -> None:
    with pytest.raises(FeedUrlError) as refused:
        parse_feed_url(text)
    assert refused.value.code == code
    assert said in str(refused.value)


def test_feeds_of_one_name_are_told_apart_by_the_user() -> None:
    with pytest.raises(FeedUrlError, match="name=") as refused:
        parse_feed_urls(["sbs://h", "sbs://h:30003?idle=5"])
    assert refused.value.code == "duplicate"
    both = parse_feed_urls(["sbs://h", "sbs://h?name=again"])
    assert [feed.name for feed in both] == ["sbs-h:30003", "again"]


@given(
    st.text()
    | st.builds(
        "{}://{}".format,
        st.sampled_from(["sbs", "beast", "jsonl", "readsb+http", "file"]),
        st.text(),
    )
)
def test_any_text_is_a_feed_or_a_refusal(text: str) -> None:
    try:
        feed = parse_feed_url(text)
    except FeedUrlError:
        return
    assert isinstance(feed, FeedUrl)
    assert CHECKS["feed"](feed.name) == feed.name


def test_the_document_names_every_scheme_and_option() -> None:
    document = (Path(__file__).resolve().parents[2] / "docs" / "feeds.md").read_text()
    options = {option for options in url._OPTIONS.values() for option in options}
    assert [name for name in options if f"`{name}`" not in document] == []
    assert [scheme for scheme in url._SCHEMES if f"`{scheme}://" not in document] == []
