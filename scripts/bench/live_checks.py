"""What must hold after a run, as pure functions: each returns what is wrong, in words.

``live.py`` collects the figures, this module judges them.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

# Differences named before the rest is only counted.
NAMED = 5

Picture = dict[str, dict[str, Any]]


class Account(msgspec.Struct, frozen=True):
    """The server's own account of a run: its log line ``stopped`` (docs/operations.md)."""

    fed: int
    observed: int
    points: int
    unchanged: int
    refused: int
    overloaded: int
    stored: int
    kept: int
    duplicate: int
    dropped: int
    rejected: int
    left: int
    compacted: int = 0


class Stored(msgspec.Struct, frozen=True):
    """What lies in PostgreSQL after the server has stopped.

    ``rejected_points`` are rows of ``rejected_row`` meant for ``position``; ``wrong_flights``
    counts flights whose row says another number of points than there are.
    """

    rows: int
    rejected_points: int
    wrong_flights: int


def account_faults(account: Account, stored: Stored) -> list[str]:
    """Whether everything fed is stored, unchanged or refused, to the row."""
    faults = []

    def same(what: str, left: int, right: int) -> None:
        if left != right:
            faults.append(f"{what}: {left} is not {right} ({left - right:+d})")

    a = account
    same("fed = observed + refused as overloaded", a.fed, a.observed + a.overloaded)
    same(
        "observed = points + compacted + unchanged + refused",
        a.observed,
        a.points + a.compacted + a.unchanged + a.refused,
    )
    same(
        "rows in PostgreSQL = points - kept in the outbox - duplicate - dropped - rejected - left",
        stored.rows,
        a.points - a.kept - a.duplicate - a.dropped - stored.rejected_points - a.left,
    )
    same("rows in PostgreSQL = stored by the server's count", stored.rows, a.stored)
    same("rows left waiting = none", a.left, 0)
    same("points dropped = none", a.dropped, 0)
    # Flights' last rows may lie in the outbox beside their points.
    if not (a.dropped or a.kept or stored.rejected_points):
        same("flights whose row counts other points than there are = none", stored.wrong_flights, 0)
    return faults


def differences(held: Picture, fresh: Picture) -> list[str]:
    """How a held picture differs from a fresh one, flight by flight and field by field."""
    found = [f"{icao24} is held but not there" for icao24 in sorted(held.keys() - fresh.keys())]
    found += [f"{icao24} is there but not held" for icao24 in sorted(fresh.keys() - held.keys())]
    for icao24 in sorted(held.keys() & fresh.keys()):
        mine, theirs = held[icao24], fresh[icao24]
        if mine == theirs:
            continue
        for name in sorted(mine.keys() | theirs.keys()):
            if mine.get(name) != theirs.get(name):
                found.append(
                    f"{icao24}.{name} is held as {mine.get(name)!r}, not {theirs.get(name)!r}"
                )
    return found


class Compared(msgspec.Struct, frozen=True):
    """A client's picture held against a fresh one's, at ``moments`` positions of the stream."""

    client: str
    moments: int
    flights: int
    differing: list[str]
    broken: str = ""


def picture_faults(compared: Sequence[Compared]) -> list[str]:
    """Whether each client holds what a fresh snapshot of its view says."""
    faults = []
    for one in compared:
        if one.broken:
            faults.append(f"{one.client}: {one.broken}")
        elif not one.moments:
            faults.append(f"{one.client}: never compared, no position in common")
        elif one.differing:
            more = len(one.differing) - NAMED
            named = "; ".join(one.differing[:NAMED]) + (f"; {more} more" if more > 0 else "")
            faults.append(f"{one.client}: {named}")
    return faults


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """The value under which ``share`` of a histogram lies, straight within its bucket.

    ``buckets`` are (upper bound, cumulated count), the last bound infinite: a value beyond the
    largest finite bound is given as infinite. None where nothing was counted.
    """
    if not buckets or not buckets[-1][1]:
        return None
    wanted = share * buckets[-1][1]
    low, below = 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted and count > below:
            if bound == float("inf"):
                return bound
            return low + (bound - low) * (wanted - below) / (count - below)
        low, below = bound, count
    return None


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value under which ``share`` of ``values`` lies (nearest rank); None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
