"""Which flights are alive, and what a restart is to find of them in the outbox's file."""

from collections.abc import Mapping

from aerotrack.db.outbox.file import OutboxFile
from aerotrack.domain.records import Batch
from aerotrack.domain.saved import save_row


class AliveFlights:
    """Follows the flights of batches: which began and did not end. Those in ``file`` did not."""

    def __init__(self, file: OutboxFile | None) -> None:
        self._alive = {flight for flight, _ in file.flights()} if file else set()

    def follow(self, batch: Batch, file: OutboxFile) -> None:
        """Put those that begin with ``batch`` on the disk before anything of them is in PostgreSQL,
        so that a restart never takes one for another; forget those that ended.

        Raises ``sqlite3.Error``; it can be followed again then.
        """
        began = {
            record.flight: save_row(record)
            for record in batch.flights
            if record.ended is None and record.flight not in self._alive
        }
        over = [r.flight for r in batch.flights if r.ended is not None and r.flight in self._alive]
        if began or over:
            file.put_flights(began, over)
            self._alive.update(began)
            self._alive.difference_update(over)

    def keep(self, states: Mapping[int, bytes], file: OutboxFile) -> None:
        """Keep the states of those that have not ended meanwhile. Raises ``sqlite3.Error``."""
        file.put_flights({flight: states[flight] for flight in states if flight in self._alive})
