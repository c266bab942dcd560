"""`load_environment`: checks its arguments and picks the face for the verifiers that is installed."""

from importlib.util import find_spec
from typing import Any

from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.selection import split_types


def load_environment(
    fhir_api_base: str | None = None,
    tasks_variant: str = "new_patient_tasks",
    tasks_path: str | None = None,
    task_types: list[str] | None = None,
    max_turns: int = 8,
    *,
    split: str = "all",
    seed: int = 0,
    num_train_tasks: int = 1000,
    difficulty: int = 1,
    protocol: str = "tools",
    grading: str | None = None,
    tool_output: str = "bundle",
    writes: str = "isolated",
) -> Any:
    """Load MedAgentBench V2 as a verifiers environment.

    Args:
        fhir_api_base: Base URL of a FHIR server, with or without trailing slash; the embedded EHR when not given.
        tasks_variant: new_patient_tasks (300 tasks), new_tasks (10) or test_data_v2 (300, the v1 families).
        tasks_path: A JSON or JSON Lines file of tasks to use instead of a variant.
        task_types: Only these, such as task1 or naloxone_coverage; task1 never means task10.
        max_turns: Model turns in a rollout; the calls of the last one are executed.
        split: all, train or eval.
        seed: Seed of generated tasks.
        num_train_tasks: How many training tasks the training set holds.
        difficulty: 1 to 3, of generated tasks.
        protocol: tools (tool calls) or text (the v1 text protocol).
        grading: strict or published; by default strict for our wording, published for somebody else's.
        tool_output: How search results read: bundle (as the server answers) or compact.
        writes: isolated (each rollout sees its own writes) or server (with fhir_api_base: really posted).

    Returns:
        A verifiers environment: a ToolEnv with the classic interface; the native v1 Env under verifiers 0.4, which
        has v1 alone.

    Raises:
        ArgumentError: An argument is wrong; the message names it, the value and the fix.

    """
    types = split_types(task_types)
    setup = Setup(
        fhir_api_base=fhir_api_base,
        tasks_variant=tasks_variant,
        tasks_path=tasks_path,
        task_types=tuple(types) if types else None,
        max_turns=max_turns,
        split=split,
        seed=seed,
        num_train_tasks=num_train_tasks,
        difficulty=difficulty,
        protocol=protocol,
        grading=grading,
        tool_output=tool_output,
        writes=writes,
    )
    setup.check()
    if find_spec("verifiers.envs") is None and find_spec("verifiers.legacy") is None:
        from medagentbenchv2.faces.v1.env import load_v1_environment

        return load_v1_environment(setup)
    if protocol == "text":
        from medagentbenchv2.faces.text import MedAgentBenchTextEnv

        return MedAgentBenchTextEnv(setup)
    from medagentbenchv2.faces.classic import MedAgentBenchEnv

    return MedAgentBenchEnv(setup)
