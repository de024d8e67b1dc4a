"""The spool before a real PostgreSQL in trouble: nothing lost, nothing twice, and it goes on."""

import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aerotrack.actors.messages import BatchDrained, BatchFailed, BatchKept, BatchStored
from aerotrack.db.outbox import Spool, open_outbox
from aerotrack.db.writer import BatchWriter

Fetch = Callable[..., list[tuple[Any, ...]]]
TIMEOUT_S = 30.0


class History:
    """A spool with a real writer behind it."""

    def __init__(self, url: str, directory: Path) -> None:
        self.answers: queue.Queue[Any] = queue.Queue()
        outbox = open_outbox(directory)
        self.first = outbox.file.first_number
        self.spool = Spool(outbox, patience=TIMEOUT_S, limit=1 << 30, answer=self.answers.put)
        answered = self.spool.writer_answered
        self.writer = BatchWriter(
            url, run=outbox.file.identity, on_stored=answered, on_failed=answered,
            first_backoff=0.01, longest_backoff=0.1,
        )  # fmt: skip
        self.writer.start()
        self.spool.start()
        self.spool.attach(self.writer)

    def answer(self) -> Any:
        return self.answers.get(timeout=TIMEOUT_S)

    def stop(self) -> None:
        self.spool.detach()
        assert self.writer.stop(TIMEOUT_S)
        assert self.spool.stop(TIMEOUT_S)


@pytest.fixture
def history(database_url: str, tmp_path: Path) -> Iterator[History]:
    made = History(database_url, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        database_url, autocommit=True, options="-c search_path=aerotrack"
    ) as connection:
        yield connection


def raising(admin: psycopg.Connection, statement: str) -> None:
    """Have every recording of a batch end in ``statement`` (PL/pgSQL)."""
    admin.execute(
        "CREATE OR REPLACE FUNCTION trouble() RETURNS trigger LANGUAGE plpgSQL AS"
        f" $$ BEGIN {statement}; RETURN NULL; END $$".encode()
    )
    admin.execute(
        "CREATE OR REPLACE TRIGGER trouble AFTER INSERT ON batch"
        " FOR EACH STATEMENT EXECUTE FUNCTION trouble()"
    )


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("RAISE 'No space left on device' USING ERRCODE = '53100'", "53100"),
        ("RAISE 'out of memory' USING ERRCODE = '53200'", "53200"),
        ("RAISE 'deadlock detected' USING ERRCODE = '40P01'", "40P01"),
        ("RAISE 'could not serialize' USING ERRCODE = '40001'", "40001"),
        ("RAISE 'starting up' USING ERRCODE = '57P03'", "57P03"),
        ("RAISE 'connection failure' USING ERRCODE = '08006'", "08006"),
        ("PERFORM pg_terminate_backend(pg_backend_pid())", "57P01"),
    ],
    ids=["disk_full", "memory", "deadlock", "serialization", "restart", "connection", "killed"],
)
def test_trouble_of_the_server_sends_the_batch_to_the_outbox_and_then_it_is_stored_once(
    history: History, admin: psycopg.Connection, make: Any, statement: str, code: str
) -> None:
    raising(admin, statement)
    batch = make.batch(history.first, make.point(), make.flight(), make.event())
    history.spool.submit(batch)
    assert BatchKept(batch.number, code) == history.answer()
    admin.execute("DROP TRIGGER trouble ON batch")
    assert BatchDrained(batch.number, 1, 3, 0, 0) == history.answer()
    counts = "SELECT (SELECT count(*) FROM position), (SELECT count(*) FROM flight),"
    counts += " (SELECT count(*) FROM event), (SELECT count(*) FROM batch),"
    counts += " (SELECT count(*) FROM rejected_row)"
    assert (1, 1, 1, 1, 0) == admin.execute(counts.encode()).fetchone()


def test_a_read_only_database_sends_batches_to_the_outbox_until_it_can_be_written_again(
    history: History, admin: psycopg.Connection, make: Any, database_url: str, fetch: Fetch
) -> None:
    name = admin.info.dbname
    admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    batch = make.batch(history.first, make.point())
    history.spool.submit(batch)
    assert BatchKept(batch.number, "25006") == history.answer()
    admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
    assert BatchDrained(batch.number, 1, 1, 0, 0) == history.answer()
    assert [(1,)] == fetch(database_url, "SELECT count(*) FROM position")


def test_a_commit_that_came_through_after_the_batch_was_kept_is_not_repeated_by_the_next_run(
    database_url: str, tmp_path: Path, make: Any, fetch: Fetch
) -> None:
    history = History(database_url, tmp_path)
    batch = make.batch(history.first, make.point(), make.event())
    history.spool.submit(batch)
    assert isinstance(history.answer(), BatchStored)
    history.stop()
    outbox = open_outbox(tmp_path)
    outbox.file.put(batch)  # as if the answer of the commit had never come
    outbox.close()
    again = History(database_url, tmp_path)
    assert BatchDrained(batch.number, 1, 2, 0, 0) == again.answer()
    again.stop()
    for table in ("position", "event", "batch"):
        assert [(1,)] == fetch(database_url, f"SELECT count(*) FROM {table}")


def test_a_bad_row_of_a_kept_batch_is_put_aside_and_the_rest_stored(
    history: History, admin: psycopg.Connection, make: Any, database_url: str, fetch: Fetch
) -> None:
    raising(admin, "RAISE 'starting up' USING ERRCODE = '57P03'")
    bad = make.point(make.noon + 1, lat=91.0)
    batch = make.batch(history.first, make.point(), bad, make.point(make.noon + 2))
    history.spool.submit(batch)
    assert isinstance(history.answer(), BatchKept)
    admin.execute("DROP TRIGGER trouble ON batch")
    assert BatchDrained(batch.number, 3, 2, 0, 1) == history.answer()
    assert [("position", "23514")] == fetch(database_url, "SELECT relation, code FROM rejected_row")


def test_no_answer_is_ever_a_failure_while_there_is_an_outbox(
    history: History, admin: psycopg.Connection, make: Any
) -> None:
    raising(admin, "RAISE 'No space left on device' USING ERRCODE = '53100'")
    for number in range(history.first, history.first + 5):
        history.spool.submit(make.batch(number, make.point(make.noon + number % 100)))
        assert not isinstance(history.answer(), BatchFailed)
