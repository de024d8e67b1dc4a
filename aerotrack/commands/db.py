"""``aerotrack db``: look at the history's database and look after it. Imports when it runs."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from aerotrack.commands.options import EPILOG, GroupedCommand, with_settings
from aerotrack.config import Config

if TYPE_CHECKING:
    from datetime import datetime

    from aerotrack.db.status import DatabaseStatus

# As aerotrack.db.export and aerotrack.export have them; a test holds them together, importing them
# here would cost every start.
VIEWS: Final = ("positions", "flights", "events", "aircraft", "state_vectors")
FORMATS: Final = ("csv", "ndjson", "geojson", "parquet")
UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


@click.group(short_help="The database of the history.")
def db() -> None:
    """The database of the history: the embedded one of the data directory, or the one that
    --database-url names. All of these work beside a running server.
    """


@db.command(cls=GroupedCommand, epilog=EPILOG, short_help="Print the address of the database.")
@click.option(
    "--read-only", is_flag=True, help="The address for others, open with --db-listen ADDRESS"
)
@with_settings
def url(load_settings: Callable[..., Config], read_only: bool) -> None:
    """Print the address of the database, for psql and other tools.

    An embedded database can be reached while a server runs on its data directory, by the user that
    started the server. An address with a password is printed with it. The one for others is over
    TCP, for a role that may read the schema api and nothing else.
    """
    from aerotrack.db.embedded import guest_conninfo, running_server
    from aerotrack.db.psql import server_url

    settings = load_settings().settings
    conninfo = settings.database_url or running_server(settings.data_dir)
    if conninfo is None:
        raise click.ClickException(
            f"no AeroTrack runs on {settings.data_dir}: start one, or look with 'aerotrack db "
            "shell', which brings the database up by itself"
        )
    if read_only:
        if settings.database_url is not None:
            raise click.ClickException(
                "--read-only is for the embedded database: on a server of your own make a role, "
                "docs/sql.md says how"
            )
        conninfo = guest_conninfo(conninfo, settings.data_dir)
    click.echo(server_url(conninfo))


@db.command(
    cls=GroupedCommand,
    epilog=EPILOG,
    short_help="Open psql on the database.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- PSQL-ARGUMENT…]")
@with_settings
def shell(load_settings: Callable[..., Config], arguments: tuple[str, ...]) -> None:
    """Open psql on the database; what follows is handed to psql (-c 'SELECT …', -f FILE, --csv).

    The views of docs/sql.md are found without 'api.' in front. An embedded database that no server
    has up is brought up for as long as psql runs.
    """
    from rich.console import Console

    from aerotrack.db.psql import psql_command
    from aerotrack.runtime.imports import database

    with (
        database(load_settings().settings, Console(stderr=True), create=False) as conninfo,
        psql_command(conninfo) as command,
    ):
        answer = subprocess.call([*command, *arguments])
    sys.exit(answer)


@db.command(cls=GroupedCommand, epilog=EPILOG, short_help="Say how large the history is.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, sizes in bytes")
@with_settings
def status(load_settings: Callable[..., Config], as_json: bool) -> None:
    """Say how large the history is, by table and day, and when something was stored last."""
    from rich.console import Console

    from aerotrack.db.status import read_status
    from aerotrack.runtime.imports import database

    with database(load_settings().settings, Console(stderr=True), create=False) as conninfo:
        found = read_status(conninfo)
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(found))
    else:
        click.echo("\n".join(_status_lines(found)))


@db.command(cls=GroupedCommand, epilog=EPILOG, short_help="Bring the schema up to date.")
@with_settings
def migrate(load_settings: Callable[..., Config]) -> None:
    """Bring the schema up to date, as a server does when it starts.

    For databases where servers run under a role that may not change the schema.
    """
    from rich.console import Console

    from aerotrack.db import migrate as migrations
    from aerotrack.runtime.imports import database

    with database(load_settings().settings, Console(stderr=True)) as conninfo:
        applied = migrations.migrate(conninfo)
    version = len(migrations.bundled())
    click.echo(
        f"Schema {version}: {applied} migrations applied"
        if applied
        else f"Schema {version}, as it was"
    )


@db.command(cls=GroupedCommand, epilog=EPILOG, short_help="Drop old days of positions.")
@click.option(
    "--keep-days",
    type=click.IntRange(1),
    metavar="N",
    help="How many days to keep  [default: the setting retention_days]",
)
@with_settings
def prune(load_settings: Callable[..., Config], keep_days: int | None) -> None:
    """Drop the days of positions that are older than they are kept, now and not within the hour.

    Flights, aircraft and events stay.
    """
    import time

    from rich.console import Console

    from aerotrack.db.retention import drop_old
    from aerotrack.runtime.imports import database

    settings = load_settings().settings
    days = settings.retention_days if keep_days is None else keep_days
    with database(settings, Console(stderr=True), create=False) as conninfo:
        dropped = drop_old(conninfo, now=time.time(), keep_days=days)
    for name in dropped:
        click.echo(f"dropped {name}")
    click.echo(f"{len(dropped)} days dropped, {days} days are kept")


@db.command(cls=GroupedCommand, epilog=EPILOG, short_help="Copy the history to another server.")
@click.option("--to", "target", required=True, metavar="URL", help="An empty database there")
@with_settings
def copy(load_settings: Callable[..., Config], target: str) -> None:
    """Copy the history to another PostgreSQL, as from the embedded one to a server of your own.

    The schema is made there. All rows of one moment arrive, or none; a server that runs meanwhile
    goes on, and what it stores after that moment is not among them.
    """
    from rich.console import Console

    from aerotrack.db.transfer import copy_history
    from aerotrack.runtime.imports import bar, bars, database

    console = Console(stderr=True)
    with (
        database(load_settings().settings, console, create=False) as conninfo,
        bars(console) as progress,
    ):
        counts = copy_history(conninfo, target, tell=bar(progress, "Copying"))
    for table, rows in sorted(counts.items()):
        click.echo(f"{table:<16}{rows:>16,} rows")


@db.command(cls=GroupedCommand, epilog=EPILOG, short_help="Write the history to a file.")
@click.argument("view", type=click.Choice(VIEWS), metavar="|".join(VIEWS))
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="What to write  [default: by the name of the file, else csv]",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write")
@click.option("--from", "since", metavar="TIME", help="From this moment on")
@click.option("--to", "until", metavar="TIME", help="Before this moment")
@click.option("--icao24", metavar="ADDRESS", help="Of this aircraft only")
@with_settings
def export(
    load_settings: Callable[..., Config],
    *,
    view: str,
    form: str | None,
    output: Path | None,
    since: str | None,
    until: str | None,
    icao24: str | None,
) -> None:
    """Write the history to a file, or to standard output: positions, flights, events, aircraft or
    state_vectors, as docs/sql.md describes them.

    Positions come flight by flight, in GeoJSON as a line for each. TIME is epoch seconds or ISO
    8601. Parquet needs the extra 'parquet'. A file is complete or not there.
    """
    from rich.console import Console

    from aerotrack.runtime.exports import Export, export_history

    wanted = Export(
        view=view,
        form=form or _form_of(output),
        since=_moment(since, "--from"),
        until=_moment(until, "--to"),
        icao24=_address(icao24),
    )
    console = Console(stderr=True)
    written = export_history(load_settings().settings, wanted, output, console)
    click.echo(f"{written:,} rows written", err=True)


def _form_of(output: Path | None) -> str:
    form = "" if output is None else output.suffix.removeprefix(".").lower()
    return {"jsonl": "ndjson", "json": "geojson"}.get(form, form if form in FORMATS else "csv")


def _moment(text: str | None, option: str) -> "datetime | None":
    from datetime import UTC, datetime

    from aerotrack.feeds.url import parse_time

    if text is None:
        return None
    try:
        return datetime.fromtimestamp(parse_time(text), UTC)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint=option) from None


def _address(icao24: str | None) -> str | None:
    import re

    from aerotrack.domain.types import ICAO24_PATTERN

    if icao24 is not None and not re.match(ICAO24_PATTERN, icao24.lower()):
        raise click.BadParameter("six hex digits, or ~ and six", param_hint="--icao24")
    return None if icao24 is None else icao24.lower()


def _status_lines(found: "DatabaseStatus") -> list[str]:
    """What an operator reads."""
    stored = "nothing stored lately"
    if found.stored_at is not None:
        stored = f"last batch stored {max(0.0, found.now - found.stored_at):.0f} s ago"
    lines = [
        f"PostgreSQL {found.server}, schema {found.schema}, {size(found.bytes)}; {stored}",
        f"{found.flights_alive:,} flights without an end",
        "",
        f"{'table':<20}{'rows, about':>16}{'size':>12}",
    ]
    lines += [f"{t.name:<20}{t.rows:>16,}{size(t.bytes):>12}" for t in found.tables]
    if found.days:
        lines += ["", f"{len(found.days)} days of positions"]
        lines += [f"{d.name:<20}{d.rows:>16,}{size(d.bytes):>12}" for d in found.days]
    return lines


def size(count: int) -> str:
    """Bytes for people: ``1.5 GB``, powers of 1000."""
    value = float(count)
    for unit in UNITS:
        if value < 1000 or unit == UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")
