"""``aerotrack aircraft import`` and ``aerotrack routes import``: from a source into PostgreSQL."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, TypeVar

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from aerotrack.db.embedded import shared_server
from aerotrack.db.migrate import migrate
from aerotrack.db.register import Merged, import_airframes, import_routes
from aerotrack.domain.airframe_csv import read_airframes
from aerotrack.domain.route_csv import read_routes
from aerotrack.domain.tables import BadRow
from aerotrack.masking import mask_url
from aerotrack.runtime.sources import Tell, find_aircraft_database, opened
from aerotrack.settings import Settings

# Bad rows shown one by one; the rest is in the counts.
ROWS_SHOWN: Final = 5

Record = TypeVar("Record")
Insert = Callable[..., Merged]


class Imported(msgspec.Struct, frozen=True):
    """What an import did. ``merged`` and ``rejected`` (by code) add up to the rows that were read.

    ``dropped`` counts by reason values left out of rows that were taken; ``examples`` are the
    first rows rejected.
    """

    origin: str
    merged: Merged
    rejected: dict[str, int]
    dropped: dict[str, int]
    examples: tuple[BadRow, ...]

    def lines(self) -> Iterator[str]:
        """What to tell whoever asked for it."""
        merged = self.merged
        yield (
            f"{self.origin}: {merged.inserted:,} new, {merged.updated:,} changed, "
            f"{merged.unchanged:,} as they were"
        )
        if merged.repeated:
            yield f"{merged.repeated:,} rows came again later in the file; the last one counts"
        for code, count in sorted(self.rejected.items()):
            yield f"{count:,} rows rejected: {code}"
        for bad in self.examples:
            yield f"  line {bad.line}: {bad.code}: {bad.text!r}"
        for code, count in sorted(self.dropped.items()):
            yield f"{count:,} values left out: {code}"


def import_aircraft(settings: Settings, source: str | None, console: Console) -> Imported:
    """Import an open database of aircraft; without a ``source`` the one installed here.

    Raises:
        SourceUnusable, UnknownTable: there is nothing to read, or it is no such table.
        DatabaseError: the database cannot be used.
    """
    dropped: Counter[str] = Counter()
    imported = _import(
        settings,
        str(find_aircraft_database()) if source is None else source,
        console,
        read=lambda lines: read_airframes(lines, dropped=dropped),
        insert=import_airframes,
    )
    return msgspec.structs.replace(imported, dropped=dict(dropped))


def import_callsign_routes(settings: Settings, source: str, console: Console) -> Imported:
    """Import a list of callsign routes; raises as :func:`import_aircraft`."""
    return _import(settings, source, console, read=read_routes, insert=import_routes)


def _import(
    settings: Settings,
    source: str,
    console: Console,
    *,
    read: Callable[[Iterable[str]], Iterator[Record | BadRow]],
    insert: Insert,
) -> Imported:
    rejected: Counter[str] = Counter()
    examples: list[BadRow] = []

    def good(rows: Iterable[Record | BadRow]) -> Iterator[Record]:
        for row in rows:
            if isinstance(row, BadRow):
                rejected[row.code] += 1
                if len(examples) < ROWS_SHOWN:
                    examples.append(row)
            else:
                yield row

    origin = mask_url(source)
    with ExitStack() as stack:
        progress = stack.enter_context(bars(console))
        downloading, reading = bar(progress, "Downloading"), bar(progress, "Reading")
        lines = stack.enter_context(opened(source, downloading=downloading, reading=reading))
        conninfo = stack.enter_context(database(settings, console))
        migrate(conninfo)
        merging = bar(progress, "Merging")
        merged = insert(
            conninfo, good(read(lines)), origin=origin, merging=lambda: merging(0, None)
        )
        merging(1, 1)
    return Imported(origin, merged, dict(rejected), {}, tuple(examples))


@contextmanager
def database(settings: Settings, console: Console, *, create: bool = True) -> Iterator[str]:
    """The connection string of the database these settings name, up within the block.

    An embedded one that is not there yet is made only to ``create`` it.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    with shared_server(settings.data_dir, progress=console.print, create=create) as conninfo:
        yield conninfo


def bars(console: Console, *more: ProgressColumn) -> Progress:
    """A place for bars, each shown once it is told something; ``more`` columns come last."""
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        *more,
        console=console,
    )


def bar(progress: Progress, description: str) -> Tell:
    """A bar that appears when it is first told something."""
    task = progress.add_task(description, total=None, start=False, visible=False)

    def tell(done: int, total: int | None) -> None:
        if not progress.tasks[task].started:
            progress.start_task(task)
        progress.update(task, completed=done, total=total, visible=True)

    return tell
