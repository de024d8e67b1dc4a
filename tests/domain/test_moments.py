"""Times as people write them."""

import pytest

from aerotrack.domain.moments import BadTime, moment


@pytest.mark.parametrize(
    "text",
    [
        "1764000000", 1764000000.0, "1764000000.0", "2025-11-24T16:00:00Z", "2025-11-24T16:00:00",
        "2025-11-24T17:00:00+01:00", "2025-11-24T17:00:00 01:00", "2025-11-24t16:00",
        "20251124T160000Z", "2025-11-24 16:00:00",
    ],
)  # fmt: skip
def test_epoch_seconds_and_iso_8601_say_the_same(text):
    assert moment(text) == 1764000000.0


@pytest.mark.parametrize(
    "text", ["", "now", "nan", "inf", "-1", "1e300", "2025-13-01", "2025-11-24T25:00", "0001-01-01"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(BadTime):
        moment(text)
