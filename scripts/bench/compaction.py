#!/usr/bin/env python3
"""How few points storage=compact keeps of recordings, and what the line through them misses.

Recordings are given as FORMAT:PATH (beast, avr, sbs, jsonl, readsb). Each is folded as a server
would; of every point left out the distance from the straight line through those kept is taken.
"""

import argparse
import math
import sys
from bisect import bisect_left
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from aerotrack.domain.compaction import Compaction
from aerotrack.domain.flight import FlightState
from aerotrack.domain.geo import EARTH_RADIUS_NMI, METRES_PER_NMI, wrap_lon
from aerotrack.domain.records import TrackPoint
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.modes.airspace import Airspace
from aerotrack.feeds.receivers import Receivers
from aerotrack.feeds.recording import Replay, batches_of, read_recording

Knot = tuple[float, Any, Any]  # time, lat, lon, both there


class Track(NamedTuple):
    """Points of one flight, all of them and those kept."""

    made: list[TrackPoint]
    kept: list[TrackPoint]


def tracks_of(kind: str, path: Path) -> list[Track]:
    """The flights of a recording, the same folded in both modes."""
    figures = FeedFigures(name="file", url=str(path))
    replay = Replay(format=kind, start=1_764_000_000.0)  # type: ignore[arg-type]  # as given
    batches = batches_of(replay, figures=figures, airspace=Airspace(), receivers=Receivers())
    states: dict[str, tuple[FlightState, FlightState]] = {}
    tracks: dict[str, Track] = defaultdict(lambda: Track([], []))
    for observations in read_recording(path, batches, figures):
        for obs in observations:
            if obs.icao24 not in states:
                full, compact = (FlightState(obs.icao24, obs.ts) for _ in range(2))
                compact.compaction = Compaction()
                states[obs.icao24] = full, compact
            full, compact = states[obs.icao24]
            track = tracks[obs.icao24]
            track.made.extend(full.fold(obs).points)
            track.kept.extend(compact.fold_compact(obs).points)
    for icao24, (full, compact) in states.items():
        tracks[icao24].made.extend(full.finish().points)
        tracks[icao24].kept.extend(compact.finish().points)
    return list(tracks.values())


def missed_m(track: Track) -> list[float]:
    """Of each position left out, metres from the line through those kept around it."""
    knots = sorted((p.ts, p.lat, p.lon) for p in track.kept if p.lat is not None)
    times = [knot[0] for knot in knots]
    missed = []
    for point in track.made:
        after = bisect_left(times, point.ts)
        if point.lat is None or not 0 < after < len(knots) or times[after] == point.ts:
            continue
        x, y = plane(knots[after - 1], (point.ts, point.lat, point.lon))
        to_x, to_y = plane(knots[after - 1], knots[after])
        square = to_x**2 + to_y**2
        part = max(0.0, min(1.0, (x * to_x + y * to_y) / square)) if square else 0.0
        missed.append(math.hypot(x - part * to_x, y - part * to_y))
    return missed


def plane(begin: Knot, there: Knot) -> tuple[float, float]:
    """Metres east and north from one place to another nearby."""
    metres = EARTH_RADIUS_NMI * METRES_PER_NMI * math.pi / 180.0
    east = wrap_lon(there[2] - begin[2]) * math.cos(math.radians(begin[1]))
    return east * metres, (there[1] - begin[1]) * metres


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("recordings", nargs="+", metavar="FORMAT:PATH")
    for given in parser.parse_args().recordings:
        kind, _, path = given.partition(":")
        tracks = tracks_of(kind, Path(path))
        made, kept = (sum(len(track[n]) for track in tracks) for n in (0, 1))
        missed = sorted(metres for track in tracks for metres in missed_m(track))
        worst = f"{missed[-1]:.1f} m at most" if missed else "none"
        print(
            f"{Path(path).name:42} {len(tracks):4} aircraft, {made:7} points, {kept:6} kept: 1 in "
            f"{made / max(1, kept):.1f}; missed by {worst}"
        )


if __name__ == "__main__":
    main()
