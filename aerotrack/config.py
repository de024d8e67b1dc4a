"""Merging the settings: defaults, then the TOML file, then the environment, then the command line.

The only place that reads ``os.environ`` (tests hand in a mapping of their own). Strict: a name
nobody knows and a value that does not fit are errors that say where they stand and what to do;
all of them are reported at once.
"""

import difflib
import ipaddress
import math
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from aerotrack.cards import lies_on_card
from aerotrack.masking import mask_url
from aerotrack.setting import Spec
from aerotrack.settings import COMPACT_FLUSH_S, SPECS, Settings, describe

__all__ = ["Config", "ConfigError", "Settings", "default_data_dir", "describe", "load"]

CONFIG_VARIABLE: Final = "AEROTRACK_CONFIG"
PREFIX: Final = "AEROTRACK_"
# Variables of the tests, which servers started by tests inherit, are no settings.
_NO_SETTINGS: Final = (CONFIG_VARIABLE, "AEROTRACK_TEST_")
Command = Literal["serve", "demo"]

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
# What a feed's URL looks like; which schemes there are is the feeds' own business.
_FEED_URL: Final = re.compile(r"^[a-z][a-z0-9+-]*://\S*$")
_LISTEN: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._*-]+):\d{1,5}")
_DATABASE_URL_HELP: Final = "give a URL such as postgresql://user:password@host:5432/aerotrack"
_SIMULATOR: Final = "simulator://"
# Kubernetes and Docker links put variables named after a service beside ours.
_SERVICE_LINK: Final = re.compile(r"^(tcp|udp)://")
ROOT_DATA_DIR: Final = Path("/var/lib/aerotrack")


