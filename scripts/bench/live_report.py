"""What a run of ``live.py`` found, as tables for people, and the targets it is held against."""

from typing import Any

import msgspec

MB = 1e6
# DESIGN section 9: from a feed's bytes to a frame handed to a socket, clients at interval 0.1.
TARGET_P99_S = 0.25
# Growth of the server's own memory that is none: the allocator's noise over some minutes.
TARGET_GROWTH_PER_MIN = 2 * MB
# Over less, one step of the allocator looks like growth.
GROWTH_JUDGED_FROM_S = 240.0
# Fewer updates than flights each second mean that the load was not reached.
TARGET_UPDATES = 0.98


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The measured part of a run. Times in seconds, memory in bytes, ``cpu`` in cores.

    ``memory_*`` is the proportional share (PSS), ``memory_private_*`` what only the family has;
    ``growth_per_min`` is the slope of the latter over the second half. ``server_waited`` is the
    share of the time in which the loop's thread was ready and others had the processors.
    ``longest_tick_delay`` is since the server's start, ``longest_tick_delay_before`` that when
    measuring began; so is everything else that is called longest.
    """

    seconds: float
    flights: int
    updates_per_s: float
    points_per_s: float
    rows_per_s: float
    batches: int
    frames_per_s: float
    bytes_per_s: float
    cpu: dict[str, float]
    cpu_others: float
    server_waited: float
    load_average: float
    memory_begin: dict[str, int]
    memory_end: dict[str, int]
    memory_private_begin: dict[str, int]
    memory_private_end: dict[str, int]
    growth_per_min: dict[str, float]
    feed_to_frame: dict[str, dict[str, float | None]]
    longest_tick_delay: float
    longest_tick_delay_before: float
    longest_slice: float
    gc_longest_pause: float
    queue_most: int
    waiting_most: int
    lag_most: float
    slow_most: int
    failures: int
    clients: list[dict[str, Any]]


def targets_missed(measured: Measured, flights: int) -> list[str]:
    """Which targets a run missed, in words."""
    missed = []
    if measured.updates_per_s < TARGET_UPDATES * flights:
        missed.append(f"{measured.updates_per_s:.0f} updates/s for {flights} flights")
    p99 = measured.feed_to_frame["fast"]["p99"]
    if p99 is not None and p99 > TARGET_P99_S:
        missed.append(f"feed to frame p99 {ms(p99)}, over {ms(TARGET_P99_S)}")
    growth = measured.growth_per_min["server"]
    if measured.seconds >= GROWTH_JUDGED_FROM_S and growth > TARGET_GROWTH_PER_MIN:
        missed.append(f"the server grows by {growth / MB:.1f} MB/min")
    return missed


def ms(seconds: float | None) -> str:
    """Milliseconds for people."""
    return "-" if seconds is None else f"{1e3 * seconds:.0f} ms"


def print_report(found: dict[str, Any]) -> None:
    """Everything, as Markdown tables that can be pasted into docs/benchmarks.md."""
    m: Measured = found["measured"]
    account, stored = found["account"], found["in_database"]
    print(f"\n{' '.join(f'{name} {value}' for name, value in found['versions'].items())}")
    print(
        f"{m.flights} flights, {found['clients']} clients, {m.seconds:.0f} s,"
        f" nice {found['nice']}\n"
    )
    rows: list[tuple[str, str]] = [
        ("updates/s", f"{m.updates_per_s:,.0f}"),
        ("points/s; rows/s stored", f"{m.points_per_s:,.0f}; {m.rows_per_s:,.0f}"),
        ("frames/s; MB/s to clients", f"{m.frames_per_s:.1f}; {m.bytes_per_s / MB:.2f}"),
    ]
    for kind, meant in (("fast", "interval 0.1"), ("normal", "interval 1")):
        q = m.feed_to_frame[kind]
        rows.append(
            (
                f"feed to frame, {meant}: p50, p99, p99.9",
                ", ".join(ms(q[p]) for p in ("p50", "p99", "p99.9")),
            )
        )
    rows += [
        (
            f"{name}: cores; memory (PSS) begin, end; private growth",
            f"{m.cpu[name]:.2f}; {m.memory_begin[name] / MB:.0f}, "
            f"{m.memory_end[name] / MB:.0f} MB; {m.growth_per_min[name] / MB:+.2f} MB/min",
        )
        for name in m.cpu
    ]
    rows += [
        ("everything else on the machine: cores; load average; the loop waited for a core",
         f"{m.cpu_others:.2f}; {m.load_average:.1f}; {100 * m.server_waited:.1f} % of the time"),
        ("longest tick delay (when measuring began)",
         f"{ms(m.longest_tick_delay)} ({ms(m.longest_tick_delay_before)})"),
        ("longest slice of deliveries; longest collection",
         f"{ms(m.longest_slice)}; {ms(m.gc_longest_pause)}"),
        ("most deliveries queued; rows waiting; their age",
         f"{m.queue_most:,}; {m.waiting_most:,}; {m.lag_most:.1f} s"),
        ("fed", f"{account.fed:,}"),
        ("= stored + unchanged + refused",
         f"{stored.rows:,} + {account.unchanged:,} + {account.refused + account.overloaded:,}"),
    ]  # fmt: skip
    copied, bare = found["copy_baseline"], found["bare_fan_out_cpu"]
    if copied and copied["rows"]:
        per_row = m.cpu["postgres"] / m.rows_per_s
        bare_row = copied["cpu_s"] / copied["rows"]
        bare_rate = copied["rows"] / copied["seconds"]
        rows.append(
            (
                "bare COPY of these rows: rows/s; PostgreSQL's time a row; ours to that",
                f"{bare_rate:,.0f}; {1e6 * bare_row:.1f} µs; {per_row / bare_row:.1f} times",
            )
        )
    if bare:
        rows.append(
            (
                "bare Tornado, the same bytes: cores; the server to that",
                f"{bare:.3f}; {m.cpu['server'] / bare:.0f} times",
            )
        )
    print("| what | measured |\n|---|---|")
    for what, value in rows:
        print(f"| {what} | {value} |")
    print("\n| client | flights | frames/s | bytes/s | late p50, p99, most | longest gap |")
    print("|---|---|---|---|---|---|")
    for c in m.clients:
        late = ", ".join(ms(c[name]) for name in ("late_p50", "late_p99", "late_max"))
        print(
            f"| {c['name']} | {c['flights']:,} | {c['frames'] / m.seconds:.1f} "
            f"| {c['bytes'] / m.seconds:,.0f} | {late} | {ms(c['gap_max'])} |"
        )
    moments = ", ".join(str(one.moments) for one in found["compared"])
    print(f"\npictures compared with fresh ones at {moments} positions")
    for line in found["server_log"]:
        print(f"server: {line}")
    for missed in found["missed"]:
        print(f"MISSED: {missed}")
    for fault in found["faults"]:
        print(f"FAULT: {fault}")
    print("all checks held" if not found["faults"] else f"{len(found['faults'])} faults")
