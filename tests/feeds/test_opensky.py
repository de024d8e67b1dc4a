"""OpenSky: vectors in our units, each piece of news once, and no more questions than it allows."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.observation import Observation, present
from aerotrack.feeds.feed import Clock, FeedError, FeedFigures
from aerotrack.feeds.opensky import (
    LONGEST_PAUSE_S,
    PAUSE_S,
    TOKEN_PATH,
    OpenSkyCredentials,
    OpenSkyFeed,
    Vectors,
    parse_state,
    parse_states,
)
from aerotrack.feeds.url import parse_feed_url

NOW = 1_764_000_000
PATIENCE_S = 30.0


def vector(**changes: Any) -> list[Any]:
    """A state vector as OpenSky sends them, with some columns changed."""
    columns: dict[str, Any] = {
        "icao24": "4ca2d6",
        "callsign": "RYR4TK  ",
        "origin_country": "Ireland",
        "time_position": NOW - 3,
        "last_contact": NOW - 1,
        "longitude": -6.2701,
        "latitude": 53.4213,
        "baro_altitude": 10668.0,
        "on_ground": False,
        "velocity": 230.12,
        "true_track": 271.9,
        "vertical_rate": -0.33,
        "sensors": None,
        "geo_altitude": 10820.4,
        "squawk": "7700",
        "spi": False,
        "position_source": 0,
        "category": 4,
    }
    assert changes.keys() <= columns.keys()
    return list((columns | changes).values())


def parsed(**changes: Any) -> tuple[Observation | str, Counter[str]]:
    dropped: Counter[str] = Counter()
    return parse_state(vector(**changes), feed="opensky", dropped=dropped), dropped


# -- vectors ---------------------------------------------------------------------------------------


def test_a_vector_is_turned_into_our_units() -> None:
    found, dropped = parsed()
    assert isinstance(found, Observation)
    assert Counter() == dropped
    assert {
        "callsign": "RYR4TK",
        "category": "A3",
        "lat": 53.4213,
        "lon": -6.2701,
        "alt_baro": 35_000,
        "alt_geom": 35_500,
        "on_ground": False,
        "gs": pytest.approx(447.3, abs=0.05),
        "track": 271.9,
        "baro_rate": -65,
        "squawk": "7700",
        "spi": False,
    } == present(found)
    assert ("4ca2d6", NOW - 1, NOW - 3, "adsb_icao", "opensky") == (
        found.icao24,
        found.ts,
        found.time_position,
        found.source,
        found.feed,
    )


def test_what_is_null_says_nothing() -> None:
    nothing = dict.fromkeys(
        ["callsign", "time_position", "longitude", "latitude", "baro_altitude", "velocity",
         "true_track", "vertical_rate", "geo_altitude", "squawk", "category"]
    )  # fmt: skip
    found, dropped = parsed(**nothing)
    assert isinstance(found, Observation)
    assert ({"on_ground": False, "spi": False}, Counter()) == (present(found), dropped)


def test_a_vector_may_lack_the_category() -> None:
    found = parse_state(vector()[:17], feed="opensky", dropped=Counter())
    assert isinstance(found, Observation)
    assert found.category is None


@pytest.mark.parametrize(
    ("number", "source"),
    [(0, "adsb_icao"), (1, "other"), (2, "mlat"), (3, "other"), (9, "unknown"), (None, "unknown")],
)
def test_position_sources_are_named(number: object, source: str) -> None:
    found, _ = parsed(position_source=number)
    assert isinstance(found, Observation)
    assert source == found.source


@pytest.mark.parametrize(
    ("number", "category"),
    [(0, None), (1, None), (2, "A1"), (8, "A7"), (9, "B1"), (15, "B7"), (16, "C1"), (20, "C5"),
     (21, None)],
)  # fmt: skip
def test_categories_are_named(number: int, category: str | None) -> None:
    found, _ = parsed(category=number)
    assert isinstance(found, Observation)
    assert category == found.category


def test_a_wrong_value_costs_its_field_only() -> None:
    found, dropped = parsed(
        velocity="fast", true_track=float("nan"), squawk="7799", latitude=91.0, callsign=5,
        baro_altitude=True,
    )  # fmt: skip
    assert isinstance(found, Observation)
    assert {"alt_geom", "on_ground", "baro_rate", "spi", "category"} == present(found).keys()
    names = ("gs", "track", "squawk", "position", "callsign", "alt_baro")
    assert {f"bad_{name}": 1 for name in names} == dropped


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"icao24": "xyz"}, "bad_icao24"), ({"icao24": None}, "bad_icao24"),
     ({"last_contact": None}, "bad_last_contact"), ({"last_contact": "now"}, "bad_last_contact")],
)  # fmt: skip
def test_a_vector_without_address_or_time_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason == parsed(**changes)[0]


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_no_vector_whatever_raises(value: object) -> None:
    for one in (value, [value] * 17, [value] * 18):
        assert isinstance(parse_state(one, feed="opensky", dropped=Counter()), str | Observation)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"states":5}', b"<html>", b"\xff"])
def test_what_is_no_answer_is_a_feed_error(body: bytes) -> None:
    with pytest.raises(FeedError) as refused:
        parse_states(body)
    assert "bad_json" == refused.value.code


def test_null_states_are_none() -> None:
    assert [] == parse_states(b'{"time":1764000000,"states":null}')


def test_an_unchanged_vector_is_not_reported_again(figures: FeedFigures) -> None:
    vectors = Vectors(figures)
    polls = [
        vector(),
        vector(),
        vector(last_contact=NOW),  # heard, and still at the same place
        vector(last_contact=NOW + 5, time_position=NOW + 5),
        vector(last_contact=NOW + 2, time_position=NOW + 2),  # an older answer
    ]
    news = [[(o.ts, o.lat) for o in vectors.update([each])] for each in polls]
    assert [[(NOW - 1, 53.4213)], [], [(NOW, None)], [(NOW + 5, 53.4213)], []] == news
    assert (5, 3, 2, {}) == (figures.received, figures.accepted, figures.ignored, figures.refused)


def test_a_bad_vector_leaves_the_others(figures: FeedFigures) -> None:
    news = Vectors(figures).update([None, vector(icao24="x"), vector(), []])
    assert ["4ca2d6"] == [o.icao24 for o in news]
    assert {"not_a_vector": 2, "bad_icao24": 1} == figures.refused


# -- asking ----------------------------------------------------------------------------------------

ACCOUNT = OpenSkyCredentials("me", "open sesame")
Answer = tuple[int, dict[str, str], object]


class FakeOpenSky:
    """OpenSky on loopback: logs in who knows the secret, and answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.queries: list[dict[str, list[str]]] = []
        self.tokens = 0
        self.valid: set[str] = set()
        self.authorizations: list[str | None] = []

    def respond(self, target: str, headers: dict[str, str], body: str) -> Answer:
        parts = urlsplit(target)
        if parts.path == TOKEN_PATH:
            form = parse_qs(body)
            if form.get("client_secret") != ["open sesame"]:
                return 401, {}, {"error": "unauthorized_client"}
            assert {
                "grant_type": ["client_credentials"],
                "client_id": ["me"],
            }.items() <= form.items()
            self.tokens += 1
            self.valid = {f"token-{self.tokens}"}
            return 200, {}, {"access_token": f"token-{self.tokens}", "expires_in": 1800}
        assert "/api/states/all" == parts.path
        self.queries.append(parse_qs(parts.query))
        token = headers.get("authorization")
        self.authorizations.append(token)
        if token is not None and token.removeprefix("Bearer ") not in self.valid:
            return 401, {}, {}
        return self.answers.pop(0) if self.answers else (200, {}, {"time": NOW, "states": []})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        request, *lines = head.split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        status, more, content = self.respond(request.split()[1], headers, body.decode())
        encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
        extra = "".join(f"{k}: {v}\r\n" for k, v in more.items())
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(encoded)}\r\n"
            f"Connection: close\r\n{extra}\r\n".encode()
            + encoded
        )
        writer.close()


