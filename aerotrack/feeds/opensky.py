"""The OpenSky Network as a feed: ``/api/states/all``, polled.

The state vectors come in SI units, which end here. :class:`Vectors` makes observations of what is
new in an answer, :class:`OpenSkyClient` asks and keeps to what it is allowed.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from aerotrack.domain.observation import Observation
from aerotrack.domain.position import implausible
from aerotrack.domain.types import Value
from aerotrack.domain.vocabulary import CHECKS
from aerotrack.feeds.feed import Clock, FeedError, FeedFigures, Sink
from aerotrack.feeds.http import HttpFetcher
from aerotrack.feeds.url import OPENSKY_HOST, FeedUrl

FOOT_M: Final = 0.3048
KNOT_MPS: Final = 1852 / 3600
FOOT_A_MINUTE_MPS: Final = FOOT_M / 60

# The whole world's vectors have about 2 MB.
ANSWER_LIMIT_BYTES: Final = 32 * 1024 * 1024
TOKEN_HOST: Final = f"auth.{OPENSKY_HOST}"
TOKEN_PATH: Final = "/auth/realms/opensky-network/protocol/openid-connect/token"
# A token is renewed this long before it ends, so that none ends on the way.
RENEW_BEFORE_S: Final = 60.0
TOKEN_LASTS_S: Final = 1800.0  # where the answer does not say
UNAUTHORIZED: Final = 401
TOO_MANY: Final = 429
# Where it says "too many" but not for how long, and where the last credit is spent: the answer
# after this pause says more.
PAUSE_S: Final = 60.0
# Credits come back at midnight UTC at the latest.
LONGEST_PAUSE_S: Final = 86_400.0

# position_source; ASTERIX and FLARM have no name in the vocabulary.
_SOURCES: Final = {0: "adsb_icao", 1: "other", 2: "mlat", 3: "other"}
_CATEGORIES: Final = {
    2 + i: name
    for i, name in enumerate(
        [f"A{n}" for n in range(1, 8)]
        + [f"B{n}" for n in range(1, 8)]
        + [f"C{n}" for n in range(1, 6)]
    )
}
# Columns of a state vector, by index; category is there only in extended answers.
(_ICAO24, _CALLSIGN, _, _TIME_POSITION, _LAST_CONTACT, _LON, _LAT, _BARO, _ON_GROUND, _VELOCITY,
 _TRACK, _VERTICAL_RATE, _, _GEO, _SQUAWK, _SPI, _SOURCE, _CATEGORY) = range(18)  # fmt: skip
SHORTEST_VECTOR: Final = 17
# Column, our field, and how many of theirs one of our units is.
_NUMBERS: Final = (
    (_BARO, "alt_baro", FOOT_M),
    (_GEO, "alt_geom", FOOT_M),
    (_VELOCITY, "gs", KNOT_MPS),
    (_VERTICAL_RATE, "baro_rate", FOOT_A_MINUTE_MPS),
    (_TRACK, "track", 1.0),
)


class OpenSkyCredentials(msgspec.Struct, frozen=True):
    """An account's API client. ``repr`` hides the secret."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"OpenSkyCredentials({self.client_id!r}, ***)"


# -- what the answers say --------------------------------------------------------------------------


