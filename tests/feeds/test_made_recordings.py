"""``aerotrack decode`` on recordings made for it, scored as the real ones are.

Every frame's true place is known, so: nearly all positions that a pair says are found, none is
printed that was not sent, whatever the receivers, clocks, lines and kinds of traffic.
"""

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from aerotrack.decode import decode_file
from aerotrack.domain.cpr import encode
from aerotrack.domain.observation import Site, site
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.recording import Replay

from .frames import beast, position, squitter
from .traffic import (
    HZ,
    Aircraft,
    Arrived,
    Sent,
    Station,
    arrival,
    circle,
    departure,
    great_circle,
    heard,
    truth,
)

LEAST_RECALL = 0.995
TOLERANCE_M = 15.0
M_PER_DEG = 111_195.0
# One receiver, and another hours away by its clock, 25 ppm fast, on a slower line.
ONE = Station(reads=1_000.0)
OTHER = Station(reads=20_000.5, ppm=25.0, delay=(0.1, 0.35))

Row = dict[str, Any]


def fleet(count: int, seconds: float) -> list[Aircraft]:
    """Airliners straight ahead and small ones in circles, all versions of ADS-B."""
    chance = random.Random(count)
    made = []
    for number in range(count):
        place = chance.uniform(45, 55), chance.uniform(0, 20)
        if chance.random() < 0.7:
            way = great_circle(*place, chance.uniform(0, 360), chance.uniform(120, 560))
        else:
            way = circle(*place, chance.uniform(1, 8), chance.uniform(80, 240))
        made.append(
            Aircraft(0x400000 + number * 77, way, ends=seconds, version=chance.randrange(3))
        )
    return made


def sent_by(fleet: Iterable[Aircraft]) -> list[Sent]:
    return [one for aircraft in fleet for one in aircraft.sends()]


def as_beast(arrived: Sequence[Arrived], *, noise: float = 0.0) -> bytes:
    """A Beast stream; before a share of the frames there are bytes of rubbish."""
    chance = random.Random(1)
    return b"".join(
        (chance.randbytes(chance.randrange(1, 40)) if chance.random() < noise else b"")
        + beast(message, clock=clock, level=chance.randrange(20, 200))
        for _, message, clock, _ in arrived
    )


def as_avr(arrived: Sequence[Arrived], *, clocks: bool = True) -> bytes:
    return b"".join(
        (b"@%012X" % clock if clocks else b"*") + message.hex().encode() + b";\n"
        for _, message, clock, _ in arrived
    )


def decoded(
    folder: Path, stream: bytes, kind: Any = "beast", *, rate: float | None = None,
    where: Site | None = None, rejected: bool = False,
) -> list[Row]:  # fmt: skip
    path = folder / "made"
    path.write_bytes(stream)
    replay = Replay(format=kind, rate=rate, site=where)
    figures = FeedFigures(name="test", url="")
    text = b"".join(decode_file(path, replay, figures=figures, rejected=rejected))
    return [orjson.loads(line) for line in text.splitlines()]


class Places:
    """Places by aircraft, to look up what lies near."""

    def __init__(self, places: Iterable[tuple[str, float, float]]) -> None:
        self._cells: dict[tuple[str, int, int], list[tuple[float, float]]] = defaultdict(list)
        for icao24, lat, lon in places:
            self._cells[icao24, round(lat * 100), round(lon * 100)].append((lat, lon))

    def near(self, icao24: str, lat: float, lon: float) -> bool:
        y, x = round(lat * 100), round(lon * 100)
        east = math.cos(math.radians(lat))
        return any(
            math.hypot(lat - a, (lon - b) * east) * M_PER_DEG <= TOLERANCE_M
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
            for a, b in self._cells.get((icao24, y + dy, x + dx), ())
        )