class ConfigError(Exception):
    """Settings that cannot be used. ``problems`` holds a sentence each, secrets left out."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Config(msgspec.Struct, frozen=True):
    """The settings in force and, for each by name, where it came from."""

    settings: Settings
    sources: Mapping[str, str]


class _Given(msgspec.Struct, frozen=True):
    """A value somebody gave, and where. ``text`` where it came as a string to be parsed."""

    value: Any
    source: str
    text: bool
    base: Path


class _Wrong(Exception):
    """Why a value does not fit."""


def default_data_dir(environ: Mapping[str, str], *, home: Path, root: bool) -> Path:
    """The data directory when none is chosen; a relative ``XDG_DATA_HOME`` does not count.

    Root without that variable gets ``/var/lib/aerotrack``: the account the embedded PostgreSQL
    runs as there cannot reach ``/root``.
    """
    chosen = Path(environ.get("XDG_DATA_HOME", ""))
    if chosen.is_absolute():
        return chosen / "aerotrack"
    return ROOT_DATA_DIR if root else home / ".local" / "share" / "aerotrack"


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    config_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    command: Command = "serve",
    simulator: str = "simulator://",
    on_card: Callable[[Path], bool] = lies_on_card,
) -> Config:
    """The settings of this run.

    ``flags`` holds what the command line gave, by setting name (strings, booleans, or tuples of
    strings). For ``command`` "demo" the feed ``simulator`` comes first, and the data directory is
    ``demo`` in the one that serves, unless a flag names it. ``on_card`` says whether a directory
    lies on an SD card. Raises :class:`ConfigError`.
    """
    environ = os.environ if environ is None else environ
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    problems: list[str] = []
    given: dict[str, _Given] = {}
    for layer in (
        _from_file(config_file, environ, problems),
        _from_environment(environ, problems),
        _from_flags(flags or {}),
    ):
        given.update(layer)

    values: dict[str, Any] = {}
    sources: dict[str, str] = dict.fromkeys(SPECS, "default")
    for name, one in given.items():
        sources[name] = one.source
        try:
            values[name] = _checked(SPECS[name], one, home)
        except _Wrong as wrong:
            problems.append(f"{name} ({one.source}): {wrong}")
    if problems:
        raise ConfigError(*problems)

    from_flag = given.get("data_dir") is not None and given["data_dir"].source.startswith("--")
    values.setdefault("data_dir", default_data_dir(environ, home=home, root=os.geteuid() == 0))
    if command == "demo":
        values["feeds"] = (simulator, *values.get("feeds", ()))
        if not from_flag:
            values["data_dir"] /= "demo"
    if values.get("database_url") is None and on_card(values["data_dir"]):
        values.setdefault("storage", "compact")
    if values.get("storage") == "compact":
        values.setdefault("flush_interval", COMPACT_FLUSH_S)
    settings = Settings(**values)
    problems.extend(_disagreements(settings, sources))
    if problems:
        raise ConfigError(*problems)
    return Config(settings, sources)


# -- the three sources -----------------------------------------------------------------------------


def _from_file(
    path: Path | None, environ: Mapping[str, str], problems: list[str]
) -> dict[str, _Given]:
    where = "--config"
    if path is None:
        if not environ.get(CONFIG_VARIABLE):
            return {}
        path, where = Path(environ[CONFIG_VARIABLE]), CONFIG_VARIABLE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{where}: {path} cannot be read: {error.strerror}")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{where}: {path} is not TOML: {error}")
        return {}
    base = path.absolute().parent
    found = {}
    for key, value in table.items():
        if key in SPECS:
            found[key] = _Given(value, f"{path}", text=False, base=base)
        else:
            problems.append(f"{key} ({path}): there is no such setting{_nearest(key, SPECS)}")
    return found


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> dict[str, _Given]:
    names = {spec.variable: name for name, spec in SPECS.items()}
    found = {}
    for variable, value in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable.startswith(_NO_SETTINGS):
            continue
        if not value.strip():  # compose files hand on variables that are not set as empty ones
            continue
        if variable in names:
            found[names[variable]] = _Given(value, variable, text=True, base=Path.cwd())
        else:
            problems.append(
                f"{variable} (environment): there is no such setting{_nearest(variable, names)}"
            )
    return found


def _from_flags(flags: Mapping[str, Any]) -> dict[str, _Given]:
    return {
        name: _Given(value, SPECS[name].flag or name, isinstance(value, str), Path.cwd())
        for name, value in flags.items()
        if value is not None and value != ()
    }


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else "; docs/configuration.md lists them"


# -- values ----------------------------------------------------------------------------------------


def _checked(spec: Spec, given: _Given, home: Path) -> Any:
    """The value in the setting's own type. Raises :class:`_Wrong` with what to do."""
    value = given.value
    if given.text and spec.is_list:
        value = value.split()
    elif given.text:
        value = value.strip()
        if spec.bare is bool:
            value = _truth(value)
        elif spec.choices:
            value = value.lower()
    if spec.bare is Path:
        return _path(value, given.base, home)
    try:
        value = msgspec.convert(value, spec.hint, strict=not given.text)
    except msgspec.ValidationError:
        raise _Wrong(_expectation(spec, value)) from None
    if isinstance(value, float) and not math.isfinite(value):
        raise _Wrong(_expectation(spec, value))
    special = _SPECIAL.get(spec.name)
    return special(value) if special and value is not None else value


def _truth(value: str) -> bool:
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise _Wrong(f"{value!r} is neither true nor false; give one of these two")


