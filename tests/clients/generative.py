"""A tiny chat model that is made here and now, and served by transformers' own OpenAI-compatible server.

Nothing is downloaded: the tokenizer is trained on the prompts, its tokens include fragments of tool calls and of the
text protocol, and a few steps of training on such fragments make the random model say them: whole calls of tools that
exist and that do not, calls with wrong arguments, halves of calls, endless lists, bytes that are no character.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medagentbenchv2.setup import Setup
from medagentbenchv2.tools.registry import TOOLS
from tests.fhir.serving import free_port

MARKS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<think>", "</think>"]
ARGUMENTS = [
    '"patient": "S1234567"', '"patient": "S0000000"', '"code": "K"', '"value": [1, 2]', '"value": ["-1"]',
    '"value": -1', '"value": []', '"identifier": "S1234567"', '"count": 200', '"count": "many"', '"page": -5',
    '"nothing": null', '"status": ["active"]', '"expression": "2**2**2**2"', '"note": "\\ud800"',
    '"dose": {"value": {}}',
]  # fmt: skip
LINES = [
    "GET http://localhost:8080/fhir/Observation?patient=S1234567&code=K", "GET /Patient?", "GET nowhere at all",
    "POST http://localhost:8080/fhir/ServiceRequest\n", '{"resourceType": "ServiceRequest"', '"subject": {', "}",
    "FINISH([1])", "FINISH([", "FINISH([-1]) and more", "Let me look at the chart. ",
]  # fmt: skip
TEMPLATE = """\
{%- if tools %}<|im_start|>system
{{ tools | tojson }}<|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content or '' }}
{%- for call in message.tool_calls or [] %}<tool_call>
{"name": {{ call.function.name | tojson }}, "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


ANSWERS = {
    "defaults": {"role": "assistant"},
    "start_anchor": "<|im_start|>assistant\n",
    "fields": {
        "tool_calls": {
            "open_pattern": r'\s*<tool_call>\s*\{"name":\s*"(?P<name>[^"]*)",\s*"arguments":\s*',
            "close_pattern": r"\}?\s*</tool_call>",
            "repeats": True,
            "content": "text",
            "transform": {"type": "function", "function": {"name": "{name}", "arguments": "{content}"}},
        },
        "content": {"close_pattern": r"\s*<\|im_end\|>", "content": "text"},
    },
}
"""How the server reads what the model says: arguments as they were written, be they JSON or not."""


def utterance(rng: random.Random) -> str:
    """Something that a bad model says."""
    if rng.random() < 0.35:
        return "".join(rng.choice(LINES) for _ in range(rng.choice((1, 1, 2, 4))))
    said = ""
    for _ in range(rng.choice((1, 1, 2))):
        name = rng.choice([*TOOLS, "finish", "finish", "teleport", ""])
        arguments = ", ".join(rng.sample(ARGUMENTS, rng.choice((0, 1, 2))))
        said += f'<tool_call>\n{{"name": "{name}", "arguments": {{{arguments}}}}}\n</tool_call>'
    return said[: rng.randrange(len(said))] if rng.random() < 0.1 else said


def make_model(folder: Path, *, steps: int = 150, seed: int = 0) -> None:
    """Train a tokenizer and, for a moment, a model of some thousand weights; save both."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    setup, rng = Setup(), random.Random(seed)
    core = Tokenizer(models.BPE())
    core.pre_tokenizer, core.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    texts = [json.dumps([tool.schema, tool.description]) for tool in TOOLS.values()]
    texts += [setup.system_prompt, *(setup.prompt(task) for task in setup.tasks)]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=2000, special_tokens=MARKS, initial_alphabet=alphabet)
    core.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.add_tokens([*ARGUMENTS, *LINES, *TOOLS, "teleport", '{"name": "', '", "arguments": {', "}}\n"])
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(seed)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "head_dim": 16}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32_768}
    model = Qwen3ForCausalLM(Qwen3Config(vocab_size=len(tokenizer), **shape, **heads))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(steps):
        said = [f"<|im_start|>assistant\n{utterance(rng)}<|im_end|>" for _ in range(24)]
        batch = tokenizer(said, return_tensors="pt", padding=True)
        labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
        loss = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    model.generation_config = GenerationConfig(do_sample=True, temperature=1.0, eos_token_id=end, pad_token_id=0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    config = folder / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"response_template": ANSWERS}))


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """`transformers serve` over a saved model, whose id is its path; yields the address up to and including /v1."""
    port = free_port()
    program = Path(sys.executable).parent / "transformers"
    command = [program, "serve", folder, "--port", str(port), "--device", "cpu", "--log-level", "error"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hub")}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(f"http://127.0.0.1:{port}/health", process, folder)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(900):
        assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    raise AssertionError(f"nothing answers at {url}")


def ask(url: str, model: Path, **body: Any) -> dict[str, Any]:
    """One request without a client library."""
    content = json.dumps({"model": str(model), **body}).encode()
    request = urllib.request.Request(f"{url}/chat/completions", content, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return dict(json.load(answer))
