#!/usr/bin/env python3
"""Print docs/configuration.md from the settings; with --check say whether it is up to date."""

import sys
from itertools import groupby
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from aerotrack.setting import Spec  # noqa: E402
from aerotrack.settings import SPECS  # noqa: E402

TARGET = ROOT / "docs" / "configuration.md"
HEAD = """# Configuration

Generated from `aerotrack/settings.py` by `scripts/docs_settings.py`; do not edit.

Nothing has to be configured. What is, comes from four places; each wins over those before it:

1. the defaults below;
2. a TOML file, named by `--config FILE` or `AEROTRACK_CONFIG`;
3. environment variables: the name in capitals behind `AEROTRACK_`;
4. options of the command line.

`aerotrack config` prints the settings in force and where each comes from; what it prints is a file
that `--config` takes.

```toml
# aerotrack.toml
port = 9000
data_dir = "/srv/aerotrack"
feeds = ["sbs://127.0.0.1:30003?name=home", "readsb+http://pi.local/data/aircraft.json"]
retention_days = 90
```

Rules, the same everywhere:

- A name nobody knows and a value that does not fit stop the start (exit code 2), with the place
  and what would fit. A variable that is set but empty counts as not set.
- Lists are arrays in the file, split by spaces in the environment, and given by repeating the
  option. `AEROTRACK_FEEDS="sbs://a:30003 sbs://b:30003"`.
- Yes and no are `true` and `false` in the file; in the environment also `1`, `0`, `yes`, `no`,
  `on`, `off`; on the command line `--name` and `--no-name`.
- `~` is the home directory. A relative path counts from the file that names it, else from where
  the server is started.
- Secrets (the token, a password in the database's URL, what stands before `@` in a feed's URL, and
  parameters such as `token=`) are never logged or shown. The token has no option, since every
  user of a machine sees its command lines.
- Under Kubernetes, a service named `aerotrack` puts variables such as `AEROTRACK_PORT=tcp://…` into
  pods: set `enableServiceLinks: false`.

`aerotrack demo` takes the same settings. It flies a simulator, keeps its data in the directory
`demo` of `data_dir` (unless `--data-dir` is given), and refuses to run beside real feeds unless
`allow_simulator_beside_real` is set.
"""
INTRODUCTIONS = {
    "Feeds": (
        "A feed is a connection we configure. Its URL is one of `sbs://host:30003` (connects),\n"
        "`sbs+listen://:30003` (waits for others to connect), `jsonl://` and `jsonl+listen://`,\n"
        "`readsb+http://host/data/aircraft.json` (polls), `simulator://?flights=500&seed=1`.\n"
        "`?name=home` gives it a name, otherwise it is known by where it connects to."
    ),
    "History": "See [operations.md](operations.md) for the PostgreSQL of our own.",
}


def default(spec: Spec) -> str:
    """The default as the file would have it, or in words where it depends on something."""
    if spec.shown_default:
        return spec.shown_default
    if spec.default is None:
        return "none"
    return f"`{msgspec.json.encode(spec.default).decode()}`"


def form(spec: Spec) -> str:
    """Type, range and unit."""
    if spec.choices:
        return " or ".join(f"`{choice}`" for choice in spec.choices)
    if spec.is_list:
        return "list of strings"
    name = {int: "whole number", float: "number", bool: "yes or no", Path: "directory"}.get(
        spec.bare, "string"
    )
    if spec.low is None or spec.high is None:
        return name
    unit = f" {spec.unit}" if spec.unit else ""
    return f"{name}, {spec.low:g} to {spec.high:.10g}{unit}"


def row(spec: Spec) -> str:
    """One line of the table."""
    names = f"`{spec.name}`<br>`{spec.variable}`" + (f"<br>`{spec.flag}`" if spec.flag else "")
    return f"| {names} | {spec.description} | {form(spec)} | {default(spec)} | {spec.reason} |\n"


def text() -> str:
    """The whole document."""
    parts = [HEAD]
    for group, specs in groupby(SPECS.values(), key=lambda spec: spec.group):
        introduction = INTRODUCTIONS.get(group, "")
        parts.append(f"\n## {group}\n\n" + (f"{introduction}\n\n" if introduction else ""))
        parts.append("| setting, variable, option | what | form | default | why |\n")
        parts.append("|---|---|---|---|---|\n")
        parts.extend(row(spec) for spec in specs)
    return "".join(parts)


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(
            0 if TARGET.read_text(encoding="utf-8") == text() else f"{TARGET.name} is out of date"
        )
    TARGET.write_text(text(), encoding="utf-8")
