"""Which positions of a flight are believed.

``gate``: pure arithmetic of what is possible. ``motion``: speed and track, as the fields say.
``pairing``: which raw frames may be taken together. ``reliability``: when a flight may jump after
all. ``trail``: past positions, to judge late ones.
``tracker``: all of it for one flight, in the order of the rules. Imports only from ``domain``.
"""

from aerotrack.domain.position.fixes import (
    REFUSALS,
    Fix,
    Provisional,
    Refusal,
    Verdict,
)
from aerotrack.domain.position.gate import implausible
from aerotrack.domain.position.tracker import PositionTracker

__all__ = [
    "REFUSALS",
    "Fix",
    "PositionTracker",
    "Provisional",
    "Refusal",
    "Verdict",
    "implausible",
]
