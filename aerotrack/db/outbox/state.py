"""How the outbox does, as other threads see it, and what its filling means for new points."""

import msgspec

from aerotrack.domain.thinning import Pressure

# Shares of the limit from which new points are thinned, and dropped: what is left by then is for
# flights, events, and points acknowledged one by one. Each ends at the share beside it, so that it
# does not come and go with every batch.
THIN_FROM, THIN_UNTIL = 0.75, 0.6
DROP_FROM, DROP_UNTIL = 0.95, 0.85


class SpoolState(msgspec.Struct, frozen=True):
    """How the outbox does: what waits in it, its bytes on disk, and of ``limit`` the share used.

    ``error`` is the code of what stands in the way of writing it, ``""`` where nothing does;
    ``away`` that of PostgreSQL's last refusal, until it stores something again.
    """

    batches: int = 0
    rows: int = 0
    bytes: int = 0
    used: float = 0.0
    oldest: float | None = None
    pressure: Pressure = "none"
    error: str = ""
    away: str = ""
    kept_total: int = 0
    drained_total: int = 0
    unreadable_total: int = 0


def pressure_at(used: float, before: Pressure) -> Pressure:
    """What is to happen to new points with this share of the limit used, and that before."""
    if used >= DROP_FROM or (before == "drop" and used >= DROP_UNTIL):
        return "drop"
    if used >= THIN_FROM or (before != "none" and used >= THIN_UNTIL):
        return "thin"
    return "none"
