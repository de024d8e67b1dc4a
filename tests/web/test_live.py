"""The live socket over a real connection: its messages, its mailbox, hostile and slow clients."""

import asyncio
import socket as sockets
import struct

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClosedError, websocket_connect

from aerotrack.actors.messages import RefuseView, SetWritable, Subscribe, Unsubscribe
from aerotrack.domain.geo import Box
from aerotrack.domain.live import CODES, MESSAGE_LIMIT
from aerotrack.domain.stream.filters import FlightFilter
from aerotrack.web.live import (
    CLOSE_NO_PONG,
    CLOSE_TOO_SLOW,
    MESSAGE_BURST,
    PROTOCOL_LIMIT,
    Allowance,
)

PING = '{"type":"ping","id":1}'
PONG = {"type": "pong", "id": 1}


def test_the_first_message_is_the_welcome_and_nothing_follows_unasked(staged):
    async def scene():
        async with staged() as stage:
            socket = await stage.connect()
            assert await stage.heard(socket) == {
                "type": "welcome", "protocol": 1, "server": "aerotrack/0.1.0", "epoch": "e1",
                "now": stage.time.wall,
            }  # fmt: skip
            assert await stage.asked(socket, PING) == PONG
            assert stage.actors.told == []
            socket.close()

    asyncio.run(scene())


def test_subscribe_goes_to_the_broadcaster_and_its_frames_come_back_as_they_are(staged):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            await socket.write_message('{"type":"subscribe","bbox":[-11,51,-5,56],"interval":0.1}')
            await stage.until(lambda: stage.actors.told)
            (wanted,) = stage.actors.of(Subscribe)
            assert (wanted.client_id, wanted.box, wanted.interval, wanted.now) == (
                1, Box(-11.0, 51.0, -5.0, 56.0), 0.1, stage.time.wall,
            )  # fmt: skip
            for number in range(3):
                stage.broadcast(1, b'{"type":"delta","seq":%d}' % number)
            heard = [await stage.heard(socket) for _ in range(3)]
            assert heard == [{"type": "delta", "seq": number} for number in range(3)]
            await socket.write_message('{"type":"unsubscribe"}')
            await stage.until(lambda: stage.actors.of(Unsubscribe))
            socket.close()

    asyncio.run(scene())


def test_a_closed_socket_leaves_nothing_behind(staged):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            await socket.write_message('{"type":"subscribe"}')
            await stage.until(lambda: stage.actors.of(Subscribe))
            socket.close()
            await stage.until(lambda: stage.actors.of(Unsubscribe))
            assert stage.actors.of(Unsubscribe) == [Unsubscribe(1, closed=True)]
            assert (stage.actors.mailboxes, len(stage.app.live)) == ({}, 0)
            again = await stage.welcomed()
            await again.write_message('{"type":"subscribe"}')
            await stage.until(lambda: len(stage.actors.of(Subscribe)) == 2)
            assert stage.actors.of(Subscribe)[1].client_id == 2
            again.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("no json", "bad_json"),
        ("[]", "bad_message"),
        (b"\x00\xff", "bad_message"),
        (b"", "bad_message"),
        ({"type": "dance"}, "unknown_type"),
        ({"type": "subscribe", "bbox": [0, 2, 1, 1]}, "bad_bbox"),
        ({"type": "subscribe", "interval": 0}, "bad_interval"),
        ({"type": "subscribe", "follow": ["x"]}, "bad_follow"),
        ({"type": "subscribe", "at": 1}, "not_supported"),
        (" " * (MESSAGE_LIMIT + 1), "too_large"),
        (b" " * PROTOCOL_LIMIT, "bad_message"),
    ],
)
def test_a_bad_message_is_answered_with_its_code_and_the_socket_stays_open(staged, message, code):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            answer = await stage.asked(socket, message)
            assert (answer["type"], answer["code"]) == ("error", code)
            assert await stage.asked(socket, PING) == PONG
            metrics = (await stage.fetch("/metrics")).body.decode()
            assert f'aerotrack_live_errors_total{{code="{code}"}} 1.0' in metrics
            socket.close()

    asyncio.run(scene())


def test_an_error_carries_the_id_of_its_message(staged):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            answer = await stage.asked(socket, {"type": "subscribe", "bbox": [1], "id": "mine"})
            assert (answer["code"], answer["id"]) == ("bad_bbox", "mine")
            socket.close()

    asyncio.run(scene())


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text() | st.binary(), min_size=1, max_size=20))
def test_whatever_comes_is_answered_in_order_and_the_socket_stays_open(staged, hostile):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            for message in hostile:
                answer = await stage.asked(socket, message)
                assert answer["type"] == "error"
                assert answer["code"] in CODES
            assert await stage.asked(socket, PING) == PONG
            socket.close()

    asyncio.run(scene())


