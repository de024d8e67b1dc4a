"""What processes use, read from /proc (Linux): processor time and memory, by family."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Stat(NamedTuple):
    """One process: its command's name, parent, own processor time, and that of reaped children."""

    name: str
    parent: int
    cpu_s: float
    reaped_cpu_s: float


class Used(NamedTuple):
    """What a family of processes has used: seconds of processor, bytes of memory now.

    ``pss`` shares out what several map (PostgreSQL's buffers), ``private`` counts only what is a
    process's own.
    """

    cpu_s: float
    pss: int
    private: int


def stat(pid: int) -> Stat | None:
    """The process ``pid``, None where it is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in brackets and may hold anything, brackets too.
    before, _, after = text.rpartition(")")
    fields = after.split()
    user, system, reaped_user, reaped_system = (int(ticks) for ticks in fields[11:15])
    return Stat(
        name=before.partition("(")[2],
        parent=int(fields[1]),
        cpu_s=(user + system) / TICKS_PER_S,
        reaped_cpu_s=(reaped_user + reaped_system) / TICKS_PER_S,
    )


def children(pid: int) -> list[int]:
    """The processes whose parent is ``pid``."""
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            known = stat(int(entry.name))
            if known is not None and known.parent == pid:
                found.append(int(entry.name))
    return found


def postmaster_of(pid: int) -> int | None:
    """The PostgreSQL that the process ``pid`` started, None where there is none."""
    for child in children(pid):
        known = stat(child)
        if known is not None and known.name == "postgres":
            return child
    return None


def used(pids: Iterable[int]) -> Used:
    """What these processes have used, together; those that are gone count nothing."""
    cpu_s, pss, private = 0.0, 0, 0
    for pid in pids:
        known = stat(pid)
        if known is not None:
            cpu_s += known.cpu_s
            one_pss, one_private = memory(pid)
            pss += one_pss
            private += one_private
    return Used(cpu_s, pss, private)


def used_with_children(pid: int) -> Used:
    """The same for ``pid`` and its children, the dead ones' processor time included."""
    together = used([pid, *children(pid)])
    known = stat(pid)
    return together._replace(cpu_s=together.cpu_s + (known.reaped_cpu_s if known else 0.0))


def memory(pid: int) -> tuple[int, int]:
    """Bytes of memory of a process: its proportional share, and what is private to it."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0
    pss = private = 0
    for line in lines:
        name, _, rest = line.partition(":")
        if name == "Pss":
            pss = int(rest.split()[0]) * 1024
        elif name in ("Private_Clean", "Private_Dirty"):
            private += int(rest.split()[0]) * 1024
    return pss, private


def waited_s(pid: int) -> float:
    """Seconds the main thread of a process was ready to run and had no processor; 0 if unknown."""
    try:
        return int((PROC / str(pid) / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def set_session_nice(pid: int, nice: int) -> None:
    """Set the priority of the session of ``pid`` among other sessions, where the kernel has it.

    With autogroups (sched(7)) a process's own nice value counts only within its session.
    """
    if nice:
        with contextlib.suppress(FileNotFoundError):
            (PROC / str(pid) / "autogroup").write_text(str(nice))


def machine_busy_s() -> float:
    """Seconds of processor the whole machine has used since it started, all cores together."""
    line = (PROC / "stat").read_text().splitlines()[0]
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(t) for t in line.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_S
