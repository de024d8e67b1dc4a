"""The command line of ``aerotrack decode``. Imports what it needs when it runs."""

import sys
from pathlib import Path
from typing import Any, Final

import click

STANDARD_INPUT: Final = Path("/dev/stdin")
# As a feed's URL has them; a test holds the two together, importing it here would cost every start.
FORMATS: Final = ("beast", "avr", "sbs", "jsonl", "readsb")


@click.command(short_help="Print what a recording says, as NDJSON.")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    required=True,
    help="What the file holds; gzip is recognised",
)
@click.option(
    "--start",
    metavar="TIME",
    default="0",
    show_default=True,
    help="When the recording begins: epoch seconds or ISO 8601",
)
@click.option(
    "--rate",
    type=click.FloatRange(0.01, 1_000_000),
    metavar="N",
    help="Records a second, where they carry no clock  [default: frames as estimated, lines 100]",
)
@click.option("--rejected", is_flag=True, help="Print what was refused, too, and why")
@click.option("--lat", type=click.FloatRange(-90, 90), help="Where the receiver stands, degrees")
@click.option("--lon", type=click.FloatRange(-180, 180))
@click.option("--mlat", is_flag=True, help="Everything in it is a result of multilateration")
def decode(
    *,
    file: Path,
    kind: Any,  # one of the choices
    start: str,
    rate: float | None,
    rejected: bool,
    lat: float | None,
    lon: float | None,
    mlat: bool,
) -> None:
    """Print what a recording says: a JSON line for each accepted change, on standard output.

    FILE may be a pipe, or - for standard input.

    A position is printed when the state of its flight accepts it; the first of an aircraft when
    another agrees with it. What was read and refused is summed up on standard error.
    """
    from aerotrack.decode import decode_file
    from aerotrack.domain.observation import site
    from aerotrack.feeds.feed import FeedError, FeedFigures
    from aerotrack.feeds.recording import Replay
    from aerotrack.feeds.url import parse_time

    if (lat is None) != (lon is None):
        raise click.UsageError("--lat and --lon go together")
    try:
        begins = parse_time(start)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--start") from None
    replay = Replay(
        format=kind,
        start=begins,
        rate=rate,
        site=None if lat is None or lon is None else site(lat, lon),
        mlat=mlat,
    )
    if str(file) == "-":
        file = STANDARD_INPUT
    figures = FeedFigures(name="file", url=str(file))
    output = sys.stdout.buffer
    try:
        for piece in decode_file(file, replay, figures=figures, rejected=rejected):
            output.write(piece)
        output.flush()
    except BrokenPipeError:  # whoever read had enough
        sys.stderr.close()
        sys.exit(1)
    except FeedError as wrong:
        raise click.ClickException(str(wrong)) from None
    except OSError as wrong:
        raise click.ClickException(f"{file}: {wrong.strerror or wrong}") from None
    refused = ", ".join(f"{reason} {count}" for reason, count in sorted(figures.refused.items()))
    click.echo(
        f"{figures.received} records: {figures.accepted} taken, {figures.ignored} of no use"
        + (f", refused {refused}" if refused else ""),
        err=True,
    )
    if figures.bytes and not figures.accepted:
        click.echo(f"nothing in it could be used: is it {kind}?", err=True)
