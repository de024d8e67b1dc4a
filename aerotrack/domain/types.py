"""The scalars of the field: one annotated type a name, with range, unit and the names others use.

Everything that carries a flight's data is built from these: observations, track points, the live
picture, the HTTP and WebSocket documents, and ``docs/vocabulary.md``. Ranges are enforced where
JSON is decoded (msgspec checks ``Meta``); parsers of other formats use the same bounds through
:mod:`aerotrack.domain.vocabulary`. Unknown is ``None`` inside and an absent key outside.
"""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta

# What a value of one of our fields can be, once decoded.
Value = str | float | int | bool | tuple[str, ...] | None


def _meta(
    description: str,
    *,
    unit: str = "",
    decimals: int | None = None,
    readsb: str = "",
    opensky: str = "",
    **constraints: Any,
) -> Meta:
    """A msgspec ``Meta`` whose ``extra`` says what the vocabulary needs to know."""
    extra = {"unit": unit, "decimals": decimals, "readsb": readsb, "opensky": opensky}
    return Meta(description=description, extra=extra, **constraints)


# Python's ``$`` also matches before a last newline; ``(?!\n)`` keeps that one out.
ICAO24_PATTERN: Final = r"^~?[0-9a-f]{6}(?!\n)$"

Icao24 = Annotated[
    str,
    _meta(
        "24-bit address, lower-case hex; `~` in front marks one that is not an ICAO address",
        pattern=ICAO24_PATTERN,
        readsb="hex",
        opensky="icao24",
    ),
]
FlightId = Annotated[
    str,
    _meta("One continuous contact: icao24 and the hex epoch second of its first observation"),
]
Callsign = Annotated[
    str,
    _meta(
        "Callsign as transmitted, without padding",
        pattern=r"^[A-Z0-9]{1,8}(?!\n)$",
        readsb="flight",
        opensky="callsign",
    ),
]
Registration = Annotated[str, _meta("Registration mark", min_length=1, max_length=16, readsb="r")]
Typecode = Annotated[
    str, _meta("ICAO type designator, such as A320", pattern=r"^[A-Z0-9-]{1,8}(?!\n)$", readsb="t")
]
Category = Annotated[
    str,
    _meta(
        "Emitter category, A0 to D7",
        pattern=r"^[A-D][0-7](?!\n)$",
        readsb="category",
        opensky="category",
    ),
]
Description = Annotated[
    str,
    _meta(
        "Maker and model in words, such as BOEING 737-800",
        min_length=1,
        max_length=80,
        readsb="desc",
    ),
]
Operator = Annotated[
    str,
    _meta(
        "Who operates or owns the aircraft, by name", min_length=1, max_length=80, readsb="ownOp"
    ),
]
Route = Annotated[
    str,
    _meta(
        "Airports of the route filed for the callsign, where the aircraft may well be flying it: "
        "EGLL-KJFK",
        pattern=r"^[A-Z0-9]{3,4}(-[A-Z0-9]{3,4})+(?!\n)$",
        max_length=120,
    ),
]
Country = Annotated[
    str,
    _meta(
        "State the address belongs to, ISO 3166-1 alpha-2",
        pattern=r"^[A-Z]{2}(?!\n)$",
        opensky="origin_country (its English name)",
    ),
]
DbFlags = Annotated[
    int,
    _meta("Bits: 1 military, 2 interesting, 4 PIA, 8 LADD", ge=0, le=255, readsb="dbFlags"),
]

