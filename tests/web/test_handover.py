"""A connection that changes servers behind its request, as between two processes."""

import asyncio
import contextlib
import socket as sockets
from collections.abc import AsyncIterator, Callable

from tornado.httpclient import HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect

from aerotrack.web.handover import request_head, serve, take

PATIENCE_S = 30.0


class Echo(WebSocketHandler):
    """Says who it thinks is there, then repeats."""

    def check_origin(self, origin: str) -> bool:
        return True

    def open(self, *_args: str) -> None:
        self.write_message(f"{self.request.remote_ip} {self.request.headers['X-Told']}")

    def on_message(self, message: str | bytes) -> None:
        self.write_message(message)


class Stage:
    """A front server that gives every connection away, and the back server that takes them."""

    def __init__(self) -> None:
        self.back = HTTPServer(Application([("/live", Echo)]))
        self.passed: list[bytes] = []
        self.closed = 0
        self.failed = 0
        self.pass_on = True
        self.held: list[sockets.socket] = []
        stage = self

        class Front(RequestHandler):
            async def get(self) -> None:
                try:
                    connection, said = take(self)
                except OSError:
                    stage.failed += 1
                    return
                stage.passed.append(said)
                if stage.pass_on:
                    serve(stage.back, connection, said, stage.count_closed)
                else:
                    stage.held.append(connection)

        self.front = HTTPServer(Application([("/live", Front)]))
        listening = bind_sockets(0, "127.0.0.1")
        self.port = listening[0].getsockname()[1]
        self.front.add_sockets(listening)

    def count_closed(self) -> None:
        self.closed += 1

    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/live"

    async def until(self, so: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not so():
                await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    stage = Stage()
    try:
        yield stage
    finally:
        stage.front.stop()
        async with asyncio.timeout(PATIENCE_S):
            await stage.front.close_all_connections()
            await stage.back.close_all_connections()


def run(scene: Callable[[], object]) -> None:
    asyncio.run(asyncio.wait_for(scene(), 2 * PATIENCE_S))  # type: ignore[arg-type]


def upgrade(port: int, *more: str) -> bytes:
    head = (
        "GET /live HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13", "X-Told: early", *more,
    )  # fmt: skip
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def test_a_client_is_served_by_the_second_server_and_notices_nothing():
    async def scene():
        async with staged() as stage:
            request = HTTPRequest(stage.url(), headers={"X-Told": "twice"})
            socket = await websocket_connect(request)
            assert await socket.read_message() == "127.0.0.1 twice"
            await socket.write_message("hello")
            assert await socket.read_message() == "hello"
            assert stage.closed == 0
            socket.close()
            await stage.until(lambda: stage.closed)
            assert stage.closed == 1

    run(scene)


def test_the_first_server_is_done_with_a_connection_it_gave_away():
    async def scene():
        async with staged() as stage:
            stage.pass_on = False
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            writer.write(upgrade(stage.port))
            await stage.until(lambda: stage.held)
            await stage.front.close_all_connections()  # there is none any more
            (connection,) = stage.held
            writer.write(b"later")
            await writer.drain()
            await stage.until(lambda: peeked(connection) == b"later")
            connection.recv(100)
            connection.close()
            assert await reader.read() == b""
            writer.close()

    run(scene)


def peeked(connection: sockets.socket) -> bytes:
    with contextlib.suppress(BlockingIOError):
        return connection.recv(100, sockets.MSG_PEEK)
    return b""


def test_what_a_client_says_before_it_has_its_answer_is_not_lost():
    async def scene():
        async with staged() as stage:
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            masked = bytes((0x81, 0x82, 0, 0, 0, 0)) + b"hi"
            writer.write(upgrade(stage.port) + masked)
            await reader.readuntil(b"\r\n\r\n")
            async with asyncio.timeout(PATIENCE_S):
                assert await reader.readexactly(17) == b"\x81\x0f127.0.0.1 early"
                assert await reader.readexactly(4) == b"\x81\x02hi"
            assert stage.passed[0].endswith(masked)
            writer.close()
            await stage.until(lambda: stage.closed)

    run(scene)


def test_a_body_that_nobody_wanted_is_not_waited_for_again():
    async def scene():
        async with staged() as stage:
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            writer.write(upgrade(stage.port, "Content-Length: 4") + b"body")
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 ")
            writer.close()
            await stage.until(lambda: stage.closed)

    run(scene)


def test_a_client_that_hung_up_is_no_connection_any_more():
    async def scene():
        async with staged() as stage:
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            # the request and the end of the connection arrive together
            writer.write(upgrade(stage.port))
            writer.write_eof()
            await stage.until(lambda: stage.failed or stage.closed)
            assert await reader.read() == b""
            assert (stage.failed, stage.closed) == (1, 0)
            writer.close()

    run(scene)


def test_a_connection_that_broke_on_the_way_is_closed_and_counted():
    async def scene():
        async with staged() as stage:
            unconnected = sockets.socket()
            serve(stage.back, unconnected, b"", stage.count_closed)
            assert (stage.closed, unconnected.fileno()) == (1, -1)

    run(scene)


def test_the_head_stands_as_the_client_sent_it():
    headers = HTTPHeaders()
    for name, value in (
        ("Host", "there"), ("X-Forwarded-For", "1.2.3.4"), ("X-Twice", "a"), ("X-Twice", "b"),
        ("X-Latin", "caf\xe9"), ("Content-Length", "3"), ("Transfer-Encoding", "chunked"),
    ):  # fmt: skip
        headers.add(name, value)
    start = RequestStartLine("GET", "/flights/api/v1/live?a=%20b", "HTTP/1.1")

    class Connection:
        context = None

    request = HTTPServerRequest(start_line=start, headers=headers, connection=Connection())  # type: ignore[arg-type]
    assert request_head(request) == (
        b"GET /flights/api/v1/live?a=%20b HTTP/1.1\r\nHost: there\r\nX-Forwarded-For: 1.2.3.4\r\n"
        b"X-Twice: a\r\nX-Twice: b\r\nX-Latin: caf\xe9\r\n\r\n"
    )