def test_a_message_past_the_protocols_limit_closes_with_1009(staged):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            try:
                answer = await stage.asked(socket, "x" * (PROTOCOL_LIMIT + 1))
                assert answer is None
                assert socket.close_code in (1009, None)  # None where the reset overtook it
            except (WebSocketClosedError, OSError):
                pass

    asyncio.run(scene())


def test_an_allowance_is_a_burst_and_then_a_rate():
    allowance = Allowance(0.0)
    assert [allowance.take(0.0) for _ in range(int(MESSAGE_BURST) + 1)] == [True] * int(
        MESSAGE_BURST
    ) + [False]
    assert (allowance.take(0.04), allowance.take(0.06)) == (False, True)


def test_a_flood_is_answered_too_fast_until_it_ends(staged):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            count = int(MESSAGE_BURST) + 5
            for _ in range(count):
                await socket.write_message(PING)
            answers = [await stage.heard(socket) for _ in range(count)]
            assert [answer.get("code") for answer in answers] == [None] * int(MESSAGE_BURST) + [
                "too_fast"
            ] * 5
            stage.time.advance(1.0)
            assert await stage.asked(socket, PING) == PONG
            socket.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("headers", "settings", "opens"),
    [
        ({}, {}, True),
        ({"Origin": "http://127.0.0.1:{port}"}, {}, True),
        ({"Origin": "https://evil.example"}, {}, False),
        ({"Origin": "null"}, {}, False),
        ({"Origin": "http://127.0.0.1:1"}, {}, False),
        ({"Origin": "https://map.example"}, {"allowed_origins": ("https://Map.example/",)}, True),
        ({"Origin": "https://any.example"}, {"allowed_origins": ("*",)}, True),
        (
            {"Origin": "https://public.example", "X-Forwarded-Host": "public.example"},
            {"trusted_proxies": ("127.0.0.0/8",)},
            True,
        ),
        ({"Origin": "https://public.example", "X-Forwarded-Host": "public.example"}, {}, False),
    ],
)
def test_pages_of_our_own_host_and_of_allowed_origins_may_open_it(staged, headers, settings, opens):
    async def scene():
        async with staged(**settings) as stage:
            given = {name: value.format(port=stage.port) for name, value in headers.items()}
            if opens:
                (await stage.welcomed(**given)).close()
                return
            with pytest.raises(HTTPClientError) as caught:
                await stage.connect(**given)
            assert caught.value.code == 403
            document = msgspec.json.decode(caught.value.response.body)
            assert document["code"] == "bad_origin"

    asyncio.run(scene())


def test_one_client_too_many_is_asked_to_come_back(staged):
    async def scene():
        async with staged(max_clients=1) as stage:
            await stage.welcomed()
            with pytest.raises(HTTPClientError) as caught:
                await stage.connect()
            assert (caught.value.code, caught.value.response.headers["Retry-After"]) == (503, "30")
            document = msgspec.json.decode(caught.value.response.body)
            assert document["code"] == "too_many_clients"

    asyncio.run(scene())


def test_latency_is_observed_by_the_clients_interval(staged):
    async def scene():
        async with staged() as stage:
            for interval in ("0.1", "1"):
                socket = await stage.welcomed()
                wanted = f'{{"type":"subscribe","interval":{interval}}}'
                await socket.write_message(wanted)
            await stage.until(lambda: len(stage.actors.of(Subscribe)) == 2)
            stage.broadcast(1, b"{}", stage.time.monotonic - 0.02)
            stage.broadcast(2, b"{}", stage.time.monotonic - 0.9)
            stage.broadcast(2, b"{}", None)
            await stage.heard(socket)
            await stage.heard(socket)
            metrics = (await stage.fetch("/metrics")).body.decode()
            name = "aerotrack_feed_to_frame_seconds"
            assert f'{name}_bucket{{interval="fast",le="0.025"}} 1.0' in metrics
            assert f'{name}_bucket{{interval="normal",le="0.75"}} 0.0' in metrics
            assert f'{name}_count{{interval="normal"}} 1.0' in metrics

    asyncio.run(scene())


