"""What there is to know of one setting: bounds, meaning, default, reason, and what to hide."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

Group = Literal["Listening", "Feeds", "History", "Flights", "Access", "Limits", "Logging"]
Mask = Callable[[Any], Any]


def setting(
    group: Group,
    description: str,
    reason: str,
    *,
    unit: str = "",
    flag: str | None = "",
    shown_default: str = "",
    mask: Mask | None = None,
    **constraints: Any,
) -> Meta:
    """A msgspec ``Meta`` that also says what documents and the command line need.

    ``reason`` is that of the default. ``flag`` is the option where it is not the name with dashes,
    None where there is none (a command line is visible to every user of the machine).
    ``mask`` gives a value as it may be shown, where it can hold a secret.
    """
    extra = {
        "group": group,
        "reason": reason,
        "unit": unit,
        "flag": flag,
        "shown_default": shown_default,
        "mask": mask,
    }
    return Meta(description=description, extra=extra, **constraints)


class Spec(msgspec.Struct, frozen=True):
    """One setting as the configuration, the command line and the documents see it.

    ``hint`` is the annotated type its values are checked against, ``bare`` the same without its
    bounds. ``default`` is ``msgspec.NODEFAULT`` where it depends on the machine. ``flag`` is None
    where there is no option.
    """

    name: str
    hint: Any
    bare: Any
    default: Any
    group: Group
    description: str
    reason: str
    unit: str
    flag: str | None
    shown_default: str
    mask: Mask | None
    low: float | None
    high: float | None

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"AEROTRACK_{self.name.upper()}"

    @property
    def is_list(self) -> bool:
        return get_origin(self.bare) is tuple

    @property
    def choices(self) -> tuple[str, ...]:
        return get_args(self.bare) if get_origin(self.bare) is Literal else ()

    def shown(self, value: Any) -> Any:
        """``value`` as it may be shown: without secrets."""
        return value if self.mask is None or value is None else self.mask(value)


def specs_of(struct: type[msgspec.Struct]) -> Mapping[str, Spec]:
    """The specs of a struct whose fields are annotated with :func:`setting`, in its order."""
    hints = get_type_hints(struct, include_extras=True)
    return {field.name: _spec(field, hints[field.name]) for field in msgspec.structs.fields(struct)}


def _spec(field: msgspec.structs.FieldInfo, hint: Any) -> Spec:
    hint = next((arm for arm in get_args(hint) if get_origin(arm) is Annotated), hint)
    bare, meta = get_args(hint)
    extra = dict(meta.extra)
    if extra["flag"] == "":
        extra["flag"] = f"--{field.name.replace('_', '-')}"
    return Spec(
        name=field.name,
        hint=hint,
        bare=bare,
        default=field.default,
        description=meta.description,
        low=meta.ge,
        high=meta.le,
        **extra,
    )