def check(rows: Sequence[Row], arrived: Sequence[Arrived]) -> None:
    """Recall, precision, aircraft."""
    placed = [(row["icao24"], row["lat"], row["lon"]) for row in rows if "lat" in row]
    ours = Places(placed)
    sent = Places(
        (one.icao24, one.lat, one.lon)
        for *_, one in arrived
        if one.lat is not None and one.lon is not None
    )
    due = truth(arrived)
    assert [] == [place for place in placed if not sent.near(*place)]
    assert {found.icao24 for found in due} == {icao24 for icao24, *_ in placed}
    missed = [one for one in due if not ours.near(one.icao24, one.lat, one.lon)]
    assert len(missed) <= (1 - LEAST_RECALL) * len(due), missed[:20]
    assert len(due) > 100


STREAMS = {
    "one receiver": (ONE,),
    "two whose clocks are hours apart": (ONE, OTHER),
    "two whose clocks are two seconds apart": (ONE, OTHER._replace(reads=1_002.0)),
    "two whose clocks are a third of a second apart": (ONE, OTHER._replace(reads=1_000.3)),
    "three": (ONE, OTHER, Station(reads=90_000.0, ppm=-50.0, delay=(0.2, 0.6))),
    "two Radarcapes": (ONE._replace(gps=True), OTHER._replace(gps=True, reads=1_000.0, ppm=0.0)),
    "a Radarcape over midnight": (ONE._replace(gps=True, reads=86_385.0),),
    "a Radarcape and a counter": (ONE._replace(gps=True), OTHER),
    "a counter and a Radarcape": (ONE, OTHER._replace(gps=True)),
    "a counter that wraps": (ONE._replace(reads=2**48 / HZ - 15.0), OTHER),
    "one whose line is six seconds late": (ONE, OTHER._replace(delay=(6.0, 6.3))),
    "the first one's line is six seconds late": (ONE._replace(delay=(6.0, 6.3)), OTHER),
    "a line that is now fast, now slow": (ONE, OTHER._replace(delay=(0.0, 3.0))),
    "a Radarcape among three counters": (
        ONE,
        OTHER,
        Station(reads=90_000.0, ppm=-50.0, delay=(0.2, 0.6)),
        ONE._replace(gps=True, share=0.4),
    ),
    "one that is started again": (ONE._replace(set_by=(15.0, -900.0)),),
    "one that is started again beside another": (ONE, OTHER._replace(set_by=(15.0, -19_000.0))),
    "one whose clock is set back": (ONE._replace(set_by=(10.0, -7.0)),),
    "one whose clock is set back a little": (ONE, OTHER._replace(set_by=(10.0, -2.5))),
    "one whose clock is set ahead": (ONE, OTHER._replace(set_by=(10.0, 3_600.0))),
    "one that hears little": (ONE._replace(share=0.3),),
}


@pytest.mark.parametrize("stations", STREAMS.values(), ids=STREAMS)
def test_every_position_is_found_whatever_the_receivers(
    stations: tuple[Station, ...], tmp_path: Path
) -> None:
    arrived = heard(sent_by(fleet(40, 30.0)), stations)
    rows = decoded(tmp_path, as_beast(arrived))
    check(rows, arrived)
    assert 27.0 < rows[-1]["ts"] < 33.0  # the recording is as long as it was


def test_thousands_of_frames_a_second_from_two_receivers(tmp_path: Path) -> None:
    stations = (ONE._replace(gps=True), OTHER)
    arrived = heard(sent_by(fleet(500, 6.0)), stations)
    assert len(arrived) > 3_000 * 6
    check(decoded(tmp_path, as_beast(arrived)), arrived)


def test_noise_damaged_frames_and_frames_seconds_late(tmp_path: Path) -> None:
    arrived = heard(sent_by(fleet(60, 30.0)), (ONE, OTHER), damaged=0.05, again=0.02)
    check(decoded(tmp_path, as_beast(arrived, noise=0.05)), arrived)


@pytest.mark.parametrize("count", [3, 40, 500])
def test_frames_without_a_clock_however_many_come_in_a_second(count: int, tmp_path: Path) -> None:
    seconds = max(8.0, 600.0 / count)
    arrived = heard(sent_by(fleet(count, seconds)), (ONE,))
    rows = decoded(tmp_path, as_avr(arrived, clocks=False), "avr")
    check(rows, arrived)
    assert pytest.approx(seconds, rel=0.5) == rows[-1]["ts"]


