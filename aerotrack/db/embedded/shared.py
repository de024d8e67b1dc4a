"""The embedded server for a command beside a running AeroTrack: that one's, else one of our own.

The data directory's lock says who runs the server, and its socket lets in the same user, which the
kernel vouches for. So a command can work on the database without stopping anybody.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from aerotrack.db.connection import with_defaults
from aerotrack.db.embedded.cluster import DATABASE, cluster_path
from aerotrack.db.embedded.lock import read_lock_note
from aerotrack.db.embedded.server import EmbeddedPostgres, socket_conninfo
from aerotrack.db.errors import DatabaseUnavailable, DataDirLocked

# The other AeroTrack may be starting its server just now; recovery on an SD card takes minutes, and
# then it is better to say so.
WAIT_S: Final = 60.0
_POLL_S: Final = 0.2


@contextmanager
def shared_server(
    data_dir: Path,
    *,
    progress: Callable[[str], None],
    create: bool = True,
    wait_s: float = WAIT_S,
) -> Iterator[str]:
    """The connection string of the database on ``data_dir``, which stays up within the block.

    A server that another process runs is left as it is; without one it is started, and stopped at
    the end. Raises as ``EmbeddedPostgres.start`` does, and ``DatabaseUnavailable`` where the other
    process's server does not answer within ``wait_s`` seconds, or where there is no database yet
    and none is to be made (``create``).
    """
    if not create and not cluster_path(data_dir).exists():
        raise DatabaseUnavailable(
            f"there is no history in {data_dir} yet: name another directory with --data-dir, or a "
            "server with --database-url"
        )
    own = EmbeddedPostgres(data_dir, progress=progress)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            conninfo = own.start()
            break
        except DataDirLocked as locked:
            running = running_server(data_dir)
            if running is not None:
                conninfo = running
                break
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"process {locked.pid} uses {data_dir}, but its PostgreSQL does not answer: "
                    "wait until it has started, or stop it"
                ) from locked
            time.sleep(_POLL_S)
    try:
        yield conninfo
    finally:
        own.stop()  # does nothing where it was not started


def running_server(data_dir: Path) -> str | None:
    """The connection string of the server that a process runs on ``data_dir``.

    ``None`` where there is none, or while it does not answer.
    """
    try:
        socket_dir = read_lock_note(data_dir).socket_dir
    except FileNotFoundError:
        return None
    if socket_dir is None:
        return None
    sockets = [path for path in socket_dir.glob(".s.PGSQL.*") if path.suffix[1:].isdigit()]
    if not sockets:
        return None
    conninfo = socket_conninfo(socket_dir, DATABASE, int(sockets[0].suffix[1:]))
    try:
        psycopg.connect(with_defaults(conninfo, "aerotrack")).close()
    except psycopg.OperationalError:
        return None
    return conninfo
