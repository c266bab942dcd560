"""The README says what the code does: its tables are generated, its commands exist, its environment calls parse."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from medagentbenchv2 import load_environment
from medagentbenchv2.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.strip().splitlines()
    if line.startswith("medagentbenchv2 ")
]


def test_its_tables_are_those_of_the_code() -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "readme_tables.py", "--check"], check=True)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_parses(line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while hasattr(command, "commands"):
        assert words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    command.make_context(command.name, words)


@pytest.mark.parametrize("arguments", re.findall(r"-a '(\{.*?\})'", README))
def test_every_environment_call_names_real_arguments(arguments: str) -> None:
    assert set(json.loads(arguments)) <= set(load_environment.__annotations__)


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_every_python_example_runs(block: str) -> None:
    subprocess.run([sys.executable, "-c", block], check=True)


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures
    assert all((ROOT / picture).stat().st_size > 0 for picture in pictures)


def test_the_test_command_is_where_ci_looks_for_it() -> None:
    assert "<!-- test command -->\n```bash\npip install -e '.[dev]'\npytest\n```" in README
