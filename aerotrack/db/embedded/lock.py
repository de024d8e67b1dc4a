"""One process per data directory: an flock that the kernel releases however its owner ends."""

import contextlib
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from aerotrack.db.errors import DataDirLocked

LOCK_NAME = "postgres.lock"


@dataclass(frozen=True, slots=True)
class LockNote:
    """What the owner wrote into the lock file: its pid, and its socket directory once made."""

    pid: int | None
    socket_dir: Path | None


class DataDirLock:
    """The lock `name` on `data_dir`, held from construction to `release`.

    Raises DataDirLocked, naming the owner's pid, if another holds it (also within this process).
    `predecessor` is the note of the owner before us. A process forked off without exec shares the
    lock and keeps it while it lives.
    """

    def __init__(self, data_dir: Path, name: str = LOCK_NAME) -> None:
        path = data_dir / name
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _read(self._fd).pid
            os.close(self._fd)
            raise DataDirLocked(_refusal(data_dir, pid), data_dir=data_dir, pid=pid) from None
        self.predecessor = _read(self._fd)
        self.note(None)

    def note(self, socket_dir: Path | None) -> None:
        """Write down who holds the lock, for a process that is refused and for a successor."""
        text = f"{os.getpid()}\n" + (f"{socket_dir}\n" if socket_dir else "")
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, os.fsencode(text), 0)

    def release(self) -> None:
        """Give the lock up. The file stays: removing it would let two owners hold two files."""
        os.ftruncate(self._fd, 0)
        os.close(self._fd)


def read_lock_note(data_dir: Path) -> LockNote:
    """What the lock's owner has written down, without asking for the lock.

    Raises ``OSError`` where there is no lock file, or it is another user's.
    """
    fd = os.open(data_dir / LOCK_NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return _read(fd)
    finally:
        os.close(fd)


def _read(fd: int) -> LockNote:
    lines = os.fsdecode(os.pread(fd, 4096, 0)).splitlines()
    pid = int(lines[0]) if lines and lines[0].isdigit() else None
    return LockNote(pid, Path(lines[1]) if len(lines) > 1 else None)


def _refusal(data_dir: Path, pid: int | None) -> str:
    holder = f"process {pid}" if pid else "another process"
    if pid and not _exists(pid):
        holder += " (not visible from here: in another container, or a process it left behind)"
    return (
        f"{data_dir} is in use by {holder}: stop that AeroTrack first, or give this one another "
        "data directory"
    )


def _exists(pid: int) -> bool:
    with contextlib.suppress(PermissionError):  # it exists and is somebody else's
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
