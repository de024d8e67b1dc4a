"""The persistence actor: gathers what flights record into batches and hands them to the writer."""

import logging
from collections.abc import Iterable
from typing import Final

from thespian.actors import ActorAddress

from aerotrack.actors.base import AeroActor, handles
from aerotrack.actors.messages import (
    AwaitDurable,
    BatchDrained,
    BatchFailed,
    BatchKept,
    BatchStored,
    ConfigurePersistence,
    DoubtClock,
    Drain,
    Drained,
    DurableDone,
    DurableFailed,
    EventRecorded,
    Figure,
    Figures,
    FlightRecorded,
    GetFigures,
    KeepStates,
    PointRecorded,
    PressureChanged,
    RequestCounted,
    StateSaved,
    StoreBatch,
    Tick,
)
from aerotrack.domain.batching import BatchBuffer
from aerotrack.domain.durable import DurableRequests, Failure
from aerotrack.domain.records import Batch
from aerotrack.domain.thinning import Thinning
from aerotrack.logs import log_event

# A failed batch is handed over again after this; the writer itself backs off when that is too soon.
RETRY_S: Final = 0.5
# Once points were dropped memory counts as full until this share of it is taken, so that it is said
# once and not with every batch.
ROOM_AGAIN: Final = 0.5


class Persistence(AeroActor):
    """Batches writes to PostgreSQL. Nothing waits for it: live goes on when the database is away.

    Created by the runtime, which sends ``ConfigurePersistence`` first. Takes ``PointRecorded``,
    ``FlightRecorded`` and ``EventRecorded`` from flights, ``BatchStored``, ``BatchKept``,
    ``BatchDrained`` and ``BatchFailed`` from the writer's side, ``Tick``, ``Drain`` and
    ``GetFigures``; ``AwaitDurable`` from the web, answered when the ``RequestCounted`` of flights
    and registry add up and the rows are on disk; ``StateSaved`` from flights, passed on as
    ``KeepStates`` when their rows are. Emits ``StoreBatch`` to the writer, one at a time. If it
    dies, the rows that wait in it are lost.
    """

    _buffer: BatchBuffer
    _writer: ActorAddress

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._retry_at: float | None = None
        self._error = ""
        self._asked_to_drain: ActorAddress | None = None
        self._stored = 0
        self._duplicate = 0
        self._rejected = 0
        self._batches = 0
        self._failures = 0
        self._kept = 0
        self._rows_kept = 0
        self._drained = 0
        self._full_since: int | None = None  # points dropped before memory was full, while it is
        self._points = 0
        self._compacted = 0
        self._thinning = Thinning()
        self._doubted = False  # the clock is: what comes has times that are not to be kept
        self._requests = DurableRequests()
        self._keeper: ActorAddress | None = None
        self._states: dict[int, tuple[int, StateSaved]] = {}  # and the batch they wait for
        self._waiting: dict[int, ActorAddress] = {}  # who waits for them
        self._durable = 0
        self._not_durable = 0
        self._points_stored = 0
        # Of this run's points, and those an earlier run left in the outbox.
        self._points_kept = 0
        self._points_duplicate = 0
        self._points_recovered = 0
        self._first_batch = 1
        self._last_seconds = 0.0

    @handles(ConfigurePersistence)
    def configure(self, message: ConfigurePersistence, sender: ActorAddress) -> None:
        self._writer = message.writer
        self._keeper = message.keeper
        self._buffer = BatchBuffer(
            flush_interval=message.flush_interval,
            batch_rows=message.batch_rows,
            rows_limit=message.rows_limit,
            first_number=message.first_number,
        )
        self._first_batch = message.first_number

    # -- what flights record -----------------------------------------------------------------------

    @handles(PointRecorded)
    def point_recorded(self, message: PointRecorded, sender: ActorAddress) -> None:
        self._points += 1
        self._compacted += message.compacted
        if self._doubted:
            self._thinning.dropped_total += 1
            return
        # What somebody waits for is never left out; while there is no room nobody may wait.
        if not self._requests and not self._thinning.takes(message.point, self._now):
            return
        if self._buffer.add_point(message.point, self._now):
            return
        self._thinning.dropped(self._now)
        self._fail(self._requests.fail_all(), "history_full")
        if self._full_since is None:
            self._full_since = self._buffer.dropped - 1
            log_event(
                self.log, "history_full", level=logging.ERROR, waiting_rows=self._buffer.waiting
            )

    @handles(FlightRecorded)
    def flight_recorded(self, message: FlightRecorded, sender: ActorAddress) -> None:
        if not self._doubted:
            self._buffer.add_flight(message.record, self._now)

    @handles(EventRecorded)
    def event_recorded(self, message: EventRecorded, sender: ActorAddress) -> None:
        if not self._doubted:
            self._buffer.add_event(message.event, self._now)

    @handles(DoubtClock)
    def doubt_clock(self, message: DoubtClock, sender: ActorAddress) -> None:
        self._doubted = message.doubted

    # -- whoever waits for the disk ----------------------------------------------------------------

    @handles(AwaitDurable)
    def await_durable(self, message: AwaitDurable, sender: ActorAddress) -> None:
        self._waiting[message.request] = sender
        self._requests.add(message.request, message.expected, message.now)
        if self._doubted:
            self._fail(self._requests.forget(message.request), "clock_doubted")
        elif self._thinning.pressure == "drop":
            self._fail(self._requests.forget(message.request), "history_full")

    @handles(RequestCounted)
    def request_counted(self, message: RequestCounted, sender: ActorAddress) -> None:
        if self._requests.count(message.request, message.recorded, message.refused):
            self._requests.lies_in(message.request, self._buffer.newest)
            self._now_safe()
            if self._retry_at is None:
                self._next()

    @handles(StateSaved)
    def state_saved(self, message: StateSaved, sender: ActorAddress) -> None:
        if self._keeper is not None and not self._doubted:
            self._states[message.flight] = self._buffer.newest, message

    def _now_safe(self) -> None:
        """More is on disk: tell those who wait for their observations, pass states on."""
        safe = self._buffer.safe_up_to
        kept = tuple(state for batch, state in self._states.values() if batch <= safe)
        if kept and self._keeper is not None:
            self.send(self._keeper, KeepStates(kept))
            for state in kept:
                del self._states[state.flight]
        for number, request in self._requests.safe(safe):
            self._durable += 1
            self.send(self._waiting.pop(number), DurableDone(request.recorded, request.refused))

    def _fail(self, requests: Iterable[int], code: Failure) -> None:
        for number in requests:
            self._not_durable += 1
            self.send(self._waiting.pop(number), DurableFailed(code))

    # -- the writer --------------------------------------------------------------------------------

    @handles(Tick)
    def tick(self, message: Tick, sender: ActorAddress) -> None:
        self._now = message.now
        self._note_gap()
        self._fail(self._requests.late(message.now), "not_in_time")
        under_way = self._buffer.under_way
        if self._retry_at is not None:
            too_soon = 0.0 < self._retry_at - message.now <= RETRY_S  # more: the clock was set back
            if not too_soon and under_way is not None:
                self._retry_at = None
                self._store(under_way)
            return
        self._next()

    def _note_gap(self, *, last: bool = False) -> None:
        """Put on record how many points were left out lately."""
        gap = self._thinning.gap(self._now, last=last)
        if gap is not None:
            self._buffer.add_gap(gap, self._now)

    @handles(PressureChanged)
    def pressure_changed(self, message: PressureChanged, sender: ActorAddress) -> None:
        self._thinning.press(message.pressure)
        event = {"none": "history_whole_again", "thin": "history_thinned", "drop": "history_stops"}
        log_event(
            self.log,
            event[message.pressure],
            level=logging.WARNING if message.pressure == "none" else logging.ERROR,
            thinned=self._thinning.thinned_total,
            dropped=self._thinning.dropped_total,
        )

    def _next(self) -> None:
        draining = self._asked_to_drain is not None
        # Whoever waits has nothing of a flush interval; what came meanwhile goes along.
        batch = self._buffer.next(self._now, flush=draining or self._requests.complete)
        if batch is not None:
            self._store(batch)
        elif draining and self._buffer.under_way is None:
            self._answer_drain()

    def _store(self, batch: Batch) -> None:
        self.send(self._writer, StoreBatch(batch))

    @handles(BatchStored)
    def batch_stored(self, message: BatchStored, sender: ActorAddress) -> None:
        batch = self._buffer.under_way
        if batch is None or not self._buffer.stored(message.number):
            return
        self._last_seconds = message.seconds
        self._count(len(batch.points), message)
        self._points_duplicate += min(len(batch.points), message.duplicate)
        self._now_safe()
        self._note_room()
        self._next()

    @handles(BatchDrained)
    def batch_drained(self, message: BatchDrained, sender: ActorAddress) -> None:
        self._drained += 1
        stored = self._count(message.points, message)
        if message.number < self._first_batch:
            self._points_recovered += stored
        else:
            self._points_kept -= message.points
            self._points_duplicate += min(message.points, message.duplicate)

    def _count(self, points: int, message: BatchStored | BatchDrained) -> int:
        """PostgreSQL has a batch with so many points among its rows; how many it stored."""
        if self._error:
            log_event(self.log, "database_back", waiting_rows=self._buffer.waiting)
        self._error = ""
        self._batches += 1
        self._stored += message.stored
        # Rows that were there already or could not be written are points but for rare exceptions.
        stored = max(0, points - message.duplicate - message.rejected)
        self._points_stored += stored
        self._duplicate += message.duplicate
        self._rejected += message.rejected
        return stored

    @handles(BatchKept)
    def batch_kept(self, message: BatchKept, sender: ActorAddress) -> None:
        batch = self._buffer.under_way
        if batch is None or not self._buffer.stored(message.number):
            return
        self._kept += 1
        self._rows_kept += batch.rows
        self._points_kept += len(batch.points)
        if message.code:
            self._away(message.code, "batches go to the outbox")
        self._now_safe()
        self._note_room()
        self._next()

    def _away(self, code: str, reason: str) -> None:
        """PostgreSQL does not take what it is given; said once."""
        if not self._error:
            log_event(
                self.log,
                "database_away",
                level=logging.WARNING,
                code=code,
                reason=reason,
                waiting_rows=self._buffer.waiting,
            )
        self._error = code

    def _note_room(self) -> None:
        buffer = self._buffer
        if self._full_since is not None and buffer.waiting <= ROOM_AGAIN * buffer.rows_limit:
            dropped = buffer.dropped - self._full_since
            log_event(self.log, "history_has_room", level=logging.WARNING, dropped=dropped)
            self._full_since = None

    @handles(BatchFailed)
    def batch_failed(self, message: BatchFailed, sender: ActorAddress) -> None:
        under_way = self._buffer.under_way
        if under_way is None or under_way.number != message.number:
            return
        self._failures += 1
        self._away(message.code, message.reason)
        self._retry_at = self._now + RETRY_S
        if self._asked_to_drain is not None:
            self._answer_drain()  # whoever asked decides whether to ask again

    @handles(Drain)
    def drain(self, message: Drain, sender: ActorAddress) -> None:
        self._now = message.now
        self._note_gap(last=True)
        self._asked_to_drain = sender
        if self._retry_at is not None and self._buffer.under_way is not None:
            self._retry_at = None
            self._store(self._buffer.under_way)
        else:
            self._next()

    def _answer_drain(self) -> None:
        self._now_safe()
        asked, self._asked_to_drain = self._asked_to_drain, None
        if asked is not None:
            self.send(asked, Drained(self._buffer.waiting))

    @handles(GetFigures)
    def get_figures(self, message: GetFigures, sender: ActorAddress) -> None:
        buffer = self._buffer
        away = (("code", self._error),) if self._error else ()
        values = (
            Figure("points_recorded_total", self._points),
            Figure("points_compacted_total", self._compacted),
            Figure("points_stored_total", self._points_stored),
            Figure("points_recovered_total", self._points_recovered),
            Figure("points_duplicate_total", self._points_duplicate),
            Figure("points_kept", self._points_kept),
            Figure("points_dropped_total", self._thinning.dropped_total),
            Figure("points_thinned_total", self._thinning.thinned_total),
            Figure("history_full", self._full_since is not None),
            Figure("rows_stored_total", self._stored),
            Figure("rows_duplicate_total", self._duplicate),
            Figure("rows_rejected_total", self._rejected),
            Figure("rows_waiting", buffer.waiting),
            Figure("batches_stored_total", self._batches),
            Figure("batches_failed_total", self._failures),
            Figure("batches_kept_total", self._kept),
            Figure("durable_total", self._durable),
            Figure("durable_failed_total", self._not_durable),
            Figure("rows_kept_total", self._rows_kept),
            Figure("batches_drained_total", self._drained),
            Figure("last_batch_seconds", self._last_seconds),
            Figure("lag_seconds", buffer.lag(self._now)),
            Figure("database_away", bool(away), away),
        )
        self.send(sender, Figures(values))
