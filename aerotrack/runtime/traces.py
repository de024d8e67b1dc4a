"""``aerotrack import readsb``: a tree of traces into PostgreSQL, aircraft by aircraft."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn

from aerotrack.db.imported import ImportedTrace, TraceStore, trace_store
from aerotrack.db.migrate import migrate
from aerotrack.domain.chronicle import Chronicle
from aerotrack.domain.records import FlightEvent, FlightRecord, TrackPoint
from aerotrack.domain.rules import FlightRules
from aerotrack.feeds.feed import FeedError
from aerotrack.feeds.traces import Trace, read_trace, trace_points
from aerotrack.runtime.imports import bars, database
from aerotrack.runtime.sources import SourceUnusable
from aerotrack.settings import Settings

# What marks imported rows, where others have the name of the feed they came by.
FEED: Final = "readsb-import"
# As large as the server's own batches; about a megabyte.
BATCH_ROWS: Final = 5_000
# Bad files named one by one; the rest is in the counts.
FILES_SHOWN: Final = 5
DAY_S: Final = 86_400
_TRACE: Final = re.compile(r"trace_full_(~?[0-9a-f]{6})\.json(\.gz)?", re.IGNORECASE)


class TracesImported(msgspec.Struct):
    """What an import did. ``files`` were read, ``known`` passed over, ``bad`` skipped by reason.

    ``points`` and ``flights`` are those that came out of them, ``stored`` the rows of all kinds
    that were not there before. ``too_old`` positions were left out for their age, before
    ``kept_from`` (epoch seconds); ``not_taken`` points by reason for what they say.
    """

    kept_from: float
    files: int = 0
    known: int = 0
    bad: Counter[str] = msgspec.field(default_factory=Counter)
    examples: list[str] = msgspec.field(default_factory=list)
    points: int = 0
    flights: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: int = 0
    too_old: int = 0
    not_taken: Counter[str] = msgspec.field(default_factory=Counter)
    seconds: float = 0.0

    def lines(self, retention_days: int) -> Iterator[str]:
        """What to tell whoever asked for it."""
        rate = self.points / self.seconds if self.seconds else 0.0
        yield (
            f"{self.files:,} files read, {self.known:,} known already: {self.flights:,} flights, "
            f"{self.points:,} positions in {self.seconds:.0f} s ({rate:,.0f} a second)"
        )
        yield f"{self.stored:,} rows stored, {self.duplicate:,} were there already"
        if self.rejected:
            yield f"{self.rejected:,} rows rejected by the database: see the table rejected_row"
        for code, count in sorted(self.bad.items()):
            yield f"{count:,} files skipped: {code}"
        yield from (f"  {example}" for example in self.examples)
        for code, count in sorted(self.not_taken.items()):
            yield f"{count:,} left out: {code}"
        if self.too_old:
            yield (
                f"{self.too_old:,} positions left out: older than retention_days "
                f"({retention_days}); their flights are in. To have them, raise that setting for "
                "the server and import again"
            )


class _File(msgspec.Struct, frozen=True):
    path: Path
    icao24: str
    size: int
    modified: int

    def done(self, known: dict[str, ImportedTrace], kept_from: float) -> ImportedTrace | None:
        """What is on record of it, if nothing more could be had from it."""
        found = known.get(str(self.path))
        if found is None or (found.size, found.modified) != (self.size, self.modified):
            return None
        return None if found.kept_from is not None and found.kept_from > kept_from else found


def import_traces(
    settings: Settings,
    directory: Path,
    console: Console,
    *,
    now: float,
    monotonic: Callable[[], float],
) -> TracesImported:
    """Take in every ``trace_full_*.json`` below ``directory``; ``now`` is epoch seconds.

    Raises:
        SourceUnusable: there is none.
        DatabaseError: the database cannot be used; what was stored stays, begin again to go on.
    """
    kept_from = float((int(now // DAY_S) - settings.retention_days) * DAY_S)
    groups, total = _survey(directory)
    if not total:
        raise SourceUnusable(
            f"{directory} holds no traces: name readsb's globe_history directory, or one below it"
        )
    began = monotonic()
    with database(settings, console) as conninfo:
        migrate(conninfo)
        rate = TextColumn("{task.fields[rate]}")
        with trace_store(conninfo) as store, bars(console, rate) as progress:
            task = progress.add_task("Importing", total=total, rate="")
            run = _Run(store, settings.flight_rules(), TracesImported(kept_from), now=now)
            for directories in groups.values():
                for files in _by_aircraft(directories).values():
                    run.take_aircraft(files)
                    _tell(progress, task, run.imported, monotonic() - began)
            run.flush()
    run.imported.seconds = monotonic() - began
    return run.imported


def _tell(progress: Progress, task: TaskID, so_far: TracesImported, seconds: float) -> None:
    looked_at = so_far.files + so_far.known + sum(so_far.bad.values())
    rate = f"{so_far.points / seconds:,.0f} positions/s" if seconds > 0.0 else ""
    progress.update(task, completed=looked_at, rate=rate)


def _survey(directory: Path) -> tuple[dict[str, list[Path]], int]:
    """Where the traces lie, in groups that share no aircraft, and how many there are.

    Below a folder ``traces`` files are spread by the last two digits of their address: so much of
    a tree is looked at together, whose names then fit into memory whatever the number of days.
    """
    groups: dict[str, list[Path]] = {}
    total = 0
    for root, folders, names in os.walk(directory):
        folders.sort()
        found = sum(_TRACE.fullmatch(name) is not None for name in names)
        if found:
            path = Path(root)
            spread = path.parent.name == "traces" and len(path.name) == 2
            groups.setdefault(path.name.lower() if spread else "", []).append(path)
            total += found
    return groups, total


def _by_aircraft(directories: list[Path]) -> dict[str, list[_File]]:
    """The files of each aircraft in the order of their days, as the directories are named."""
    files: dict[str, list[_File]] = {}
    for directory in directories:
        with os.scandir(directory) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                named = _TRACE.fullmatch(entry.name)
                if named is not None:
                    about = entry.stat()
                    icao24 = named[1].lower()
                    path = Path(entry.path).absolute()
                    file = _File(path, icao24, about.st_size, about.st_mtime_ns)
                    files.setdefault(icao24, []).append(file)
    return files


class _Run:
    """One import, from file to file. What it holds is a batch and a file."""

    def __init__(
        self, store: TraceStore, rules: FlightRules, imported: TracesImported, *, now: float
    ) -> None:
        self.imported = imported
        self._store = store
        self._rules = rules
        self._now = now
        self._points: list[TrackPoint] = []
        self._flights: list[FlightRecord] = []
        self._events: list[FlightEvent] = []
        self._finished: list[ImportedTrace] = []  # files whose rows are stored or in these lists
        self._continued: list[str] = []  # aircraft whose flights may go on

    def take_aircraft(self, files: list[_File]) -> None:
        """Take in the files of one aircraft, oldest first.

        From the first that is new on, and from as many before it as its flight may go back to: a
        flight has the name it would have if all were read at once.
        """
        imported = self.imported
        known = self._store.done([str(file.path) for file in files])
        done = [file.done(known, imported.kept_from) for file in files]
        if None not in done:
            imported.known += len(files)
            return
        new = done.index(None)
        trace = self._read(files[new])
        first = new
        started = None if trace is None else _first_time(trace)
        while first and (before := done[first - 1]) is not None:
            if started is not None and before.ended is not None:
                if started - before.ended > self._rules.resume_within:
                    break
                started = before.started
            first -= 1
        imported.known += first
        if known:
            self._continued.append(files[new].icao24)
        self._tell_again(files[first:], {files[new].path: trace})
        if len(self._finished) >= BATCH_ROWS:
            self.flush()

    def _tell_again(self, files: list[_File], read: dict[Path, Trace | None]) -> None:
        imported, chronicle = self.imported, Chronicle(self._rules)
        finished: list[ImportedTrace] = []
        until = float("-inf")
        for file in files:
            trace = read.pop(file.path) if file.path in read else self._read(file)
            if trace is None:
                continue
            imported.files += 1
            started = ended = None
            held_back = imported.too_old
            for obs, new_leg in trace_points(trace, feed=FEED, dropped=imported.not_taken):
                if obs.ts > self._now + self._rules.future_tolerance:
                    imported.not_taken["future"] += 1
                elif obs.ts <= until:
                    imported.not_taken["out_of_order"] += 1  # or in the file before as well
                else:
                    until = ended = obs.ts
                    started = obs.ts if started is None else started
                    chronicle.take(obs, new_leg=new_leg)
                    if len(chronicle.points) >= BATCH_ROWS:
                        self._gather(chronicle)
            self._gather(chronicle)
            kept_from = imported.kept_from if imported.too_old > held_back else None
            finished.append(
                ImportedTrace(
                    str(file.path), file.size, file.modified, trace.icao24, started, ended,
                    kept_from,
                )
            )  # fmt: skip
        chronicle.finish(now=self._now)
        self._gather(chronicle)
        if chronicle.refused:
            imported.not_taken["refused"] += chronicle.refused
        self._finished += finished

    def _read(self, file: _File) -> Trace | None:
        """The trace, or ``None`` and counted why."""
        try:
            trace = read_trace(file.path)
            if trace.icao24 != file.icao24:
                raise FeedError("other_aircraft", f"{file.path} is {trace.icao24}'s")
        except FeedError as wrong:
            code, why = wrong.code, str(wrong)
        except OSError as wrong:
            code, why = "unreadable", f"{file.path}: {wrong.strerror}"
        else:
            return trace
        self.imported.bad[code] += 1
        if len(self.imported.examples) < FILES_SHOWN:
            self.imported.examples.append(why)
        return None

    def _gather(self, chronicle: Chronicle) -> None:
        """Take over what the chronicle has; store it where that makes a batch."""
        imported = self.imported
        kept = [point for point in chronicle.points if point.ts >= imported.kept_from]
        imported.too_old += len(chronicle.points) - len(kept)
        imported.points += len(kept)
        imported.flights += len(chronicle.flights)
        self._points += kept
        self._flights += chronicle.flights
        self._events += chronicle.events
        chronicle.points, chronicle.flights, chronicle.events = [], [], []
        if len(self._points) + len(self._flights) + len(self._events) >= BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Store what was gathered; then it is known which files are done."""
        imported = self.imported
        if self._points or self._flights or self._events:
            counts = self._store.store(self._points, self._flights, self._events)
            imported.stored += counts.stored
            imported.duplicate += counts.duplicate
            imported.rejected += counts.rejected
            self._points, self._flights, self._events = [], [], []
        for icao24 in self._continued:
            self._store.forget_ends(icao24, FEED)
        self._store.remember(self._finished)
        self._continued, self._finished = [], []


def _first_time(trace: Trace) -> float | None:
    for obs, _ in trace_points(trace, feed=FEED, dropped=Counter()):
        return obs.ts
    return None
