"""How many tokens an agent reads: the tool responses of the oracle's rollouts, by family, as `bundle` and as `compact`.

    pip install mistral-common && python -m tests.benchmarks.tokens [--difficulty 1 --difficulty 3]

Tokens are those of Mistral's Tekken, a byte-pair encoding whose vocabulary comes inside the mistral-common wheel, so
that nothing else is downloaded. Shipped tasks, or with --difficulty a training world of each.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.generated import GENERATED, PER_FAMILY
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.call import Result

TOKENIZER = "tekken_240911.json"
OUTPUTS = ("bundle", "compact")


def counter() -> Callable[[str], int]:
    """Counts a text's tokens. Raises ImportError without mistral-common."""
    import mistral_common
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    tekken = Tekkenizer.from_file(Path(mistral_common.__file__).parent / "data" / TOKENIZER)
    return lambda text: len(tekken.encode(text, bos=False, eos=False))


async def responses(setup: Setup, task: Task) -> list[str]:
    """What the oracle reads in one task, `finish` left out."""
    rollout, results = await setup.open(task), list[Result]()
    while not rollout.finished:
        for call in Oracle().turn(task, results, None).calls:
            results.append(Result(await rollout.call(call.tool, call.arguments)))
    assert rollout.verdict().correct, task.id
    return [result.text for result in results[:-1]]


async def lengths(setups: Sequence[Setup], count: Callable[[str], int]) -> dict[str, list[int]]:
    """Tokens of every response by family."""
    found: dict[str, list[int]] = defaultdict(list)
    for setup in setups:
        for task in setup.train_tasks if setup.split == "train" else setup.tasks:
            found[task.family.slug] += [count(text) for text in await responses(setup, task)]
    return found


def setups(difficulty: int | None, output: str) -> list[Setup]:
    """The shipped tasks of all families, or one training world."""
    if difficulty is None:
        return [Setup(tasks_variant=name, tool_output=output) for name in ("new_patient_tasks", "test_data_v2")]
    number = PER_FAMILY * len(FAMILIES)
    training = Setup(
        tasks_variant=GENERATED, split="train", num_train_tasks=number, difficulty=difficulty, tool_output=output
    )
    return [training]


def table(difficulty: int | None, count: Callable[[str], int]) -> list[str]:
    """One line a family: p50 and p95 of both forms."""
    by_output = {output: asyncio.run(lengths(setups(difficulty, output), count)) for output in OUTPUTS}
    lines = []
    for slug in FAMILIES:
        if by_output["bundle"][slug]:
            cells = [f"{value:12.0f}" for output in OUTPUTS for value in middle_and_high(by_output[output][slug])]
            lines.append(f"{slug:24}{''.join(cells)}")
    everything = {output: [n for found in by_output[output].values() for n in found] for output in OUTPUTS}
    cells = [f"{value:12.0f}" for output in OUTPUTS for value in middle_and_high(everything[output])]
    return [*lines, f"{'all':24}{''.join(cells)}"]


def middle_and_high(values: Sequence[int]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    if len(values) < 2:
        return float(values[0]), float(values[0])
    return statistics.median(values), statistics.quantiles(values, n=20, method="inclusive")[-1]


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--difficulty", type=int, action="append", choices=(1, 2, 3))
    count = counter()
    for difficulty in parser.parse_args(arguments).difficulty or (None, 1, 2, 3):
        print("shipped tasks" if difficulty is None else f"training world 1, difficulty {difficulty}")
        print(f"{'tokens a response':24}{'bundle p50':>12}{'p95':>12}{'compact p50':>12}{'p95':>12}")
        print("\n".join(table(difficulty, count)), flush=True)


if __name__ == "__main__":
    main()
