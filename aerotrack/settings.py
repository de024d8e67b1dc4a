"""Every setting: its type and bounds, what it does, its default and the reason for it.

:class:`Settings` is frozen and made once, by :mod:`aerotrack.config`; everything that needs a
setting is handed it. ``docs/configuration.md`` and the options of the command line are read off
this module.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from aerotrack.domain.rules import FlightRules, Storage
from aerotrack.masking import MASK, mask_database_url, mask_url
from aerotrack.setting import Spec, setting, specs_of

RULES: Final = FlightRules()
DAY_S: Final = 86_400.0

# With storage=compact somebody spares a card, and each commit writes a few pages however few rows.
COMPACT_FLUSH_S: Final = 15.0
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["text", "json"]


def _mask_feeds(urls: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(mask_url(url) for url in urls)


def _hide(_: str) -> str:
    return MASK


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What this run of the server is told. Times in seconds; tuples keep the order they came in.

    ``repr`` and ``str`` hide secrets.
    """

    host: Annotated[
        str,
        setting(
            "Listening",
            "Address to listen on; `0.0.0.0` is every IPv4 address, `::` every address",
            "nobody outside this machine sees anything until told so",
            min_length=1,
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        setting(
            "Listening",
            "TCP port to listen on; 0 takes a free one and says which",
            "8080 is taken on every machine with a receiver",
            ge=0,
            le=65535,
        ),
    ] = 8480
    base_path: Annotated[
        str,
        setting(
            "Listening",
            "Path under which a proxy publishes the server, such as `/tracker`",
            "the server has a host name to itself",
            pattern=r"^(/[A-Za-z0-9._~-]+)*/?(?!\n)$",
        ),
    ] = ""
    feeds: Annotated[
        tuple[str, ...],
        setting(
            "Feeds",
            "Where aircraft come from, a URL each, such as `sbs://127.0.0.1:30003?name=home`",
            "traffic is never invented: without a feed the server starts and says how to add one",
            flag="--feed",
            mask=_mask_feeds,
        ),
    ] = ()
    allow_simulator_beside_real: Annotated[
        bool,
        setting(
            "Feeds",
            "Let a simulator run beside real feeds",
            "simulated flights among real ones mislead whoever looks",
        ),
    ] = False
    opensky_client_id: (
        Annotated[
            str,
            setting(
                "Feeds",
                "Client id of an OpenSky account, for `opensky://` feeds",
                "without an account OpenSky answers a few hundred times a day",
                flag=None,
                shown_default="none",
                min_length=1,
            ),
        ]
        | None
    ) = None
    opensky_client_secret: (
        Annotated[
            str,
            setting(
                "Feeds",
                "The secret that belongs to it",
                "there is none without an account",
                flag=None,
                shown_default="none",
                mask=_hide,
                min_length=1,
            ),
        ]
        | None
    ) = None
    receiver_lat: (
        Annotated[
            float,
            setting(
                "Feeds",
                "Latitude of the station; distances are measured from there",
                "nobody can guess it",
                unit="degrees",
                ge=-90,
                le=90,
            ),
        ]
        | None
    ) = None
    receiver_lon: (
        Annotated[
            float,
            setting(
                "Feeds",
                "Longitude of the station",
                "nobody can guess it",
                unit="degrees",
                ge=-180,
                le=180,
            ),
        ]
        | None
    ) = None
    publish_receiver_precision: Annotated[
        float,
        setting(
            "Feeds",
            "The station's position, and distances and bearings from it, go by it rounded to this "
            "many degrees; 0 publishes it as it is",
            "0.1° is 11 km: a station stands where somebody lives",
            unit="degrees",
            ge=0,
            le=10,
        ),
    ] = 0.1
    data_dir: Annotated[
        Path,
        setting(
            "History",
            "Directory of everything that is kept on disk; `aerotrack demo` uses `demo` in it",
            "the XDG base directory; root's `/root` is closed to the account PostgreSQL runs as",
            shown_default="`$XDG_DATA_HOME/aerotrack`, without that variable "
            "`~/.local/share/aerotrack`, for root `/var/lib/aerotrack`",
        ),
    ]
    database_url: (
        Annotated[
            str,
            setting(
                "History",
                "PostgreSQL to use, as a URL or libpq connection string",
                "works out of the box: a PostgreSQL of our own in the data directory",
                shown_default="a PostgreSQL of our own",
                mask=mask_database_url,
                min_length=1,
            ),
        ]
        | None
    ) = None
    db_listen: (
        Annotated[
            str,
            setting(
                "History",
                "Address and port where the PostgreSQL of our own lets others read, by password: "
                "`127.0.0.1:5433`; `aerotrack db url --read-only` prints it all",
                "nobody else comes in until told so",
                shown_default="none",
                min_length=1,
            ),
        ]
        | None
    ) = None
    storage: Annotated[
        Storage,
        setting(
            "History",
            "Which points of a track are kept: `full` keeps every change; `compact` the first, the "
            "last, turns, level changes and others, and besides one in ten seconds wherever a "
            "straight line misses by less than 30 m, and the database writes less often",
            "an analyst wants them all; cards die of it",
            shown_default="`full`; `compact` where the database of our own lies on an SD card or "
            "eMMC",
        ),
    ] = "full"
    retention_days: Annotated[
        int,
        setting(
            "History",
            "Points older than this are dropped by whole days; flights and events stay",
            "a month of a busy station is tens of gigabytes",
            unit="days",
            ge=1,
            le=36525,
        ),
    ] = 30
    retention_gb: (
        Annotated[
            float,
            setting(
                "History",
                "Points that take more than this go, too, the oldest days first",
                "a full disk stops more than the history",
                unit="GB",
                ge=0.1,
                le=1_000_000,
                shown_default="embedded: a quarter of the disk; a server of your own: no limit",
            ),
        ]
        | None
    ) = None
    flush_interval: Annotated[
        float,
        setting(
            "History",
            "Points wait at most this long before they are written",
            "what a crash may cost; under 0.1 s the commits cost more than the rows",
            unit="s",
            ge=0.05,
            le=60,
            shown_default="`1.0`; with `storage=compact` `15.0`",
        ),
    ] = 1.0
    batch_rows: Annotated[
        int,
        setting(
            "History",
            "A batch of this many rows is written before its time has come",
            "COPY gains nothing from larger ones, and a batch this size takes about 0.1 s",
            unit="rows",
            ge=1,
            le=1_000_000,
        ),
    ] = 20_000
    rows_limit: Annotated[
        int,
        setting(
            "History",
            "At most this many rows wait in memory, where the outbox cannot take them either; then "
            "new points are dropped and counted",
            "about 300 MB; hours of a home station, 50 s of 10,000 flights",
            unit="rows",
            ge=1_000,
            le=100_000_000,
        ),
    ] = 500_000
    outbox_limit: Annotated[
        int,
        setting(
            "History",
            "At most this much waits in the outbox, on disk in the data directory, while the "
            "database is away; towards it new points are thinned, then dropped and counted",
            "an hour of 10,000 flights, months of a home station",
            unit="bytes",
            ge=1 << 20,
            le=1 << 50,
        ),
    ] = 2 << 30
    stale_after: Annotated[
        float,
        setting(
            "Flights",
            "Without a position for this long a flight is stale, and clients extrapolate it no "
            "further; silent flights are looked at this often",
            "as readsb and OpenSky have it",
            unit="s",
            ge=1,
            le=86_400,
        ),
    ] = RULES.stale_after
    gone_after: Annotated[
        float,
        setting(
            "Flights",
            "Without a position for this long a flight leaves the live picture",
            "as readsb has it",
            unit="s",
            ge=1,
            le=86_400,
        ),
    ] = RULES.gone_after
    gone_after_slow: Annotated[
        float,
        setting(
            "Flights",
            "The same for ADS-C and HFDL",
            "these report every 14 to 30 minutes",
            unit="s",
            ge=1,
            le=86_400,
        ),
    ] = RULES.gone_after_slow
    end_after: Annotated[
        float,
        setting(
            "Flights",
            "Without any contact for this long a flight is over",
            "longer than a hole in coverage usually is",
            unit="s",
            ge=1,
            le=86_400,
        ),
    ] = RULES.end_after
    resume_within: Annotated[
        float,
        setting(
            "Flights",
            "A flight that ended by silence goes on if its aircraft is heard again within this "
            "time, with the same callsign, where it can have flown meanwhile; 0: never",
            "the widest ocean takes half a day",
            unit="s",
            ge=0,
            le=172_800,
        ),
    ] = RULES.resume_within
    future_tolerance: Annotated[
        float,
        setting(
            "Flights",
            "An observation from further in the future than this is refused",
            "clocks differ by a few seconds",
            unit="s",
            ge=0,
            le=3600,
        ),
    ] = RULES.future_tolerance
    row_interval: Annotated[
        float,
        setting(
            "Flights",
            "A flight's row is written when it changes in kind, else this often",
            "a row per batch would cost four fifths of the writing speed",
            unit="s",
            ge=1,
            le=86_400,
        ),
    ] = RULES.row_interval
    ingest_token: (
        Annotated[
            str,
            setting(
                "Access",
                "Token (`Authorization: Bearer …`) that lets other machines POST and administer",
                "only this machine may until a token is set",
                flag=None,
                shown_default="none",
                mask=_hide,
                min_length=8,
                # what an HTTP header can carry without quoting: RFC 6750's b64token
                pattern=r"^[A-Za-z0-9._~+/=-]+(?!\n)$",
            ),
        ]
        | None
    ) = None
    allowed_origins: Annotated[
        tuple[str, ...],
        setting(
            "Access",
            "Web pages from these origins (`https://example.org`, or `*`) may open the live "
            "stream and POST",
            "only pages this server served itself",
            flag="--allowed-origin",
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        setting(
            "Access",
            "Proxies, as addresses or networks, whose `X-Forwarded-For` is believed",
            "anybody can send that header",
            flag="--trusted-proxy",
        ),
    ] = ()
    max_clients: Annotated[
        int,
        setting(
            "Limits",
            "WebSocket clients at once; one more is answered 503",
            "what two cores serve; each needs a file descriptor",
            ge=1,
            le=1_000_000,
        ),
    ] = 10_000
    fanout: Annotated[
        int,
        setting(
            "Limits",
            "Processes of their own that serve the clients of the live stream; 0 serves them in "
            "the main process",
            "one process carries a station or a club, and another takes 45 MB and more; thousands "
            "of viewers want one for each core that is free",
            unit="processes",
            ge=0,
            le=64,
        ),
    ] = 0
    max_body_bytes: Annotated[
        int,
        setting(
            "Limits",
            "Largest body of a POST; a larger one is answered 413",
            "16 MiB is about 80,000 observations",
            unit="bytes",
            ge=1_024,
            le=1 << 30,
        ),
    ] = 16 << 20
    websocket_compression: Annotated[
        bool,
        setting(
            "Limits",
            "Compress frames of the live stream for clients that offer it (permessage-deflate)",
            "it costs 50 µs a frame and client; worth it where the line is the limit",
        ),
    ] = False
    log_level: Annotated[
        LogLevel,
        setting("Logging", "Least severe level that is logged", "never a line per message"),
    ] = "info"
    log_format: Annotated[
        LogFormat,
        setting("Logging", "`text` for people, `json` for collectors", "people look first"),
    ] = "text"

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{k}={v!r}' for k, v in describe(self).items())})"

    def flight_rules(self) -> FlightRules:
        """The part of the settings that flights live by."""
        own = FlightRules.__struct_fields__
        given = {name: getattr(self, name) for name in own if name in SPECS}
        return FlightRules(**given, history_kept=self.retention_days * DAY_S)


SPECS: Final[Mapping[str, Spec]] = specs_of(Settings)


def describe(settings: Settings) -> dict[str, Any]:
    """Every setting by name, secrets masked, in the order they are documented."""
    return {name: spec.shown(getattr(settings, name)) for name, spec in SPECS.items()}