class Silent:
    """A client by hand that reads nothing after the handshake until told."""

    def __init__(self, stage) -> None:
        self.socket = sockets.create_connection(("127.0.0.1", stage.port))
        self.socket.setblocking(False)

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(
            self.socket,
            b"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        seen = b""
        while b"welcome" not in seen:
            seen += await loop.sock_recv(self.socket, 4096)

    async def say(self, opcode: int, payload: bytes) -> None:
        """A masked frame; the mask is zero."""
        assert len(payload) < 126
        frame = bytes([0x80 | opcode, 0x80 | len(payload)]) + b"\0\0\0\0" + payload
        await asyncio.get_running_loop().sock_sendall(self.socket, frame)

    async def read(self, size: int) -> bytes:
        loop, seen = asyncio.get_running_loop(), b""
        while len(seen) < size:
            seen += await loop.sock_recv(self.socket, min(65_536, size - len(seen)))
        return seen

    async def frame(self) -> tuple[int, bytes]:
        """The next frame's opcode and payload."""
        first, size = await self.read(2)
        if size == 126:
            (size,) = struct.unpack("!H", await self.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.read(8))
        return first & 0x0F, await self.read(size)


def test_a_client_that_reads_nothing_is_sent_nothing_more_and_catches_up_when_it_reads(staged):
    async def scene():
        async with staged() as stage:
            client = Silent(stage)
            await client.open()
            await client.say(1, b'{"type":"subscribe"}')
            await stage.until(lambda: stage.actors.of(Subscribe))
            for number in range(2):
                stage.time.advance(1.0)
                stage.broadcast(1, b'{"n":%d}' % number)
                await asyncio.sleep(0)
            await stage.until(lambda: stage.actors.of(SetWritable))
            assert stage.actors.of(SetWritable) == [SetWritable(1, writable=False)]
            assert stage.app.live.slow == 1
            frames = [await client.frame() for _ in range(4)]
            assert [opcode for opcode, _ in frames] == [1, 9, 1, 9]
            await client.say(0xA, frames[3][1])
            await stage.until(lambda: len(stage.actors.of(SetWritable)) == 2)
            assert stage.actors.of(SetWritable)[1] == SetWritable(1, writable=True)
            assert stage.app.live.slow == 0
            assert len(stage.actors.of(Subscribe)) == 1
            client.socket.close()

    asyncio.run(scene())


def test_more_than_the_kernel_takes_makes_a_client_not_writable_until_it_is_read(staged):
    async def scene():
        async with staged() as stage:
            client = Silent(stage)
            await client.open()
            await client.say(1, b'{"type":"subscribe"}')
            await stage.until(lambda: stage.actors.of(Subscribe))
            part = b"x" * 500_000
            for _ in range(20):
                stage.broadcast(1, part)
            await stage.until(lambda: stage.actors.of(SetWritable))
            assert stage.actors.of(SetWritable) == [SetWritable(1, writable=False)]
            # A view asked for meanwhile waits, and only the last one counts.
            await client.say(1, b'{"type":"subscribe","interval":2}')
            await client.say(1, b'{"type":"subscribe","interval":3}')
            await client.say(1, PING.encode())
            frames = []
            while len(frames) < 21:
                opcode, payload = await client.frame()
                if opcode == 9:
                    await client.say(0xA, payload)
                else:
                    frames.append((opcode, payload))
            assert frames == [(1, part)] * 20 + [(1, b'{"type":"pong","id":1}')]
            await stage.until(lambda: len(stage.actors.of(Subscribe)) == 2)
            assert stage.actors.of(Subscribe)[1].interval == 3.0
            client.socket.close()

    asyncio.run(scene())


def test_a_client_that_takes_nothing_for_a_minute_is_closed_with_its_reason(staged):
    async def scene():
        async with staged() as stage:
            client = Silent(stage)
            await client.open()
            await client.say(1, b'{"type":"subscribe"}')
            await stage.until(lambda: stage.actors.of(Subscribe))
            for _ in range(2):
                stage.broadcast(1, b"{}")
            await stage.until(lambda: stage.actors.of(SetWritable))
            stage.time.advance(59.0)
            stage.app.live.sweep(stage.time.monotonic)
            stage.time.advance(1.0)
            stage.app.live.sweep(stage.time.monotonic)
            opcode, payload = 0, b""
            while opcode != 8:
                opcode, payload = await client.frame()
            assert struct.unpack("!H", payload[:2]) == (CLOSE_TOO_SLOW,)
            assert payload[2:] == b"too_slow: nothing taken for 60 s"
            client.socket.close()

    asyncio.run(scene())


def test_a_filter_for_which_there_is_no_room_is_refused_with_the_messages_id(staged):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            await socket.write_message('{"type":"subscribe","filter":{"on_ground":true},"id":"x"}')
            await stage.until(lambda: stage.actors.of(Subscribe))
            (wanted,) = stage.actors.of(Subscribe)
            assert (wanted.which, wanted.request_id) == (FlightFilter(on_ground=True), "x")
            stage.actors.tell(wanted.client, RefuseView("too_many_filters", "Full.", "x"))
            answer = await stage.heard(socket)
            assert (answer["code"], answer["id"]) == ("too_many_filters", "x")
            socket.close()

    asyncio.run(scene())


@pytest.mark.parametrize(("epoch", "resumed"), [("e1", 48), ("e0", None)])
def test_a_position_of_this_run_is_resumed_and_one_of_another_is_not(staged, epoch, resumed):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            said = {"type": "subscribe", "follow": ["4ca2d6"]}
            said["resume"] = {"epoch": epoch, "pos": 48}
            await socket.write_message(msgspec.json.encode(said))
            await stage.until(lambda: stage.actors.of(Subscribe))
            (wanted,) = stage.actors.of(Subscribe)
            assert (wanted.resume_pos, wanted.follow) == (resumed, ("4ca2d6",))
            socket.close()

    asyncio.run(scene())


def test_an_address_with_a_view_subscribes_at_once(staged):
    async def scene():
        async with staged() as stage:
            socket = await websocket_connect(
                f"ws://127.0.0.1:{stage.port}/api/v1/live?bbox=-11,51,-5,56&interval=5"
            )
            assert (await stage.heard(socket))["type"] == "welcome"
            await stage.until(lambda: stage.actors.of(Subscribe))
            (wanted,) = stage.actors.of(Subscribe)
            assert (wanted.box, wanted.interval) == (Box(-11.0, 51.0, -5.0, 56.0), 5.0)
            socket.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("bbox=1", "bad_bbox"),
        ("interval=x", "bad_parameter"),
        ("filter=x", "bad_parameter"),
        ("boxx=1", "unknown_parameter"),
    ],
)
def test_an_address_that_cannot_be_is_refused_before_it_opens(staged, query, code):
    async def scene():
        async with staged() as stage:
            with pytest.raises(HTTPClientError) as caught:
                await websocket_connect(f"ws://127.0.0.1:{stage.port}/api/v1/live?{query}")
            assert caught.value.code == 400
            assert msgspec.json.decode(caught.value.response.body)["code"] == code

    asyncio.run(scene())


