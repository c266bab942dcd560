"""A Hugging Face model that writes, run on this machine: prompt, context length, batches, and where an answer ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from medagentbenchv2.questions.answer import Answer
from medagentbenchv2.questions.answerer import Asking, ModelUnavailableError, Record
from medagentbenchv2.questions.config import GenerativeModel
from medagentbenchv2.questions.hosted import messages
from medagentbenchv2.questions.local import (
    commit_of,
    context_length,
    device_of,
    enough_memory,
    import_transformers,
    let_go,
    load,
    refusals,
)
from medagentbenchv2.questions.question import Question

BASE_STOP = "\nQuestion:"
"""Where a base model has gone on to ask itself the next question."""


@dataclass(frozen=True)
class _Prompt:
    question: Question
    text: str
    tokens: list[int]


class GenerativeAnswerer:
    """Asks a local generative model, batch by batch."""

    def __init__(self, model: GenerativeModel, asking: Asking, alone: asyncio.Lock) -> None:
        self.model = model
        self.asking = asking
        self.alone = alone

    async def answer(self, questions: Sequence[Question], record: Record) -> None:
        """Load, ask all, let go; a prompt that leaves no room for an answer is that question's failure."""
        async with self.alone:
            writer = await asyncio.to_thread(self._load)
            try:
                fitting = []
                for prompt in map(writer.prompt, questions):
                    if writer.room(prompt) > 0:
                        fitting.append(prompt)
                    else:
                        reason = f"the prompt has {len(prompt.tokens)} tokens, the model's context {writer.context}"
                        record(self.asking.failed(prompt.question, reason, "context_length"), prompt.question)
                for batch in writer.batches(fitting):
                    for prompt, answer in zip(batch, await asyncio.to_thread(writer.write, batch), strict=True):
                        empty = self.asking.failed(prompt.question, "the model wrote no text", "no_answer")
                        record(answer if answer.text else empty, prompt.question)
            finally:
                del writer
                let_go()

    def _load(self) -> Writer:
        with refusals(self.model):
            return Writer(self.model, self.asking)


class Writer:
    """A loaded model and how it is prompted."""

    def __init__(self, model: GenerativeModel, asking: Asking) -> None:
        _, transformers = import_transformers()
        self.spec = model
        self.asking = asking
        device = device_of(model)
        settings = _quantization(device) if model.quantize else {}
        self.tokenizer, self.model = load(model, transformers.AutoModelForCausalLM.from_pretrained, device, **settings)
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.context = model.context_length or context_length(self.tokenizer, self.model)
        self.sampling = {
            "max_tokens": model.max_tokens,
            "temperature": model.temperature,
            "seed": model.seed,
            **({"top_p": model.top_p} if model.temperature else {}),
        }

    def prompt(self, question: Question) -> _Prompt:
        """The text that the model reads: its chat template where it has one, a plain base prompt otherwise."""
        if self.tokenizer.chat_template:
            text = self._chat(question)
            # The template writes the special tokens itself.
            return _Prompt(question, text, self.tokenizer(text, add_special_tokens=False)["input_ids"])
        persona = f"{self.asking.persona.text}\n\n" if self.asking.persona.text else ""
        text = f"{persona}Question: {question.prompt}\nAnswer:"
        return _Prompt(question, text, self.tokenizer(text)["input_ids"])

    def room(self, prompt: _Prompt) -> int:
        """Tokens that an answer to this prompt may have."""
        left = self.spec.max_tokens if self.context is None else self.context - len(prompt.tokens)
        return min(self.spec.max_tokens, left)

    def batches(self, prompts: Sequence[_Prompt]) -> list[list[_Prompt]]:
        """Prompts in batches; one that is short of room goes alone, so that padding never shortens an answer."""
        roomy = [prompt for prompt in prompts if self.room(prompt) == self.spec.max_tokens]
        size = self.spec.batch_size
        together = [roomy[start : start + size] for start in range(0, len(roomy), size)]
        return together + [[prompt] for prompt in prompts if self.room(prompt) < self.spec.max_tokens]

    def write(self, batch: Sequence[_Prompt]) -> list[Answer]:
        """Answers to one of the batches, in its order."""
        torch, transformers = import_transformers()
        started = time.perf_counter()
        with enough_memory(self.spec), torch.inference_mode():
            padded = self.tokenizer.pad({"input_ids": [prompt.tokens for prompt in batch]}, return_tensors="pt")
            width = padded["input_ids"].shape[1]
            transformers.set_seed(self.spec.seed)
            written = self.model.generate(
                **padded.to(self.model.device),
                max_new_tokens=min(map(self.room, batch)),
                pad_token_id=self.tokenizer.pad_token_id,
                **self._decoding(),
            )
        seconds = (time.perf_counter() - started) / len(batch)
        return [self._read(p, ids.tolist(), seconds) for p, ids in zip(batch, written[:, width:], strict=True)]

    def _chat(self, question: Question) -> str:
        """The chat template's text; one that refuses or drops a system message gets the persona before the question."""
        import jinja2

        persona = self.asking.persona.text
        for role in ("system", "user"):
            sent = messages(question, persona, role)
            try:
                text = str(self.tokenizer.apply_chat_template(sent, tokenize=False, add_generation_prompt=True))
            except jinja2.TemplateError:
                continue
            if persona is None or persona.strip() in text:
                return text
        raise ModelUnavailableError(
            f"{self.spec.model}: its chat template takes neither a system message nor the persona"
        )

    def _decoding(self) -> dict[str, Any]:
        chosen: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        if self.spec.temperature > 0:
            chosen = {"do_sample": True, "temperature": self.spec.temperature, "top_p": self.spec.top_p, "top_k": 0}
        if not self.tokenizer.chat_template:
            chosen |= {"stop_strings": [BASE_STOP], "tokenizer": self.tokenizer}
        return chosen

    def _read(self, prompt: _Prompt, tokens: list[int], seconds: float) -> Answer:
        ends = self._end_tokens()
        end = next((place for place, token in enumerate(tokens) if token in ends), None)
        kept = tokens if end is None else tokens[:end]
        text = self.tokenizer.decode(kept, skip_special_tokens=True)
        stopped = not self.tokenizer.chat_template and BASE_STOP in text
        if stopped:
            text = text[: text.index(BASE_STOP)]
        finish_reason = "stop" if stopped or end is not None else "length"
        return self.asking.answered(
            prompt.question,
            text.strip(),
            finish_reason=finish_reason,
            truncated=finish_reason == "length",
            input_tokens=len(prompt.tokens),
            output_tokens=len(kept),
            latency_s=round(seconds, 3),
            revision=commit_of(self.model),
            sampling=self.sampling,
        )

    def _end_tokens(self) -> set[int]:
        stated = self.model.generation_config.eos_token_id
        ends = set(stated) if isinstance(stated, list) else {stated}
        return (ends | {self.tokenizer.eos_token_id}) - {None}


def _quantization(device: str) -> dict[str, Any]:
    """4-bit NormalFloat with nested quantisation, computed in bfloat16 (Dettmers et al. 2023, QLoRA)."""
    torch, transformers = import_transformers()
    four_bit = transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"quantization_config": four_bit, "device_map": {"": device}}
