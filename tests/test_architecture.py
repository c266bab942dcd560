"""The rules between rooms: imports point down, heavy libraries are imported where they are used, names match."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

import medagentbenchv2

PACKAGE = Path(medagentbenchv2.__file__).parent
LEVELS = (
    ("cli", "__main__"), ("environment",), ("faces",), ("runs",), ("results",), ("questions",), ("agents",), ("setup",),
    ("text_protocol",), ("rollout",), ("tasks",), ("grading",), ("tools",), ("chart",), ("hospital",), ("fhir",),
    ("endpoint", "moment", "terms"), ("errors", "data"),
)  # fmt: skip
"""From top to bottom: a room may import its own level and those below."""
HEAVY = {
    "verifiers": ("faces",), "datasets": ("faces",), "matplotlib": ("results",), "scipy": ("results",),
    "statsmodels": ("results", "questions"), "transformers": ("questions",), "torch": ("questions",),
    "gymnasium": ("faces",), "mcp": ("faces", "cli"), "uvicorn": ("cli",),
}  # fmt: skip
"""Library -> the only rooms that may import it."""
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60
V1_NAMES = {"MedAgentBenchHarness", "MedAgentBenchTaskset", "MedAgentBenchV1Env"}
"""Public where verifiers is 0.3 or later."""


def rooms() -> dict[str, int]:
    return {room: level for level, group in enumerate(LEVELS) for room in group}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p.relative_to(PACKAGE).parts != ("__init__.py",))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Dotted names of what a module imports, wherever in it, but for type checkers."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "medagentbenchv2":
                yield from (f"medagentbenchv2.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down_and_heavy_libraries_stay_in_their_rooms(path: Path) -> None:
    level = rooms()[room_of(path)]
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "medagentbenchv2" and rest:
            target = rest.partition(".")[0]
            if target != "_v1":
                assert rooms()[target] >= level, f"{path.name} imports {name}, which lies above it"
        elif top in HEAVY:
            assert room_of(path) in HEAVY[top], f"{path.name} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_and_functions_stay_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            told = (ast.get_docstring(node, clean=False) or "").count("\n") + 1
            assert (node.end_lineno or 0) - node.lineno - told < LONGEST_FUNCTION, f"{node.name} is long"


def test_every_public_name_can_be_had_and_is_in_all() -> None:
    has_v1 = Version(version("verifiers")) >= Version("0.3")
    for name in medagentbenchv2.__all__:
        assert (has_v1 or name not in V1_NAMES) == hasattr(medagentbenchv2, name), name
    with pytest.raises(AttributeError, match="nonsense"):
        _ = medagentbenchv2.nonsense


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, medagentbenchv2; print(sorted(m.partition('.')[0] for m in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [name for name in (*HEAVY, "numpy", "pydantic", "httpx", "aiohttp") if f"'{name}'" in loaded]