@asynccontextmanager
async def listening(server: FakeOpenSky) -> AsyncIterator[str]:
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listener:
        yield f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"


class Scene:
    """A feed on a fake OpenSky whose pauses pass at once, until there were enough polls."""

    def __init__(self, figures: FeedFigures, sink: Any, credentials: Any, query: str) -> None:
        self.server = FakeOpenSky()
        self.figures = figures
        self.sink = sink
        self.credentials = credentials
        self.query = query
        self.slept: list[float] = []
        self.states: list[str] = []
        self.now = 100.0

    async def polls(self, count: int) -> None:
        """Run the feed for so many polls."""
        async with listening(self.server) as address:
            feed = OpenSkyFeed(
                figures=self.figures,
                url=parse_feed_url(f"opensky://{address}{self.query}"),
                credentials=self.credentials,
                sink=self.sink,
                clock=Clock(wall=lambda: NOW + self.now, monotonic=lambda: self.now),
                sleep=self.sleep,
            )
            self.left = count
            self.over = asyncio.Event()
            running = asyncio.create_task(feed.run())
            waiting = asyncio.create_task(self.over.wait())
            done, _ = await asyncio.wait(
                [running, waiting], timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED
            )
            for task in (running, waiting):
                task.cancel()
            await asyncio.gather(running, waiting, return_exceptions=True)
            assert done
            if running in done:
                running.result()

    async def sleep(self, seconds: float) -> None:
        self.states.append(self.figures.state)
        self.slept.append(seconds)
        self.now += seconds
        if self.left == 0:
            self.over.set()
            await asyncio.Event().wait()
        self.left -= 1
        await asyncio.sleep(0)


