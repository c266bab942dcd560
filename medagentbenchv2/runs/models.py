"""Which models a campaign asks: from flags, or from a TOML file of several."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from medagentbenchv2.endpoint import KEY_VARS
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.config import HostedModel
from medagentbenchv2.runs.folder import folder_name

OURS = {"messages", "model", "n", "seed", "stream", "tools"}
"""What a run puts into the body of a request itself."""


def read_models(path: Path) -> list[HostedModel]:
    """The `[[models]]` of a TOML file. Raises ArgumentError that names the entry and the field."""
    try:
        content = tomllib.loads(path.read_text())
    except OSError as error:
        raise ArgumentError(f"config: {str(path)!r} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ArgumentError(f"config: {path.name} is not TOML: {error}") from None
    unknown = sorted(content.keys() - {"models"})
    entries = content.get("models")
    if unknown or not isinstance(entries, list) or not entries:
        what = f"the unknown table {unknown[0]!r}" if unknown else "no [[models]]"
        raise ArgumentError(f"config: {path.name} holds {what}; it is a list of [[models]] with model, base_url, ...")
    models = [hosted_model(entry, f"config: {path.name}, model {number}") for number, entry in enumerate(entries, 1)]
    titles: dict[str, str] = {}
    for model in models:
        folder = folder_name(model.title).lower()
        if folder in titles:
            raise ArgumentError(
                f"config: {path.name}: {titles[folder]!r} and {model.title!r} would share the folder {folder}; give one"
                " of them another name"
            )
        titles[folder] = model.title
    return models


def hosted_model(entry: object, where: str) -> HostedModel:
    """A model from its entry in a file or from flags. Raises ArgumentError that names the place and the field."""
    try:
        model = HostedModel.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise ArgumentError(f"{where}, field {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for name in OURS & model.sampling.keys():
        if name != "seed" or model.sampling["seed"] is not False:
            fix = "use --seed, or false to send none" if name == "seed" else "leave it out, the run sets it"
            raise ArgumentError(f"{where}, field sampling.{name}: {fix}")
    return model


_SECRET = re.compile(r"auth|key|token|secret|cookie", re.IGNORECASE)


def parse_headers(headers: Sequence[str] | None) -> dict[str, str]:
    """`K=V` pairs as a dict; a value env:NAME is read from the environment later.

    Raises ArgumentError for a pair without `=`, and for one that carries a key in the open or whose name says so.
    """
    found: dict[str, str] = {}
    for pair in headers or ():
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise ArgumentError(f"header: {name!r} is not of the form NAME=VALUE")
        refuse_key(value, f"header {name}")
        if _SECRET.search(name) and not value.startswith("env:"):
            raise ArgumentError(
                f"header {name.strip()}: looks like one that carries a secret, which a command line would show to "
                f"everybody; write {name.strip()}=env:VARIABLE"
            )
        found[name.strip()] = value
    return found


def refuse_key(value: str, argument: str) -> None:
    """Raise ArgumentError when a value looks like a secret; the value is never repeated."""
    bare = value.removeprefix("Bearer ").strip()
    if bare.startswith(("sk-", "sk_", "pit_", "hf_", "AIza", "gsk_")) and bare not in KEY_VARS.values():
        raise ArgumentError(
            f"{argument}: holds a key, which a command line would show to everybody; put it into the environment or "
            "into .env and name its variable with --api-key-var (for a header: NAME=env:VARIABLE)"
        )
