"""Who is asking: the client's address behind trusted proxies, and whether its origin is welcome.

Tornado's own ``xheaders`` believes anybody's X-Forwarded-For, which would make everyone loopback;
here a forwarded address counts only where the socket's other end is a trusted proxy.
"""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec
from tornado.httputil import HTTPHeaders

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

FORWARDING_HEADERS = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Forwarded-Host", "Via")


class Peer(msgspec.Struct, frozen=True):
    """The client as far as we can tell. ``address`` is "" where it is no IP address."""

    address: str
    proxied: bool

    @property
    def local(self) -> bool:
        """On this machine, and nobody in between."""
        ip = _ip(self.address)
        return not self.proxied and ip is not None and ip.is_loopback


def networks(names: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks as written in settings. Raises ``ValueError`` for what is none."""
    return tuple(ipaddress.ip_network(name, strict=False) for name in names)


def _ip(text: str) -> IPAddress | None:
    try:
        ip = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(ip, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else ip


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether ``address`` is that of a trusted proxy."""
    ip = _ip(address)
    return ip is not None and any(ip in network for network in trusted)


def peer_of(socket_address: str, headers: HTTPHeaders, trusted: Sequence[Network]) -> Peer:
    """The client: the nearest address of X-Forwarded-For that is no trusted proxy."""
    proxied = any(name in headers for name in FORWARDING_HEADERS)
    if not is_trusted(socket_address, trusted):
        return Peer(socket_address, proxied)
    address = socket_address
    for hop in reversed(headers.get("X-Forwarded-For", "").split(",")):
        if _ip(hop) is None:
            break
        address = hop.strip()
        if not is_trusted(address, trusted):
            break
    return Peer(address, proxied=True)


def _host_name(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def is_local_name(host: str) -> bool:
    """Whether a Host header names this machine itself (``localhost`` or a loopback address)."""
    name = _host_name(host)
    ip = _ip(name)
    return name == "localhost" or (ip is not None and ip.is_loopback)


def host_of(headers: HTTPHeaders, *, from_proxy: bool) -> str:
    """The host the client believes it talks to; a trusted proxy may tell it apart from ours."""
    forwarded = headers.get("X-Forwarded-Host") if from_proxy else None
    return (forwarded or headers.get("Host", "")).strip().lower()


def origin_allowed(origin: str, host: str, allowed: Sequence[str]) -> bool:
    """Whether a page of ``origin`` may talk to us: of the same host and port, or an allowed one.

    ``*`` among ``allowed`` lets everybody in.
    """
    origin = origin.strip().lower().rstrip("/")
    if "*" in allowed or origin in (name.lower().rstrip("/") for name in allowed):
        return True
    try:
        netloc = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(netloc) and netloc == host