def test_an_idle_client_is_pinged_and_a_dead_one_closed_with_its_reason(staged):
    async def scene():
        async with staged() as stage:
            client = Silent(stage)
            await client.open()
            stage.time.advance(30.0)
            stage.app.live.sweep(stage.time.monotonic)
            opcode, payload = await client.frame()
            assert opcode == 9
            stage.time.advance(60.0)
            await client.say(0xA, payload)
            (live,) = stage.app.live
            await stage.until(lambda: live.outgoing.unanswered == 0)
            stage.app.live.sweep(stage.time.monotonic)
            assert (await client.frame())[0] == 9
            stage.time.advance(89.0)
            stage.app.live.sweep(stage.time.monotonic)
            assert (await client.frame())[0] == 9
            stage.time.advance(1.0)
            stage.app.live.sweep(stage.time.monotonic)
            opcode, payload = await client.frame()
            assert (opcode, struct.unpack("!H", payload[:2])) == (8, (CLOSE_NO_PONG,))
            assert payload[2:] == b"no_pong: no answer for 90 s"
            client.socket.close()

    asyncio.run(scene())


def test_at_the_end_every_client_is_told_that_the_server_goes_away(staged):
    async def scene():
        async with staged() as stage:
            socket = await stage.welcomed()
            stage.app.close()
            assert await stage.heard(socket) is None
            assert (socket.close_code, socket.close_reason) == (
                1001,
                "going_away: the server stops",
            )

    asyncio.run(scene())


@pytest.mark.parametrize("compress", [False, True])
def test_it_works_with_and_without_compression(staged, compress):
    async def scene():
        async with staged(compress=compress) as stage:
            socket = await stage.welcomed()
            await socket.write_message('{"type":"subscribe"}')
            await stage.until(lambda: stage.actors.of(Subscribe))
            for number in range(20):
                stage.broadcast(1, msgspec.json.encode({"n": number}))
            heard = [await stage.heard(socket) for _ in range(20)]
            assert heard == [{"n": number} for number in range(20)]
            socket.close()

    asyncio.run(scene())
