"""What a feed says about an aircraft at a moment: the one shape every feed produces.

:class:`Reported` lists every field an observation may carry. :class:`Observation` is what travels
from a feed to the flight's actor, its provenance complete. :class:`Posted` is the same as it stands
in JSON written for us (HTTP POST, bulk files), where the time and the source may be left out.
"""

from operator import attrgetter
from typing import Any, Final

import msgspec

from aerotrack.domain import types as t
from aerotrack.domain.geo import blurred


class Reported(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Every field an observation may carry; ``None`` where it says nothing about it."""

    callsign: t.Callsign | None = None
    registration: t.Registration | None = None
    typecode: t.Typecode | None = None
    category: t.Category | None = None
    db_flags: t.DbFlags | None = None
    desc: t.Description | None = None
    operator: t.Operator | None = None
    lat: t.Latitude | None = None
    lon: t.Longitude | None = None
    alt_baro: t.AltBaro | None = None
    alt_geom: t.AltGeom | None = None
    on_ground: t.OnGround | None = None
    gs: t.GroundSpeed | None = None
    ias: t.IndicatedAirspeed | None = None
    tas: t.TrueAirspeed | None = None
    mach: t.Mach | None = None
    track: t.Track | None = None
    track_rate: t.TrackRate | None = None
    true_heading: t.TrueHeading | None = None
    mag_heading: t.MagHeading | None = None
    roll: t.Roll | None = None
    baro_rate: t.BaroRate | None = None
    geom_rate: t.GeomRate | None = None
    squawk: t.Squawk | None = None
    emergency: t.Emergency | None = None
    spi: t.Spi | None = None
    alert: t.Alert | None = None
    nic: t.Nic | None = None
    rc: t.Rc | None = None
    nic_baro: t.NicBaro | None = None
    nac_p: t.NacP | None = None
    nac_v: t.NacV | None = None
    sil: t.Sil | None = None
    sil_type: t.SilType | None = None
    gva: t.Gva | None = None
    sda: t.Sda | None = None
    version: t.Version | None = None
    nav_qnh: t.NavQnh | None = None
    nav_altitude_mcp: t.NavAltitudeMcp | None = None
    nav_altitude_fms: t.NavAltitudeFms | None = None
    nav_heading: t.NavHeading | None = None
    nav_modes: t.NavModes | None = None
    wd: t.WindDirection | None = None
    ws: t.WindSpeed | None = None
    oat: t.Oat | None = None
    tat: t.Tat | None = None
    rssi: t.Rssi | None = None


class CprFrame(msgspec.Struct, frozen=True, gc=False):
    """A position as aircraft encode it (compact position reporting), half of what resolves it.

    ``lat`` and ``lon`` are the 17-bit numbers of the frame; ``odd`` its format bit; ``surface``
    whether it is of a surface position message (type codes 5 to 8).
    """

    lat: int
    lon: int
    odd: bool
    surface: bool


class Site(msgspec.Struct, frozen=True, gc=False):
    """Where the station behind an observation stands, degrees; one object for all of them.

    Positions are resolved from ``lat`` and ``lon``. Whatever is published of the place, distances
    and bearings from it too, goes by ``shown``: a few exact distances would give the place away.
    """

    lat: float
    lon: float
    shown: tuple[float, float]


def site(lat: float, lon: float, precision: float = 0.0) -> Site:
    """The station at this place, shown to a multiple of ``precision`` degrees; 0 shows it as is."""
    return Site(lat, lon, (blurred(lat, precision), blurred(lon, precision)))


class Observation(Reported, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What one feed says of one aircraft at one time. Feeds make it, the flight's actor folds it.

    ``ts`` is the time everything in it holds for, by the clock rule of its feed; the position has a
    time of its own (``time_position``) only where the feed knows it to be older than the rest.
    ``lat`` and ``lon`` come together or not at all; raw frames bring ``cpr`` instead, which the
    flight pairs with an earlier one. ``site`` is the station's place, where the feed knows it;
    ``near`` some place within 45 degrees, degrees, for a raw surface frame that has no ``site``.
    ``request`` is given where somebody waits until it is known to be on disk: whoever takes or
    refuses it reports it to persistence under that number.
    """

    icao24: t.Icao24
    ts: t.Timestamp
    source: t.Source
    feed: t.FeedName
    receiver: t.Receiver | None = None
    time_position: t.TimePosition | None = None
    cpr: CprFrame | None = None
    site: Site | None = None
    near: tuple[float, float] | None = None
    request: int | None = None


# Of a record that does not say where it comes from.
DEFAULT_SOURCE: Final = "other"


class Posted(Reported, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """An observation as JSON written for AeroTrack holds it; see :func:`from_posted`."""

    icao24: t.Icao24
    ts: t.Timestamp | None = None
    source: t.Source = DEFAULT_SOURCE
    receiver: t.Receiver | None = None


REPORTED_FIELDS: Final = Reported.__struct_fields__
reported_values = attrgetter(*REPORTED_FIELDS)


def present(reported: Reported) -> dict[str, t.Value]:
    """The fields that say something, in vocabulary order."""
    return {
        name: value
        for name, value in zip(REPORTED_FIELDS, reported_values(reported), strict=True)
        if value is not None
    }


def from_posted(
    posted: Posted, *, feed: str, now: float, receiver: str | None = None
) -> Observation:
    """The observation ``posted`` makes when it arrives by ``feed`` at ``now`` (epoch seconds).

    ``receiver`` is the station behind the feed, where the record names none.
    """
    # Only what is not at its default, and in C: a record says 15 of 50 fields.
    values: dict[str, Any] = msgspec.to_builtins(posted)
    values["feed"] = feed
    if posted.ts is None:
        values["ts"] = now
    if posted.source == DEFAULT_SOURCE:
        values["source"] = DEFAULT_SOURCE
    if receiver is not None and posted.receiver is None:
        values["receiver"] = receiver
    return Observation(**values)
