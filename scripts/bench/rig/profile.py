"""Where the time goes: samples of the running server's stacks, by py-spy where it is installed.

``pip install py-spy``; it reads another process's memory, so it needs root or ptrace's leave. It
takes a hundredth of a second's samples, of threads that have the interpreter's lock.
"""

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from rig.stage import Stage

RATE: Final = 100
SHOWN: Final = 22


def profiled(stage: Stage, seconds: float) -> str:
    """The server's and the fan-out's time by function, in the order of their own share."""
    program = os.environ.get("PY_SPY") or shutil.which("py-spy")
    if program is None:
        return "py-spy is not installed"
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for who, pid in [("server", stage.server.pid)] + [("fan-out", p) for p in stage.workers]:
            path = Path(folder) / f"{pid}.raw"
            process = subprocess.Popen(
                [
                    program, "record", "--gil", "--nonblocking", "-r", str(RATE), "-d",
                    str(round(seconds)), "-f", "raw", "-o", str(path), "-p", str(pid),
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            running.append((who, path, process))
        for who, path, process in running:
            process.wait(seconds + 30)
            text = path.read_text() if path.exists() else ""
            parts.append(f"{who}\n{summed(text, round(seconds) * RATE)}")
    return "\n".join(parts)


def summed(raw: str, samples: int) -> str:
    """Shares of all samples, so of a core: each function's own, and with what it called."""
    own: Counter[str] = Counter()
    under: Counter[str] = Counter()
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [_short(frame) for frame in stack.split(";")]
        own[frames[-1]] += int(count)
        for frame in set(frames):
            under[frame] += int(count)
    busy = sum(own.values())
    lines = [
        f"on the interpreter: {100 * busy / samples:.0f} % of a core",
        "| function | own | with callees |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {100 * count / samples:.1f} % | {100 * under[name] / samples:.1f} % |"
        for name, count in own.most_common(SHOWN)
    ]
    lines += ["| with callees, most: | | |"]
    lines += [
        f"| `{name}` | {100 * own[name] / samples:.1f} % | {100 * count / samples:.1f} % |"
        for name, count in under.most_common(SHOWN)
    ]
    return "\n".join(lines)


def _short(frame: str) -> str:
    """``fold (flight.py)`` of ``fold (aerotrack/domain/flight.py:120)``."""
    name, _, place = frame.partition(" (")
    path = place.rstrip(")").rpartition(":")[0] or place.rstrip(")")
    return f"{name} ({'/'.join(path.split('/')[-2:])})"
