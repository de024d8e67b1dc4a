"""``aerotrack db``: look at the history's database and look after it. Imports when it runs."""

import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import click

from aerotrack.commands.options import EPILOG, GroupedCommand, with_settings
from aerotrack.config import Config

if TYPE_CHECKING:
    from aerotrack.db.status import DatabaseStatus

UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


@click.group(short_help="The database of the history.")
def db() -> None:
    """The database of the history: the embedded one of the data directory, or the one that
    --database-url names. All of these work beside a running server.
    """


@db.command(cls=GroupedCommand, epilog=EPILOG, short_help="Print the address of the database.")
@with_settings
def url(load_settings: Callable[..., Config]) -> None:
    """Print the address of the database, for psql and other tools.

    An embedded database can be reached while a server runs on its data directory, by the user that
    started the server. An address with a password is printed with it.
    """
    from aerotrack.db.embedded import running_server
    from aerotrack.db.psql import server_url

    settings = load_settings().settings
    conninfo = settings.database_url or running_server(settings.data_dir)
    if conninfo is None:
        raise click.ClickException(
            f"no AeroTrack runs on {settings.data_dir}: start one, or look with 'aerotrack db "
            "shell', which brings the database up by itself"
        )
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
