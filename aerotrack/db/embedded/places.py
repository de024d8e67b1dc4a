"""Where the embedded PostgreSQL keeps things: data directory and socket directory."""

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from aerotrack.db.embedded.account import Account
from aerotrack.db.errors import DataDirUnusable, EmbeddedPostgresError

# Reachable for the account the server runs as, which /root is not.
ROOT_DATA_DIR = Path("/var/lib/aerotrack")

_SOCKET_PREFIX = "aerotrack-pg-"
# PostgreSQL names it by its port, of five digits at most.
_SOCKET_NAME = ".s.PGSQL.65535"
# How everything begins that AeroTrack itself makes in a data directory.
_OUR_NAMES = ("postgres", "outbox")

# sun_path holds 104 bytes on macOS and 108 on Linux, with the final zero.
_SOCKET_PATH_MAX = 103 if sys.platform == "darwin" else 107


def create_data_dir(data_dir: Path) -> None:
    """Make `data_dir` if it is not there: 0700, or 0711 for root, so that the account can pass."""
    if data_dir.is_dir():
        return
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        data_dir.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            data_dir.chmod(0o711)
    except OSError as error:
        raise DataDirUnusable(f"the data directory {data_dir} cannot be made: {error}") from error


def make_reachable(data_dir: Path, account: Account) -> None:
    """See to it that `account` can pass through to `data_dir`; else raise DataDirUnusable.

    Only the data directory itself is ever opened (o+x: passing, no listing), and only when it is
    ours to begin with: root's, and empty but for what this package makes.
    """
    if not account.drop:
        return
    blocked = account.first_unreachable(reversed((data_dir, *data_dir.parents)))
    if blocked == data_dir and _is_ours(data_dir):
        data_dir.chmod(stat.S_IMODE(data_dir.stat().st_mode) | stat.S_IXOTH)
        blocked = account.first_unreachable((data_dir,))
    if blocked is not None:
        raise DataDirUnusable(
            f"as root, AeroTrack runs PostgreSQL as {account.name}, and {account.name} cannot "
            f"reach the data directory {data_dir}, because {blocked} is closed to it: choose "
            f"another data directory, for instance {ROOT_DATA_DIR}, or open that one with: "
            f"chmod o+x {blocked}"
        )


def _is_ours(data_dir: Path) -> bool:
    names = {path.name for path in data_dir.iterdir()}
    return data_dir.stat().st_uid == 0 and all(name.startswith(_OUR_NAMES) for name in names)


def make_socket_dir(account: Account, parent: Path | None) -> Path:
    """A new directory of mode 0700 and unpredictable name for the server's socket.

    In `parent`, or in the system's temporary directory; where those are too long for a socket's
    path or closed to `account`, in /tmp. ($XDG_RUNTIME_DIR is no good default: it vanishes when
    its user logs out, and a server left running in the background loses its socket.)
    """
    wanted = [parent] if parent else []
    for place in (*wanted, Path(tempfile.gettempdir()), Path("/tmp")):
        if not place.is_dir() or not os.access(place, os.W_OK):
            continue
        # mkdtemp adds eight characters
        longest = len(os.fsencode(place / (_SOCKET_PREFIX + "x" * 8) / _SOCKET_NAME))
        if longest > _SOCKET_PATH_MAX:
            continue
        if account.drop and account.first_unreachable(reversed((place, *place.parents))):
            continue
        socket_dir = Path(tempfile.mkdtemp(prefix=_SOCKET_PREFIX, dir=place))
        account.give(socket_dir)
        return socket_dir
    raise EmbeddedPostgresError(
        "no directory for PostgreSQL's socket: neither the temporary directory nor /tmp is "
        f"writable, short enough (a socket's path has at most {_SOCKET_PATH_MAX} bytes) and open "
        f"to {account.name}"
    )


def remove_socket_dir(socket_dir: Path, account: Account) -> None:
    """Remove a socket directory; one whose name or owner is not what we make is left alone."""
    try:
        found = socket_dir.lstat()
    except OSError:
        return
    if (
        socket_dir.name.startswith(_SOCKET_PREFIX)
        and stat.S_ISDIR(found.st_mode)
        and found.st_uid in {account.uid, os.geteuid()}
    ):
        shutil.rmtree(socket_dir, ignore_errors=True)
