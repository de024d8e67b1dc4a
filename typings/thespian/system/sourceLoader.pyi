from collections.abc import Callable
from typing import Any

def loadModuleFromHashSource(
    hashSource: str, sources: dict[str, bytes], modName: str, modClass: str
) -> Any: ...

class SourceHashFinder:
    def __init__(
        self, srcHash: str, decryptor: Callable[[Any], Any], enczfsrc: bytes | None
    ) -> None: ...
    def getZipNames(self) -> list[str]: ...
