"""How AeroTrack's sessions are set up, and the one border where driver errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import QueryCanceled

from aerotrack.db.errors import DatabaseError, DatabaseTimeout, DatabaseUnavailable, QueryFailed

SCHEMA: Final = "aerotrack"

# Keys of advisory locks: the first names us ("aero"), the second the purpose.
LOCK_SPACE: Final = 0x6165726F
MIGRATION_LOCK: Final = (LOCK_SPACE, 1)
PARTITION_LOCK: Final = (LOCK_SPACE, 2)

# A server that is there answers within milliseconds; on the far side of a busy link, seconds.
CONNECT_TIMEOUT_S: Final = 5
# Sent bytes that nobody acknowledges for this long: the machine is gone without a word.
TCP_USER_TIMEOUT_MS: Final = 15_000
# Sqlstates by which a server says that it, or the way to it, is not there (class 08 beside them).
_AWAY: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "53300"})

# Everything of ours lies in one schema, which is kinder on a server shared with others; temporary
# tables come last so that none can stand in for one of ours.
SESSION_SETUP: Final = b"SET search_path = aerotrack, pg_temp; SET timezone = 'UTC'"


def with_defaults(conninfo: str, application: str) -> str:
    """``conninfo`` with our time-outs and ``application`` as its name, where it does not say."""
    given = conninfo_to_dict(conninfo)
    defaults: dict[str, str | int] = {
        "application_name": application,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": TCP_USER_TIMEOUT_MS,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    return make_conninfo(
        conninfo, **{name: value for name, value in defaults.items() if name not in given}
    )


def connect(conninfo: str, application: str) -> psycopg.Connection:
    """A blocking connection in autocommit mode. Raises ``psycopg.Error``."""
    connection = psycopg.connect(with_defaults(conninfo, application), autocommit=True)
    try:
        connection.execute(SESSION_SETUP)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def translated() -> Iterator[None]:
    """Let nothing of the driver's leave but as one of :mod:`aerotrack.db.errors`."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error) from error


def translate(error: psycopg.Error) -> DatabaseError:
    """Ours for the driver's; the first line of its message is kept."""
    message = first_line(error)
    if isinstance(error, QueryCanceled):
        return DatabaseTimeout(message)
    sqlstate = error.sqlstate
    if sqlstate is None:
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return DatabaseUnavailable(message) if lost else QueryFailed(message)
    if sqlstate in _AWAY or sqlstate.startswith("08"):
        return DatabaseUnavailable(message)
    return QueryFailed(f"{message} ({sqlstate})")


def first_line(error: BaseException) -> str:
    """What ``error`` says, without detail and context; the class where it says nothing."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