@pytest.fixture
def scene(figures: FeedFigures, sink: Any) -> Callable[..., Scene]:
    def make(credentials: OpenSkyCredentials | None = None, query: str = "") -> Scene:
        return Scene(figures, sink, credentials, query)

    return make


def run(play: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(play, PATIENCE_S))


def states(*vectors: list[Any], **headers: str) -> Answer:
    renamed = {name.replace("_", "-"): value for name, value in headers.items()}
    return 200, renamed, {"time": NOW, "states": list(vectors)}


def test_states_are_polled_within_the_box_and_handed_on(scene: Callable[..., Scene]) -> None:
    one = scene(query="?lamin=45&lomin=5.5&lamax=48&lomax=11&interval=30")
    one.server.answers = [states(vector()), states(vector(), vector(icao24="3c6444"))]
    run(one.polls(2))
    box = {"lamin": ["45.0"], "lomin": ["5.5"], "lamax": ["48.0"], "lomax": ["11.0"]}
    assert [box | {"extended": ["1"]}] * 2 == one.server.queries
    assert ["4ca2d6", "3c6444"] == [o.icao24 for o in one.sink.observations]
    assert [0.0, 30.0, 30.0] == one.slept
    assert ["connecting", "connected", "connected"] == one.states
    assert ([None, None], 0) == (one.server.authorizations, one.server.tokens)
    assert (1, 2) == (one.figures.connections, one.figures.accepted)


def test_an_account_logs_in_once_and_again_when_its_token_is_not_taken(
    scene: Callable[..., Scene],
) -> None:
    one = scene(ACCOUNT, "?extended=0&interval=5")

    async def play() -> None:
        await one.polls(2)
        assert (1, ["Bearer token-1"] * 2) == (one.server.tokens, one.server.authorizations)

    run(play())
    assert [{}, {}] == one.server.queries


def test_a_refused_token_is_renewed_at_once(scene: Callable[..., Scene]) -> None:
    one = scene(ACCOUNT)
    respond = one.server.respond
    forgotten = [True]

    def forgetful(target: str, headers: dict[str, str], body: str) -> Answer:
        if "states" in target and forgotten:
            forgotten.pop()
            one.server.valid = set()
        return respond(target, headers, body)

    one.server.respond = forgetful  # type: ignore[method-assign]
    one.server.answers = [states(vector())]
    run(one.polls(1))
    assert ["Bearer token-1", "Bearer token-2"] == one.server.authorizations
    assert 1 == one.figures.accepted


def test_a_token_is_renewed_before_it_ends(scene: Callable[..., Scene]) -> None:
    one = scene(ACCOUNT, "?interval=1000")
    run(one.polls(3))
    assert ["Bearer token-1", "Bearer token-1", "Bearer token-2"] == one.server.authorizations


def test_a_wrong_secret_is_said(scene: Callable[..., Scene]) -> None:
    one = scene(OpenSkyCredentials("me", "open barley"))
    with pytest.raises(FeedError) as refused:
        run(one.polls(1))
    assert "bad_credentials" == refused.value.code
    assert "barley" not in str(refused.value) + repr(one.credentials)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"X-Rate-Limit-Retry-After-Seconds": "1234"}, 1234.0),
        ({"X-Rate-Limit-Retry-After-Seconds": "99999999"}, LONGEST_PAUSE_S),
        ({"X-Rate-Limit-Retry-After-Seconds": "2"}, 10.0),  # no sooner than the interval
        ({}, PAUSE_S),
    ],
)
def test_it_waits_as_long_as_it_is_told(
    scene: Callable[..., Scene], headers: dict[str, str], pause: float
) -> None:
    one = scene()
    one.server.answers = [(429, headers, b"Too many requests"), states(vector())]
    run(one.polls(2))
    assert [0.0, pause, 10.0] == one.slept
    assert ["connecting", "waiting", "connected"] == one.states
    assert (one.figures.last_error or "").startswith("rate_limited")
    assert 1 == one.figures.accepted


def test_with_the_last_credit_spent_it_asks_no_sooner_than_it_must(
    scene: Callable[..., Scene],
) -> None:
    one = scene()
    one.server.answers = [
        states(vector(), X_Rate_Limit_Remaining="1"),
        states(vector(last_contact=NOW), X_Rate_Limit_Remaining="0"),
    ]
    run(one.polls(2))
    assert [0.0, 10.0, PAUSE_S] == one.slept
    assert 2 == one.figures.accepted


@pytest.mark.parametrize(
    ("answer", "code"), [((503, {}, b""), "http_503"), ((200, {}, b"<html>"), "bad_json")]
)
def test_another_answer_is_a_feed_error(
    scene: Callable[..., Scene], answer: Answer, code: str
) -> None:
    one = scene()
    one.server.answers = [answer]
    with pytest.raises(FeedError) as refused:
        run(one.polls(1))
    assert code == refused.value.code
