"""Feed URLs: one line that says where observations come from and how to take them.

``sbs://host:30003?name=home``, ``sbs+listen://:30003``, ``jsonl://host:port``,
``jsonl+listen://:port``, ``readsb+http://host/data/aircraft.json``, ``readsb+https://...``,
``readsb+file:///run/readsb/aircraft.json``, ``file:///path/recording?format=beast``,
``opensky://?lamin=45&lomin=5&lamax=48&lomax=11``, ``simulator://?flights=500&seed=1``; ``beast``
and ``avr`` as ``sbs``. What each option does stands in ``docs/feeds.md``.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from aerotrack.domain.vocabulary import CHECKS

Kind = Literal["sbs", "beast", "avr", "jsonl", "readsb", "opensky", "file", "simulator"]
Mode = Literal["connect", "listen", "http", "https", "file", "local"]

LOOPBACK: Final = "127.0.0.1"
SBS_PORT: Final = 30003
# By kind: where receivers send their output, and where programs push to (readsb's ports).
CONNECT_PORTS: Final[dict[str, int]] = {"sbs": SBS_PORT, "beast": 30005, "avr": 30002}
LISTEN_PORTS: Final[dict[str, int]] = {"sbs": SBS_PORT, "beast": 30004, "avr": 30001}
HTTP_PORTS: Final = {"http": 80, "https": 443}
FORMATS: Final = ("beast", "avr", "sbs", "jsonl", "readsb")
LATEST_TIME: Final = 4e9  # that of a Timestamp
AIRCRAFT_JSON: Final = "/data/aircraft.json"
OPENSKY_HOST: Final = "opensky-network.org"
OPENSKY_API: Final = "/api"
# What OpenSky shows changes every 10 s for anybody, every 5 s for an account.
OPENSKY_INTERVAL_S: Final = 10.0
# Only these may be asked without TLS: nobody listens on the way there.
LOOPBACK_HOSTS: Final = frozenset({LOOPBACK, "localhost", "::1"})
# What the simulator takes; a test holds them together, importing it here would load its world.
MOST_FLIGHTS: Final = 25_000
SLOWEST_RATE: Final = 0.01
FASTEST_RATE: Final = 10.0
NAME_LENGTH: Final = 64  # that of a FeedName

_SCHEMES: Final[dict[str, tuple[Kind, Mode]]] = {
    "sbs": ("sbs", "connect"),
    "sbs+listen": ("sbs", "listen"),
    "beast": ("beast", "connect"),
    "beast+listen": ("beast", "listen"),
    "avr": ("avr", "connect"),
    "avr+listen": ("avr", "listen"),
    "jsonl": ("jsonl", "connect"),
    "jsonl+listen": ("jsonl", "listen"),
    "readsb+http": ("readsb", "http"),
    "readsb+https": ("readsb", "https"),
    "readsb+file": ("readsb", "file"),
    "file": ("file", "file"),
    "opensky": ("opensky", "https"),
    "simulator": ("simulator", "local"),
}
_HINTS: Final = {
    "http": "; for a receiver's aircraft.json write readsb+http://",
    "https": "; for a receiver's aircraft.json write readsb+https://",
    "tcp": "; for a receiver's port 30005 write beast://, for its port 30003 sbs://",
}


class FeedUrlError(ValueError):
    """A feed URL that cannot be used. ``code`` is stable; the text says what to fix."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FeedUrl(msgspec.Struct, frozen=True, kw_only=True):
    """A feed as configured. Options that its kind has not keep their defaults.

    ``url`` is the text as given. ``host`` and ``port`` are where to connect or what to bind,
    ``path`` the file or the path on the server. ``lat``/``lon`` say where the receiver stands
    (degrees, both or none). ``idle`` is after how many seconds without a byte a connection is given
    up (0 never, ``None`` the default of its mode), ``interval`` the seconds between two polls.
    ``rate`` is updates a second and simulated flight, or records a second of a file without times.
    ``mlat`` says that everything is a result of multilateration. Of a file are ``format``,
    ``speed`` (seconds a second, 0 as fast as possible) and ``start`` (epoch seconds, ``None`` now).
    ``lamin`` to ``lomax`` are OpenSky's names for the box to ask for (degrees, all four or none),
    ``extended`` asks it for categories too.
    """

    url: str
    scheme: Kind
    mode: Mode
    name: str
    host: str = ""
    port: int = 0
    path: str = ""
    lat: float | None = None
    lon: float | None = None
    source: str | None = None
    idle: float | None = None
    interval: float = 1.0
    flights: int = 500
    seed: int = 1
    rate: float | None = None
    mlat: int = 0
    format: str = ""
    speed: float = 1.0
    start: float | None = None
    lamin: float | None = None
    lomin: float | None = None
    lamax: float | None = None
    lomax: float | None = None
    extended: int = 1

    @property
    def address(self) -> str:
        """``host:port``, brackets round an IPv6 host."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def http_url(self) -> str:
        """What to fetch, for the modes ``http`` and ``https``."""
        return f"{self.mode}://{self.address}{self.path}"


def _number(low: float, high: float, *, zero: bool = False) -> Callable[[str], float]:
    """A parser of numbers between ``low`` and ``high``, and of 0 where it means never."""

    def parse(text: str) -> float:
        value = float(text)
        if not low <= value <= high and not (zero and value == 0.0):
            raise ValueError(f"a number from {low:g} to {high:g}")
        return value

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return parse


def _checked(field: str, wanted: str) -> Callable[[str], str]:
    """A parser of what the vocabulary takes for ``field``."""

    def parse(text: str) -> str:
        if CHECKS[field](text) is None:
            raise ValueError(wanted)
        return text

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text

    return parse


def parse_time(text: str) -> float:
    """A moment as epoch seconds or ISO 8601 (UTC where it names no zone). Raises ``ValueError``."""
    try:
        moment = float(text)
    except ValueError:
        try:
            date = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("a time: epoch seconds or ISO 8601") from None
        moment = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    if not 0.0 <= moment <= LATEST_TIME:
        raise ValueError("a time from 1970 on")
    return moment


Parser = Callable[[str], str] | Callable[[str], float] | Callable[[str], int]
_NAME: Final[dict[str, Parser]] = {
    "name": _checked("feed", "1 to 64 letters, digits or any of _ . : -")
}
_STATION: Final[dict[str, Parser]] = {"lat": _number(-90, 90), "lon": _number(-180, 180)}
# A connection that is silent for less than a second is not idle; a day is as good as never.
_IDLE: Final[dict[str, Parser]] = {"idle": _number(1, 86_400, zero=True)}
_SOURCE: Final[dict[str, Parser]] = {"source": _checked("source", "a source of the vocabulary")}
_MLAT: Final[dict[str, Parser]] = {"mlat": _whole(0, 1)}
_OPTIONS: Final[dict[Kind, dict[str, Parser]]] = {
    "sbs": _NAME | _STATION | _IDLE | _SOURCE,
    "beast": _NAME | _STATION | _IDLE | _MLAT,
    "avr": _NAME | _STATION | _IDLE | _MLAT,
    "jsonl": _NAME | _STATION | _IDLE,
    # Receivers write the document about once a second; ten times that is asking for the same.
    "readsb": _NAME | _STATION | {"interval": _number(0.1, 3_600)},
    "opensky": _NAME
    | {"interval": _number(1, 86_400), "extended": _whole(0, 1)}
    | {"lamin": _number(-90, 90), "lamax": _number(-90, 90)}
    | {"lomin": _number(-180, 180), "lomax": _number(-180, 180)},
    "file": _NAME
    | _STATION
    | _SOURCE
    | _MLAT
    | {
        "format": _one_of(*FORMATS),
        # A thousand seconds a second is as good as no pause at all.
        "speed": _number(0.01, 1_000, zero=True),
        "start": parse_time,
        "rate": _number(0.01, 1_000_000),
    },
    "simulator": _NAME
    | {
        "flights": _whole(1, MOST_FLIGHTS),
        "seed": _whole(0, 2**63 - 1),
        "rate": _number(SLOWEST_RATE, FASTEST_RATE),
    },
}


def _options(kind: Kind, query: str) -> dict[str, str | float | int]:
    allowed = _OPTIONS[kind]
    options: dict[str, str | float | int] = {}
    for key, text in parse_qsl(query, keep_blank_values=True):
        if key not in allowed:
            known = ", ".join(sorted(allowed))
            raise FeedUrlError("unknown_option", f"{kind} has no option {key!r}; it has {known}")
        if key in options:
            raise FeedUrlError("bad_option", f"option {key!r} is given twice")
        try:
            options[key] = allowed[key](text)
        except ValueError as wrong:
            raise FeedUrlError("bad_option", f"{key}={text!r} is not good: {wrong}") from wrong
    if ("lat" in options) != ("lon" in options):
        raise FeedUrlError("bad_option", "lat and lon go together, give both or none")
    if kind == "opensky":
        _check_box(options)
        options.setdefault("interval", OPENSKY_INTERVAL_S)
    return options


def _check_box(options: Mapping[str, str | float | int]) -> None:
    box = [options.get(name) for name in ("lamin", "lamax", "lomin", "lomax")]
    if box == [None] * 4:
        return
    south, north, west, east = (value if isinstance(value, float) else None for value in box)
    if south is None or north is None or west is None or east is None:
        raise FeedUrlError("bad_option", "lamin, lomin, lamax, lomax go together, give all four")
    if not (south < north and west < east):
        raise FeedUrlError(
            "bad_option",
            "lamin must be less than lamax and lomin less than lomax; "
            "a box over the antimeridian takes two feeds",
        )


def _place(kind: Kind, mode: Mode, parts: SplitResult) -> tuple[str, int, str]:
    """Host, port and path, as its mode needs them."""
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as wrong:
        raise FeedUrlError(
            "bad_port", f"the port must be a number from 0 to 65535: {wrong}"
        ) from wrong
    if "@" in parts.netloc:
        raise FeedUrlError("bad_url", "user names and passwords in feed URLs are not supported")
    if mode == "local":
        if parts.netloc or parts.path.strip("/"):
            raise FeedUrlError("bad_url", f"{kind} has no host and no path, only ?options")
        return "", 0, ""
    if mode == "file":
        if host not in ("", "localhost") or not parts.path.strip("/"):
            scheme = "file" if kind == "file" else f"{kind}+file"
            raise FeedUrlError("bad_url", f"a file needs three slashes: {scheme}:///path/to/it")
        return "", 0, unquote(parts.path)
    if mode == "listen":
        host = host or LOOPBACK
    elif kind == "opensky":
        host = host or OPENSKY_HOST
    elif not host:
        raise FeedUrlError("missing_host", f"say which host: {kind}://HOST:PORT")
    if mode in HTTP_PORTS and kind == "readsb":
        path = parts.path
        if not path.endswith(".json"):  # the page of a receiver, with or without its /data
            path = path.rstrip("/").removesuffix("/data") + AIRCRAFT_JSON
        return host, port or HTTP_PORTS[mode], path
    if parts.path.strip("/"):
        raise FeedUrlError("bad_url", f"{kind} has no path, but there is {parts.path!r}")
    if kind == "opensky":
        return host, port or HTTP_PORTS[mode], OPENSKY_API
    if port is None:
        port = (LISTEN_PORTS if mode == "listen" else CONNECT_PORTS).get(kind)
    if port is None:
        raise FeedUrlError("missing_port", f"say which port: {kind}://{host}:PORT")
    return host, port, ""


def _default_name(kind: Kind, mode: Mode, host: str, port: int, path: str) -> str:
    if mode == "local":
        return kind
    if mode == "file":
        where = path.strip("/").removesuffix("/aircraft.json")
    elif mode in HTTP_PORTS:
        shown = host if port == HTTP_PORTS[mode] else f"{host}:{port}"
        where = shown + path.removesuffix(AIRCRAFT_JSON).removesuffix(OPENSKY_API)
    else:
        where = f"{host}:{port}"
    name = f"{kind}-listen-{where}" if mode == "listen" else f"{kind}-{where}"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_.:-") else "-" for c in name)
    return plain[:NAME_LENGTH]


def parse_feed_url(text: str) -> FeedUrl:
    """The feed that ``text`` describes.

    Raises:
        FeedUrlError: ``bad_url``, ``unknown_scheme``, ``missing_host``, ``missing_port``,
            ``bad_port``, ``unknown_option``, ``bad_option``.
    """
    try:
        parts = urlsplit(text.strip())
    except ValueError as wrong:
        raise FeedUrlError("bad_url", f"{text!r} is no URL: {wrong}") from wrong
    if parts.scheme not in _SCHEMES or "://" not in text:
        known = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        hint = _HINTS.get(parts.scheme, "")
        raise FeedUrlError("unknown_scheme", f"{text!r} starts with none of {known}{hint}")
    if parts.fragment:
        raise FeedUrlError("bad_url", f"{text!r} holds a #, which a feed URL has no use for")
    kind, mode = _SCHEMES[parts.scheme]
    if kind == "opensky" and parts.hostname in LOOPBACK_HOSTS:
        mode = "http"
    host, port, path = _place(kind, mode, parts)
    options = _options(kind, parts.query)
    if kind == "file" and "format" not in options:
        raise FeedUrlError("bad_option", f"say what it is: ?format={'|'.join(FORMATS)}")
    options.setdefault("name", _default_name(kind, mode, host, port, path))
    return FeedUrl(
        url=text.strip(),
        scheme=kind,
        mode=mode,
        host=host,
        port=port,
        path=path,
        **options,  # type: ignore[arg-type]  # parsed by the table of its kind
    )


def parse_feed_urls(texts: Iterable[str]) -> tuple[FeedUrl, ...]:
    """The feeds of a configuration, their names unique.

    Raises:
        FeedUrlError: as :func:`parse_feed_url`, and ``duplicate`` where a name occurs twice.
    """
    feeds: dict[str, FeedUrl] = {}
    for text in texts:
        feed = parse_feed_url(text)
        if (other := feeds.get(feed.name)) is not None:
            raise FeedUrlError(
                "duplicate",
                f"{other.url} and {feed.url} are both named {feed.name!r};"
                " tell them apart with ?name=...",
            )
        feeds[feed.name] = feed
    return tuple(feeds.values())
