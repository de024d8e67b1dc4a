"""The layout holds: who imports whom, read off the source (DESIGN, section 8)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import aerotrack

PACKAGE = Path(aerotrack.__file__).parent
MODULES = {
    ".".join(("aerotrack", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

# Pure helpers without state or IO of the domain's kind, open to everybody but the domain.
SHARED = ("aerotrack.logs", "aerotrack.masking")

# What of ours each package may import besides itself and SHARED.
MAY_IMPORT = {
    "aerotrack.domain": (),
    "aerotrack.feeds": ("aerotrack.domain",),
    "aerotrack.actors": ("aerotrack.domain",),
    "aerotrack.db": ("aerotrack.domain", "aerotrack.actors.messages"),
    # The figures and clocks of a feed are types that the web shows and hands on.
    "aerotrack.web": (
        "aerotrack.domain",
        "aerotrack.actors.messages",
        "aerotrack.feeds.feed",
        "aerotrack.feeds.receivers",
    ),
    "aerotrack.client": ("aerotrack.domain",),
    "aerotrack.cards": (),
    "aerotrack.config": (
        "aerotrack.cards",
        "aerotrack.domain",
        "aerotrack.setting",
        "aerotrack.settings",
    ),
    "aerotrack.setting": (),
    "aerotrack.settings": ("aerotrack.domain", "aerotrack.setting"),
    "aerotrack.logs": (),
    "aerotrack.gc_policy": (),
    "aerotrack.masking": (),
    "aerotrack.cli": ("aerotrack",),
    "aerotrack.commands": ("aerotrack",),
    "aerotrack.top": ("aerotrack.client", "aerotrack.domain"),
    "aerotrack.decode": ("aerotrack.domain", "aerotrack.feeds"),
    "aerotrack.export": ("aerotrack.domain",),
    "aerotrack.__main__": ("aerotrack.cli",),
    "aerotrack.runtime": ("aerotrack",),
}

# Where each library may be imported; a prefix of the module's name.
ONLY_IN = {
    "thespian": ("aerotrack.actors",),
    "psycopg": ("aerotrack.db",),
    "psycopg_pool": ("aerotrack.db",),
    "tornado": (
        "aerotrack.web",
        "aerotrack.client",
        "aerotrack.runtime",
        "aerotrack.feeds.http",
    ),
    "click": ("aerotrack.cli", "aerotrack.commands"),
}

# What pure code has no business with: IO, clocks, chance without a seed handed in, threads.
NOT_IN_DOMAIN = {
    "asyncio", "http", "io", "logging", "os", "pathlib", "secrets", "select",
    "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib",
}  # fmt: skip


def imports(module: str) -> Iterator[str]:
    """Every module that ``module`` imports anywhere in its source, absolute."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (above, node.module) if part)
            for alias in node.names:
                name = f"{origin}.{alias.name}"
                yield name if name in MODULES else origin


def within(module: str, *prefixes: str) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def rule_of(module: str) -> str:
    """The longest key of ``MAY_IMPORT`` that ``module`` falls under."""
    return max((key for key in MAY_IMPORT if within(module, key)), key=len, default="")


def test_every_module_has_its_place_in_the_layout() -> None:
    assert [] == [name for name in MODULES if name != "aerotrack" and not rule_of(name)]


@pytest.mark.parametrize("module", [name for name in MODULES if name != "aerotrack"])
def test_a_module_imports_only_what_its_place_allows(module: str) -> None:
    place = rule_of(module)
    shared = () if place == "aerotrack.domain" else SHARED
    allowed = (place, *shared, *MAY_IMPORT[place])
    ours = {name for name in imports(module) if within(name, "aerotrack")}
    # "from aerotrack import __version__" is no dependency on anything.
    assert [] == sorted(n for n in ours if n != "aerotrack" and not within(n, *allowed))


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_where_it_belongs(library: str) -> None:
    users = {name for name in MODULES if any(within(i, library) for i in imports(name))}
    assert [] == sorted(user for user in users if not within(user, *ONLY_IN[library]))


def test_the_domain_is_pure() -> None:
    found = {
        (name, imported)
        for name in MODULES
        if within(name, "aerotrack.domain")
        for imported in imports(name)
        if within(imported, *NOT_IN_DOMAIN)
    }
    assert set() == found


def uses(module: str, library: str) -> set[str]:
    """The names of ``library`` that ``module`` uses as attributes or imports."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name == library:
                found.add(attribute)
            case ast.ImportFrom(module=name, names=names) if name == library:
                found |= {one.name for one in names}
    return found


def test_chance_in_the_domain_comes_from_a_seed() -> None:
    pure = [name for name in MODULES if within(name, "aerotrack.domain")]
    assert {} == {n: left for n in pure if (left := uses(n, "random") - {"Random"})}


def test_the_environment_is_read_in_one_place() -> None:
    readers = [name for name in MODULES if uses(name, "os") & {"environ", "environb", "getenv"}]
    assert ["aerotrack.config"] == readers
