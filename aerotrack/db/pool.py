"""A small pool of reading connections, opened with the first question on the loop that asks.

Raises :class:`~aerotrack.db.errors.DatabaseError` only: ``DatabaseUnavailable`` where there is no
server, ``DatabaseTimeout`` where a query takes too long, else ``QueryFailed``.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg_pool import AsyncConnectionPool

from aerotrack.db.connection import SESSION_SETUP, translated, with_defaults

IDLE_S: Final = 60.0


class ReadPool:
    """At most ``size`` connections to ``conninfo``, each read-only.

    Somebody waits ``wait`` seconds for one, and ``statement_timeout`` seconds for an answer.
    ``setup`` is SQL for each new connection.
    """

    def __init__(
        self,
        conninfo: str,
        name: str,
        *,
        size: int,
        statement_timeout: float,
        wait: float,
        setup: bytes = b"",
        replan: bool = False,
    ) -> None:
        self._conninfo = with_defaults(conninfo, f"aerotrack {name}")
        self._name = name
        self._size = size
        self._wait = wait
        timeout = int(statement_timeout * 1000)
        self._setup = (
            f"SET statement_timeout = {timeout}; SET default_transaction_read_only = on;"
        ).encode() + setup
        self._kwargs: dict[str, Any] = {"autocommit": True}
        if replan:
            # Plans are made for the times asked for: they decide which days are looked at.
            self._kwargs["prepare_threshold"] = None
        self._pool: AsyncConnectionPool[AsyncConnection] | None = None

    async def close(self) -> None:
        """Close what is open; a later question opens it again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def rows(self, sql: bytes, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of an answer."""
        async with self.cursor() as cursor:
            await cursor.execute(sql, parameters)
            return await cursor.fetchall()

    @asynccontextmanager
    async def cursor(self) -> AsyncIterator[AsyncCursor[tuple[Any, ...]]]:
        """A cursor on a connection of its own for as long."""
        with translated():
            pool = await self._opened()
            async with pool.connection() as connection, connection.cursor(binary=True) as cursor:
                yield cursor

    async def _opened(self) -> AsyncConnectionPool[AsyncConnection]:
        if self._pool is None:
            self._pool = AsyncConnectionPool(
                self._conninfo,
                min_size=0,
                max_size=self._size,
                max_idle=IDLE_S,
                timeout=self._wait,
                # The pool tries no longer than anybody waits, and anew when somebody asks.
                reconnect_timeout=self._wait,
                kwargs=self._kwargs,
                configure=self._configure,
                check=AsyncConnectionPool.check_connection,
                open=False,
                name=self._name,
            )
        await self._pool.open()  # does nothing where it is open
        return self._pool

    async def _configure(self, connection: psycopg.AsyncConnection) -> None:
        await connection.execute(SESSION_SETUP)
        await connection.execute(self._setup)
