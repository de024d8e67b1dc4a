"""What PostgreSQL said, for the message of a failed start."""

import contextlib
import os
from pathlib import Path

_LINES = 20
_BYTES = 16_384


def last_lines(start_log: Path, cluster: Path, begun: float) -> str:
    """The last lines of `start_log` and of the cluster's newest log, if written since `begun`.

    `begun` is in epoch seconds.
    """
    said = [_tail(start_log)]
    with contextlib.suppress(OSError):
        logs = [(path.stat().st_mtime, path) for path in (cluster / "log").glob("*.log")]
        # file systems keep times of a coarser grain than the clock's
        said += [_tail(path) for mtime, path in sorted(logs)[-1:] if mtime >= begun - 1]
    return "\n".join(part for part in said if part)


def _tail(path: Path) -> str:
    """The last lines of a log; "" without one. The cluster is another account's: follow no link."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return ""
    with os.fdopen(fd, "rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - _BYTES))
        lines = log.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-_LINES:])
