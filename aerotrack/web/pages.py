"""The plain page at ``/`` and the OpenAPI document."""

import secrets
from pathlib import Path
from typing import Final

from tornado.template import Loader

from aerotrack.web import openapi
from aerotrack.web.handler import ApiHandler

_TEMPLATES: Final = Loader(str(Path(__file__).parent / "templates"), autoescape="xhtml_escape")


class IndexHandler(ApiHandler):
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
            _TEMPLATES.load("index.html").generate(
                nonce=nonce,
                server=self.web.server,
                operations=[one for one in openapi.OPERATIONS if one.path != "/"],
            )
        )


class OpenApiHandler(ApiHandler):
    """The OpenAPI document."""

    strict = False

    def get(self) -> None:
        version = self.web.server.rpartition("/")[2]
        self.send(openapi.document(version=version, base_path=self.web.base_path))
