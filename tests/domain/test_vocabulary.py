"""The vocabulary says what the types say, and its document and checks follow from it."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.observation import Posted, from_posted, present
from aerotrack.domain.vocabulary import CHECKS, TERMS

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = [name for name, term in TERMS.items() if term.kind in (int, float)]


def test_the_document_is_the_one_the_types_give() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs_vocabulary.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_term_has_a_meaning_and_every_number_a_range() -> None:
    assert [name for name, term in TERMS.items() if not term.description] == []
    assert [name for name in NUMBERS if TERMS[name].low is None or TERMS[name].high is None] == []


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_outside_their_range_nan_and_other_types_are_refused(name: str) -> None:
    term = TERMS[name]
    assert term.low is not None
    assert term.high is not None
    check = CHECKS[name]
    wrong = [term.low - 1, term.high + 1, float("nan"), float("inf"), "1", True, None, [1]]
    assert [None] * len(wrong) == [check(value) for value in wrong]
    assert term.low == check(term.low)


@pytest.mark.parametrize("wrong", ["7780", "770", "7700\n", "", 7700, None])
def test_a_squawk_is_four_octal_digits_and_nothing_else(wrong: object) -> None:
    assert CHECKS["squawk"](wrong) is None
    assert CHECKS["squawk"]("7700") == "7700"


@given(
    st.sampled_from(sorted(CHECKS)),
    st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.integers(), st.lists),
)
def test_a_check_never_raises(name: str, value: object) -> None:
    checked = CHECKS[name](value)
    assert checked is None or isinstance(checked, str | float | int | tuple)


def test_posted_json_with_a_newline_behind_its_address_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"icao24":"4ca2d6\\n"}', type=Posted)


def test_a_posted_observation_without_a_time_holds_for_its_arrival() -> None:
    posted = msgspec.json.decode(b'{"icao24":"4ca2d6","lat":53.5,"lon":-6}', type=Posted)
    made = from_posted(posted, feed="post", now=1_764_000_000.5)
    assert (made.ts, made.source, made.feed) == (1_764_000_000.5, "other", "post")
    assert present(made) == {"lat": 53.5, "lon": -6.0}
