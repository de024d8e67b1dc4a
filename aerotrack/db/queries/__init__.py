"""SQL in files: blocks that begin with ``-- name: NAME``, described by the comments below it."""

import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

_HEAD = re.compile(rb"^-- name: ([a-z_]+)$", re.MULTILINE)


def load(name: str) -> Mapping[str, bytes]:
    """The blocks of ``queries/<name>.sql``. Raises ``ValueError`` on a name given twice."""
    text = (resources.files(__name__) / f"{name}.sql").read_bytes()
    _, *parts = _HEAD.split(text)
    blocks: dict[str, bytes] = {}
    for block, sql in zip(parts[::2], parts[1::2], strict=True):
        if (key := block.decode()) in blocks:
            raise ValueError(f"{name}.sql names {key} twice")
        blocks[key] = sql.strip().removesuffix(b";")
    return MappingProxyType(blocks)
