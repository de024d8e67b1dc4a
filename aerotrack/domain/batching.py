"""What waits to be written: rows gathered into batches, within bounded memory.

One batch is under way at a time and stays here until it is known to be stored, so that order is
kept and a failed one can be sent again as it was.
"""

from collections import deque
from typing import Final

from aerotrack.domain.records import Batch, FlightEvent, FlightRecord, HistoryGap, TrackPoint

# While a batch is under way the next may grow to this many times the usual size. An answer comes
# back through the queue of the actors: where that is seconds long, batches of the usual size, one
# at a time, would be a fraction of what comes in.
GROWS_TO: Final = 5


class BatchBuffer:
    """Rows in, batches out.

    Points beyond ``rows_limit`` waiting rows are dropped and counted; flight rows (at most one
    a flight) and events are few and always kept.
    """

    def __init__(
        self, *, flush_interval: float, batch_rows: int, rows_limit: int, first_number: int = 1
    ) -> None:
        self.flush_interval = flush_interval
        self.batch_rows = batch_rows
        self.rows_limit = rows_limit
        self.dropped = 0
        self.under_way: Batch | None = None
        self._points: list[TrackPoint] = []
        self._flights: dict[int, FlightRecord] = {}
        self._events: list[FlightEvent] = []
        self._gaps: list[HistoryGap] = []
        self._sealed: deque[Batch] = deque()
        self._sealed_rows = 0
        self._oldest: float | None = None  # when the first row of the open batch came
        self._oldest_sealed: deque[float] = deque()
        self._number = first_number - 1  # the last one given

    @property
    def waiting(self) -> int:
        """Rows not known to be stored, those under way included."""
        return self._open_rows + self._sealed_rows + (self.under_way.rows if self.under_way else 0)

    @property
    def _open_rows(self) -> int:
        return len(self._points) + len(self._flights) + len(self._events) + len(self._gaps)

    def lag(self, now: float) -> float:
        """Age of the oldest row not known to be stored, seconds."""
        oldest = self._oldest_sealed[0] if self._oldest_sealed else self._oldest
        return 0.0 if oldest is None else max(0.0, now - oldest)

    def add_point(self, point: TrackPoint, now: float) -> bool:
        """Take a point; ``False`` where memory is full and it is dropped."""
        if self.waiting >= self.rows_limit:
            self.dropped += 1
            return False
        self._points.append(point)
        self._note(now)
        return True

    def add_flight(self, record: FlightRecord, now: float) -> None:
        """Take a flight's row; a newer one of the same flight takes the place of an older."""
        self._flights[record.flight] = record
        self._note(now)

    def add_event(self, event: FlightEvent, now: float) -> None:
        """Take an event."""
        self._events.append(event)
        self._note(now)

    def add_gap(self, gap: HistoryGap, now: float) -> None:
        """Take word of points that were left out."""
        self._gaps.append(gap)
        self._note(now)

    def _note(self, now: float) -> None:
        if self._oldest is None:
            self._oldest = now
        full = self.batch_rows if self.under_way is None else GROWS_TO * self.batch_rows
        if self._open_rows >= full:
            self._seal()

    def _seal(self) -> None:
        """Close the open batch; flight rows seal with it so that they never overtake points."""
        if self._oldest is None:
            return
        self._number += 1
        batch = Batch(
            self._number,
            tuple(self._points),
            tuple(self._flights.values()),
            tuple(self._events),
            tuple(self._gaps),
        )
        self._sealed.append(batch)
        self._sealed_rows += batch.rows
        self._oldest_sealed.append(self._oldest)
        self._points, self._flights, self._events, self._gaps = [], {}, [], []
        self._oldest = None

    @property
    def newest(self) -> int:
        """The number of the last batch that holds anything, the open one included."""
        return self._number + (self._oldest is not None)

    @property
    def safe_up_to(self) -> int:
        """All batches up to this number were reported safe by :meth:`stored`."""
        if self.under_way is not None:
            return self.under_way.number - 1
        return self._sealed[0].number - 1 if self._sealed else self._number

    def next(self, now: float, *, flush: bool = False) -> Batch | None:
        """The batch to write now, which is then under way; ``None`` where none is due.

        With ``flush`` a batch younger than the flush interval is due too.
        """
        if self.under_way is not None:
            return None
        # A clock that was set back makes it due at once, not when it is there again.
        due = self._oldest is not None and (
            self._open_rows >= self.batch_rows
            or not 0.0 <= now - self._oldest < self.flush_interval
        )
        if not self._sealed and (due or flush):
            self._seal()
        if not self._sealed:
            return None
        self.under_way = self._sealed.popleft()
        self._sealed_rows -= self.under_way.rows
        return self.under_way

    def stored(self, number: int) -> bool:
        """The batch under way is safe and forgotten here; ``False`` where it is another."""
        if self.under_way is None or self.under_way.number != number:
            return False
        self.under_way = None
        self._oldest_sealed.popleft()
        return True
