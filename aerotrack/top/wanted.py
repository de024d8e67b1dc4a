"""What the command line asks to see: a box, and a filter as people type it."""

from typing import Any, Final

import msgspec

from aerotrack.domain.live import Filter

_WORDS: Final = {"yes": True, "true": True, "no": False, "false": False}


class BadWish(ValueError):
    """Text that is no box or no filter; the message says why."""


def bbox(text: str) -> tuple[float, float, float, float]:
    """``west,south,east,north`` in degrees. Raises :class:`BadWish`."""
    try:
        west, south, east, north = map(float, text.split(","))
    except ValueError:
        raise BadWish(f"{text!r} is not west,south,east,north in degrees") from None
    return west, south, east, north


def wanted_filter(texts: tuple[str, ...]) -> Filter | None:
    """The protocol's filter from ``name=value`` words, or from its JSON; ``None`` from nothing.

    Several values are split by commas, a range is ``low..high``. Raises :class:`BadWish`.

    >>> wanted_filter(("callsign=RYR,EIN alt_baro=0..10000", "on_ground=no")).callsign
    ('RYR', 'EIN')
    """
    fields: dict[str, Any] = {}
    for text in texts:
        if text.lstrip().startswith("{"):
            fields.update(_object(text))
            continue
        for word in text.split():
            name, equals, value = word.partition("=")
            if not (equals and value):
                raise BadWish(f"{word!r} is not name=value")
            fields[name] = _value(name, value)
    if not fields:
        return None
    try:
        return msgspec.convert(fields, Filter)
    except msgspec.ValidationError as error:
        names = ", ".join(Filter.__struct_fields__)
        raise BadWish(f"{error} (there are: {names})") from None


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise BadWish(f"the filter is no JSON object: {error}") from None


def _value(name: str, value: str) -> Any:
    kind = Filter.__annotations__.get(name)
    if name in ("on_ground", "emergency"):
        if value.lower() not in _WORDS:
            raise BadWish(f"{name} is yes or no, not {value!r}")
        return _WORDS[value.lower()]
    if name == "alt_baro":
        try:
            low, high = map(float, value.split(".."))
        except ValueError:
            raise BadWish(f"{name} is a range such as 0..10000, not {value!r}") from None
        return (low, high)
    if kind is None:
        return value  # the conversion says what is wrong
    # Callsigns, registrations and squawks are upper case, sources and nothing else lower.
    return tuple(value.lower() if name == "source" else value.upper() for value in value.split(","))
