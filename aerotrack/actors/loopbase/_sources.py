"""Loadable actor sources (Thespian's loadActorSource), as simpleSystemBase keeps them."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from thespian.actors import ActorAddress, LoadedSource, UnloadedSource, ValidateSource
from thespian.system.sourceLoader import SourceHashFinder

logger = logging.getLogger(__name__)


def read_source(source: str | IO[bytes]) -> tuple[str, bytes]:
    """(hash, content) of a source file or of an open binary file, which is closed."""
    if isinstance(source, str):
        content = Path(source).read_bytes()
    else:
        with source:
            content = source.read()
    # An identifier, not a protection: Thespian names sources by MD5.
    return hashlib.md5(content, usedforsecurity=False).hexdigest(), content


class Sources:
    """Validated sources by hash, who validates them, and who is told about changes.

    `send(to, message)` sends from the system's own address.
    """

    def __init__(self, send: Callable[[ActorAddress, Any], None]) -> None:
        self._send = send
        self.zips: dict[str, bytes] = {}
        self.authority: ActorAddress | None = None
        self._listeners: dict[str, ActorAddress] = {}

    def notify(self, address: ActorAddress, enable: bool) -> None:
        """Tell `address` about sources from now on (and at once of those there are), or no more."""
        self._listeners.pop(address._aaddr, None)
        if enable:
            self._listeners[address._aaddr] = address
            for source_hash in self.zips:
                self._send(address, LoadedSource(source_hash, ""))

    def listeners(self) -> list[ActorAddress]:
        """Those who are told about changes."""
        return list(self._listeners.values())

    def forget(self, key: str) -> None:
        """An actor is gone: it neither validates nor listens any more."""
        self._listeners.pop(key, None)
        if self.authority is not None and self.authority._aaddr == key:
            self.authority = None

    def offer(self, source_hash: str, content: bytes) -> None:
        """Ask the source authority to validate a source; without one it is never loaded."""
        if self.authority is not None:
            self._send(self.authority, ValidateSource(source_hash, content))

    def accept(self, source_hash: str, content: bytes | None) -> None:
        """Keep a source the authority validated, unless it is no readable zip file."""
        try:
            names = SourceHashFinder(source_hash, lambda value: value, content).getZipNames()
        except Exception as error:
            logger.error("source_corrupt hash=%s error=%s", source_hash, error)
            return
        if content is None:
            return
        logger.info("source_loaded hash=%s modules=%d", source_hash, len(names))
        self.zips[source_hash] = content
        for listener in self._listeners.values():
            self._send(listener, LoadedSource(source_hash, ""))

    def unload(self, source_hash: str) -> None:
        """Forget a source and the modules imported from it; an unknown hash is ignored."""
        if self.zips.pop(source_hash, None) is not None:
            for listener in self._listeners.values():
                self._send(listener, UnloadedSource(source_hash, ""))
        for finder in list(sys.meta_path):
            if getattr(finder, "srcHash", None) == source_hash:
                root = finder.hashRoot()  # type: ignore[attr-defined]
                for name in [name for name in sys.modules if name.startswith(root)]:
                    del sys.modules[name]
                sys.meta_path.remove(finder)
                break

    def close(self) -> None:
        """Unload everything."""
        for source_hash in list(self.zips):
            self.unload(source_hash)
        self._listeners.clear()
        self.authority = None
