"""The built dashboard: its page, its assets, and the stream client for other people's pages.

Everything is a file that the build wrote (``dashboard/``), with a ``.gz`` and a ``.br`` beside it
where packing helps. Names below ``assets/`` carry a hash of what is in them and may be kept for
ever; the others are asked for again each time and answered by 304 while they are the same.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Final

from tornado.web import HTTPError, StaticFileHandler

from aerotrack.web.handler import AnsweredHere
from aerotrack.web.problems import Problem

# Python's own table depends on the machine; a module of the wrong type does not run.
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".pmtiles": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
OTHER_TYPE: Final = "application/octet-stream"
# Packed beside a file, the best first.
PACKED: Final = (("br", ".br"), ("gzip", ".gz"))
KEEP_FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"
# Scripts, styles, tiles and the stream come from here alone. Images are drawn by the map library
# out of canvases (blob:) and its style sheet (data:).
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; worker-src 'self'; "
    "connect-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)


def is_built(folder: Path) -> bool:
    """Whether the dashboard was built into ``folder``."""
    return (folder / "index.html").is_file()


class FileOfDashboard(AnsweredHere, StaticFileHandler):
    """One file of the build: packed if the client takes it, in ranges if it asks for them."""

    folder = ""

    def initialize(self) -> None:  # type: ignore[override]
        super().initialize(path=str(self.web.dashboard / self.folder))
        self._original = ""

    async def get(self, name: str, include_body: bool = True) -> None:
        try:
            await super().get(name, include_body)
        except HTTPError as error:
            if error.status_code in (403, 404):
                raise Problem("not_found", f"There is nothing at {self.request.path}.") from None
            raise

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        self._original = absolute_path
        self.set_header("Vary", "Accept-Encoding")
        return super().validate_absolute_path(root, self._packed(absolute_path))

    def _packed(self, path: str) -> str:
        """The path of what is sent for ``path``: packed as the client takes it, if it does."""
        if "Range" in self.request.headers:
            return path  # a range is one of the file as it is
        taken = {
            one.partition(";")[0].strip()
            for one in self.request.headers.get("Accept-Encoding", "").lower().split(",")
            if "q=0" not in one.replace(" ", "").split(";")[1:]
        }
        for encoding, suffix in PACKED:
            if encoding in taken and Path(path + suffix).is_file():
                self.set_header("Content-Encoding", encoding)
                return path + suffix
        return path

    def get_content_type(self) -> str:
        return TYPES.get(Path(self._original).suffix, OTHER_TYPE)

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002
        self.set_header("Cache-Control", KEEP_FOR_EVER if self.folder else ASK_AGAIN)

    def compute_etag(self) -> str | None:
        return StaticFileHandler.compute_etag(self)

    @classmethod
    def get_content(
        cls, abspath: str, start: int | None = None, end: int | None = None
    ) -> Generator[bytes]:
        """The bytes of the file, in pieces."""
        return StaticFileHandler.get_content(abspath, start, end)


class AssetHandler(FileOfDashboard):
    """What the page loads, by names that carry a hash."""

    folder = "assets"


class ClientHandler(FileOfDashboard):
    """``client.js``, its types and the licences: by names that stay."""

    async def get(self, name: str = "", include_body: bool = True) -> None:
        own = self.request.path.rpartition("/")[2]
        await super().get(name or own, include_body)
