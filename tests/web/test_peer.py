"""Who is asking: forwarded addresses count only from trusted proxies."""

import pytest
from tornado.httputil import HTTPHeaders

from aerotrack.web.peer import (
    Peer,
    host_of,
    is_local_name,
    is_trusted,
    networks,
    origin_allowed,
    peer_of,
)

TRUSTED = networks(["10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("socket_address", "forwarded", "peer"),
    [
        ("203.0.113.9", None, Peer("203.0.113.9", proxied=False)),
        ("203.0.113.9", "127.0.0.1", Peer("203.0.113.9", proxied=True)),
        ("10.1.1.1", None, Peer("10.1.1.1", proxied=True)),
        ("10.1.1.1", "198.51.100.7", Peer("198.51.100.7", proxied=True)),
        ("10.1.1.1", "127.0.0.1, 198.51.100.7, 10.2.2.2", Peer("198.51.100.7", proxied=True)),
        ("10.1.1.1", "rubbish, 10.2.2.2", Peer("10.2.2.2", proxied=True)),
        ("10.1.1.1", "rubbish", Peer("10.1.1.1", proxied=True)),
        ("::ffff:10.1.1.1", "198.51.100.7", Peer("198.51.100.7", proxied=True)),
    ],
)
def test_the_client_is_the_nearest_address_that_is_no_trusted_proxy(
    socket_address, forwarded, peer
):
    headers = HTTPHeaders({} if forwarded is None else {"X-Forwarded-For": forwarded})
    assert peer == peer_of(socket_address, headers, TRUSTED)


@pytest.mark.parametrize(
    ("peer", "local"),
    [
        (Peer("127.0.0.1", proxied=False), True),
        (Peer("127.8.8.8", proxied=False), True),
        (Peer("::1", proxied=False), True),
        (Peer("::ffff:127.0.0.1", proxied=False), True),
        (Peer("127.0.0.1", proxied=True), False),
        (Peer("192.168.1.5", proxied=False), False),
        (Peer("", proxied=False), False),
        (Peer("0.0.0.0", proxied=False), False),
    ],
)
def test_local_is_loopback_with_nobody_in_between(peer, local):
    assert local == peer.local


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost:8480", True),
        ("127.0.0.1", True),
        ("[::1]:8480", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
        ("[::1", False),
    ],
)
def test_a_host_header_that_names_this_machine(host, local):
    assert local == is_local_name(host)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://radar.example:8480", True),
        ("https://radar.example:8480", True),
        ("http://radar.example", False),
        ("http://radar.example:8480.evil.example", False),
        ("null", False),
        ("", False),
        ("http://[::1", False),
    ],
)
def test_an_origin_is_ours_by_host_and_port(origin, allowed):
    assert allowed == origin_allowed(origin, "radar.example:8480", ())


def test_the_forwarded_host_counts_from_a_proxy_only():
    headers = HTTPHeaders({"Host": "inner:8480", "X-Forwarded-Host": "Public.example"})
    assert host_of(headers, from_proxy=True) == "public.example"
    assert host_of(headers, from_proxy=False) == "inner:8480"


def test_a_trusted_proxy_that_is_no_address_is_a_mistake_in_the_settings():
    assert is_trusted("10.9.9.9", TRUSTED)
    with pytest.raises(ValueError):
        networks(["proxy.example"])
