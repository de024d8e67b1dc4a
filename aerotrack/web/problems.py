"""Errors of the HTTP interface: RFC 9457 problem details with a stable ``code``."""

from http import HTTPStatus
from typing import Final

import msgspec
from tornado.web import HTTPError

PROBLEM_TYPE: Final = "application/problem+json"

# Every code an answer can carry: its status, and what it means.
CODES: Final[dict[str, tuple[int, str]]] = {
    "bad_request": (400, "The request cannot be understood"),
    "bad_parameter": (400, "A parameter has a value it cannot have"),
    "unknown_parameter": (400, "There is no such parameter here"),
    "bad_bbox": (400, "The bounding box cannot be one"),
    "bad_time": (400, "A time is neither epoch seconds nor ISO 8601, or they are in no order"),
    "bad_cursor": (400, "This cursor is none, or belongs to another question"),
    "bad_flight_name": (400, "This is neither an icao24 nor a flight_id"),
    "unreadable_body": (400, "Nothing in the body can be parsed"),
    "token_required": (401, "This needs a bearer token"),
    "bad_token": (401, "The bearer token is not the right one"),
    "ingest_closed": (403, "Posting is closed to other machines: no token is configured"),
    "bad_origin": (403, "This origin may not do that"),
    "not_found": (404, "There is nothing here"),
    "flight_not_found": (404, "No such flight is known"),
    "aircraft_not_found": (404, "Nobody ever heard of this aircraft"),
    "method_not_allowed": (405, "This method does not work here"),
    "not_acceptable": (406, "There is no such format of it"),
    "feed_name_taken": (409, "A configured feed has this name"),
    "too_many_feeds": (409, "Too many names of posted feeds"),
    "payload_too_large": (413, "The body is larger than this server takes"),
    "unsupported_media_type": (415, "Bodies must be JSON"),
    "unsupported_encoding": (415, "Content-Encoding can be gzip or nothing"),
    "too_much": (422, "The answer is too large or takes too long; ask for less"),
    "upgrade_required": (426, "This address speaks WebSocket only"),
    "internal": (500, "Something broke inside; the log says what"),
    "not_supported": (501, "This server does not do that yet"),
    "too_many_clients": (503, "As many clients as this server serves are connected"),
    "fanout_down": (503, "The processes that serve live clients are starting, or full"),
    "not_durable": (503, "It cannot be put on disk now; post it again"),
    "no_answer": (503, "The part that knows did not answer in time"),
    "database_away": (503, "The history cannot be read now; live traffic goes on"),
}

_CODE_OF_STATUS: Final = {
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
}


class ProblemDocument(msgspec.Struct, frozen=True):
    """The body of every error."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str


class Problem(HTTPError):
    """An error to answer with: a code of :data:`CODES` and a sentence about this case."""

    def __init__(self, code: str, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(CODES[code][0])
        self.code = code
        self.detail = detail
        self.headers = headers or {}

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


def problem_of(error: BaseException | None, status: int) -> Problem:
    """The problem to answer with after ``error``; what broke inside is not told outside."""
    if isinstance(error, Problem):
        return error
    code = _CODE_OF_STATUS.get(status, "bad_request" if 400 <= status < 500 else "internal")
    return Problem(code, CODES[code][1] + ".")


def document_of(problem: Problem, *, status: int, path: str) -> bytes:
    """The JSON body of ``problem``; ``status`` is the one really sent."""
    return msgspec.json.encode(
        ProblemDocument(
            type=f"urn:aerotrack:problem:{problem.code}",
            title=HTTPStatus(status).phrase,
            status=status,
            code=problem.code,
            detail=problem.detail,
            instance=path,
        )
    )
