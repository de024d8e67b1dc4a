"""A server that is away: waited for, with a line in the log for each new reason."""

import asyncio
import logging
import uuid
from pathlib import Path
from typing import Any

import pytest

from aerotrack.db.errors import DatabaseNewer, DatabaseUnavailable
from aerotrack.db.outbox import Spool
from aerotrack.runtime import database
from aerotrack.runtime.database import Database

REFUSED = DatabaseUnavailable("connection refused")
STARTING = DatabaseUnavailable("the database system is starting up")
PASSWORD = DatabaseUnavailable("password authentication failed")


def test_each_new_reason_is_logged_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answers = iter([REFUSED, REFUSED, STARTING, PASSWORD, PASSWORD, DatabaseNewer("a newer one")])

    def migrate(conninfo: str) -> int:
        raise next(answers)

    monkeypatch.setattr(database, "migrate", migrate)
    monkeypatch.setattr(database, "RETRY_FIRST_S", 0.0)
    reasons: list[tuple[str, Any]] = []

    def note(logger: logging.Logger, event: str, **values: Any) -> None:
        reasons.append((event, values["reason"]))
        if event == "database_unusable":
            given_up.set()

    monkeypatch.setattr(database, "log_event", note)
    given_up = asyncio.Event()

    spool = Spool(None, patience=1.0, limit=1 << 20, answer=lambda _: None)

    async def run() -> str | None:
        one = Database(
            url="postgresql://nowhere.invalid/x",
            data_dir=tmp_path,
            retention_days=30,
            retention_gb=None,
            forgotten_after=3600.0,
            spool=spool,
            identity=uuid.uuid4(),
            now=lambda: 0.0,
        )
        await one.start()
        await asyncio.wait_for(given_up.wait(), 30)
        await one.stop()
        return one.error

    assert "database_newer" == asyncio.run(run())
    assert [
        ("database_away", "connection refused"),
        ("database_away", "the database system is starting up"),
        ("database_away", "password authentication failed"),
        ("database_unusable", "a newer one"),
    ] == reasons
