"""What a scenario found, as tables for people."""

from collections.abc import Sequence

from rig.stage import Latency, Played

MB = 1e6


def ms(seconds: float | None) -> str:
    """Milliseconds, or a dash."""
    if seconds is None:
        return "-"
    return "over 60 s" if seconds == float("inf") else f"{1000 * seconds:.0f}"


def three(found: Latency) -> str:
    """p50, p99, p99.9 in milliseconds."""
    return ", ".join(ms(value) for value in found.values()) or "-"


def halves(values: Sequence[float]) -> str:
    """The mean of the first and the last third, and the most."""
    third = max(1, len(values) // 3)
    first, last = values[:third], values[-third:]
    return f"{sum(first) / len(first):,.0f} → {sum(last) / len(last):,.0f}, most {max(values):,.0f}"


def rows(one: Played) -> list[tuple[str, str]]:
    """What there is to say of one run."""
    found = [
        ("flights; updates/s taken; changes/s; rows/s stored",
         f"{one.flights:,}; {one.updates_per_s:,.0f}; {one.changes_per_s:,.0f}; "
         f"{one.rows_per_s:,.0f}"),
        ("refused; refused as overload; feeder late at most",
         f"{one.refused:,}; {one.overloaded:,}; {one.feeder_late:.2f} s"),
        ("clients; lost; came; went", f"{one.clients:,}; {one.lost}; {one.came}; {one.went}"),
    ]  # fmt: skip
    for kind, meant in (("fast", "interval 0.1"), ("normal", "interval 1")):
        if not one.frames_per_s[kind]:
            continue
        found += [
            (f"{meant}: frames/s; MB/s",
             f"{one.frames_per_s[kind]:,.0f}; {one.bytes_per_s[kind] / MB:.2f}"),
            (f"{meant}: feed to frame, ms: p50, p99, p99.9", three(one.feed_to_frame[kind])),
            (f"{meant}: a frame arrives after its `now`, ms", three(one.arrival[kind])),
            (f"{meant}: feeder's write to client's read, ms", three(one.end_to_end[kind])),
        ]  # fmt: skip
    found.append(
        ("cores: " + ", ".join(one.cores) + ", all else",
         ", ".join(f"{cores:.2f}" for cores in (*one.cores.values(), one.cores_others)))
    )  # fmt: skip
    found.append(
        ("memory (PSS), MB: " + ", ".join(one.memory),
         ", ".join(f"{size / MB:.0f}" for size in one.memory.values()))
    )  # fmt: skip
    if one.samples:
        found += [
            ("over time: deliveries queued", halves([s.queue for s in one.samples])),
            ("over time: rows waiting", halves([s.rows_waiting for s in one.samples])),
            ("over time: their age, ms", halves([1000 * s.rows_age for s in one.samples])),
            ("over time: slow clients", halves([s.slow for s in one.samples])),
            ("over time: server's private MB",
             halves([s.memory["server"] / MB for s in one.samples])),
            ("over time: fan-out's private MB",
             halves([s.memory["fanout"] / MB for s in one.samples])),
        ]  # fmt: skip
    found.append(
        ("longest tick delay since the start, ms: main, fan-out; longest collection",
         f"{ms(one.tick_delay)}, {ms(one.fanout_tick_delay)}; {ms(one.longest_collection)}")
    )  # fmt: skip
    if one.restarts or one.failures:
        found.append(("restarts of the fan-out; failures", f"{one.restarts}; {one.failures}"))
    return found


def table(runs: dict[str, Played]) -> str:
    """Runs side by side, by name."""
    columns = {name: dict(rows(one)) for name, one in runs.items()}
    labels = list(dict.fromkeys(label for column in columns.values() for label in column))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [
        f"| {label} | " + " | ".join(column.get(label, "-") for column in columns.values()) + " |"
        for label in labels
    ]
    return "\n".join(lines)


def listing(title: str, found: dict[str, object]) -> str:
    """A few figures in two columns."""
    lines = [f"| {title} | |", "|---|---|"]
    for name, value in found.items():
        shown = f"{value:,.3g}" if isinstance(value, float) else f"{value}"
        lines.append(f"| {name} | {shown} |")
    return "\n".join(lines)
