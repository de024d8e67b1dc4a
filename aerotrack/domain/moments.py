"""Points in time as people write them: epoch seconds, or ISO 8601."""

import math
from datetime import UTC, datetime
from typing import Final

# 9999-12-31T00:00:00Z: what PostgreSQL, Python and JavaScript all can say.
LATEST: Final = 253_402_214_400.0


class BadTime(ValueError):
    """No time; the message says what was expected."""


def moment(given: str | float) -> float:
    """Epoch seconds of ``1764000000.5`` or ``2025-11-24T16:00:00Z``; without a zone it is UTC.

    A space where an address had a plus is taken for the plus. Raises :class:`BadTime`.
    """
    try:
        seconds = float(given)
    except ValueError:
        seconds = _iso(str(given))
    if not (math.isfinite(seconds) and 0.0 <= seconds <= LATEST):
        raise BadTime(f"{given!r} is no time from 1970 to 9999")
    return seconds


def _iso(text: str) -> float:
    date, _, clock = text.strip().replace("t", "T").partition("T")
    try:
        read = datetime.fromisoformat(f"{date}T{clock.replace(' ', '+')}" if clock else text)
        return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise BadTime(
            f"{text[:64]!r} is neither epoch seconds nor ISO 8601, such as 2025-11-24T16:00:00Z"
        ) from None
