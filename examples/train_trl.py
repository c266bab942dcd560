"""GRPO on this environment with TRL's environment interface (`environment_factory`), on training worlds.

    pip install torch==2.13.0
    pip install "medagentbenchv2[train]"
    python examples/train_trl.py                          # a tiny random model on the CPU: does every part turn over?
    python examples/train_trl.py --model Qwen/Qwen3-4B --steps 200 --group 16 --max-completion 4096   # with a GPU

TRL makes one environment per rollout, shows its methods to the model as tools, and takes the reward from `get_reward`.
"""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from datasets import Dataset

from medagentbenchv2 import Rollout
from medagentbenchv2.setup import Setup
from medagentbenchv2.tools.registry import TOOLS, Tool

TYPES = {"string": str, "number": float, "integer": int, "boolean": bool, "array": list, "object": dict}


class Ward:
    """One rollout at a time; its tools are added below, from the same schemas that every other face shows."""

    setup: Setup

    def __init__(self) -> None:
        self.rollout: Rollout | None = None

    async def _open(self, task_id: str, world: int) -> Rollout:
        return await self.setup.open(self.setup.find(task_id, world))

    def reset(self, task_id: str, world: int, **_: Any) -> None:
        """Begin the task of a row; the prompt already says everything, so nothing is added to it."""
        self.rollout, self.row = None, (task_id, world)

    async def _call(self, tool: str, arguments: dict[str, Any]) -> str:
        if self.rollout is None:
            self.rollout = await self._open(*self.row)
        given = {name: value for name, value in arguments.items() if value is not None}
        return await self.rollout.call(tool, given)

    def get_reward(self) -> float:
        """1.0 when every check of the verdict passed, else 0.0; doing nothing is never right."""
        return self.rollout.verdict().reward if self.rollout else 0.0


def tool_method(tool: Tool) -> Callable[..., Coroutine[Any, Any, str]]:
    """A method that TRL can describe to the model: typed parameters and a docstring that names them all."""

    async def method(self: Ward, **arguments: Any) -> str:
        return await self._call(tool.name, arguments)

    required = set(tool.schema["required"])
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    lines = [" ".join(tool.description.split()), "", "Args:"]
    for name, schema in sorted(tool.schema["properties"].items(), key=lambda item: item[0] not in required):
        kind = TYPES.get(schema.get("type", ""), dict)
        default = inspect.Parameter.empty if name in required else None
        annotation = kind if name in required else kind | None
        parameters.append(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        )
        method.__annotations__[name] = annotation
        shape = f" JSON schema: {json.dumps(schema)}" if kind in (dict, list) else ""
        lines.append(f"    {name}: {' '.join(schema.get('description', name).split())}{shape}")
    for name in ("self", "arguments", "return"):
        del method.__annotations__[name]
    method.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    method.__name__, method.__qualname__, method.__doc__ = tool.name, f"Ward.{tool.name}", "\n".join(lines)
    return method


def ward_of(setup: Setup) -> type[Ward]:
    """The environment class of a setup, with one method for each tool."""
    return type("MedAgentBench", (Ward,), {"setup": setup} | {name: tool_method(tool) for name, tool in TOOLS.items()})


def rows(setup: Setup) -> Dataset:
    """The training tasks: prompt, and what `reset` needs."""
    return Dataset.from_list(
        [{"prompt": setup.messages(task), "task_id": task.id, "world": task.world} for task in setup.train_tasks]
    )


def tiny(setup: Setup) -> tuple[Any, Any]:
    """A randomly initialised model of a few thousand weights, and a tokenizer trained on the prompts; no download."""
    import torch
    import trl
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<think>", "</think>"]
    core = Tokenizer(models.BPE())
    core.pre_tokenizer, core.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    texts = [json.dumps([tool.schema, tool.description]) for tool in TOOLS.values()]
    texts += [setup.prompt(task) for task in setup.train_tasks] + [setup.system_prompt]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=4000, special_tokens=marks, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = (Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text()
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "head_dim": 16}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32_768}
    return Qwen3ForCausalLM(Qwen3Config(vocab_size=len(tokenizer), **shape, **heads)), tokenizer


def trainer_of(setup: Setup, model: Any, tokenizer: Any, **options: Any) -> Any:
    """GRPO over a setup's training tasks; options go to GRPOConfig."""
    from trl import GRPOConfig, GRPOTrainer

    return GRPOTrainer(
        model=model,
        args=GRPOConfig(
            max_tool_calling_iterations=setup.max_turns,
            chat_template_kwargs={"enable_thinking": False},
            report_to="none",
            save_strategy="no",
            logging_steps=1,
            seed=0,
            **options,
        ),
        train_dataset=rows(setup),
        processing_class=tokenizer,
        environment_factory=ward_of(setup),
    )


def main() -> None:
    """Train for some steps; prints the reward of each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", help="a model of the Hugging Face hub or a folder; a tiny random one if not given")
    parser.add_argument("--task-types", nargs="*", default=["latest_glucose", "naloxone_coverage"])
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--group", type=int, default=2, help="rollouts of one task that are compared")
    parser.add_argument("--max-completion", type=int, default=32, help="tokens of a whole rollout")
    parser.add_argument("--out", default=None)
    chosen = parser.parse_args()
    setup = Setup(
        tasks_variant="generated", task_types=tuple(chosen.task_types), num_train_tasks=40, tool_output="compact"
    )
    model, tokenizer = tiny(setup) if chosen.model is None else (chosen.model, None)
    trainer = trainer_of(
        setup,
        model,
        tokenizer,
        output_dir=chosen.out or mkdtemp(),
        max_steps=chosen.steps,
        per_device_train_batch_size=chosen.group,
        num_generations=chosen.group,
        max_completion_length=chosen.max_completion,
        use_cpu=chosen.model is None,
        bf16=chosen.model is not None,
        gradient_checkpointing=chosen.model is not None,
    )
    trainer.train()
    rewards = [f"{entry['reward']:.2f}" for entry in trainer.state.log_history if "reward" in entry]
    print(f"{len(rewards)} steps, reward {' '.join(rewards)}")


if __name__ == "__main__":
    main()