@pytest.mark.parametrize(("clocks", "rate"), [(True, None), (False, 170.0), (False, 50.0)])
def test_avr_with_clocks_and_without(clocks: bool, rate: float | None, tmp_path: Path) -> None:
    arrived = heard(sent_by(fleet(40, 30.0)), (ONE,))
    check(decoded(tmp_path, as_avr(arrived, clocks=clocks), "avr", rate=rate), arrived)


def test_hours_of_one_flight_by_clocks_that_drift_apart(tmp_path: Path) -> None:
    flight = Aircraft(0x3C6444, great_circle(50.0, 8.0, 310.0, 480.0), ends=2 * 3600.0)
    arrived = heard(flight.sends(), (ONE, OTHER._replace(ppm=60.0)))
    rows = decoded(tmp_path, as_beast(arrived))
    check(rows, arrived)
    assert pytest.approx(2 * 3600.0, abs=3.0) == rows[-1]["ts"]


def test_over_the_antimeridian_the_equator_and_the_poles(tmp_path: Path) -> None:
    ways = [
        great_circle(0.5, 179.5, 95.0, 480.0),
        great_circle(-10.0, -179.6, 280.0, 450.0),
        great_circle(-0.3, 10.0, 10.0, 450.0),
        great_circle(35.0, 179.9, 180.0, 450.0),
        great_circle(89.0, 30.0, 0.0, 480.0),
        great_circle(-89.2, -100.0, 170.0, 480.0),
        circle(86.9, 0.0, 20.0, 300.0),  # where one zone of longitude goes round the pole
    ]
    made = [Aircraft(0x3C6444 + n, way, ends=900.0) for n, way in enumerate(ways)]
    arrived = heard(sent_by(made), (ONE, OTHER))
    check(decoded(tmp_path, as_beast(arrived)), arrived)


def test_along_and_across_the_edges_of_zones(tmp_path: Path) -> None:
    edges = (10.4704713, 14.8281744, 44.1945495, 58.8476378, 61.0491777)
    made = [Aircraft(0x3C6444 + n, circle(lat, 10.0, 2.0, 200.0), ends=400.0)
            for n, lat in enumerate(edges)]  # fmt: skip
    arrived = heard(sent_by(made), (ONE, OTHER))
    check(decoded(tmp_path, as_beast(arrived)), arrived)


# -- on the ground ---------------------------------------------------------------------------------

AIRPORT = (50.03, 8.55)
STANDS = {"near": site(50.1, 8.6), "far": site(52.5, 6.5), "unknown": None}


def movements(lat: float, lon: float) -> list[Aircraft]:
    """Departures and arrivals, parked and taxiing before and after, and two that fly past."""
    made = [Aircraft(0x3C0000 + n, departure(lat + n / 500, lon), ends=420.0, version=n % 3)
            for n in range(3)]  # fmt: skip
    made += [Aircraft(0x3D0000 + n, arrival(lat + n / 500, lon + 0.2), ends=420.0)
             for n in range(3)]  # fmt: skip
    past = great_circle(lat + 0.3, lon - 0.5, 90.0, 420.0)
    return [*made, Aircraft(0x3E0000, past, ends=420.0), Aircraft(0x3E0001, past, ends=200.0)]


@pytest.mark.parametrize("where", STANDS.values(), ids=STANDS)
@pytest.mark.parametrize("place", [AIRPORT, (-17.755, 177.44), (-36.9, 179.95)])
def test_an_airport_whether_it_is_known_or_not_where_the_receiver_stands(
    place: tuple[float, float], where: Site | None, tmp_path: Path
) -> None:
    arrived = heard(sent_by(movements(*place)), (ONE, OTHER))
    here = where
    if where is not None:
        here = site(place[0] + where.lat - AIRPORT[0], place[1])
    check(decoded(tmp_path, as_beast(arrived), where=here), arrived)


