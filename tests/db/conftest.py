"""A PostgreSQL for the tests of `aerotrack.db`: one server a session, a fresh database a test.

`AEROTRACK_TEST_DATABASE_URL` names a server to use instead of the embedded one; its role must be
allowed to create databases.
"""

import importlib
import importlib.util
import os
import queue
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from aerotrack.actors.messages import BatchFailed, BatchStored
from aerotrack.db.embedded import EmbeddedPostgres, find_install
from aerotrack.db.errors import PostgresNotBundled
from aerotrack.db.writer import BatchWriter
from aerotrack.domain.records import Batch, FlightEvent, FlightRecord, TrackPoint, flight_key

# No test outlives a power cut.
FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


def prepare_template(conninfo: str) -> None:
    """Bring the template database to the state every test starts from: the schema, if there is."""
    if importlib.util.find_spec("aerotrack.db.migrate") is not None:
        importlib.import_module("aerotrack.db.migrate").migrate(conninfo)


@pytest.fixture(scope="session")
def require_embedded() -> None:
    """Skip, or under CI fail, where the embedded PostgreSQL does not exist."""
    try:
        find_install()
    except PostgresNotBundled as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def make_place() -> Iterator[Callable[[], Path]]:
    """Makes directories that an unprivileged account can pass through, unlike root's tmp_path."""
    made: list[Path] = []

    def make() -> Path:
        place = Path(tempfile.mkdtemp(prefix="aerotrack-test-"))
        place.chmod(0o755)
        made.append(place)
        return place

    yield make
    for place in made:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest, make_place: Callable[[], Path]) -> Iterator[str]:
    """The connection string of a running server."""
    url = os.environ.get("AEROTRACK_TEST_DATABASE_URL")
    if url:
        yield url
        return
    request.getfixturevalue("require_embedded")
    with EmbeddedPostgres(make_place() / "data", settings=FAST_SETTINGS) as server:
        yield server.conninfo


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> Iterator[str]:
    """The name of a database that `prepare_template` has prepared; nobody connects to it."""
    with _new_database(postgres_url, None) as name:
        prepare_template(make_conninfo(postgres_url, dbname=name))
        yield name


@pytest.fixture
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """The connection string of this test's own database, a clone of the template."""
    with _new_database(postgres_url, template_database) as name:
        yield make_conninfo(postgres_url, dbname=name)


class _new_database:
    """Context manager: creates a database, gives its name, drops it whoever is connected."""

    def __init__(self, server_url: str, template: str | None) -> None:
        self._server_url = server_url
        self._template = template or "template1"
        self._name = f"aerotrack_test_{uuid.uuid4().hex}"

    def __enter__(self) -> str:
        self._run("CREATE DATABASE {} TEMPLATE {}", self._name, self._template)
        return self._name

    def __exit__(self, *_: object) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", self._name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


# The history

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


@pytest.fixture(scope="session")
def fetch() -> Callable[..., list[tuple[Any, ...]]]:
    """Asks a database something: ``fetch(url, query, *parameters)``."""

    def ask(url: str, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(url, options="-c search_path=aerotrack -c timezone=UTC") as connection:
            return connection.execute(query.encode(), parameters or None).fetchall()

    return ask
