"""The map at ``/``, the plain page of addresses, and the OpenAPI document."""

import secrets
from pathlib import Path
from typing import Final

from tornado.template import Loader

from aerotrack.web import openapi
from aerotrack.web.assets import PAGE_POLICY, FileOfDashboard, is_built
from aerotrack.web.handler import ApiHandler

_TEMPLATES: Final = Loader(str(Path(__file__).parent / "templates"), autoescape="xhtml_escape")


class AddressesHandler(ApiHandler):
    """Lists the addresses of the server and shows the live picture as a table."""

    strict = False

    def get(self) -> None:
        nonce = secrets.token_urlsafe(16)
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; img-src data:; connect-src 'self'; base-uri 'none'; "
            f"form-action 'none'; frame-ancestors 'self'; "
            f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'",
        )
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            _TEMPLATES.load("addresses.html").generate(
                nonce=nonce,
                server=self.web.server,
                built=is_built(self.web.dashboard),
                operations=[one for one in openapi.OPERATIONS if one.path != "/"],
            )
        )


class IndexHandler(FileOfDashboard):
    """The map, where it was built; else the way to the plain page, which says how to build it."""

    async def get(self, name: str = "index.html", include_body: bool = True) -> None:
        if not is_built(self.web.dashboard):
            self.redirect("api")
            return
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        await super().get(name, include_body)


class OpenApiHandler(ApiHandler):
    """The OpenAPI document."""

    strict = False

    def get(self) -> None:
        version = self.web.server.rpartition("/")[2]
        self.send(openapi.document(version=version, base_path=self.web.base_path))
