#!/usr/bin/env python3
"""Load many flights into a running AeroTrack, and see that it has them all.

Run it with a Python that has AeroTrack installed; ``--help`` says the rest, and docs/operations.md
("Bulk spawning") says more.
"""

import asyncio
import contextlib
import secrets
import signal
import sys
from pathlib import Path
from typing import Any, Final

import click
from loading.batches import BATCH_RECORDS
from loading.client import LoadError
from loading.files import FileError
from loading.load import Interrupted, Load, Options
from rich.console import Console

AGREED, FAILED, INTERRUPTED = 0, 1, 130
# Four times what the world has in the air; the registers of the simulated sky grow thin beyond.
MOST_FLIGHTS: Final = 100_000
# Slower, and flights leave the picture (60 s without a position) between two updates.
SLOWEST_RATE: Final = 0.02
FASTEST_RATE: Final = 10.0
SEEDS: Final = 1 << 31
# An answer names no more rejected records than this; of larger batches one would not know the rest.
REJECTIONS_NAMED: Final = 1_000


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit code: 0 the server shows every flight that was loaded, 1 it does not or the load "
    "failed, 2 wrong usage, 130 interrupted before all were in.",
)
@click.option(
    "--count",
    type=click.IntRange(1, MOST_FLIGHTS),
    help="Spawn this many simulated flights  [default: 1000]",
)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Load the observations of this file instead: .csv with a header of names from "
    "docs/vocabulary.md, .ndjson or .jsonl with an object a line; each also .gz",
)
@click.option(
    "--server",
    default="http://127.0.0.1:8480",
    metavar="URL",
    show_default=True,
    help="The server, with its base path where it has one",
)
@click.option(
    "--rate",
    type=click.FloatRange(SLOWEST_RATE, FASTEST_RATE),
    metavar="HZ",
    help="Then keep them moving: so many updates of each flight a second. Those of a file start "
    "where they were last and fly straight on, marked as simulated  [default: no updates]",
)
@click.option(
    "--duration",
    type=click.FloatRange(0, min_open=True),
    metavar="S",
    help="Seconds to keep them moving  [default: until Ctrl-C]",
)
@click.option(
    "--now",
    "date_now",
    is_flag=True,
    help="Load only what the file knows last of each aircraft, dated now, so that old files show "
    "up in the live picture",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    help="The same seed gives the same simulated flights  [default: another one each time]",
)
@click.option(
    "--batch",
    type=click.IntRange(1, REJECTIONS_NAMED),
    default=BATCH_RECORDS,
    show_default=True,
    help="Observations in one request",
)
@click.option(
    "--in-flight",
    type=click.IntRange(1, 16),
    default=4,
    show_default=True,
    help="Requests under way at once",
)
@click.option(
    "--token",
    envvar="AEROTRACK_INGEST_TOKEN",
    help="The server's token; needed from another machine  [default: $AEROTRACK_INGEST_TOKEN]",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="S",
    help="Seconds to wait for an answer, and to try again where the server is busy",
)
def main(count: int | None, file: Path | None, seed: int | None, **options: Any) -> None:
    """Load many flights into a running AeroTrack server, as the feed "load".

    At the end it says how fast that went, and looks whether the server shows every one of them. A
    flight leaves the live picture a minute after its last position; --rate keeps it there.

    \b
    load_flights.py --count 10000                        spawn 10,000 simulated flights
    load_flights.py --count 500 --rate 1                 and move them until Ctrl-C
    load_flights.py --file flights.csv.gz                what a file holds, once
    """
    if file is not None and (count is not None or seed is not None):
        raise click.UsageError("--count and --seed are for simulated flights, --file is not")
    if options["duration"] is not None and options["rate"] is None:
        raise click.UsageError("--duration wants a --rate")
    if options["date_now"] and file is None:
        raise click.UsageError("--now is for --file")
    if file is None:
        seed = secrets.randbelow(SEEDS) if seed is None else seed
        click.echo(f"simulated flights, seed {seed}")
    chosen = Options(count=1000 if count is None else count, file=file, seed=seed or 0, **options)
    sys.exit(asyncio.run(_main(chosen)))


async def _main(options: Options) -> int:
    """Load; the exit code. The first Ctrl-C stops gracefully, the second at once."""
    console = Console(stderr=True)
    stopping = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None

    def interrupt() -> None:
        if stopping.is_set():
            task.cancel()
        stopping.set()

    with contextlib.suppress(NotImplementedError):  # Windows has none; Ctrl-C ends it at once there
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
    try:
        return AGREED if await Load(options, console, stopping).run() else FAILED
    except (LoadError, FileError) as error:
        if stopping.is_set():
            return INTERRUPTED
        click.echo(f"load_flights: {error}", err=True)
        return FAILED
    except (Interrupted, asyncio.CancelledError):
        click.echo("load_flights: interrupted", err=True)
        return INTERRUPTED


if __name__ == "__main__":
    main()
