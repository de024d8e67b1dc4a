"""One batch, one transaction: stored once, whatever is in it.

The straight way is a bare COPY. Where the server refuses that, the careful way stages the rows
beside the tables, leaves out those that are there already, and narrows the refusal down to the
rows that cause it; those go to ``rejected_row``.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
import orjson
import psycopg
from psycopg.errors import UniqueViolation

from aerotrack.db import queries
from aerotrack.db.connection import first_line
from aerotrack.db.partitions import Partitions
from aerotrack.db.rows import EVENT, FLIGHT, POSITION, Fault, Table, day_of, is_storable_time
from aerotrack.domain.records import Batch, TrackPoint

_SQL: Final = queries.load("writer")

# Batches remembered of a run: far more than can be on the way between a commit and its answer.
REMEMBERED_BATCHES: Final = 10_000
# Days a transaction touches at most: each locks a partition and two indexes, and the server's table
# of locks is shared by all its sessions.
DAYS_PER_TRANSACTION: Final = 32
# Rows encoded in one go, about 0.25 ms; after each the event loop's thread gets its turn.
ROWS_PER_TURN: Final = 250
# SQLSTATE classes that say a row is at fault: data, constraints, program limits (a key too long for
# its index). Every other error is the server's state, and passes.
ROW_FAULTS: Final = ("22", "23", "54")
# What encoding raises where a value fits no wire type.
ENCODING_ERRORS: Final = (ValueError, OverflowError, TypeError)
UNENCODABLE: Final = "22000"


class Counts(NamedTuple):
    """What became of rows; the three add up to those that were given."""

    stored: int
    duplicate: int
    rejected: int


class BatchStore:
    """Stores batches of ``run`` over one connection (autocommit, with our session setup).

    ``yield_turn`` is called between slices of encoding. Raises ``psycopg.Error`` where nothing of
    the batch (or of a part of it, see :func:`parts_of`) was stored.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        *,
        run: UUID,
        partitions: Partitions,
        yield_turn: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._run = run
        self._partitions = partitions
        self._yield_turn = yield_turn
        self._expect_duplicates = False
        connection.execute(_SQL["stage"])

    def store(self, batch: Batch) -> Counts:
        """Store ``batch`` unless it is stored already; either way the counts are the same."""
        counts = [self._store_part(number, part) for number, part in enumerate(parts_of(batch))]
        return Counts(*map(sum, zip(*counts, strict=True)))

    def _store_part(self, part: int, batch: Batch) -> Counts:
        # A recording played again is all duplicates: having met some, begin the careful way.
        if not self._expect_duplicates:
            try:
                return self._in_transaction(part, batch, self._straight)
            except UniqueViolation:
                pass
            except (psycopg.Error, *ENCODING_ERRORS) as error:
                if not is_row_fault(error):
                    raise
                self._partitions.forget()  # a missing partition reads like a broken CHECK
        counts = self._in_transaction(part, batch, self._careful)
        self._expect_duplicates = counts.duplicate > 0
        return counts

    def _in_transaction(self, part: int, batch: Batch, write: Callable[[Batch], Counts]) -> Counts:
        identity = {"run": self._run, "number": batch.number, "part": part}
        # In a transaction of its own, so that no lock is held while waiting for another maker.
        self._partitions.ensure(self._connection, days_of(batch.points))
        with self._connection.transaction():
            prune_below = batch.number - REMEMBERED_BATCHES
            new = self._connection.execute(
                _SQL["record_batch"], {**identity, "rows": batch.rows, "prune_below": prune_below}
            )
            if new.fetchone() is None:
                return Counts(*self._one_row("recorded_batch", identity))
            for gap in batch.gaps:
                self._connection.execute(_SQL["insert_gap"], msgspec.structs.asdict(gap))
            counts = write(batch)
            if counts.stored != batch.rows:
                self._connection.execute(_SQL["correct_batch"], {**identity, **counts._asdict()})
        return counts

    # -- the straight way --------------------------------------------------------------------------

    def _straight(self, batch: Batch) -> Counts:
        superseded = 0
        if batch.points:
            self._copy(POSITION, "position", batch.points)
        if batch.events:
            self._copy(EVENT, "event", batch.events)
        if batch.flights:
            superseded = self._stage_and_insert(FLIGHT, batch.flights)
        return Counts(batch.rows - superseded, superseded, 0)

    def _copy(self, table: Table, into: str, records: Sequence[Any]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(table.copy_into(into)) as copy:
            copy.set_types(table.wire_types)
            write_row, encode = copy.write_row, table.encode
            for start in range(0, len(records), ROWS_PER_TURN):
                for row in encode(records[start : start + ROWS_PER_TURN]):
                    write_row(row)
                self._yield_turn()

    def _stage_and_insert(self, table: Table, records: Sequence[Any]) -> int:
        """Returns how many were there already."""
        self._copy(table, f"staged_{table.name}", records)
        (left_out,) = self._one_row(f"insert_{table.name}")
        return int(left_out)

    # -- the careful way ---------------------------------------------------------------------------

    def _careful(self, batch: Batch) -> Counts:
        duplicate = rejected = 0
        for table, records in (
            (POSITION, batch.points),
            (EVENT, batch.events),
            (FLIGHT, batch.flights),
        ):
            twice, refused = self._salvage(table, records, batch.number)
            duplicate += twice
            rejected += refused
        return Counts(batch.rows - duplicate - rejected, duplicate, rejected)

    def _salvage(
        self, table: Table, records: Sequence[Any], number: int, *, examined: bool = False
    ) -> tuple[int, int]:
        """Store what can be stored; how many rows were there already, how many were refused."""
        if not records:
            return 0, 0
        try:
            with self._connection.transaction():
                left_out = self._stage_and_insert(table, records)
                self._connection.execute(_SQL[f"clear_{table.name}"])
        except (psycopg.Error, *ENCODING_ERRORS) as error:
            if not is_row_fault(error):
                raise
            if not examined:
                sound, refused = self._examine(table, records, number)
                pieces: list[Sequence[Any]] = [sound]
            elif len(records) > 1:
                middle = len(records) // 2
                refused, pieces = 0, [records[:middle], records[middle:]]
            else:
                self._reject(table, records[0], number, fault_of(error))
                return 0, 1
            results = [self._salvage(table, piece, number, examined=True) for piece in pieces]
            return sum(twice for twice, _ in results), refused + sum(bad for _, bad in results)
        return left_out, 0

    def _examine(self, table: Table, records: Sequence[Any], number: int) -> tuple[list[Any], int]:
        """Reject what is impossible on sight, which is cheaper than halving down to it."""
        sound = []
        for turn in batched_turns(records):
            for record in turn:
                fault = table.fault(record)
                if fault is None:
                    sound.append(record)
                else:
                    self._reject(table, record, number, fault)
            self._yield_turn()
        return sound, len(records) - len(sound)

    def _reject(self, table: Table, record: Any, number: int, fault: Fault) -> None:
        self._connection.execute(
            _SQL["reject"],
            {
                "run": self._run,
                "number": number,
                "relation": table.name,
                "code": fault.code,
                "message": fault.message,
                "row": orjson.dumps(table.describe(record)).decode(),
            },
        )

    def _one_row(self, name: str, parameters: dict[str, Any] | None = None) -> tuple[Any, ...]:
        row = self._connection.execute(_SQL[name], parameters).fetchone()
        if row is None:
            raise LookupError(f"{name} returned nothing")
        return tuple(row)


def yield_turn() -> None:
    """Let other threads have the interpreter: this one would keep it for 5 ms at a time."""
    time.sleep(YIELD_S)


# The shortest sleep that really gives the interpreter away; the server works on meanwhile.
YIELD_S: Final = 0.000_05


def batched_turns(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """``records`` in slices of a turn each."""
    for start in range(0, len(records), ROWS_PER_TURN):
        yield records[start : start + ROWS_PER_TURN]


def days_of(points: Sequence[TrackPoint]) -> set[int]:
    """The UTC days ``points`` fall on, counted from 1970; times no partition can hold left out."""
    if not points:
        return set()
    times = [point.ts for point in points]
    first, last = min(times), max(times)
    # A NaN makes min and max meaningless, never wrong by a day: it is refused when encoded.
    if is_storable_time(first) and is_storable_time(last) and day_of(first) == day_of(last):
        return {day_of(first)}
    return {day_of(ts) for ts in times if is_storable_time(ts)}


def parts_of(batch: Batch) -> tuple[Batch, ...]:
    """``batch``, or as many as it takes to touch few enough days each; nearly always itself."""
    days = days_of(batch.points)
    if len(days) <= DAYS_PER_TRANSACTION:
        return (batch,)
    order = {day: i // DAYS_PER_TRANSACTION for i, day in enumerate(sorted(days))}
    groups: list[list[TrackPoint]] = [[] for _ in range(max(order.values()) + 1)]
    for point in batch.points:
        group = order[day_of(point.ts)] if is_storable_time(point.ts) else 0
        groups[group].append(point)
    last = len(groups) - 1
    return tuple(
        Batch(
            number=batch.number,
            points=tuple(points),
            flights=batch.flights if i == last else (),
            events=batch.events if i == last else (),
            gaps=batch.gaps if i == last else (),
        )
        for i, points in enumerate(groups)
    )


def is_row_fault(error: BaseException) -> bool:
    """Whether ``error`` is about what is in a row, so that trying it again cannot help."""
    if not isinstance(error, psycopg.Error):
        return isinstance(error, ENCODING_ERRORS)
    if error.sqlstate is None:
        return isinstance(error, psycopg.DataError)  # the driver's own refusal of a value
    return error.sqlstate[:2] in ROW_FAULTS


def fault_of(error: BaseException) -> Fault:
    """What to write beside a rejected row."""
    sqlstate = error.sqlstate if isinstance(error, psycopg.Error) else None
    message = first_line(error).encode("utf-8", "backslashreplace").decode().replace("\0", "")
    return Fault(sqlstate or UNENCODABLE, message)