def parse_states(body: bytes) -> list[Any]:
    """The state vectors in ``body``; none where it says ``null``. Raises ``FeedError`` bad_json."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            document = json.loads(body)  # takes a NaN, which costs only its field
        except (ValueError, RecursionError) as wrong:
            raise FeedError("bad_json", f"the answer is no JSON: {wrong}") from wrong
    states = document.get("states", ...) if isinstance(document, dict) else ...
    if states is None:
        return []
    if not isinstance(states, list):
        raise FeedError("bad_json", "the answer has no list of states")
    return states


def parse_state(vector: object, *, feed: str, dropped: Counter[str]) -> Observation | str:
    """What a state vector says, or the reason it is refused for. Never raises.

    ``not_a_vector``, ``bad_icao24`` and ``bad_last_contact`` refuse it; any other value that cannot
    be one is left out and counted in ``dropped`` as ``bad_`` and its name.
    """
    if not isinstance(vector, list) or len(vector) < SHORTEST_VECTOR:
        return "not_a_vector"
    address = vector[_ICAO24]
    icao24 = CHECKS["icao24"](address.strip().lower()) if isinstance(address, str) else None
    if icao24 is None:
        return "bad_icao24"
    ts = CHECKS["last_contact"](vector[_LAST_CONTACT])
    if not isinstance(ts, float):
        return "bad_last_contact"
    values: dict[str, Value] = {}
    for column, name, unit in _NUMBERS:
        value = vector[column]
        if value is None:
            continue
        theirs = isinstance(value, int | float) and not isinstance(value, bool)
        checked = CHECKS[name](value / unit) if theirs else None
        _keep(values, name, checked, dropped)
    for column, name in ((_ON_GROUND, "on_ground"), (_SPI, "spi"), (_SQUAWK, "squawk")):
        if vector[column] is not None:
            _keep(values, name, CHECKS[name](vector[column]), dropped)
    callsign = vector[_CALLSIGN]
    if isinstance(callsign, str):
        callsign = callsign.strip()
        if callsign:
            _keep(values, "callsign", CHECKS["callsign"](callsign), dropped)
    elif callsign is not None:
        dropped["bad_callsign"] += 1
    if len(vector) > _CATEGORY and isinstance(vector[_CATEGORY], int):
        values["category"] = _CATEGORIES.get(vector[_CATEGORY])
    _position(vector, ts, values, dropped)
    source = vector[_SOURCE]
    return Observation(
        icao24=str(icao24),
        ts=ts,
        source=_SOURCES.get(source, "unknown") if isinstance(source, int) else "unknown",  # type: ignore[arg-type]  # of the vocabulary
        feed=feed,
        **values,  # type: ignore[arg-type]  # checked by the vocabulary above
    )


def _keep(values: dict[str, Value], name: str, checked: Value, dropped: Counter[str]) -> None:
    if checked is None:
        dropped[f"bad_{name}"] += 1
    else:
        values[name] = checked


def _position(
    vector: list[Any], ts: float, values: dict[str, Value], dropped: Counter[str]
) -> None:
    if vector[_LAT] is None and vector[_LON] is None:
        return
    lat, lon = CHECKS["lat"](vector[_LAT]), CHECKS["lon"](vector[_LON])
    at = CHECKS["time_position"](vector[_TIME_POSITION])
    if not isinstance(lat, float) or not isinstance(lon, float) or implausible(lat, lon):
        dropped["bad_position"] += 1
    elif not isinstance(at, float) or at > ts:
        dropped["bad_time_position"] += 1
    else:
        values["lat"], values["lon"] = lat, lon
        if at < ts:
            values["time_position"] = at


class Vectors:
    """OpenSky's picture from poll to poll. Pure: no IO, no clock."""

    def __init__(self, figures: FeedFigures) -> None:
        self._figures = figures
        self._heard: dict[str, tuple[float, float | None]] = {}

    def update(self, vectors: list[Any]) -> list[Observation]:
        """What is new in ``vectors``.

        An aircraft without a contact since the last poll is not reported again, and a position
        that is still the same one only once.
        """
        figures = self._figures
        figures.received += len(vectors)
        before, self._heard = self._heard, {}
        news: list[Observation] = []
        for vector in vectors:
            parsed = parse_state(vector, feed=figures.name, dropped=figures.dropped)
            if isinstance(parsed, str):
                figures.refused[parsed] += 1
                continue
            at = None
            if parsed.lat is not None:
                at = parsed.ts if parsed.time_position is None else parsed.time_position
            heard, fixed = before.get(parsed.icao24, (-1.0, None))
            latest = at if fixed is None or at is None else max(at, fixed)
            self._heard[parsed.icao24] = (
                max(heard, parsed.ts),
                fixed if latest is None else latest,
            )
            if parsed.ts <= heard:
                figures.ignored += 1
                continue
            if at is not None and fixed is not None and at <= fixed:
                parsed = msgspec.structs.replace(parsed, lat=None, lon=None, time_position=None)
            news.append(parsed)
        figures.accepted += len(news)
        return news


# -- asking ----------------------------------------------------------------------------------------


class Polled(msgspec.Struct, frozen=True):
    """An answer: its vectors (``None`` where it was refused), or for how long not to ask again.

    ``remaining`` are the credits left, where it says.
    """

    body: bytes | None
    wait: float = 0.0
    remaining: int | None = None


