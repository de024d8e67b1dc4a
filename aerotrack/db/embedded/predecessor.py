"""What a killed owner left on the cluster: its server is stopped, its remains are cleared.

Stopping and starting anew is simpler than adopting the running server, and its settings, socket
and owner are then known. Called with the data directory's lock held, so no living AeroTrack owns
what is found. A process is signalled only when it is verifiably the server of this cluster.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path

from aerotrack.db.embedded.account import PROBE_TIMEOUT_S
from aerotrack.db.errors import PredecessorStillRunning

# A fast shutdown writes a checkpoint: up to max_wal_size of changed pages to a slow card.
FAST_STOP_TIMEOUT_S = 60.0
# An immediate one writes nothing.
IMMEDIATE_STOP_TIMEOUT_S = 15.0

_POLL_S = 0.05

# Linux and its look-alikes; elsewhere (macOS) ps has to do.
_HAS_PROC = Path("/proc/self/cmdline").exists()


class Verdict(Enum):
    """What the process named by a postmaster.pid is."""

    ENDED = auto()
    THIS_SERVER = auto()
    SOMETHING_ELSE = auto()
    CANNOT_TELL = auto()


def stop_predecessor(cluster: Path, progress: Callable[[str], None]) -> None:
    """Stop a server still running on `cluster` and remove a pid file that names another process.

    Raises PredecessorStillRunning where it does not stop, or cannot be told from another server.
    """
    pid_file = cluster / "postmaster.pid"
    pid = read_postmaster_pid(cluster)
    if pid is None:
        return
    match judge(pid, cluster):
        case Verdict.ENDED:
            # PostgreSQL clears this up itself, and checks that no process of the old server is
            # still attached to its shared memory; for which it needs the file.
            return
        case Verdict.SOMETHING_ELSE:
            # The number is another process's by now: PostgreSQL would refuse to start.
            pid_file.unlink(missing_ok=True)
        case Verdict.CANNOT_TELL:
            raise PredecessorStillRunning(
                f"process {pid} is a PostgreSQL server, perhaps of {cluster} (so says "
                f"{pid_file}), but its data directory cannot be read: stop it, or remove that "
                "file if it serves something else"
            )
        case Verdict.THIS_SERVER:
            progress(f"Stopping the PostgreSQL that a killed AeroTrack left (process {pid})")
            _stop(pid, cluster)


def read_postmaster_pid(cluster: Path) -> int | None:
    """The pid in the cluster's postmaster.pid, None without one."""
    try:
        first = (cluster / "postmaster.pid").read_text(errors="replace").split("\n", 1)[0]
    except FileNotFoundError:
        return None
    # a stand-alone backend writes its pid negated
    return abs(int(first)) if first.removeprefix("-").isdigit() else None


def judge(pid: int, cluster: Path) -> Verdict:
    """Say what process `pid` is: by its owner, its command line and its working directory."""
    command = _command_line(pid)
    if command is None:
        return Verdict.ENDED
    # A zombie has no command line: its number is taken all the same until its parent waits for it.
    if not command or Path(command[0]).name != "postgres":
        return Verdict.SOMETHING_ELSE
    if _HAS_PROC:
        try:
            if Path(f"/proc/{pid}").stat().st_uid != cluster.stat().st_uid:
                return Verdict.SOMETHING_ELSE
        except FileNotFoundError:
            return Verdict.ENDED
        # A server works in its data directory. Root in a container may not look (CAP_SYS_PTRACE).
        with contextlib.suppress(OSError):
            same = Path(f"/proc/{pid}/cwd").samefile(cluster)
            return Verdict.THIS_SERVER if same else Verdict.SOMETHING_ELSE
    served = _served_directory(command)
    if served is None or not served.is_absolute():
        return Verdict.CANNOT_TELL
    with contextlib.suppress(OSError):
        if served.samefile(cluster):
            return Verdict.THIS_SERVER
    return Verdict.SOMETHING_ELSE


def _command_line(pid: int) -> list[str] | None:
    """The process's arguments, empty for a zombie; None if there is no such process."""
    if _HAS_PROC:
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return os.fsdecode(raw).rstrip("\0").split("\0") if raw else []
    answer = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PROBE_TIMEOUT_S,
        check=False,
    )
    # A path with spaces comes apart here: its server is not recognised, and not stopped.
    return answer.stdout.split() or None


def _served_directory(command: list[str]) -> Path | None:
    for argument, following in zip(command, [*command[1:], ""], strict=True):
        if argument == "-D" and following:
            return Path(following)
        if argument.startswith("-D") and len(argument) > 2:
            return Path(argument[2:])
    return None


def _stop(pid: int, cluster: Path) -> None:
    for number, timeout_s in (
        (signal.SIGINT, FAST_STOP_TIMEOUT_S),
        (signal.SIGQUIT, IMMEDIATE_STOP_TIMEOUT_S),
    ):
        if _signal_and_wait(pid, number, cluster, timeout_s):
            return
    raise PredecessorStillRunning(
        f"the PostgreSQL that a killed AeroTrack left on {cluster} (process {pid}) does not stop: "
        f"stop it with: kill -QUIT {pid}"
    )


def _signal_and_wait(pid: int, number: signal.Signals, cluster: Path, timeout_s: float) -> bool:
    """Signal the server if it is (still) this cluster's; True once it has ended."""
    deadline = time.monotonic() + timeout_s
    # A pidfd stands for this one process, also if the number is given out again meanwhile.
    handle = _pidfd(pid)
    try:
        if judge(pid, cluster) is not Verdict.THIS_SERVER:
            return True
        try:
            if handle is None:
                os.kill(pid, number)
            else:
                signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return True
        if handle is not None:
            return bool(select.select([handle], [], [], timeout_s)[0])
        while judge(pid, cluster) is Verdict.THIS_SERVER:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True
    finally:
        if handle is not None:
            os.close(handle)


def _pidfd(pid: int) -> int | None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # ended, or a kernel before 5.3
            return os.pidfd_open(pid)
    return None
