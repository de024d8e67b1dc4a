#!/usr/bin/env python3
"""What the parts of a run cost at least: bare COPY of the same rows, bare frames to clients.

As a program it is the bare server: Tornado and nothing else, writing to each WebSocket client a
frame of constant size at a constant interval. It says ``{"port": n}`` and ends with its input.
"""

import asyncio
import sys
import time
from typing import Any, NamedTuple

import psycopg
from processes import stat, used_with_children
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler


class Copied(NamedTuple):
    """What copying cost: rows, seconds by the clock, seconds of PostgreSQL's processors."""

    rows: int
    seconds: float
    cpu_s: float


# One transaction each, as the server's batches at a flush interval of a second.
BATCH_S = 1.0
# All as in ``position``: columns, checks, key, BRIN index, a partition a day.
MAKE_TABLE = """
DROP TABLE IF EXISTS bare_position;
CREATE TABLE bare_position (LIKE position INCLUDING ALL) PARTITION BY RANGE (ts);
CREATE TABLE bare_position_all PARTITION OF bare_position DEFAULT;
"""


def copy_again(conninfo: str, postmaster: int, last_s: float = float("inf")) -> Copied:
    """COPY the rows of ``position`` into a table like it, a second's worth a transaction.

    Of the last ``last_s`` seconds only.
    """
    rows, seconds, cpu_s = 0, 0.0, 0.0
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(MAKE_TABLE)
        connection.execute("CHECKPOINT")
        first, last = connection.execute(
            "SELECT extract(epoch FROM min(ts))::float8, extract(epoch FROM max(ts))::float8"
            " FROM position"
        ).fetchone() or (None, None)
        if first is not None:
            first = max(first, last - last_s)
        while first is not None and first <= last:
            stream = _stream(connection, first, first + BATCH_S)
            began, used_before = time.perf_counter(), used_with_children(postmaster).cpu_s
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy("COPY bare_position FROM STDIN (FORMAT binary)") as copy:
                    copy.write(stream)
                rows += cursor.rowcount
            seconds += time.perf_counter() - began
            cpu_s += used_with_children(postmaster).cpu_s - used_before
            first += BATCH_S
        connection.execute("DROP TABLE bare_position")
    return Copied(rows, seconds, cpu_s)


def _stream(connection: psycopg.Connection, start: float, end: float) -> bytes:
    with connection.cursor() as cursor:
        query = (
            "COPY (SELECT * FROM position WHERE ts >= to_timestamp(%s) AND ts < to_timestamp(%s))"
            " TO STDOUT (FORMAT binary)"
        )
        with cursor.copy(query, (start, end)) as copy:
            return b"".join(bytes(block) for block in copy)


def own_cpu_s(pid: int) -> float:
    """Seconds of processor a process has used; 0 where it is gone."""
    known = stat(pid)
    return known.cpu_s if known else 0.0


class Constant(WebSocketHandler):
    """Writes ``size`` bytes every ``interval`` seconds."""

    def check_origin(self, origin: str) -> bool:  # noqa: ARG002
        return True

    def open(self, *_args: str, **_kwargs: str) -> None:
        self.set_nodelay(True)
        size, interval = int(self.get_argument("size")), float(self.get_argument("interval"))
        self._writing = asyncio.create_task(self._write("x" * size, interval))

    async def _write(self, frame: str, interval: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            try:
                await self.write_message(frame)
            except WebSocketClosedError:
                return
            due += interval
            await asyncio.sleep(max(0.0, due - loop.time()))

    def on_close(self) -> None:
        self._writing.cancel()


async def main() -> None:
    """Serve until the input ends."""
    server = HTTPServer(Application([("/", Constant)]))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    print(f'{{"port": {sockets[0].getsockname()[1]}}}', flush=True)
    reader: Any = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await reader.read()
    server.stop()
    await server.close_all_connections()


if __name__ == "__main__":
    asyncio.run(main())
