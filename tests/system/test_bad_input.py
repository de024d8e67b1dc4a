"""Whatever comes in at any door is answered or counted by its reason, and nothing stops.

One server with a feed of every kind for all of it; after each mischief a good aircraft, sent in
by the same door, appears.
"""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .harness import PATIENCE_S, LiveClient, Server, until

MEGABYTE = 1 << 20
NOISE = bytes(range(256)) * 40
DEEP = b"[" * 100_000 + b"]" * 100_000
# The server is one for all examples, and each of them is a round trip or two. One that fails waits
# for as long as anybody would: it is not tried again and again to make it smaller.
FEW = settings(
    max_examples=60,
    phases=(Phase.explicit, Phase.generate),
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Documents:
    """An HTTP server with a document for every path, status and body, which a test exchanges."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        answers = self.answers

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answers.get(self.path, (200, b'{"now":1,"aircraft":[]}'))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self._thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self._thread.join(PATIENCE_S)
        self.http.server_close()


class Doors:
    """The server, and the ways into it."""

    def __init__(self, server: Server, documents: Documents) -> None:
        self.server = server
        self.documents = documents
        self._ports = {name: server.listening_port(name) for name in ("sbs", "jsonl")}
        self._number = 0x700000

    def send(self, feed: str, *pieces: bytes, rude: bool = False) -> None:
        """One connection: the pieces, then its end, with ``rude`` a reset."""
        with socket.create_connection(("127.0.0.1", self._ports[feed])) as receiver:
            for piece in pieces:
                receiver.sendall(piece)
            if rude:
                receiver.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def refused(self, feed: str) -> dict[str, int]:
        refused: dict[str, int] = self.server.feed(feed)["refused"]
        return refused

    def new(self) -> str:
        """An address not used before."""
        self._number += 1
        return f"{self._number:06x}"

    def good(self, feed: str, icao24: str) -> None:
        """Bring a good aircraft in by ``feed``."""
        if feed == "sbs":
            line = f"MSG,3,,,{icao24.upper()},,,,,,,35000,,,50.5,8.5,,,0,0,0,0\r\n"
            self.send("sbs", line.encode())
        elif feed == "jsonl":
            self.send("jsonl", b'{"hex":"%s","lat":50.5,"lon":8.5}\n' % icao24.encode())
        else:
            self.server.post({"icao24": icao24, "lat": 50.5, "lon": 8.5})

    def appears(self, feed: str) -> None:
        """All is well: a good aircraft that comes by ``feed`` is in the picture, and ready."""
        icao24 = self.new()
        self.good(feed, icao24)
        until("the good aircraft", lambda: icao24 in self.server.flights())
        assert 200 == self.server.request("GET", "/readyz")[0]


@pytest.fixture(scope="module")
def doors(make_place: Callable[[], Path], require_embedded: None) -> Iterator[Doors]:
    documents = Documents()
    port = documents.http.server_address[1]
    feeds = [f"{kind}+listen://127.0.0.1:0?name={kind}" for kind in ("sbs", "jsonl")] + [
        f"readsb+http://127.0.0.1:{port}/{number}.json?interval=0.1&name=http{number}"
        for number in range(len(BAD_DOCUMENTS))
    ]
    try:
        with Server(make_place() / "data", feeds=feeds) as server:
            yield Doors(server, documents)
    finally:
        documents.close()


# Lines --------------------------------------------------------------------------------------------

GOOD_SBS = b"MSG,3,,,4CA2D6,,,,,,,35000,,,50.5,8.5,,,0,0,0,0"
BAD_LINES = {
    "sbs": [
        (b"MSG,3,1,1,4CA2\r\n", "bad_line"),
        (GOOD_SBS[:-7], "cut_line"),
        (b"MSG,3,,,NOTHEX,,,,,,,35000,,,50.5,8.5,,,0,0,0,0\n", "bad_icao24"),
        (b"MSG," + b"9" * 10 * MEGABYTE + b"\n", "line_too_long"),
        (b"MSG," + b"9" * 10 * MEGABYTE, "line_too_long"),
        (NOISE + b"\n", "bad_line"),
        (DEEP + b"\n", "line_too_long"),
        (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", "bad_line"),
    ],
    "jsonl": [
        (b'{"hex":"4ca2d6","lat":50.5\n', "bad_json"),
        (b'{"hex":"4ca2d6","lat":NaN,"lon":8.5}\n', "bad_json"),
        (b'{"hex":17}\n', "bad_icao24"),
        (b'{"icao24":"4ca2d6","lat":"50.5","lon":8.5}\n', "bad_value"),
        (b'{"icao24":"4ca2d6","lat":50.5}\n', "bad_position"),
        (b'{"icao24":"4ca2d6","ts":4000000000,"lat":50.5,"lon":8.5}\n', "future"),
        (b'{"hex":"' + b"a" * 10 * MEGABYTE + b'"}\n', "line_too_long"),
        (b"[" * 30_000 + b"]" * 30_000 + b"\n", "bad_json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"\n", "bad_json"),
        (b'"a string"\n', "not_an_object"),
        (NOISE + b"\n", "bad_json"),
        (b'{"icao24":"4ca2d6","lat":1e999,"lon":8.5}\n', "bad_value"),
    ],
}


@pytest.mark.parametrize(
    ("feed", "line", "reason"),
    [(feed, *bad) for feed, lines in BAD_LINES.items() for bad in lines],
    ids=[
        f"{feed}-{i}-{bad[1]}" for feed, lines in BAD_LINES.items() for i, bad in enumerate(lines)
    ],
)
def test_a_bad_line_is_refused_by_its_reason_and_the_next_is_taken(
    doors: Doors, feed: str, line: bytes, reason: str
) -> None:
    before = doors.refused(feed).get(reason, 0)
    doors.send(feed, line)
    until(reason, lambda: doors.refused(feed).get(reason, 0) > before)
    doors.appears(feed)


@pytest.mark.parametrize("feed", ["sbs", "jsonl"])
@FEW
@given(pieces=st.lists(st.binary(max_size=300), max_size=5), rude=st.booleans())
def test_bytes_however_cut_however_ended_stop_no_feed(
    doors: Doors, feed: str, pieces: list[bytes], rude: bool
) -> None:
    doors.send(feed, *pieces, b"\n", rude=rude)
    doors.appears(feed)


@FEW
@given(
    fields=st.lists(
        st.sampled_from(
            [
                "",
                "MSG",
                "3",
                "4CA2D7",
                "nan",
                "inf",
                "-1",
                "1e9",
                "99999999",
                "-91.0",
                "181",
                "é",
                "\0",
            ]
        )
        | st.text(max_size=10),
        min_size=20,
        max_size=24,
    )
)
def test_sbs_fields_of_any_content_are_counted_and_stop_nothing(
    doors: Doors, fields: list[str]
) -> None:
    fields[0], fields[4:5] = "MSG", ["4CA2D7"]
    line = ",".join(fields).replace("\n", "").encode(errors="replace")
    before = doors.server.feed("sbs")["received"]
    doors.send("sbs", line + b"\n")
    until("the line", lambda: doors.server.feed("sbs")["received"] > before)
    doors.appears("sbs")
    counted = doors.server.feed("sbs")
    assert counted["received"] == (
        counted["accepted"] + counted["ignored"] + sum(counted["refused"].values())
    )


def test_half_closed_and_silent_connections_keep_nobody_out(doors: Doors) -> None:
    port = doors.server.listening_port("sbs")
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    try:
        silent[0].shutdown(socket.SHUT_WR)
        silent[1].shutdown(socket.SHUT_RD)
        silent[2].sendall(GOOD_SBS)
        doors.appears("sbs")
    finally:
        for one in silent:
            one.close()
    doors.appears("sbs")


# aircraft.json ------------------------------------------------------------------------------------

BAD_DOCUMENTS = [
    (200, b"", "bad_json"),
    (200, b'{"now":1,"aircraft":[{', "bad_json"),
    (200, NOISE, "bad_json"),
    (200, DEEP, "bad_json"),
    (200, b'{"now":1,"aircraft":{}}', "bad_json"),
    (200, b'{"now":2,"aircraft":[1,null,"x",[]]}', "not_an_object"),
    (200, b'{"now":3,"aircraft":[{"hex":"zz"}]}', "bad_icao24"),
    (200, b'{"now":4000000000,"aircraft":[{"hex":"4ca2d6"}]}', "future"),
    (200, b" " * 33 * MEGABYTE, "response_too_large"),
    (500, b"no", "http_500"),
    (404, b"", "http_404"),
]


@pytest.mark.parametrize("number", range(len(BAD_DOCUMENTS)))
def test_a_bad_document_is_said_with_its_reason_and_the_next_is_taken(
    doors: Doors, number: int
) -> None:
    # A feed for each: after a loss a feed pauses, and after several it does so for long.
    feed, path = f"http{number}", f"/{number}.json"
    status, body, reason = BAD_DOCUMENTS[number]
    doors.documents.answers[path] = (status, body)

    def said() -> bool:
        counted = doors.server.feed(feed)
        return reason in counted["refused"] or reason in (counted["last_error"] or "")

    until(reason, said)
    icao24 = doors.new()
    entry = {"hex": icao24, "lat": 50.5, "lon": 8.5, "alt_baro": 1000}
    doors.documents.answers[path] = (200, json.dumps({"aircraft": [entry]}).encode())
    until("the good aircraft", lambda: icao24 in doors.server.flights())


# POST ---------------------------------------------------------------------------------------------


def post(doors: Doors, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    headers = {"content_type": "application/json"} | headers
    status, answer = doors.server.request("POST", "/api/v1/observations", body, **headers)
    return status, json.loads(answer)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 400, "unreadable_body"),
        (b"[{", {}, 400, "unreadable_body"),
        (NOISE, {}, 400, "unreadable_body"),
        (DEEP, {}, 400, "unreadable_body"),
        (b"17", {}, 400, "unreadable_body"),
        (b" " * 17 * MEGABYTE, {}, 413, "payload_too_large"),
        (NOISE, {"content_encoding": "gzip"}, 400, "unreadable_body"),
        (b"[]", {"content_type": "text/plain"}, 415, "unsupported_media_type"),
    ],
    ids=["empty", "cut", "noise", "deep", "number", "17 MB", "no gzip", "text"],
)
def test_a_body_that_cannot_be_read_is_answered_with_a_problem(
    doors: Doors, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answered, problem = post(doors, body, **headers)
    assert (status, code) == (answered, problem["code"])
    doors.appears("post")


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (b'{"icao24":"4ca2d6","lat":NaN,"lon":8.5}', None),
        (b'{"icao24":17}', "bad_icao24"),
        (b'{"icao24":"4ca2d6","alt_baro":"high"}', "bad_value"),
        (b'{"icao24":"4ca2d6","lat":0,"lon":0}', "bad_position"),
        (b'{"icao24":"4ca2d6","ts":4000000000}', "future"),
        (b"null", "not_an_object"),
        (b'{"icao24":"4ca2d6","callsign":"' + b"A" * 10 * MEGABYTE + b'"}', "bad_value"),
    ],
    ids=["NaN", "icao24", "type", "null_island", "future", "null", "10 MB"],
)
def test_a_bad_record_is_named_in_the_answer_and_the_good_beside_it_taken(
    doors: Doors, record: bytes, code: str | None
) -> None:
    icao24 = doors.new()
    good = b'{"icao24":"%s","lat":50.5,"lon":8.5}' % icao24.encode()
    status, answer = post(doors, b"[" + record + b"," + good + b"]")
    if code is None:  # NaN is no JSON: nothing of the array can be read
        assert (400, "unreadable_body") == (status, answer["code"])
        status, answer = post(doors, record + b"\n" + good)
        code = "bad_json"
    assert (202, 1, 1) == (status, answer["accepted"], answer["rejected_total"])
    assert [(0, code)] == [(one["index"], one["code"]) for one in answer["rejected"]]
    until("the good aircraft", lambda: icao24 in doors.server.flights())


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["icao24", "ts", "lat", "lon", "alt_baro", "gs", "squawk", "callsign", "source", "nav_modes"]
)


@FEW
@given(st.lists(st.dictionaries(NAMES, JSON_VALUES, max_size=6) | JSON_VALUES, max_size=5))
def test_any_json_posted_is_answered_and_every_record_accounted_for(
    doors: Doors, records: list[Any]
) -> None:
    status, answer = post(doors, json.dumps(records).encode())
    if status == 202:
        assert len(records) == answer["accepted"] + answer["rejected_total"]
    else:
        assert (400, "unreadable_body") == (status, answer["code"])
    doors.appears("post")


def test_a_post_cut_off_in_the_middle_takes_nothing_and_stops_nothing(doors: Doors) -> None:
    head = (
        b"POST /api/v1/observations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    )
    with socket.create_connection((doors.server.host, doors.server.port)) as sock:
        sock.sendall(head + b'[{"icao24":"4ca2d6"')
    doors.appears("post")


# The live stream ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "bad_json"),
        ("", "bad_json"),
        ("[]", "bad_message"),
        ('{"type":"fly"}', "unknown_type"),
        ('{"type":"subscribe","bbox":[0,60,10,50]}', "bad_bbox"),
        ('{"type":"subscribe","bbox":[NaN,50,10,60]}', "bad_json"),
        ('{"type":"subscribe","bbox":["0",50,10,60]}', "bad_bbox"),
        ('{"type":"subscribe","interval":-1}', "bad_interval"),
        ('{"type":"subscribe","filter":{"wings":[2,2]}}', "bad_filter"),
        ('{"type":"subscribe","box":1}', "bad_message"),
        (NOISE, "bad_message"),
        ("[" * 30_000, "bad_json"),
        ("x" * 100_000, "too_large"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)
def test_a_bad_message_gets_an_error_and_the_connection_goes_on(
    doors: Doors, message: str | bytes, code: str
) -> None:
    with LiveClient(doors.server) as client:
        client.send(message, opcode=1 if isinstance(message, str) else 2)
        answer = client.answer()
        assert ("error", code) == (answer["type"], answer["code"])
        client.subscribe()
        icao24 = doors.new()
        doors.good("post", icao24)
        assert icao24 in client.until(lambda held: icao24 in held.flights).flights


@FEW
@given(
    st.text(max_size=100)
    | st.dictionaries(
        st.sampled_from(["type", "bbox", "interval", "id", "at"]),
        st.sampled_from(["subscribe", "ping", "unsubscribe", "seek"]) | JSON_VALUES,
    ).map(json.dumps)
)
def test_any_text_on_the_live_stream_leaves_the_connection_usable(
    doors: Doors, message: str
) -> None:
    with LiveClient(doors.server) as client:
        client.send(message.encode(errors="replace"))
        client.send({"type": "ping", "id": "after"})
        while client.answer() != {"type": "pong", "id": "after"}:
            pass
    assert 200 == doors.server.request("GET", "/healthz")[0]


@pytest.mark.parametrize(
    "frame",
    [
        b"\x81\x85abcd\xff\xff\xff\xff\xff",  # no UTF-8
        b"\xff" * 200,  # reserved bits and opcodes
        b"\x81\x05hello",  # not masked
        b"\x81\xff" + (1 << 40).to_bytes(8, "big") + b"abcd",  # a terabyte is announced
        b"\x80\x80abcd",  # a continuation of nothing
        NOISE,
    ],
    ids=["utf8", "reserved", "unmasked", "terabyte", "continuation", "noise"],
)
def test_frames_against_the_protocol_cost_their_sender_at_most_the_connection(
    doors: Doors, frame: bytes
) -> None:
    with LiveClient(doors.server) as witness:
        witness.subscribe()
        with LiveClient(doors.server) as client:
            client.raw(frame)
        icao24 = doors.new()
        doors.good("post", icao24)
        assert icao24 in witness.until(lambda held: icao24 in held.flights).flights
    until("no client left", lambda: doors.server.json("/api/v1/stats")["clients"] == 0)


def test_requests_that_are_none_stop_nothing(doors: Doors) -> None:
    for nonsense in (NOISE, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"A" * 2 * MEGABYTE, b"\0"):
        with socket.create_connection((doors.server.host, doors.server.port)) as sock:
            try:
                sock.sendall(nonsense)
            except OSError:
                continue  # it had heard enough
    for path in ("/api/v1/flights?bbox=1,2", "/api/v1/flights/%00", "/api/v1/flights/zz/track"):
        assert 400 == doors.server.request("GET", path)[0], path
    doors.appears("post")
