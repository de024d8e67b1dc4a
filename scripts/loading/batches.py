"""Records gathered into bodies of POST requests."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from aerotrack.domain.observation import Posted

# The server takes a body apart in one go: 500 records keep its event loop for 4 ms.
BATCH_RECORDS: Final = 500
_encode_lines = msgspec.json.Encoder().encode_lines


class Batch(msgspec.Struct, frozen=True):
    """The records of one POST, in order."""

    records: tuple[Posted, ...]

    def body(self) -> bytes:
        """As NDJSON."""
        return _encode_lines(self.records)

    def halves(self) -> tuple["Batch", "Batch"]:
        """The same records in two batches; it must hold two at least."""
        middle = len(self.records) // 2
        return Batch(self.records[:middle]), Batch(self.records[middle:])


def batched(records: Iterable[Posted], size: int) -> Iterator[Batch]:
    """``records`` in batches of ``size``, the last one with what is left."""
    gathered: list[Posted] = []
    for record in records:
        gathered.append(record)
        if len(gathered) == size:
            yield Batch(tuple(gathered))
            gathered.clear()
    if gathered:
        yield Batch(tuple(gathered))
