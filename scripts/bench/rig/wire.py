"""As little of a WebSocket client as measures a server: handshake, frame heads, ping and pong."""

import json
import resource
import socket
import struct
from typing import Any, Final

READ_BYTES: Final = 1 << 16
TEXT, PING, PONG, CLOSE = 1, 9, 10, 8
_UPGRADE: Final = (
    "GET {path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
_DEFLATE: Final = "Sec-WebSocket-Extensions: permessage-deflate\r\n"


def upgrade(path: str = "/api/v1/live", *, compress: bool = False) -> bytes:
    """The request that opens one."""
    return _UPGRADE.format(path=path, more=_DEFLATE if compress else "").encode()


def masked(opcode: int, payload: bytes) -> bytes:
    """A frame as clients send it; masked with zeros, which is masked."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    return head + bytes(4) + payload


def subscribe(bbox: list[float] | None, interval: float) -> bytes:
    """The frame that asks for a view."""
    asked: dict[str, Any] = {"type": "subscribe", "interval": interval}
    if bbox is not None:
        asked["bbox"] = bbox
    return masked(TEXT, json.dumps(asked).encode())


class Refused(Exception):
    """The server answered the handshake with something else."""


class Wire:
    """One connection: counts frames and their bytes, answers pings, keeps payloads where asked to.

    ``frames`` and ``bytes`` count text frames with their heads; ``texts`` are the payloads since
    ``kept`` was set. ``closed`` when the other side has closed or sent a close frame.
    """

    __slots__ = (
        "_head", "_left", "_opcode", "_payload", "_upgraded",
        "bytes", "closed", "frames", "kept", "sock", "texts",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, *, kept: bool = False) -> None:
        self.sock = sock
        self.kept = kept
        self.texts: list[bytes] = []
        self.frames = self.bytes = 0
        self.closed = False
        self._upgraded = False
        self._head = b""
        self._left = 0  # bytes of the frame's payload still to come
        self._opcode = 0
        self._payload: bytearray | None = None

    def read(self) -> None:
        """Take what is there: one read. Raises ``Refused``."""
        try:
            came = self.sock.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self.closed = True
            return
        if not came:
            self.closed = True
            return
        self.take(came)

    def take(self, came: bytes) -> None:
        """Walk through what came."""
        pos = 0
        if not self._upgraded or self._head:
            came = self._head + came
            self._head = b""
            if not self._upgraded:
                end = came.find(b"\r\n\r\n")
                if end < 0:
                    self._head = came
                    return
                if b" 101 " not in came[:20]:
                    raise Refused(came[:60].decode("latin-1"))
                self._upgraded = True
                pos = end + 4
        size = len(came)
        while pos < size:
            if self._left:
                taken = min(self._left, size - pos)
                if self._payload is not None:
                    self._payload += came[pos : pos + taken]
                pos += taken
                self._left -= taken
                if not self._left:
                    self._done()
                continue
            if size - pos < 2:
                break
            opcode, length, head = came[pos] & 15, came[pos + 1], 2
            if length == 126:
                head = 4
            elif length == 127:
                head = 10
            if size - pos < head:
                break
            if head == 4:
                length = came[pos + 2] << 8 | came[pos + 3]
            elif head == 10:
                (length,) = struct.unpack_from("!Q", came, pos + 2)
            pos += head
            self._opcode, self._left = opcode, length
            if opcode == TEXT:
                self.frames += 1
                self.bytes += head + length
            self._payload = bytearray() if self.kept or opcode != TEXT else None
            if not length:
                self._done()
        self._head = came[pos:] if pos < size else b""

    def send(self, frame: bytes) -> None:
        """Send a frame, if the kernel takes it."""
        try:
            self.sock.send(frame)
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True

    def _done(self) -> None:
        payload, self._payload = self._payload, None
        if payload is None:
            return
        if self._opcode == PING:
            self.send(masked(PONG, bytes(payload)))
        elif self._opcode == CLOSE:
            self.closed = True
        elif self._opcode == TEXT:
            self.texts.append(bytes(payload))


def connected(host: str, port: int, request: bytes) -> socket.socket:
    """A socket that has sent ``request`` and does not block from here."""
    sock = socket.create_connection((host, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(request)
    sock.setblocking(False)
    return sock


def raise_open_files() -> None:
    """As many sockets as the system gives."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
