"""What a server says that cannot start."""

import asyncio
import gc
import socket
import warnings
from pathlib import Path

import pytest

from aerotrack.runtime.server import Server
from aerotrack.settings import Settings


def test_a_port_that_is_taken_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = Server(Settings(data_dir=tmp_path / "data", port=port))
        with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1 port {port}: .*--port"):
            asyncio.run(server.run())
    assert not (tmp_path / "data").exists()
    with warnings.catch_warnings():
        # Tornado's bind_sockets leaves the socket that could not be bound to the collector.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
