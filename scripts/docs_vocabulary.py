#!/usr/bin/env python3
"""Print docs/vocabulary.md from the types, or with --check say whether the file is up to date."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from aerotrack.domain.vocabulary import TERMS, Term  # noqa: E402

TARGET = ROOT / "docs" / "vocabulary.md"
HEAD = """# Vocabulary

Every name AeroTrack uses, from feed to database to browser, with the name readsb and OpenSky give
the same thing. Generated from `aerotrack/domain/types.py` by `scripts/docs_vocabulary.py`; do not
edit. Unknown is `None` inside and an absent key outside. Within protocol 1 this list only grows.

| name | type | unit | range or form | meaning | readsb | OpenSky |
|---|---|---|---|---|---|---|
"""


def form(term: Term) -> str:
    """Range, choices or pattern, whichever the term has."""
    if term.choices:
        return ", ".join(f"`{choice}`" for choice in term.choices)
    if term.pattern:
        return f"`{term.pattern}`".replace("(?!\\n)", "").replace("|", "\\|")
    if term.low is not None:
        places = f", {term.decimals} decimals" if term.decimals is not None else ""
        return f"{term.low:g} to {term.high:.10g}{places}"
    return f"up to {term.max_length} characters" if term.max_length else ""


def code(name: str) -> str:
    """``name`` as code, or nothing."""
    return f"`{name}`" if name else ""


def text() -> str:
    """The whole document."""
    rows = (
        f"| `{term.name}` | {term.kind.__name__} | {term.unit} | {form(term)} "
        f"| {term.description} | {code(term.readsb)} | {code(term.opensky)} |\n"
        for term in TERMS.values()
    )
    return HEAD + "".join(rows)


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(
            0 if TARGET.read_text(encoding="utf-8") == text() else f"{TARGET.name} is out of date"
        )
    TARGET.write_text(text(), encoding="utf-8")