Latitude = Annotated[
    float,
    _meta(
        "Latitude, WGS84",
        unit="deg",
        decimals=5,
        ge=-90.0,
        le=90.0,
        readsb="lat",
        opensky="latitude",
    ),
]
Longitude = Annotated[
    float,
    _meta(
        "Longitude, WGS84",
        unit="deg",
        decimals=5,
        ge=-180.0,
        le=180.0,
        readsb="lon",
        opensky="longitude",
    ),
]
AltBaro = Annotated[
    int,
    _meta(
        "Pressure altitude at 1013.25 hPa",
        unit="ft",
        ge=-5_000,
        le=100_000,
        readsb="alt_baro",
        opensky="baro_altitude",
    ),
]
AltGeom = Annotated[
    int,
    _meta(
        "Geometric altitude above the WGS84 ellipsoid",
        unit="ft",
        ge=-5_000,
        le=150_000,
        readsb="alt_geom",
        opensky="geo_altitude",
    ),
]
OnGround = Annotated[
    bool, _meta("On the ground", readsb='alt_baro = "ground"', opensky="on_ground")
]
GroundSpeed = Annotated[
    float,
    _meta(
        "Ground speed", unit="kt", decimals=1, ge=0.0, le=4_000.0, readsb="gs", opensky="velocity"
    ),
]
IndicatedAirspeed = Annotated[
    int, _meta("Indicated airspeed", unit="kt", ge=0, le=2_000, readsb="ias")
]
TrueAirspeed = Annotated[int, _meta("True airspeed", unit="kt", ge=0, le=4_000, readsb="tas")]
Mach = Annotated[float, _meta("Mach number", decimals=3, ge=0.0, le=6.0, readsb="mach")]
Track = Annotated[
    float,
    _meta(
        "Track over the ground, true",
        unit="deg",
        decimals=1,
        ge=0.0,
        le=360.0,
        readsb="track",
        opensky="true_track",
    ),
]
TrackRate = Annotated[
    float,
    _meta("Rate of turn", unit="deg/s", decimals=2, ge=-50.0, le=50.0, readsb="track_rate"),
]
TrueHeading = Annotated[
    float,
    _meta("True heading", unit="deg", decimals=1, ge=0.0, le=360.0, readsb="true_heading"),
]
MagHeading = Annotated[
    float,
    _meta("Magnetic heading", unit="deg", decimals=1, ge=0.0, le=360.0, readsb="mag_heading"),
]
Roll = Annotated[
    float,
    _meta("Roll, left is negative", unit="deg", decimals=1, ge=-180.0, le=180.0, readsb="roll"),
]
BaroRate = Annotated[
    int,
    _meta(
        "Rate of climb by pressure",
        unit="ft/min",
        ge=-60_000,
        le=60_000,
        readsb="baro_rate",
        opensky="vertical_rate",
    ),
]
GeomRate = Annotated[
    int,
    _meta("Geometric rate of climb", unit="ft/min", ge=-60_000, le=60_000, readsb="geom_rate"),
]
Squawk = Annotated[
    str,
    _meta(
        "Mode A code, four octal digits",
        pattern=r"^[0-7]{4}(?!\n)$",
        readsb="squawk",
        opensky="squawk",
    ),
]
EMERGENCIES: Final = (
    "none", "general", "lifeguard", "minfuel", "nordo", "unlawful", "downed", "reserved",
)  # fmt: skip
Emergency = Annotated[
    Literal["none", "general", "lifeguard", "minfuel", "nordo", "unlawful", "downed", "reserved"],
    _meta("Emergency state as the aircraft reports it", readsb="emergency"),
]
Spi = Annotated[bool, _meta("Special position identification (ident)", readsb="spi", opensky="spi")]
Alert = Annotated[bool, _meta("Squawk changed a moment ago", readsb="alert")]
Nic = Annotated[int, _meta("Navigation integrity category", ge=0, le=15, readsb="nic")]
Rc = Annotated[int, _meta("Radius of containment", unit="m", ge=0, le=100_000, readsb="rc")]
NicBaro = Annotated[int, _meta("Barometric altitude integrity", ge=0, le=1, readsb="nic_baro")]
NacP = Annotated[int, _meta("Navigation accuracy, position", ge=0, le=15, readsb="nac_p")]
NacV = Annotated[int, _meta("Navigation accuracy, velocity", ge=0, le=7, readsb="nac_v")]
Sil = Annotated[int, _meta("Source integrity level", ge=0, le=3, readsb="sil")]
SilType = Annotated[
    Literal["unknown", "perhour", "persample"],
    _meta("What the source integrity level is per", readsb="sil_type"),
]
Gva = Annotated[int, _meta("Geometric vertical accuracy", ge=0, le=3, readsb="gva")]
Sda = Annotated[int, _meta("System design assurance", ge=0, le=3, readsb="sda")]
Version = Annotated[int, _meta("ADS-B version", ge=0, le=7, readsb="version")]
NavQnh = Annotated[
    float,
    _meta("Selected pressure", unit="hPa", decimals=1, ge=700.0, le=1_200.0, readsb="nav_qnh"),
]
NavAltitudeMcp = Annotated[
    int,
    _meta(
        "Altitude selected on the mode control panel",
        unit="ft",
        ge=-5_000,
        le=100_000,
        readsb="nav_altitude_mcp",
    ),
]
NavAltitudeFms = Annotated[
    int,
    _meta(
        "Altitude selected in the flight management system",
        unit="ft",
        ge=-5_000,
        le=100_000,
        readsb="nav_altitude_fms",
    ),
]
NavHeading = Annotated[
    float,
    _meta("Selected heading", unit="deg", decimals=1, ge=0.0, le=360.0, readsb="nav_heading"),
]
NavMode = Literal["autopilot", "vnav", "althold", "approach", "lnav", "tcas"]
NavModes = Annotated[
    tuple[NavMode, ...], _meta("Engaged automation modes", max_length=6, readsb="nav_modes")
]
WindDirection = Annotated[
    float,
    _meta("Wind direction, from", unit="deg", decimals=0, ge=0.0, le=360.0, readsb="wd"),
]
WindSpeed = Annotated[
    float, _meta("Wind speed", unit="kt", decimals=0, ge=0.0, le=500.0, readsb="ws")
]
Oat = Annotated[
    float,
    _meta("Outside air temperature", unit="C", decimals=1, ge=-120.0, le=80.0, readsb="oat"),
]
Tat = Annotated[
    float, _meta("Total air temperature", unit="C", decimals=1, ge=-120.0, le=150.0, readsb="tat")
]
Rssi = Annotated[
    float, _meta("Signal level", unit="dBFS", decimals=1, ge=-100.0, le=10.0, readsb="rssi")
]

