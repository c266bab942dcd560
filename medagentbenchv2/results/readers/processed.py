"""The Parquet files of `medarc-eval process`: runs/processed/<model>/<env>.parquet, one rollout a row.

They keep the reward, the tokens and what the environment's `keep_columns` names; neither messages nor how a rollout
ended. The results.jsonl under runs/raw holds all of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.families import EDITIONS, load_families
from medagentbenchv2.results.readers.attempts import number_by_order
from medagentbenchv2.results.readers.chat import failure_in, status_in
from medagentbenchv2.results.readers.classic import DEFAULT_VARIANT
from medagentbenchv2.results.readers.lines import parse
from medagentbenchv2.results.rows import Row, Status
from medagentbenchv2.results.run import Run

ENVIRONMENT = "medagentbenchv2"
NEEDED = ("example_id", "rollout_index", "reward", "extras", "model_id", "env_id")
KEEP = "keep_columns: [task_id, task_type, success, family, error]"
FIX = (
    f"write `export: {{{KEEP}}}` for {ENVIRONMENT} into configs/envs/ (examples/medarc/ has the file) and run "
    "`medarc-eval process` again, or give the results.jsonl under runs/raw"
)


def read_processed(path: Path) -> Run:
    """The run of a processed file. Rows of one example are its attempts.

    Raises ArgumentError naming the file, what it lacks and how it is kept, or row and field of what is not as it
    should be.
    """
    values = sorted(_table(path), key=lambda value: (value["example_id"], value["rollout_index"] or 0))
    extras = [_extras(value, path, number) for number, value in enumerate(values, 1)]
    kept = {name for one in extras for name in one}
    rows = [
        parse(Row, _row(value, extra), path, number)
        for number, (value, extra) in enumerate(zip(values, extras, strict=True), 1)
    ]
    variant = _variant(rows)
    return Run(
        source=path,
        model=str(values[0]["model_id"]),
        variant=variant,
        rows=tuple(number_by_order(rows)),
        format="medarc-processed",
        notes=tuple(_notes(kept, variant)),
    )


def is_ours(path: Path) -> bool:
    """Whether a Parquet file in a tree is one of this environment: `process` names it so."""
    return path.stem == ENVIRONMENT


def _table(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        table = parquet.read_table(path)
    except pa.ArrowInvalid as error:
        raise ArgumentError(f"{path}: not a Parquet file ({error})") from None
    if missing := [name for name in NEEDED if name not in table.column_names]:
        raise ArgumentError(f"{path}: has no column {missing[0]}, so `medarc-eval process` did not write it; {FIX}")
    values: list[dict[str, Any]] = table.to_pylist()
    environments = sorted({str(value["env_id"]) for value in values})
    if environments != [ENVIRONMENT]:
        raise ArgumentError(f"{path}: holds {', '.join(environments) or 'no row'}; give the file of {ENVIRONMENT}")
    return values


def _extras(value: dict[str, Any], path: Path, number: int) -> dict[str, Any]:
    found = orjson.loads(value["extras"] or "{}")
    if not isinstance(found, dict) or not found.get("task_id"):
        raise ArgumentError(f"{path}, row {number}: `extras` holds no task_id, so its task is not known; {FIX}")
    return found


def _row(value: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    reward, error = value["reward"], extra.get("error") or value.get("error")
    failed = error is not None or reward is None
    lost = {"level1": "infrastructure", "detail": error if isinstance(error, str) else orjson.dumps(error).decode()}
    seconds = value.get("total_ms")
    return {
        "index": value["example_id"],
        "task_id": str(extra["task_id"]),
        "status": Status.ERROR if failed else status_in(extra) or Status.COMPLETED,
        "correct": not failed and reward >= 1.0,
        "family": extra.get("family"),
        "reward": reward,
        "failure": lost if failed else failure_in(extra),
        "input_tokens": _whole(value.get("model_token_prompt")),
        "output_tokens": _whole(value.get("model_token_completion")),
        "latency_s": seconds / 1000 if seconds is not None else None,
        "cost": value.get("model_cost"),
    }


def _whole(count: float | None) -> int | None:
    return None if count is None else round(count)


def _variant(rows: list[Row]) -> str:
    """The task set that the rows' families and ids tell; the file does not name it."""
    if any(not row.task_id.startswith("task") for row in rows):
        return "generated"
    registered = load_families()
    editions = {registered[row.family].edition for row in rows if row.family in registered}
    return next((name for name, edition in EDITIONS.items() if editions == {edition}), DEFAULT_VARIANT)


def _notes(kept: set[str], variant: str) -> list[str]:
    notes = ["a processed file does not keep how a rollout ended: all that are scored count as completed"]
    if "error" not in kept:
        notes.append(f"infrastructure errors cannot be told from wrong answers and count as such; {FIX}")
    if "family" not in kept and variant != "generated":
        notes.append(f"the file does not name its task set, which is taken to be {variant}")
    return notes
