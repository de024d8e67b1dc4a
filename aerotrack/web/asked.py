"""What handlers of the history share: times and cursors in, answers or problems out."""

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Final, TypeVar

import msgspec

from aerotrack.domain import types as t
from aerotrack.domain.moments import BadTime, moment
from aerotrack.web.handler import ApiHandler
from aerotrack.web.problems import Problem

# PostgreSQL is back within seconds after a restart; asking sooner helps nobody.
RETRY_AFTER_SECONDS: Final = 5
# Rows of a page; a thousand are a few hundred kilobytes.
PAGE: Final = 100
PAGE_MOST: Final = 1000
# Bytes that tell one question's cursor from another's.
DIGEST_BYTES: Final = 6
# What does not make it another question.
_NOT_THE_QUESTION: Final = frozenset({"cursor", "limit"})

T = TypeVar("T")


class FromHistory(ApiHandler):
    """A handler that asks the history."""

    async def from_history(self, answer: Awaitable[T]) -> T:
        """The history's answer, or the problem that it cannot be asked."""
        try:
            return await answer
        except TimeoutError:
            raise Problem("too_much", "That takes the database too long; ask for less.") from None
        except OSError:
            # Counted only: the database's own supervisor says it loudly.
            self.application.metrics.history_failures.inc()
            raise Problem(
                "database_away",
                "The database does not answer.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            ) from None

    def time_argument(self, name: str) -> float | None:
        """A time as epoch seconds, ``None`` where it is not given."""
        text = self.argument(name)
        if text is None:
            return None
        try:
            return moment(text)
        except BadTime as error:
            raise Problem("bad_time", f"{name}: {error}.") from None

    def period_arguments(self) -> tuple[float | None, float | None]:
        """``from`` and ``to``, in order."""
        begin, end = self.time_argument("from"), self.time_argument("to")
        if begin is not None and end is not None and begin > end:
            raise Problem("bad_time", "from lies after to.")
        return begin, end

    def typed_argument(self, name: str, kind: Any, meaning: str) -> Any:
        """The parameter as a type of the vocabulary, ``None`` where it is not given."""
        text = self.argument(name)
        if text is None:
            return None
        try:
            return msgspec.convert(text, kind, strict=False)
        except msgspec.ValidationError:
            raise Problem("bad_parameter", f"{name} is {meaning}.") from None

    def icao24_argument(self) -> str | None:
        """``icao24``, in lower case."""
        text = self.argument("icao24")
        return None if text is None else icao24_of(text)

    def limit_argument(self) -> int:
        """``limit``: rows of a page."""
        text = self.argument("limit")
        if text is None:
            return PAGE
        if not text.isdecimal() or not 1 <= int(text) <= PAGE_MOST:
            raise Problem("bad_parameter", f"limit is a number from 1 to {PAGE_MOST}.")
        return int(text)

    def cursor_argument(self, kind: Any) -> Any:
        """Where the page before ended, as ``kind``; ``None`` on the first page."""
        text = self.argument("cursor")
        if text is None:
            return None
        try:
            packed = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            digest, place = msgspec.msgpack.decode(packed, type=tuple[bytes, kind])
        except (ValueError, msgspec.DecodeError):
            raise Problem("bad_cursor", "This is no cursor of an answer's next.") from None
        if digest != self._digest():
            raise Problem("bad_cursor", "This cursor belongs to another question.")
        return place

    def cursor_after(self, place: tuple[Any, ...]) -> str:
        """The cursor that leads on behind ``place``."""
        packed = msgspec.msgpack.encode((self._digest(), place))
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()

    def _digest(self) -> bytes:
        asked = sorted(
            (name, values)
            for name, values in self.request.query_arguments.items()
            if name not in _NOT_THE_QUESTION
        )
        question = msgspec.msgpack.encode((self.request.path, asked))
        return hashlib.blake2b(question, digest_size=DIGEST_BYTES).digest()

    async def write_stream(self, parts: AsyncIterator[bytes]) -> None:
        """Write piece by piece, no faster than the client takes them.

        What fails before the first piece is a problem as ever. After that the connection is closed
        before its end, which no client takes for a whole answer.
        """
        begun = False
        try:
            async for part in parts:
                self.write(part)
                begun = True
                await self.flush()
        except (Problem, OSError):
            if not begun:
                raise
            self._abort()
            return
        await self.finish()

    def _abort(self) -> None:
        connection: Any = self.request.connection
        self._finished = True
        connection.stream.close()


def icao24_of(text: str) -> str:
    """``text`` in lower case if it is an address."""
    try:
        return msgspec.convert(text.lower(), t.Icao24)
    except msgspec.ValidationError:
        raise Problem(
            "bad_parameter", "icao24 is six hex digits, perhaps with a ~ before."
        ) from None