class OpenSkyClient:
    """Asks for states within the box of ``url``; with ``credentials``, as that account."""

    def __init__(
        self,
        url: FeedUrl,
        credentials: OpenSkyCredentials | None,
        *,
        monotonic: Callable[[], float],
    ) -> None:
        query: dict[str, str | float] = {"extended": 1} if url.extended else {}
        for name in ("lamin", "lomin", "lamax", "lomax"):
            value = getattr(url, name)
            if value is not None:
                query[name] = value
        self._states = f"{url.http_url}/states/all" + (f"?{urlencode(query)}" if query else "")
        auth = TOKEN_HOST if url.host == OPENSKY_HOST else url.address
        self._token_url = f"{url.mode}://{auth}{TOKEN_PATH}"
        self._credentials = credentials
        self._monotonic = monotonic
        self._token: str | None = None
        self._token_ends = 0.0
        self._fetcher = HttpFetcher(max_bytes=ANSWER_LIMIT_BYTES)

    def close(self) -> None:
        """Give up what the client holds."""
        self._fetcher.close()

    async def poll(self) -> Polled:
        """The states now. A token that is not taken any more is renewed, once.

        Raises:
            FeedError: ``bad_credentials``, ``http_...``, ``response_too_large``.
        """
        answer = await self._fetcher.fetch(self._states, headers=await self._authorization())
        if answer.status == UNAUTHORIZED and self._token is not None:
            self._token = None
            answer = await self._fetcher.fetch(self._states, headers=await self._authorization())
        remaining = _whole(answer.headers.get("X-Rate-Limit-Remaining"))
        if answer.status == TOO_MANY:
            wait = _whole(answer.headers.get("X-Rate-Limit-Retry-After-Seconds"))
            return Polled(None, min(LONGEST_PAUSE_S, PAUSE_S if wait is None else wait), remaining)
        if answer.status != 200:
            raise FeedError(f"http_{answer.status}", f"OpenSky answered {answer.status}")
        return Polled(answer.body, PAUSE_S if remaining == 0 else 0.0, remaining)

    async def _authorization(self) -> dict[str, str]:
        if self._credentials is None:
            return {}
        if self._token is None or self._monotonic() > self._token_ends:
            self._token = await self._new_token(self._credentials)
        return {"Authorization": f"Bearer {self._token}"}

    async def _new_token(self, credentials: OpenSkyCredentials) -> str:
        answer = await self._fetcher.fetch(
            self._token_url,
            form={
                "grant_type": "client_credentials",
                "client_id": credentials.client_id,
                "client_secret": credentials.client_secret,
            },
        )
        if answer.status in (400, 401, 403):
            raise FeedError(
                "bad_credentials",
                "OpenSky does not take opensky_client_id and opensky_client_secret",
            )
        if answer.status != 200:
            raise FeedError(f"http_{answer.status}", f"OpenSky's login answered {answer.status}")
        try:
            granted = msgspec.json.decode(answer.body)
            token, lasts = granted["access_token"], granted.get("expires_in", TOKEN_LASTS_S)
            self._token_ends = self._monotonic() + float(lasts) - RENEW_BEFORE_S
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise FeedError("bad_token", "OpenSky's login answered with no token") from wrong
        return str(token)


def _whole(text: str | None) -> int | None:
    """The number a header holds."""
    return int(text) if text is not None and text.strip().isdigit() else None


class OpenSkyFeed:
    """Polls OpenSky every ``interval`` seconds, less often where it says so."""

    def __init__(
        self,
        *,
        figures: FeedFigures,
        url: FeedUrl,
        credentials: OpenSkyCredentials | None,
        sink: Sink,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.figures = figures
        self._url = url
        self._credentials = credentials
        self._sink = sink
        self._clock = clock
        self._sleep = sleep
        self._vectors = Vectors(figures)
        self._not_before = 0.0  # monotonic; outlives a run, as OpenSky's memory does

    async def run(self) -> None:
        """Poll until cancelled.

        Raises:
            FeedError: ``bad_json``, ``bad_credentials``, ``response_too_large``, ``http_...``.
        """
        self.figures.state = "connecting"
        client = OpenSkyClient(self._url, self._credentials, monotonic=self._clock.monotonic)
        try:
            while True:
                await self._sleep(max(0.0, self._not_before - self._clock.monotonic()))
                self._not_before = self._clock.monotonic() + self._url.interval
                await self._poll(client)
        finally:
            client.close()

    async def _poll(self, client: OpenSkyClient) -> None:
        figures, clock = self.figures, self._clock
        polled = await client.poll()
        received, now = clock.monotonic(), clock.wall()
        figures.last_contact = now
        if polled.wait:
            self._not_before = max(self._not_before, received + polled.wait)
            figures.last_error = (
                f"rate_limited: OpenSky takes no more for {polled.wait:.0f} s; a smaller box, a "
                "longer interval or an account makes the credits last"
            )
        if polled.body is None:
            figures.state = "waiting"
            return
        figures.bytes += len(polled.body)
        try:
            vectors = parse_states(polled.body)
        except FeedError as wrong:
            figures.received += 1
            figures.refused[wrong.code] += 1
            raise
        if figures.state != "connected":
            figures.state = "connected"
            figures.connections += 1
        if news := self._vectors.update(vectors):
            self._sink(news, now=now, received=received)


__all__ = ["OpenSkyClient", "OpenSkyCredentials", "OpenSkyFeed", "Vectors", "parse_states"]
