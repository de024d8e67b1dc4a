"""``aerotrack db export``: from PostgreSQL into a file, with a progress bar."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from rich.console import Console

from aerotrack.db.export import read_out
from aerotrack.export import write
from aerotrack.runtime.imports import bar, bars, database
from aerotrack.settings import Settings


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """What to write: a view of the schema ``api`` in a format, from and before a moment."""

    view: str
    form: str
    since: datetime | None = None
    until: datetime | None = None
    icao24: str | None = None


def export_history(
    settings: Settings, wanted: Export, output: Path | None, console: Console
) -> int:
    """Write it to ``output``, or to standard output; how many rows that were.

    Raises:
        ExportError: the format cannot hold it.
        DatabaseError: the database cannot be read.
        OSError: the file cannot be written; one that was there stays as it was.
    """
    written = 0
    with (
        database(settings, console, create=False) as conninfo,
        bars(console) as progress,
        read_out(
            conninfo,
            wanted.view,
            since=wanted.since,
            until=wanted.until,
            icao24=wanted.icao24,
        ) as rows,
        _opened(output) as file,
    ):
        tell = bar(progress, "Exporting")

        def counted() -> Iterator[Sequence[tuple[Any, ...]]]:
            nonlocal written
            for chunk in rows.chunks:
                yield chunk
                written += len(chunk)
                tell(written, max(rows.about, written))

        write(wanted.form, file, rows.columns, rows.types, counted())
    return written


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """Where to write: a file that takes its name when it is complete."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    handle, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        umask = os.umask(0)
        os.umask(umask)
        unfinished.chmod(0o666 & ~umask)  # mkstemp's are for us alone
        unfinished.replace(output)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
