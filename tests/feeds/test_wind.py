"""Wind and true headings, as derived from what aircraft send: against readsb and neighbours."""

import json
import math
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import pytest

from aerotrack.decode import decode_file
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.modes.declination import Declination
from aerotrack.feeds.modes.heard import Heard
from aerotrack.feeds.modes.wind import ASTRAY_KT, LEAST, TOGETHER_S, wind
from aerotrack.feeds.recording import Replay

T0 = 1_764_000_000.0


def flying(
    ts: float, *, blows: tuple[float, float] = (270.0, 60.0), heading: float = 350.0, **other: Any
) -> Heard:
    """An aircraft as heard at ``ts`` that flies with 400 kt through a wind from, knots."""
    declination = 10.0
    towards, true = math.radians(blows[0] + 180.0), math.radians(heading + declination)
    east = 400 * math.sin(true) + blows[1] * math.sin(towards)
    north = 400 * math.cos(true) + blows[1] * math.cos(towards)
    heard = Heard("4ca2d6", declination=declination, heading=heading, tas=400)
    heard.track, heard.gs = math.degrees(math.atan2(east, north)) % 360, math.hypot(east, north)
    heard.heading_at = heard.tas_at = heard.velocity_at = heard.roll_at = ts
    for name, value in other.items():
        setattr(heard, name, value)
    return heard


def again(heard: Heard, ts: float, **other: Any) -> dict[str, Any]:
    """What comes of it when the aircraft says the same, or ``other``, at ``ts``."""
    now = flying(ts, **other)
    for name in ("heading", "track", "gs", "tas", "declination", "roll"):
        setattr(heard, name, getattr(now, name))
    heard.heading_at = heard.tas_at = heard.velocity_at = heard.roll_at = ts
    return wind(heard, ts)


@pytest.mark.parametrize("blows", [(270.0, 60.0), (10.0, 25.0), (180.0, 150.0)])
@pytest.mark.parametrize("heading", [350.0, 80.0, 200.0])
def test_the_wind_is_where_it_blows_from_and_how_fast(
    blows: tuple[float, float], heading: float
) -> None:
    heard = flying(T0, blows=blows, heading=heading)
    wind(heard, T0)
    assert {"wd": blows[0], "ws": blows[1]} == again(heard, T0 + 5, blows=blows, heading=heading)


def test_one_alone_is_not_told() -> None:
    assert LEAST == 2
    assert {} == wind(flying(T0), T0)


@pytest.mark.parametrize(
    "lacking",
    [
        {"declination": None},
        {"roll": 20.0},
        {"tas": 60},
        {"heading_at": T0 - TOGETHER_S},
        {"tas_at": T0 - TOGETHER_S},
        {"velocity_at": T0 - TOGETHER_S},
        {"roll_at": T0 - TOGETHER_S},
    ],
)
def test_nothing_is_told_where_something_is_lacking(lacking: dict[str, Any]) -> None:
    heard = flying(T0, **lacking)
    heard.winds, heard.wind_at = 5, T0
    heard.wind_east = 60.0
    assert {} == wind(heard, T0 + 1)


def test_one_that_is_far_off_is_left_out() -> None:
    heard = flying(T0)
    for n in range(4):
        again(heard, T0 + n)
    wrong = again(heard, T0 + 5, blows=(270.0, 60.0 + 2 * ASTRAY_KT))
    assert {} == wrong
    assert {"wd": 270.0, "ws": 60} == again(heard, T0 + 6)


def test_declination_is_that_of_the_world_magnetic_model() -> None:
    declination = Declination()
    for place, expected in (
        ((47.5, 19.5), 5.8), ((40.5, -74.5), -12.7), ((-36.5, 174.5), 19.9), ((0.5, 0.5), -3.6),
    ):  # fmt: skip
        assert pytest.approx(expected, abs=0.7) == declination.at(*place, T0)
    assert declination.at(47.5, 19.5, 0.0) is not None
    assert None is declination.at(88.0, 10.0, T0)


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180.0) % 360.0 - 180.0)


# Where readsb differs: it begins with a true heading west of the magnetic one, which makes a wind
# of 112 kt, and comes to our 280 degrees and 65 kt as soon as it has the next one.
ASTRAY: dict[str, set[str]] = {"hu0102-2": {"4bb299"}}


@pytest.mark.parametrize("name", ["hu0102-1", "hu0102-2"])
def test_winds_and_headings_are_those_of_readsb_and_of_the_neighbours(
    name: str, recording: Callable[[str], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "tape.avr"
    path.write_bytes(recording(f"{name}.avr.gz"))
    figures = FeedFigures(name="test", url="")
    ours: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for piece in decode_file(path, Replay(format="avr"), figures=figures):
        for line in piece.splitlines():
            for key, value in orjson.loads(line).items():
                if key in ("wd", "ws", "true_heading"):
                    ours[orjson.loads(line)["icao24"]][key].append(value)
    theirs: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for snapshot in recording(f"{name}.readsb.aircraft.ndjson.gz").splitlines():
        for aircraft in json.loads(snapshot)["aircraft"]:
            for key in ("wd", "ws", "true_heading", "alt_baro"):
                if key in aircraft:
                    theirs[aircraft["hex"]][key].append(aircraft[key])
    both = [icao24 for icao24 in ours if "wd" in ours[icao24] and "wd" in theirs[icao24]]
    assert len(both) >= 5
    high = []
    astray = set()
    for icao24 in both:
        mine, readsbs = ours[icao24], theirs[icao24]
        wd, ws = median(mine["wd"]), median(mine["ws"])
        if abs(ws - median(readsbs["ws"])) > 15 or _apart(wd, median(readsbs["wd"])) > 20:
            astray.add(icao24)
        assert _apart(mine["true_heading"][-1], readsbs["true_heading"][-1]) < 1.0, icao24
        if median(readsbs["alt_baro"]) > 30_000:
            high.append((wd, ws))
    assert ASTRAY.get(name, set()) == astray
    # Within 100 NM and 10,000 ft of one another the jet stream is one.
    assert all(_apart(wd, median(d for d, _ in high)) < 15.0 for wd, _ in high)
    assert all(abs(ws - median(s for _, s in high)) < 25.0 for _, ws in high)
