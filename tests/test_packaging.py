"""The image and the compose files agree with the code and with each other.

They are read as text, so that the tests need no YAML library.
"""

import json
import re
from pathlib import Path

import click
import pytest

from aerotrack.cli import main
from aerotrack.db.embedded.binaries import MAJOR
from aerotrack.settings import SPECS

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_FILES = (
    ROOT / "docker-compose.yml",
    ROOT / "examples" / "receiver" / "docker-compose.yml",
)
compose_files = pytest.mark.parametrize(
    "path", COMPOSE_FILES, ids=lambda path: path.parent.name if "examples" in str(path) else "main"
)


def instruction(name: str) -> list[str]:
    """What stands behind each ``name`` of the Dockerfile, joined where lines go on."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} +(.+)$", joined, re.MULTILINE)


def services(path: Path) -> dict[str, list[str]]:
    """The lines of each service without comments, by its name; ``""`` holds what is around them."""
    found: dict[str, list[str]] = {"": []}
    service, inside = "", False
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            inside, service = line == "services:", ""
        elif inside and (named := re.fullmatch(r"  ([a-z-]+):", line)):
            service = named[1]
        found.setdefault(service, []).append(line.strip())
    return found


def arguments(text: str) -> list[str]:
    """What the exec form of an instruction names."""
    return [str(argument) for argument in json.loads(text)]


def health_options(text: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+)=(\S+)", text))


@compose_files
def test_both_services_are_there_with_a_health_check(path: Path) -> None:
    found = services(path)
    assert {"", "postgres", "aerotrack-service"} == set(found)
    for name in ("postgres", "aerotrack-service"):
        assert "healthcheck:" in found[name]


@compose_files
def test_postgresql_is_pinned_to_the_major_version_that_is_embedded(path: Path) -> None:
    lines = services(path)["postgres"]
    assert [f"image: postgres:{MAJOR}"] == [line for line in lines if line.startswith("image:")]


@compose_files
def test_the_volume_lies_where_that_version_keeps_its_data(path: Path) -> None:
    found = services(path)
    assert "- history:/var/lib/postgresql" in found["postgres"]
    assert {"history:", "state:"} <= set(found[""])


@compose_files
def test_user_database_and_password_are_the_same_on_both_sides(path: Path) -> None:
    found = services(path)
    password = "PASSWORD: ${POSTGRES_PASSWORD:-aerotrack}"
    assert {
        "POSTGRES_USER: aerotrack", "POSTGRES_DB: aerotrack", f"POSTGRES_{password}",
    } <= set(found["postgres"])  # fmt: skip
    assert {
        "AEROTRACK_DATABASE_URL: postgresql://aerotrack@postgres:5432/aerotrack", f"PG{password}",
    } <= set(found["aerotrack-service"])  # fmt: skip


@compose_files
def test_the_server_starts_after_the_database_and_has_time_to_stop(path: Path) -> None:
    lines = services(path)["aerotrack-service"]
    assert {"condition: service_healthy", "stop_grace_period: 1m"} <= set(lines)


@compose_files
def test_the_server_has_no_rights_it_does_not_need(path: Path) -> None:
    lines = set(services(path)["aerotrack-service"])
    assert {
        "read_only: true", "tmpfs: [/tmp]", "cap_drop: [ALL]",
        'security_opt: ["no-new-privileges:true"]',
    } <= lines  # fmt: skip


@compose_files
def test_the_port_published_is_the_port_listened_on_and_only_on_this_machine(path: Path) -> None:
    port = SPECS["port"].default
    wanted = f'- "${{AEROTRACK_PUBLISH:-127.0.0.1:{port}}}:{port}"'
    assert wanted in services(path)["aerotrack-service"]
    assert [str(port)] == instruction("EXPOSE")


@compose_files
def test_the_health_check_is_that_of_the_image(path: Path) -> None:
    (image,) = instruction("HEALTHCHECK")
    options, _, test = image.partition("CMD ")
    lines = services(path)["aerotrack-service"]
    assert "test: " + test.replace("[", '["CMD", ', 1) in lines
    for name, value in health_options(options).items():
        assert f"{name.replace('-', '_')}: {value}" in lines


def test_postgresql_is_set_up_the_same_way_in_every_file() -> None:
    first, *others = (services(path)["postgres"] for path in COMPOSE_FILES)
    assert [first] * len(others) == others


def test_every_network_used_is_declared_the_default_one_too() -> None:
    """podman-compose refuses a default network that is used and not declared."""
    example = services(COMPOSE_FILES[1])
    assert "networks: [default, receiver]" in example["aerotrack-service"]
    assert {"default:", "receiver:"} <= set(example[""])


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    assert ["10001:10001"] == instruction("USER")


def test_the_image_runs_a_command_that_there_is() -> None:
    (entrypoint,), (command,) = instruction("ENTRYPOINT"), instruction("CMD")
    assert ["aerotrack"] == arguments(entrypoint)
    name, *options = arguments(command)
    found = main.commands[name]
    known = {option for parameter in found.params for option in parameter.opts}
    assert isinstance(found, click.Command)
    assert set(options) <= known


def test_what_the_image_is_built_from_reaches_the_build() -> None:
    copied = {
        name
        for line in instruction("COPY")
        if not line.startswith("--from")
        for name in line.split()[:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert copied == {line[1:] for line in ignored if line.startswith("!")}
    assert set() == {name for name in copied if not (ROOT / name).exists()}
