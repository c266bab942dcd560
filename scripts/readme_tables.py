"""Write the README's tables from the code: arguments, tools, metrics, families. `--check` says whether they fit."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path

from docstring_parser import parse

from medagentbenchv2 import load_environment
from medagentbenchv2.faces.scoring import METRICS
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tools.registry import TOOLS

README = Path(__file__).parents[1] / "README.md"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def arguments() -> str:
    """The arguments of load_environment with their defaults."""
    said = {p.arg_name: p.description or "" for p in parse(load_environment.__doc__ or "").params}
    parameters = inspect.signature(load_environment).parameters.values()
    rows = [(f"`{p.name}`", f"`{p.default!r}`", " ".join(said[p.name].split())) for p in parameters]
    return table(("argument", "default", "meaning"), rows)


def tools() -> str:
    """The tools and the first sentence of what the model is told of each."""
    return table(("tool", "what"), [(f"`{t.name}`", first_sentence(t.description)) for t in TOOLS.values()])


def metrics() -> str:
    """The reward and the metrics of weight 0."""
    rows = [("`medagentbench_reward`", "The reward: 1.0 when every check of the verdict passed, else 0.0.")]
    rows += [(f"`{name}`", " ".join((m.__doc__ or "").split())) for name, m in METRICS.items()]
    return table(("metric", "meaning"), rows)


def families() -> str:
    """The families by edition and number."""
    rows = [(f.edition, f.task_type, f"`{f.slug}`", f.kind, f.title) for f in FAMILIES.values()]
    return table(("edition", "type", "family", "kind", "what"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "arguments": arguments,
    "tools": tools,
    "metrics": metrics,
    "families": families,
}


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence."""
    return re.split(r"(?<=[.])\s", " ".join(text.split()), maxsplit=1)[0]


def written(readme: str) -> str:
    """The README with every marked table as the code has it."""
    for name, make in TABLES.items():
        opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
        head, found, rest = readme.partition(opening)
        _, ended, tail = rest.partition(closing)
        if not found or not ended:
            raise SystemExit(f"README.md has no place marked {name}")
        readme = f"{head}{opening}\n{make()}\n{closing}{tail}"
    return readme


def main() -> None:
    """Write, or check."""
    before = README.read_text()
    after = written(before)
    if "--check" in sys.argv[1:]:
        raise SystemExit(0 if before == after else "README.md: a table is old; run scripts/readme_tables.py")
    README.write_text(after)


if __name__ == "__main__":
    main()
