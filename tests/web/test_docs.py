"""The documents hold: every route, message, code and metric is described, and nothing else is."""

import asyncio
import re
from pathlib import Path

import msgspec
import pytest

from aerotrack.domain.live import CLIENT_TYPES, SERVER_TYPES, ServerMessage
from aerotrack.domain.live import CODES as LIVE_CODES
from aerotrack.web import openapi
from aerotrack.web.app import ROUTES
from aerotrack.web.live_messages import decode
from aerotrack.web.problems import CODES as PROBLEM_CODES

DOCS = Path(__file__).resolve().parents[2] / "docs"
HTTP = (DOCS / "http.md").read_text(encoding="utf-8")
LIVE = (DOCS / "live.md").read_text(encoding="utf-8")
TEMPLATES = Path(openapi.__file__).parent / "templates"


def examples(text: str) -> list[dict]:
    """Every JSON example, one a line."""
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    return [msgspec.json.decode(line) for block in blocks for line in block.splitlines()]


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its own two lines."""
    after = text[text.index(heading) :]
    table = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)
    assert table is not None
    lines = table[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_route_is_in_http_md_and_the_openapi_document_and_nothing_else_is():
    routes = sorted(route.path for route in ROUTES)
    assert routes == sorted(operation.path for operation in openapi.OPERATIONS)
    described = sorted(
        f"{operation.method.upper()} {operation.path}" for operation in openapi.OPERATIONS
    )
    assert described == sorted(row[0].strip("`") for row in rows(HTTP, "# HTTP"))


def test_every_problem_code_is_in_http_md_with_its_status_and_meaning():
    expected = [[f"`{code}`", str(status), text] for code, (status, text) in PROBLEM_CODES.items()]
    assert expected == rows(HTTP, "## Errors")


def test_every_message_type_has_its_heading_and_an_example():
    headings = {
        name.strip() for found in re.findall(r"^### (.+)$", LIVE, re.M) for name in found.split(",")
    }
    assert headings == {*CLIENT_TYPES, *SERVER_TYPES}
    assert {example["type"] for example in examples(LIVE)} == {*CLIENT_TYPES, *SERVER_TYPES}


def test_every_error_code_is_in_live_md():
    assert [f"`{code}`" for code in LIVE_CODES] == [row[0] for row in rows(LIVE, "### error")]


def test_the_examples_of_client_messages_are_understood():
    for example in examples(LIVE):
        text = msgspec.json.encode(example).decode()
        if example["type"] in CLIENT_TYPES:
            decode(text)


def test_the_examples_of_server_messages_are_of_their_types():
    ours = [example for example in examples(LIVE) if example["type"] in SERVER_TYPES]
    for example in ours:
        made = msgspec.convert(example, ServerMessage)
        assert example == msgspec.json.decode(msgspec.json.encode(made))


def test_every_metric_is_in_http_md(staged):
    async def scene():
        async with staged() as stage:
            return (await stage.fetch("/metrics")).body.decode()

    text = asyncio.run(scene())
    named = {
        name
        for name in re.findall(r"^# TYPE (aerotrack_\S+)", text, re.M)
        if not name.endswith("_created") and not name.startswith("aerotrack_registry_")
    }
    assert named == {row[0].strip("`") for row in rows(HTTP, "## Metrics")}


def test_the_python_client_of_live_md_runs(staged, capsys):
    source = re.search(r"```python\n(.*?)```", LIVE, re.DOTALL)
    assert source is not None
    code = source[1].replace("asyncio.run(main())", "")

    async def scene():
        async with staged() as stage:
            code_here = code.replace("127.0.0.1:8480", f"127.0.0.1:{stage.port}")
            scope: dict = {}
            exec(compile(code_here, "live.md", "exec"), scope)
            running = asyncio.ensure_future(scope["main"]())
            await stage.until(lambda: stage.actors.told)
            for message in examples(LIVE):
                if message["type"] in ("snapshot", "delta"):
                    stage.broadcast(1, msgspec.json.encode(message))
            await stage.until(lambda: "2 flights" in capsys.readouterr().out)
            stage.app.close()
            await running

    asyncio.run(scene())


@pytest.fixture(scope="module")
def document() -> dict:
    made = openapi.document(version="0.1.0", base_path="")
    return msgspec.json.decode(msgspec.json.encode(made))


def references(node: object) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))
    if isinstance(node, list):
        return set().union(*map(references, node))
    return set()


def test_every_reference_of_the_openapi_document_leads_somewhere(document):
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) - known == set()


def test_every_parameter_of_a_path_is_described(document):
    for path, methods in document["paths"].items():
        for operation in methods.values():
            in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))


def test_the_parameters_a_handler_takes_are_those_of_the_document(document):
    for route in ROUTES:
        taken = getattr(route.handler, "parameters", frozenset())
        for operation in document["paths"][route.path].values():
            assert taken == {p["name"] for p in operation["parameters"] if p["in"] == "query"}


def test_the_page_is_one_file_that_asks_nobody_else():
    text = (TEMPLATES / "addresses.html").read_text(encoding="utf-8")
    assert re.findall(r"https?://", text) == []
    assert re.findall(r"\son\w+=", text) == []
