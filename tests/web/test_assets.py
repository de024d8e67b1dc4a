"""The built dashboard as it is served: types, packing, caching, ranges, the page's policy."""

import asyncio
import gzip
from pathlib import Path

import pytest

from aerotrack.web.assets import ASK_AGAIN, KEEP_FOR_EVER

PAGE = b'<!doctype html><script type="module" src="assets/main-AAAA.js"></script>'
SCRIPT = b"export const answer = 42;\n" * 100
TILES = bytes(range(256)) * 4


@pytest.fixture
def dashboard(tmp_path: Path) -> Path:
    """A build of a few files."""
    assets = tmp_path / "static" / "assets"
    assets.mkdir(parents=True)
    (assets.parent / "index.html").write_bytes(PAGE)
    (assets.parent / "client.js").write_bytes(SCRIPT)
    (assets / "main-AAAA.js").write_bytes(SCRIPT)
    (assets / "main-AAAA.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "worker-BBBB.mjs").write_bytes(SCRIPT)
    (assets / "base-CCCC.pmtiles").write_bytes(TILES)
    (tmp_path / "secret.txt").write_text("no")
    return assets.parent


def test_the_page_is_there_and_runs_only_what_comes_from_here(staged, dashboard):
    async def scene():
        async with staged(dashboard=dashboard, base_path="/radar") as stage:
            page = await stage.fetch("/radar/")
            assert PAGE == page.body
            assert page.headers["Content-Type"] == "text/html; charset=utf-8"
            assert page.headers["Cache-Control"] == ASK_AGAIN
            policy = dict(
                part.strip().split(" ", 1)
                for part in page.headers["Content-Security-Policy"].split(";")
            )
            assert {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'"} == {
                name: policy[name] for name in ("default-src", "script-src", "style-src")
            }
            again = await stage.fetch("/radar/", headers={"If-None-Match": page.headers["Etag"]})
            assert 304 == again.code

    asyncio.run(scene())


def test_without_a_build_the_root_leads_to_the_page_that_says_how_to_build(staged, tmp_path):
    async def scene():
        async with staged(dashboard=tmp_path) as stage:
            answer = await stage.fetch("/")
            assert (302, "api") == (answer.code, answer.headers["Location"])
            assert b"AEROTRACK_SKIP_DASHBOARD" in (await stage.fetch("/api")).body
            assert (404, "not_found") == await stage.problem("/client.js")

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("main-AAAA.js", "text/javascript; charset=utf-8"),
        ("worker-BBBB.mjs", "text/javascript; charset=utf-8"),
        ("base-CCCC.pmtiles", "application/octet-stream"),
    ],
)
def test_assets_have_the_type_that_lets_a_browser_use_them_and_are_kept(
    staged, dashboard, name, expected
):
    async def scene():
        async with staged(dashboard=dashboard) as stage:
            answer = await stage.fetch(f"/assets/{name}")
            assert (expected, KEEP_FOR_EVER) == (
                answer.headers["Content-Type"],
                answer.headers["Cache-Control"],
            )

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [("gzip, br", "gzip"), ("br", None), ("gzip;q=0", None), ("identity", None)],
)
def test_what_is_packed_is_sent_packed_to_whom_takes_it(staged, dashboard, accepted, expected):
    async def scene():
        async with staged(dashboard=dashboard) as stage:
            answer = await stage.fetch(
                "/assets/main-AAAA.js",
                headers={"Accept-Encoding": accepted},
                decompress_response=False,
            )
            assert expected == answer.headers.get("Content-Encoding")
            body = gzip.decompress(answer.body) if expected else answer.body
            assert SCRIPT == body
            assert "Accept-Encoding" == answer.headers["Vary"]

    asyncio.run(scene())


def test_tiles_are_read_in_ranges(staged, dashboard):
    async def scene():
        async with staged(dashboard=dashboard) as stage:
            answer = await stage.fetch(
                "/assets/base-CCCC.pmtiles", headers={"Range": "bytes=256-511"}
            )
            assert (206, TILES[256:512]) == (answer.code, answer.body)

    asyncio.run(scene())


@pytest.mark.parametrize("path", ["/assets/..%2f..%2fsecret.txt", "/assets/none.js", "/assets/.."])
def test_nothing_but_the_build_is_served(staged, dashboard, path):
    async def scene():
        async with staged(dashboard=dashboard) as stage:
            assert (404, "not_found") == await stage.problem(path)

    asyncio.run(scene())
