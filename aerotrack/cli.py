"""The command line. Imports what a command needs inside it, so that help comes at once.

Exit codes: 0 done, 1 failed (one line on standard error, the traceback with ``--debug``),
2 wrong usage or settings, 130 interrupted.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from aerotrack import __version__
from aerotrack.commands.db import db
from aerotrack.commands.decode import decode
from aerotrack.commands.importing import import_group
from aerotrack.commands.options import EPILOG, GroupedCommand, with_settings
from aerotrack.commands.top import top
from aerotrack.config import Config, Settings
from aerotrack.settings import SPECS

# The simulator is made for this many; more is another kind of test.
MOST_SIMULATED_FLIGHTS: Final = 25_000
HEALTH_TIMEOUT_S: Final = 5.0


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="aerotrack %(version)s")
def main() -> None:
    """AeroTrack: aircraft positions in, live map and history out.

    \b
    aerotrack demo                                 simulated traffic
    aerotrack serve --feed sbs://127.0.0.1:30003   what a receiver hears
    aerotrack top                                  the live table in a terminal
    """


@main.command(cls=GroupedCommand, epilog=EPILOG, short_help="Track what the feeds hear.")
@with_settings
def serve(load_settings: Callable[..., Config]) -> None:
    """Track what the feeds hear, keep it in PostgreSQL, and show it live.

    Stops on Ctrl-C or SIGTERM after everything accepted has been written.
    """
    _run(load_settings().settings)


@main.command(cls=GroupedCommand, epilog=EPILOG, short_help="Serve simulated traffic.")
@click.option(
    "--flights",
    type=click.IntRange(1, MOST_SIMULATED_FLIGHTS),
    default=500,
    show_default=True,
    help="How many aircraft fly at once",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same seed gives the same traffic",
)
@click.option(
    "--until-feeds",
    is_flag=True,
    help="Do what 'serve' does as soon as feeds are configured (the container image uses this)",
)
@with_settings
def demo(load_settings: Callable[..., Config], flights: int, seed: int, until_feeds: bool) -> None:
    """Serve simulated traffic, in a data directory of its own. Takes the options of 'serve'."""
    if until_feeds and (served := load_settings().settings).feeds:
        _run(served)
    simulator = f"simulator://?flights={flights}&seed={seed}"
    settings = load_settings(command="demo", simulator=simulator).settings
    click.echo(
        f"AeroTrack demo: {flights} simulated flights, seed {seed}. None of this traffic is real; "
        "every flight\nis marked source=sim. 'aerotrack serve --feed URL' shows real traffic.\n",
        err=True,
    )
    _run(settings)


@main.command(cls=GroupedCommand, epilog=EPILOG, short_help="Show the settings in force.")
@with_settings
def config(load_settings: Callable[..., Config]) -> None:
    """Show the settings in force, secrets masked, and where each comes from.

    The output is a TOML file that --config takes (with the masked values filled in again).
    """
    click.echo(config_text(load_settings()), nl=False)


@main.command(cls=GroupedCommand, epilog=EPILOG, short_help="Ask a server whether it is well.")
@click.option("--ready", is_flag=True, help="Ask whether it is ready, not only whether it lives")
@with_settings
def health(load_settings: Callable[..., Config], ready: bool) -> None:
    """Ask the server that runs with these settings whether it is well; exit code 0 if so."""
    import http.client

    settings = load_settings().settings
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    path = f"{settings.base_path}/{'readyz' if ready else 'healthz'}"
    connection = http.client.HTTPConnection(host, settings.port, timeout=HEALTH_TIMEOUT_S)
    try:
        connection.request("GET", path)
        with connection.getresponse() as answer:
            text = answer.read(1000).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        raise click.ClickException(f"{host}:{settings.port} does not answer: {error}") from None
    finally:
        connection.close()
    click.echo(text)
    if answer.status != http.client.OK:
        raise click.ClickException(f"{path} answers {answer.status}")


@main.group(short_help="The register of aircraft.")
def aircraft() -> None:
    """The register: registration, type, operator and flags of aircraft, by their address."""


@aircraft.command("import", cls=GroupedCommand, epilog=EPILOG)
@click.argument("source", required=False, metavar="[FILE-or-URL]")
@with_settings
def import_aircraft(load_settings: Callable[..., Config], source: str | None) -> None:
    """Take an open database of aircraft into the register.

    FILE-or-URL is OpenSky's aircraft database as CSV, or the semicolon-separated one of readsb and
    tar1090 (aircraft.csv.gz); without it, the one that is installed on this machine is taken. May
    be repeated, and run beside a server, whose flights then show what it says.
    """
    from rich.console import Console

    from aerotrack.runtime import imports

    done = imports.import_aircraft(load_settings().settings, source, Console(stderr=True))
    click.echo("\n".join(done.lines()))


@main.group(short_help="The routes callsigns go by.")
def routes() -> None:
    """The routes filed for callsigns, shown where they are plausible."""


@routes.command("import", cls=GroupedCommand, epilog=EPILOG)
@click.argument("source", metavar="FILE-or-URL")
@with_settings
def import_routes(load_settings: Callable[..., Config], source: str) -> None:
    """Take a list of callsign routes into the database.

    FILE-or-URL is a CSV of callsigns and airport codes (BAW123,EGLL-KJFK), such as the community's
    standing data (Callsign,Code,Number,AirlineCode,AirportCodes); gzip too.
    """
    from rich.console import Console

    from aerotrack.runtime import imports

    done = imports.import_callsign_routes(load_settings().settings, source, Console(stderr=True))
    click.echo("\n".join(done.lines()))


main.add_command(db)
main.add_command(decode)
main.add_command(import_group)
main.add_command(top)


def config_text(config: Config) -> str:
    """The settings in force as TOML with comments, grouped as the documents have them."""
    import orjson

    lines: list[str] = []
    group = ""
    for name, spec in SPECS.items():
        if spec.group != group:
            group = spec.group
            lines += ([""] if lines else []) + [f"# {group}"]
        value = spec.shown(getattr(config.settings, name))
        value = str(value) if isinstance(value, Path) else value
        line = (
            f"# {name} is not set" if value is None else f"{name} = {orjson.dumps(value).decode()}"
        )
        lines.append(f"{line:<44}  # {config.sources[name]}")
    return "\n".join(lines) + "\n"


def _run(settings: Settings) -> None:
    """Run the server until it is stopped, and leave with its exit code."""
    from aerotrack import logs

    logs.setup(settings.log_level, settings.log_format)
    from aerotrack import runtime

    sys.exit(runtime.run(settings))
