#!/usr/bin/env python3
"""What a day of storage=full and storage=compact writes to the disk, from some minutes of both.

Two servers side by side, each with the same simulated aircraft, an embedded PostgreSQL and settings
as they come. What the processes of PostgreSQL wrote (/proc/PID/io, wchar: what they handed to
write calls; write_bytes said a megabyte for each commit, maybe that of large folios), the WAL and
the size of the history are taken between two checkpoints and extrapolated. Linux.
"""

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psycopg
from live_server import Server
from processes import PROC, children

from aerotrack.db.embedded import running_server

DAY_S = 86_400.0
WARM_S = 45.0  # flights begin, the day's partition is made, the first batches are through
MODES = ("full", "compact")
WAL = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, (SELECT wal_fpi FROM pg_stat_wal)"
# Of the partitions: rows, and bytes with indexes.
ROWS = """
    SELECT (SELECT count(*) FROM aerotrack.position), coalesce(sum(pg_total_relation_size(oid)), 0)
    FROM pg_class WHERE relkind = 'r' AND relname ~ '^position_[0-9]+$'
"""


class Taken(NamedTuple):
    """What was written up to a moment. Bytes but for the first, the rows, and full page images."""

    rows: float
    history: float
    wal: float
    images: float
    postgres: float


def written(pid: int) -> float:
    """Bytes a process handed to write calls."""
    try:
        lines = (PROC / str(pid) / "io").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith("wchar")), 0.0)


def take(server: Server, conninfo: str) -> Taken:
    """Everything up to now, on the disk."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        wal, images = connection.execute(WAL).fetchone() or (0, 0)
        rows, history = connection.execute(ROWS).fetchone() or (0, 0)
        postgres = sum(written(pid) for pid in (server.postmaster, *children(server.postmaster)))
    return Taken(*map(float, (rows, history, wal, images, postgres)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--flights", type=int, default=70)
    parser.add_argument("--minutes", type=float, default=6.0)
    options = parser.parse_args()
    with ExitStack() as stack:
        servers = {}
        for mode in MODES:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wear-")))
            place.chmod(0o755)
            feed = f"simulator://?flights={options.flights}&seed=1"
            server = Server(place / "data", [feed], "--storage", mode)
            servers[mode] = stack.enter_context(server), running_server(place / "data") or ""
        time.sleep(WARM_S)
        before = {mode: take(*server) for mode, server in servers.items()}
        began = time.monotonic()
        time.sleep(options.minutes * 60.0)
        after = {mode: take(*server) for mode, server in servers.items()}
        day = DAY_S / (time.monotonic() - began)
        print(f"a day of {options.flights} aircraft, from {options.minutes:g} minutes")
        for mode in MODES:
            grown = (b - a for a, b in zip(before[mode], after[mode], strict=True))
            found = Taken(*(value * day for value in grown))
            print(
                f"{mode:8} {found.rows / 1e6:6.2f} million rows, {found.history / 1e6:7.0f} MB of "
                f"history; written: PostgreSQL {found.postgres / 1e6:7.0f} MB (WAL "
                f"{found.wal / 1e6:.0f} MB, {found.images:.0f} page images)"
            )


if __name__ == "__main__":
    main()
