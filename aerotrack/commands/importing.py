"""``aerotrack import``: history that others kept. Imports when it runs."""

from collections.abc import Callable
from pathlib import Path

import click

from aerotrack.commands.options import EPILOG, GroupedCommand, with_settings
from aerotrack.config import Config


@click.group("import", short_help="Take in history that others kept.")
def import_group() -> None:
    """Take in history that others kept. Works beside a running server, and may be repeated."""


@import_group.command(cls=GroupedCommand, epilog=EPILOG, short_help="readsb's and tar1090's.")
@click.argument(
    "directory", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR"
)
@with_settings
def readsb(load_settings: Callable[..., Config], directory: Path) -> None:
    """Take in the traces that readsb and tar1090 keep: DIR is their globe_history, or a year, a
    month or a day of it.

    Flights are made of them by the same rules as live; their rows have readsb-import as feed. What
    was taken in is remembered: a second run, also after one that broke off, goes on with what is
    new. Positions older than retention_days are left out, their flights are not.
    """
    import time

    from rich.console import Console

    from aerotrack.runtime.traces import import_traces

    settings = load_settings().settings
    done = import_traces(
        settings, directory, Console(stderr=True), now=time.time(), monotonic=time.monotonic
    )
    click.echo("\n".join(done.lines(settings.retention_days)))
