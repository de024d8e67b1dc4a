"""The command line of ``aerotrack top``. Imports what it needs when it runs."""

import sys
from typing import Final

import click

# As the columns are named; a test holds the two together, importing them would cost every start.
SORTS: Final = (
    "callsign", "icao24", "registration", "typecode", "lat", "lon", "alt_baro", "baro_rate", "gs",
    "track", "squawk", "age", "r_dst", "phase", "route", "source", "operator",
)  # fmt: skip


@click.command(short_help="The live table in a terminal.")
@click.argument("url", required=False)
@click.option("--bbox", "box", metavar="W,S,E,N", help="Only this box, degrees")
@click.option(
    "--filter",
    "filters",
    metavar="NAME=VALUE",
    multiple=True,
    help="Only flights like this: callsign=RYR,EIN alt_baro=0..10000 on_ground=no, or the "
    "protocol's JSON; may be repeated",
)
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 60),
    default=1.0,
    show_default=True,
    help="Seconds between updates",
)
@click.option("--sort", type=click.Choice(SORTS), default="callsign", show_default=True)
@click.option("--reverse", is_flag=True, help="The other way round")
@click.option("--once", is_flag=True, help="Print the table once, all of it, and exit")
def top(
    *,
    url: str | None,
    box: str | None,
    filters: tuple[str, ...],
    interval: float,
    sort: str,
    reverse: bool,
    once: bool,
) -> None:
    """Show what flies, live, from the server at URL (http, https, ws or wss).

    Without URL it is the server that 'aerotrack serve' starts here with the settings in force.
    Press h for the keys.
    """
    import asyncio
    import logging

    from rich.console import Console

    from aerotrack import client
    from aerotrack.top import BadWish, bbox, print_once, wanted_filter, watch
    from aerotrack.top.columns import BY_NAME
    from aerotrack.top.control import Control

    try:
        wanted = wanted_filter(filters)
        area = None if box is None else bbox(box)
        server = url or _local_server()
        client.live_url(server)
    except BadWish as wrong:
        raise click.UsageError(str(wrong)) from None
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="URL") from None
    console = Console()
    control = Control(sort=sort, descending=BY_NAME[sort].descends != reverse)
    if not once and not console.is_terminal:
        raise click.UsageError("standard output is no terminal; --once prints the table")
    logging.getLogger().addHandler(logging.NullHandler())  # the page says it, a log would tear it
    try:
        if once:
            asyncio.run(
                print_once(server, bbox=area, wanted=wanted, control=control, console=console)
            )
        else:
            asyncio.run(
                watch(
                    server,
                    bbox=area,
                    wanted=wanted,
                    interval=interval,
                    control=control,
                    console=console,
                )
            )
    except client.LiveError as error:
        raise click.ClickException(f"{server}: {error} ({error.code})") from None
    except BrokenPipeError:
        sys.stderr.close()  # whoever read had enough
    except KeyboardInterrupt:
        sys.exit(130)


def _local_server() -> str:
    """The server of the settings in force."""
    from aerotrack.config import ConfigError, load

    try:
        settings = load().settings
    except ConfigError as error:
        raise click.ClickException("; ".join(error.problems)) from None
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.port}{settings.base_path}"
