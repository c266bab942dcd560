"""What is declared is what is imported, and the lock file satisfies what is declared."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CORE = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = {name: [Requirement(line) for line in lines] for name, lines in PROJECT["optional-dependencies"].items()}
USED_UNSEEN = {"httptools", "uvloop", "accelerate", "bitsandbytes", "trl", "ray"}
"""Loaded by uvicorn or transformers on our behalf, or imported by an example only."""
COMES_WITH = {
    "aiohttp": "httpx-aiohttp",
    "click": "typer",
    "huggingface_hub": "datasets",
    "mcp_types": "mcp",
    "psutil": "accelerate",
    "pyarrow": "datasets",
    "pydantic_core": "pydantic",
    "starlette": "mcp",
}
"""Modules that a declared dependency brings because it can't work without them."""


def test_every_third_party_import_is_declared() -> None:
    declared = {canonicalize_name(r.name) for r in CORE} | {
        canonicalize_name(r.name) for lines in EXTRAS.values() for r in lines
    }
    distributions = packages_distributions()
    undeclared = {
        module
        for module in _imported()
        if not {canonicalize_name(name) for name in distributions.get(module, [module])} & declared
    }
    assert undeclared == {module for module in COMES_WITH if module in undeclared}
    assert set(COMES_WITH.values()) <= declared


def test_every_core_dependency_is_imported() -> None:
    distributions = packages_distributions()
    used = {canonicalize_name(name) for module in _imported() for name in distributions.get(module, [module])}
    unused = {canonicalize_name(r.name) for r in CORE} - used
    assert unused == set()


def test_every_extra_s_dependency_is_imported_or_loaded_by_another() -> None:
    distributions = packages_distributions()
    imported = _imported()
    used = {canonicalize_name(name) for module in imported for name in distributions.get(module, [module])}
    named = {canonicalize_name(r.name) for name, lines in EXTRAS.items() if name != "dev" for r in lines}
    assert named - used - imported <= USED_UNSEEN


def test_the_lock_file_satisfies_every_requirement() -> None:
    locked = _locked()
    wanted = CORE + [r for name in ("report", "server", "mcp", "gym", "dev") for r in EXTRAS[name]]
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        if name == "medagentbenchv2" or (requirement.marker and not requirement.marker.evaluate()):
            continue
        assert any(requirement.specifier.contains(version) for version in locked[name]), requirement


def test_every_dependency_has_its_reason_in_the_readme() -> None:
    table = (ROOT / "README.md").read_text().partition("## Dependencies")[2]
    for requirement in CORE + [r for name, lines in EXTRAS.items() if name != "dev" for r in lines]:
        assert f"`{requirement.name}`" in table, requirement.name


def _imported() -> set[str]:
    """Top-level names of third-party modules that the package imports anywhere, lazily too."""
    names: set[str] = set()
    for path in (ROOT / "medagentbenchv2").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "need":
                names |= {str(a.value).partition(".")[0] for a in node.args if isinstance(a, ast.Constant)}
    return names - set(sys.stdlib_module_names) - {"medagentbenchv2"}


def _locked() -> dict[str, set[Version]]:
    """Versions by name; a universal lock may hold one per Python version."""
    versions: dict[str, set[Version]] = {}
    for line in (ROOT / "requirements-dev.txt").read_text().splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line)
            (spec,) = requirement.specifier
            versions.setdefault(canonicalize_name(requirement.name), set()).add(Version(spec.version))
    return versions