def _path(value: Any, base: Path, home: Path) -> Path:
    """An absolute path; ``~`` is the home, a relative one counts from ``base``."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise _Wrong("give the path of a directory")
    if value == "~" or value.startswith("~/"):
        return home / value[2:]
    return base / value


def _expectation(spec: Spec, value: Any) -> str:
    """What was given, unless it is a secret, and what would fit."""
    if spec.name == "ingest_token":
        return "give at least 8 characters out of A-Z a-z 0-9 . _ ~ + / = -"
    if spec.name == "database_url":
        return _DATABASE_URL_HELP
    got = "" if spec.mask else f"{value!r} does not fit; "
    if spec.name == "base_path":
        return f"{got}give a path such as /tracker"
    if _SERVICE_LINK.match(str(value)):
        return (
            f"{got}it looks like Kubernetes' variable for a service called aerotrack: set "
            "enableServiceLinks: false in the pod's spec, or name the service otherwise"
        )
    if spec.choices:
        return f"{got}give one of {', '.join(spec.choices)}"
    if spec.is_list:
        return f"{got}give a list of strings"
    if spec.bare is bool:
        return f"{got}give true or false"
    if spec.bare is str:
        return f"{got}give a string that is not empty"
    kind = "a whole number" if spec.bare is int else "a number"
    unit = f" ({spec.unit})" if spec.unit else ""
    return f"{got}give {kind} from {spec.low:g} to {spec.high:.10g}{unit}"


def _feeds(urls: tuple[str, ...]) -> tuple[str, ...]:
    for url in urls:
        if not _FEED_URL.match(url):
            raise _Wrong(
                f"{mask_url(url)!r} is no feed; give URLs such as sbs://127.0.0.1:30003?name=home"
            )
    if len(set(urls)) < len(urls):
        raise _Wrong("a feed is named twice; give each once")
    return urls


def _database_url(url: str) -> str:
    if not (url.startswith(("postgresql://", "postgres://")) or "=" in url.partition("://")[0]):
        raise _Wrong(_DATABASE_URL_HELP)
    return url


def _db_listen(address: str) -> str:
    if not _LISTEN.fullmatch(address) or not 0 < int(address.rpartition(":")[2]) < 65_536:
        raise _Wrong(f"{address!r} does not fit; give an address and a port: 127.0.0.1:5433")
    return address


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        try:
            parts = urlsplit(origin)
            fits = bool(parts.hostname) and not (parts.path or parts.query or parts.fragment)
            fits = fits and parts.scheme in {"http", "https"} and "@" not in parts.netloc
        except ValueError:
            fits = False
        if origin != "*" and not fits:
            raise _Wrong(f"{origin!r} is no origin; give scheme and host: https://example.org")
    return tuple(origin.lower() for origin in origins)


def _proxies(proxies: tuple[str, ...]) -> tuple[str, ...]:
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            raise _Wrong(
                f"{proxy!r} is no address or network; give for instance 127.0.0.1 or 10.0.0.0/8"
            ) from None
    return proxies


_SPECIAL: Final[Mapping[str, Any]] = {
    "feeds": _feeds,
    "database_url": _database_url,
    "db_listen": _db_listen,
    "allowed_origins": _origins,
    "trusted_proxies": _proxies,
    "base_path": lambda path: path.rstrip("/"),
}


def _disagreements(settings: Settings, sources: Mapping[str, str]) -> Iterator[str]:
    """Settings that are fine alone and make no sense together."""
    if (settings.receiver_lat is None) != (settings.receiver_lon is None):
        yield "receiver_lat and receiver_lon belong together; give both or neither"
    if (settings.opensky_client_id is None) != (settings.opensky_client_secret is None):
        yield "opensky_client_id and opensky_client_secret belong together; give both or neither"
    if not settings.stale_after <= settings.gone_after <= settings.end_after:
        yield "stale_after, gone_after and end_after must not fall in this order"
    if settings.db_listen is not None and settings.database_url is not None:
        yield (
            f"db_listen ({sources['db_listen']}) opens the PostgreSQL of our own, and database_url "
            f"({sources['database_url']}) names another server; leave one out"
        )
    if settings.batch_rows > settings.rows_limit:
        yield "batch_rows is larger than rows_limit: no batch would ever be full"
    simulated = [url for url in settings.feeds if url.startswith(_SIMULATOR)]
    beside = 0 < len(simulated) < len(settings.feeds)
    if beside and not settings.allow_simulator_beside_real:
        yield (
            f"feeds ({sources['feeds']}): a simulator beside real feeds would mix invented flights "
            "with real ones; leave one out, or set allow_simulator_beside_real"
        )
