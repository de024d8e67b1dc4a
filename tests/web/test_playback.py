"""Playing history over the live socket: what a viewer may ask, and what it is answered."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

from aerotrack.actors.messages import Subscribe
from aerotrack.domain.past import PastEvent, PastState, Stretch
from aerotrack.domain.records import TrackPoint, flight_key
from aerotrack.domain.rules import FlightRules
from aerotrack.web import playback, playing
from aerotrack.web.playback import PRESENT_LAG_S

from .conftest import NOW, PATIENCE_S

START = NOW - 3600.5
FAST = 0.1


def row(aircraft: int, seconds: float, lon: float, lat: float = 53.0) -> TrackPoint:
    return TrackPoint(
        flight_key(f"{aircraft:06x}", START), START + seconds, lat, lon, 1000, None, False, None,
        None, None, None, None, None, "adsb_icao", "home",
    )  # fmt: skip


class FakeReplays:
    """A history of a few rows, read as the database would."""

    rules = FlightRules()

    def __init__(self, *rows: TrackPoint) -> None:
        self.rows = sorted(rows, key=lambda one: (one.ts, one.flight))
        self.happened: list[PastEvent] = []
        self.away = False
        self.stretches: list[Stretch] = []

    def _ask(self) -> None:
        if self.away:
            raise ConnectionRefusedError("no server")

    async def picture(self, at: float, box: Any, follow: Any = ()) -> Sequence[PastState]:
        self._ask()
        states: dict[int, PastState] = {}
        for one in self.rows:
            if one.ts <= at:
                states[one.flight] = PastState(one, one.ts)
        return [s for s in states.values() if s.live_until(self.rules) > at and s.within(box)]

    async def points_between(self, stretch: Stretch) -> Sequence[TrackPoint]:
        self._ask()
        self.stretches.append(stretch)
        later = [one for one in self.rows if (one.ts, one.flight) > stretch.since]
        return [one for one in later if one.ts <= stretch.until][: stretch.limit]

    async def events_between(self, since: float, until: float, limit: int) -> Sequence[PastEvent]:
        self._ask()
        return [one for one in self.happened if since < one.ts <= until][:limit]

    async def airframes(self, flights: Any) -> dict[int, Any]:
        return {}


class Viewing:
    """A viewer that plays from the start of the history."""

    def __init__(self, stage: Any, socket: Any) -> None:
        self.stage, self.socket = stage, socket

    async def heard(self, kind: str) -> Any:
        """The next message of that type."""
        while (message := await self.stage.heard(self.socket))["type"] != kind:
            pass
        return message

    async def said(self, **message: Any) -> None:
        await self.socket.write_message(playing.messages.encode(message))

    async def played(self, until: float) -> list[Any]:
        """Frames up to the one of that time (seconds after the start)."""
        frames = []
        while not frames or frames[-1]["now"] < START + until:
            frames.append(await self.heard("delta"))
        return frames


async def begun(stage: Any, replays: FakeReplays, **view: Any) -> Viewing:
    """A viewer behind its first snapshot."""
    stage.replays = replays
    stage.app.ports = stage.ports
    viewing = Viewing(stage, await stage.welcomed())
    await viewing.said(type="subscribe", at=START, interval=FAST, **view)
    return viewing


def test_history_is_played_at_the_speed_asked_for(staged):
    rows = [row(1, seconds, seconds / 100) for seconds in range(120)]

    async def scene():
        async with staged() as stage:
            viewing = await begun(stage, FakeReplays(*rows), speed=10, id=7)
            assert await viewing.heard("playing") == {
                "type": "playing", "at": START, "speed": 10.0, "paused": False, "present": False,
                "id": 7,
            }  # fmt: skip
            snapshot = await viewing.heard("snapshot")
            assert (snapshot["seq"], snapshot["now"]) == (1, START)
            assert [flight["lon"] for flight in snapshot["flights"]] == [0.0]
            stage.time.advance(5)
            last = (await viewing.played(50))[-1]
            assert last["now"] == START + 50
            assert last["flights"] == [{"icao24": "000001", "lon": 0.5}]
            assert stage.actors.of(Subscribe) == []

    asyncio.run(scene())


def test_a_viewer_pauses_seeks_and_changes_speed(staged):
    rows = [row(1, seconds, seconds / 100) for seconds in range(120)]

    async def scene():
        async with staged() as stage:
            viewing = await begun(stage, FakeReplays(*rows))
            await viewing.heard("snapshot")
            stage.time.advance(3)
            await viewing.played(3)
            await viewing.said(type="pause", id=1)
            assert (await viewing.heard("playing"))["paused"]
            stage.time.advance(100)
            await viewing.said(type="seek", at=START + 80, id=2)
            answer = await viewing.heard("playing")
            assert (answer["id"], answer["at"], answer["paused"]) == (2, START + 80, True)
            assert (await viewing.heard("snapshot"))["flights"][0]["lon"] == 0.8
            await viewing.said(type="speed", speed=0.5, id=3)
            answer = await viewing.heard("playing")
            assert (answer["at"], answer["speed"], answer["paused"]) == (START + 80, 0.5, False)
            stage.time.advance(20)
            assert (await viewing.played(90))[-1]["flights"] == [{"icao24": "000001", "lon": 0.9}]
            await viewing.said(type="seek", at=START + 10)
            assert (await viewing.heard("snapshot"))["flights"][0]["lon"] == 0.1

    asyncio.run(scene())


def test_a_new_view_goes_on_where_the_player_is(staged):
    async def scene():
        async with staged() as stage:
            replays = FakeReplays(row(1, 0, 1.0), row(2, 0, 20.0))
            viewing = await begun(stage, replays)
            assert len((await viewing.heard("snapshot"))["flights"]) == 2
            stage.time.advance(30)
            await viewing.played(30)
            await viewing.said(type="subscribe", bbox=[0, 50, 10, 60], interval=FAST)
            snapshot = await viewing.heard("snapshot")
            assert snapshot["now"] == START + 30
            assert [flight["icao24"] for flight in snapshot["flights"]] == ["000001"]
            stage.time.advance(10)
            await viewing.played(40)
            assert replays.stretches[-1].box is not None

    asyncio.run(scene())


def test_playing_stops_short_of_the_present_and_goes_on_at_its_pace(staged):
    async def scene():
        async with staged() as stage:
            viewing = await begun(stage, FakeReplays(row(1, 0, 1.0)), speed=60)
            await viewing.heard("snapshot")
            stage.time.advance(100)
            latest = round(stage.time.wall - PRESENT_LAG_S, 3)
            while (message := await stage.heard(viewing.socket))["type"] != "playing" or (
                not message["present"]
            ):
                pass
            assert (message["speed"], message["at"]) == (1.0, latest)
            stage.time.advance(10)
            while (message := await viewing.heard("delta"))["now"] < latest + 10:
                pass
            assert message["now"] == latest + 10
            await viewing.said(type="seek", at=stage.time.wall + 1000)
            message = await viewing.heard("playing")
            assert (message["present"], message["at"]) == (True, latest + 10)

    asyncio.run(scene())


def test_while_the_database_is_away_the_clock_stands_and_it_is_said(staged, monkeypatch):
    monkeypatch.setattr(playback, "RETRY_S", 0.01)

    async def scene():
        async with staged() as stage:
            replays = FakeReplays(*(row(1, seconds, seconds / 100) for seconds in range(600)))
            viewing = await begun(stage, replays, speed=10)
            await viewing.heard("snapshot")
            replays.away = True
            stage.time.advance(20)
            assert (await viewing.heard("error"))["code"] == "database_away"
            replays.away = False
            stage.time.advance(10)
            frame = (await viewing.played(90))[-1]
            assert frame["now"] <= START + 300

    asyncio.run(scene())


def test_many_rows_are_read_in_parts_and_none_is_lost(staged, monkeypatch):
    monkeypatch.setattr(playback, "PART_ROWS", 10)
    rows = [row(n, seconds, seconds / 100) for seconds in range(1, 40) for n in range(1, 8)]

    async def scene():
        async with staged() as stage:
            replays = FakeReplays(*rows)
            replays.happened = [
                PastEvent(rows[n].flight, rows[n].ts, "takeoff", None, None, None)
                for n in range(0, len(rows), 7)
            ]
            viewing = await begun(stage, replays)
            await viewing.heard("snapshot")
            stage.time.advance(60)
            events, held = [], {}
            while True:
                message = await stage.heard(viewing.socket)
                if message["type"] == "event":
                    events.append(message["ts"])
                elif message["type"] == "delta":
                    held |= {entry["icao24"]: entry for entry in message["flights"]}
                    if message["now"] >= START + 60:
                        break
            assert [ts - START for ts in events] == list(range(1, 40))
            assert {entry["lon"] for entry in held.values()} == {0.39}
            assert len(held) == 7

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "subscribe", "at": "soon"}, "bad_time"),
        ({"type": "subscribe", "at": 1, "speed": 61}, "bad_speed"),
        ({"type": "speed", "speed": 0.05}, "bad_speed"),
        ({"type": "subscribe", "speed": 2}, "not_playing"),
        ({"type": "pause"}, "not_playing"),
        ({"type": "seek", "at": 1}, "not_playing"),
    ],
)
def test_what_cannot_be_played_is_refused_by_its_code(staged, message, code):
    async def scene():
        async with staged() as stage:
            stage.replays = FakeReplays()
            stage.app.ports = stage.ports
            socket = await stage.welcomed()
            answer = await stage.asked(socket, message | {"id": 5})
            assert (answer["type"], answer["code"], answer["id"]) == ("error", code, 5)

    asyncio.run(scene())


def test_a_connection_is_live_or_plays_and_not_everybody_can_play(staged, monkeypatch):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            at = {"type": "subscribe", "at": START}
            assert (await stage.asked(socket, at))["code"] == "not_supported"
            stage.replays = FakeReplays()
            stage.app.ports = stage.ports
            await socket.write_message('{"type":"subscribe"}')
            assert (await stage.asked(socket, at))["code"] == "already_live"
            monkeypatch.setattr(playing, "PLAYERS_MOST", 1)
            first, second = await stage.welcomed(), await stage.welcomed()
            assert (await stage.asked(first, at))["type"] == "playing"
            assert (await stage.asked(second, at))["code"] == "too_many_players"

    asyncio.run(scene())


def test_history_can_be_asked_for_in_the_address(staged):
    async def scene():
        async with staged() as stage:
            stage.replays = FakeReplays(row(1, 0, 1.0))
            stage.app.ports = stage.ports

            async def opened(query: str) -> Any:
                return await websocket_connect(stage.url(f"/api/v1/live?{query}", "ws"))

            socket = await opened(f"at={START}&speed=2&bbox=0,50,10,60")
            stage.opened.append(socket)
            kinds = [(await stage.heard(socket))["type"] for _ in range(3)]
            assert kinds == ["welcome", "playing", "snapshot"]
            for query, status in (("at=soon", 400), ("at=1&speed=0", 400), ("speed=2", 400)):
                with pytest.raises(HTTPClientError) as refused:
                    await asyncio.wait_for(opened(query), PATIENCE_S)
                assert refused.value.code == status

    asyncio.run(scene())
