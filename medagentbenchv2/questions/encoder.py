"""A Hugging Face encoder, run on this machine: one vector per question, the mean of its tokens' last hidden states."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from medagentbenchv2.questions.answer import Answer
from medagentbenchv2.questions.answerer import Asking, Record
from medagentbenchv2.questions.config import EncoderModel
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


class EncoderAnswerer:
    """Embeds questions, batch by batch."""

    def __init__(self, model: EncoderModel, asking: Asking, alone: asyncio.Lock) -> None:
        self.model = model
        self.asking = asking
        self.alone = alone

    async def answer(self, questions: Sequence[Question], record: Record) -> None:
        """Load, embed all, let go."""
        async with self.alone:
            encoder = await asyncio.to_thread(self._load)
            try:
                size = self.model.batch_size
                for start in range(0, len(questions), size):
                    batch = questions[start : start + size]
                    for question, answer in zip(batch, await asyncio.to_thread(encoder.embed, batch), strict=True):
                        record(answer, question)
            finally:
                del encoder
                let_go()

    def _load(self) -> Embedder:
        with refusals(self.model):
            return Embedder(self.model, self.asking)


class Embedder:
    """A loaded encoder."""

    def __init__(self, model: EncoderModel, asking: Asking) -> None:
        _, transformers = import_transformers()
        self.spec = model
        self.asking = asking
        device = device_of(model)
        self.tokenizer, self.model = load(model, transformers.AutoModel.from_pretrained, device)
        self.context = context_length(self.tokenizer, self.model)

    def embed(self, batch: Sequence[Question]) -> list[Answer]:
        """Vectors of a batch of questions; one longer than the context is cut there and marked as truncated."""
        torch, _ = import_transformers()
        texts = [question.question for question in batch]
        started = time.perf_counter()
        with enough_memory(self.spec), torch.inference_mode():
            whole = [len(tokens) for tokens in self.tokenizer(texts, verbose=False)["input_ids"]]
            cut = {"truncation": True, "max_length": self.context} if self.context else {}
            inputs = self.tokenizer(texts, padding=True, return_tensors="pt", **cut).to(self.model.device)
            states = self.model(**inputs).last_hidden_state.float()
            # Padding counts for nothing: (b, t, d) weighted by (b, t, 1).
            weight = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
            vectors = ((states * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)).cpu()
        seconds = (time.perf_counter() - started) / len(batch)
        return [
            self.asking.answered(
                question,
                None,
                embedding=tuple(vector.tolist()),
                truncated=self.context is not None and length > self.context,
                input_tokens=length if self.context is None else min(length, self.context),
                latency_s=round(seconds, 3),
                revision=commit_of(self.model),
            )
            for question, vector, length in zip(batch, vectors, whole, strict=True)
        ]