def test_nothing_on_the_ground_is_placed_by_receivers_that_hear_all_the_world(
    tmp_path: Path,
) -> None:
    around = [Aircraft(0x400000 + n, great_circle(-50.0 + n * 9, n * 31.0 - 170, 0, 400), ends=120)
              for n in range(11)]  # fmt: skip
    taxiing = Aircraft(0x3C6444, departure(*AIRPORT), begins=0.0, ends=120.0)
    arrived = heard(sent_by([*around, taxiing]), (ONE,))
    rows = decoded(tmp_path, as_beast(arrived))
    assert [] == [row for row in rows if row["icao24"] == "3c6444" and "lat" in row]
    assert 11 == len({row["icao24"] for row in rows if "lat" in row})


# -- who sends -------------------------------------------------------------------------------------


def test_every_kind_of_address(tmp_path: Path) -> None:
    controls = (0, 1, 2, 5, 6)
    made = [Aircraft(0x3C6444 + n, great_circle(50 + n / 10, 8, 90, 450), ends=40, df=18, low=low)
            for n, low in enumerate(controls)]  # fmt: skip
    made += [Aircraft(address, great_circle(52 + n / 10, 8, 90, 450), ends=40.0)
             for n, address in enumerate((0x000000, 0xFFFFFF, 0x1A1A1A))]  # fmt: skip
    arrived = heard(sent_by(made), (ONE, OTHER))
    rows = decoded(tmp_path, as_beast(arrived))
    check(rows, arrived)
    assert {"~3c6445", "~3c6447"} == {row["icao24"] for row in rows if "~" in row["icao24"]}


# -- planted faults --------------------------------------------------------------------------------


def astray(chance: random.Random, one: Sent) -> bytes:
    """The position message of ``one`` as if it were 50 to 2,000 km away."""
    assert one.lat is not None
    assert one.lon is not None
    nmi, direction = chance.uniform(27, 1_080), chance.uniform(0, 2 * math.pi)
    lat = max(-80.0, min(80.0, one.lat + nmi / 60 * math.cos(direction)))
    lon = one.lon + nmi / 60 * math.sin(direction) / math.cos(math.radians(one.lat))
    odd = bool(one.message[6] >> 2 & 1)
    frame = encode(lat, (lon + 180) % 360 - 180, odd=odd, surface=False)
    return position(int(one.icao24, 16), frame)


@pytest.mark.parametrize("seed", range(4))
def test_none_of_the_planted_positions_is_printed_and_hardly_a_good_one_lost(
    seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    made = fleet(40, 60.0)
    sent = sent_by(made)
    arrived = heard(sent, (ONE, OTHER), seed=seed)
    spoilt: list[Arrived] = []
    known: set[str] = set()
    planted = 0
    before: dict[str, list[Arrived]] = defaultdict(list)
    for one in arrived:
        at, message, clock, said = one
        placed = said.lat is not None
        first = placed and said.icao24 not in known and chance.random() < 0.3
        if placed:
            known.add(said.icao24)
            before[said.icao24].append(one)
        if placed and (first or chance.random() < 0.03):
            planted += 1
            kind = "moved" if first else chance.choice(["moved", "swapped", "replayed", "whose"])
            wrong = astray(chance, said)
            if kind == "swapped":
                me = int.from_bytes(message[4:11], "big") ^ 1 << 34  # the format bit
                wrong = squitter(int(said.icao24, 16), me)
            elif kind == "replayed":
                wrong = before[said.icao24][0][1]
            elif kind == "whose":
                other = chance.choice([o for o in made if o.icao24 != said.icao24])
                where = other.way(at)
                odd = bool(message[6] & 4)
                wrong = position(
                    int(said.icao24, 16), encode(where.lat, where.lon, odd=odd, surface=False)
                )
            spoilt.append((at, wrong, clock, said))
            if first:
                continue  # in the place of the first one
        spoilt.append(one)
    rows = decoded(tmp_path, as_beast(spoilt), rejected=True)
    good = [one for one in spoilt if one[1] == one[3].message]
    check([row for row in rows if "rejected" not in row], good)
    assert planted > 50
    assert sum("rejected" in row for row in rows) > planted / 2
