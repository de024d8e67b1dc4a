"""The schema and the declaration of the live protocol are those of the types, and hold examples."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aerotrack.domain.live import CLIENT_TYPES, SERVER_TYPES
from aerotrack.domain.vocabulary import TERMS

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "live.schema.json").read_text(encoding="utf-8"))
TYPESCRIPT = (ROOT / "docs" / "live.d.ts").read_text(encoding="utf-8")
LIVE = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
EXAMPLES = [
    json.loads(line)
    for block in re.findall(r"```json\n(.*?)```", LIVE, re.DOTALL)
    for line in block.splitlines()
]
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_files_are_those_the_types_give() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs_live.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["type"])
def test_the_examples_of_live_md_are_valid(example: dict[str, Any]) -> None:
    assert [] == [error.message for error in VALIDATOR.iter_errors(example)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "dance"},
        {"type": "subscribe", "bbox": [1, 2, 3]},
        {"type": "subscribe", "box": [1, 2, 3, 4]},
        {"type": "subscribe", "filter": {"colour": "red"}},
        {"type": "subscribe", "resume": {"epoch": "e"}},
        {"type": "snapshot", "seq": 1, "pos": 0, "now": 1.5, "flights": [{"icao24": "4ca2d6"}]},
        {"type": "delta", "seq": 1, "pos": 0, "now": 1.5, "gone": [], "flights": [{"lat": 1.5}]},
        {
            "type": "delta", "seq": 1, "pos": 0, "now": 1.5, "gone": [],
            "flights": [{"icao24": "4ca2d6", "full": True, "lat": 1.5}],
        },
        {
            "type": "snapshot", "seq": 1, "pos": 0, "now": 1.5,
            "flights": [{"icao24": "4ca2d6", "flight_id": "4ca2d6-692159a0", "squawk": None}],
        },
    ],
)  # fmt: skip
def test_what_is_no_message_is_not_valid(wrong: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(wrong)


def test_every_message_and_every_field_is_in_the_declaration() -> None:
    declared = re.findall(r'^  type: "(\w+)";$', TYPESCRIPT, re.MULTILINE)
    assert [*CLIENT_TYPES, *SERVER_TYPES] == declared
    (flight,) = re.findall(
        r"^export interface Flight \{\n(.*?)^\}", TYPESCRIPT, re.DOTALL | re.MULTILINE
    )
    assert list(TERMS) == re.findall(r"^  (\w+)\??:", flight, re.MULTILINE)
