"""storage=compact, from outside: few rows, and an account that adds up."""

import json
import re
import time
from pathlib import Path

from .harness import Rows, Server, until

LAST = re.compile(r" stopped (.*)")
OPTIONS = ("--storage", "compact")


def account(server: Server) -> dict[str, int]:
    line = server.logged(LAST.pattern)[1]
    return {name: int(value) for name, _, value in (part.partition("=") for part in line.split())}


def lines(count: int) -> bytes:
    """One aircraft, straight and level, a report a second."""
    return b"".join(
        json.dumps(
            {"icao24": "4ca2d6", "ts": 1_764_000_000 + n, "lat": 50 + n * 1.85e-3, "lon": 4.0,
             "alt_baro": 35000, "gs": 400.0, "track": 0.0}
        ).encode() + b"\n"
        for n in range(count)
    )  # fmt: skip


def test_what_was_fed_is_stored_or_compacted_and_said_to_be(
    data_dir: Path, database_url: str, tmp_path: Path
) -> None:
    recording = tmp_path / "one.jsonl"
    recording.write_bytes(lines(200))
    begins = round(time.time()) - 600  # what it says is not from the future
    feed = f"file://{recording}?format=jsonl&speed=0&start={begins}"
    with Server(data_dir, *OPTIONS, feeds=[feed], database_url=database_url) as server:
        assert server.logged(r" ready .*storage=compact")
        assert "compact" == server.json("/api/v1/stats")["storage"]
        until("played", lambda: server.json("/api/v1/feeds")["feeds"][0]["state"] == "done")
        server.stop()
        told = account(server)
    assert (200, 200, 0, 0) == (told["fed"], told["observed"], told["refused"], told["left"])
    assert 200 == told["points"] + told["compacted"] + told["unchanged"]
    rows = Rows(database_url).all("SELECT extract(epoch FROM ts)::float8 FROM api.positions")
    assert told["points"] == told["stored"] == len(rows) == 21
