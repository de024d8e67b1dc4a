"""Rows of the history, and a writer with its answers; the PostgreSQL is that of all tests."""

import queue
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aerotrack.actors.messages import BatchFailed, BatchStored
from aerotrack.db.writer import BatchWriter
from aerotrack.domain.records import Batch, FlightEvent, FlightRecord, TrackPoint, flight_key

DAY_S = 86_400.0
MIDNIGHT = 20_416 * DAY_S  # 2025-11-24T00:00:00Z
NOON = MIDNIGHT + DAY_S / 2
FLIGHT = flight_key("4ca2d6", NOON)
ANSWER_TIMEOUT_S = 60.0


class Make:
    """Rows that are in order; every field can be given."""

    day_s = DAY_S
    midnight = MIDNIGHT
    noon = NOON
    key = FLIGHT

    @staticmethod
    def point(ts: float = NOON, **fields: Any) -> TrackPoint:
        values: dict[str, Any] = {
            "flight": FLIGHT,
            "lat": 53.42135,
            "lon": -6.27009,
            "alt_baro": 35_000,
            "alt_geom": None,
            "on_ground": False,
            "gs": 447.3,
            "track": 271.9,
            "baro_rate": -64,
            "callsign": "RYR4TK",
            "squawk": "7700",
            "emergency": "general",
            "source": "adsb_icao",
            "feed": "home",
        }
        return TrackPoint(ts=ts, **values | fields)

    @staticmethod
    def flight(last_contact: float = NOON, **fields: Any) -> FlightRecord:
        values: dict[str, Any] = {
            "flight": FLIGHT,
            "icao24": "4ca2d6",
            "started": NOON,
            "points": 1,
        }
        return FlightRecord(last_contact=last_contact, **values | fields)

    @staticmethod
    def event(ts: float = NOON, **fields: Any) -> FlightEvent:
        values: dict[str, Any] = {"flight": FLIGHT, "kind": "started"}
        return FlightEvent(ts=ts, **values | fields)

    @staticmethod
    def batch(number: int, *rows: TrackPoint | FlightRecord | FlightEvent) -> Batch:
        return Batch(
            number=number,
            points=tuple(row for row in rows if isinstance(row, TrackPoint)),
            flights=tuple(row for row in rows if isinstance(row, FlightRecord)),
            events=tuple(row for row in rows if isinstance(row, FlightEvent)),
        )


@pytest.fixture(scope="session")
def make() -> type[Make]:
    return Make


class Storing:
    """A writer and its answers, in the order they came."""

    def __init__(self, url: str, run: uuid.UUID | None = None) -> None:
        self.answers: queue.Queue[BatchStored | BatchFailed] = queue.Queue()
        self.run = run or uuid.uuid4()
        self.writer = BatchWriter(
            url,
            run=self.run,
            on_stored=self.answers.put,
            on_failed=self.answers.put,
            first_backoff=0.01,
            longest_backoff=0.1,
        )
        self.writer.start()

    def answer(self) -> BatchStored | BatchFailed:
        return self.answers.get(timeout=ANSWER_TIMEOUT_S)

    def store(self, batch: Batch) -> BatchStored | BatchFailed:
        self.writer.submit(batch)
        return self.answer()

    def counts(self, batch: Batch) -> tuple[int, int, int]:
        """Stored, duplicate, rejected."""
        answer = self.store(batch)
        assert isinstance(answer, BatchStored), answer
        assert answer.number == batch.number
        return answer.stored, answer.duplicate, answer.rejected


@pytest.fixture
def storing_on() -> Iterator[Callable[..., Storing]]:
    """Starts writers on a connection string; they are stopped at the end."""
    made: list[Storing] = []

    def start(url: str, run: uuid.UUID | None = None) -> Storing:
        made.append(Storing(url, run))
        return made[-1]

    yield start
    for storing in made:
        assert storing.writer.stop(ANSWER_TIMEOUT_S)


@pytest.fixture
def storing(storing_on: Callable[..., Storing], database_url: str) -> Storing:
    return storing_on(database_url)