Source = Annotated[
    Literal[
        "adsb_icao", "adsb_icao_nt", "adsr_icao", "tisb_icao", "adsc", "mlat", "other", "mode_s",
        "adsb_other", "adsr_other", "tisb_other", "tisb_trackfile", "mode_ac", "hfdl", "unknown",
        "sim",
    ],
    _meta(
        "Where the position comes from: readsb's `type` values, and `sim` for simulated traffic",
        readsb="type",
        opensky="position_source",
    ),
]  # fmt: skip
FeedName = Annotated[
    str,
    _meta("Name of the configured connection it came by", pattern=r"^[A-Za-z0-9_.:-]{1,64}(?!\n)$"),
]
Receiver = Annotated[str, _meta("The station behind the feed", min_length=1, max_length=64)]
Phase = Annotated[
    Literal["ground", "takeoff", "climb", "cruise", "descent", "approach", "landing"],
    _meta("Phase of flight, from the track"),
]
EstDeparture = Annotated[
    str,
    _meta(
        "Airport it took off from, seen or estimated: ICAO code, else IATA",
        pattern=r"^[A-Z0-9]{3,4}(?!\n)$",
        opensky="estDepartureAirport",
    ),
]
EstArrival = Annotated[
    str,
    _meta(
        "Airport it landed at, seen or estimated: ICAO code, else IATA",
        pattern=r"^[A-Z0-9]{3,4}(?!\n)$",
        opensky="estArrivalAirport",
    ),
]
Timestamp = Annotated[
    float,
    _meta("Time the observation holds for", unit="s since 1970", decimals=3, ge=0.0, le=4e9),
]
TimePosition = Annotated[
    float,
    _meta(
        "Time of the position",
        unit="s since 1970",
        decimals=1,
        ge=0.0,
        le=4e9,
        readsb="now - seen_pos",
        opensky="time_position",
    ),
]
LastContact = Annotated[
    float,
    _meta(
        "Time of the last observation of any kind",
        unit="s since 1970",
        decimals=1,
        ge=0.0,
        le=4e9,
        readsb="now - seen",
        opensky="last_contact",
    ),
]
ReceiverDistance = Annotated[
    float,
    _meta(
        "Distance from the receiver", unit="nmi", decimals=1, ge=0.0, le=11_000.0, readsb="r_dst"
    ),
]
ReceiverBearing = Annotated[
    float,
    _meta("Bearing from the receiver", unit="deg", decimals=1, ge=0.0, le=360.0, readsb="r_dir"),
]
