"""A model behind an OpenAI-compatible address: so many requests under way at once, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from medagentbenchv2.endpoint import AccessError, ChatClient, Completion, ContextLengthError, EndpointError
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.answer import TRUNCATED, Answer
from medagentbenchv2.questions.answerer import Asking, ModelUnavailableError, NoAnswerError, Record
from medagentbenchv2.questions.config import HostedModel
from medagentbenchv2.questions.question import Question


def messages(question: Question, persona: str | None, role: str = "system") -> list[dict[str, str]]:
    """The conversation that is sent: the persona as its own message (or before the question), and the question."""
    if persona is None:
        return [{"role": "user", "content": question.prompt}]
    if role == "user":
        return [{"role": "user", "content": f"{persona}\n\n{question.prompt}"}]
    return [{"role": role, "content": persona}, {"role": "user", "content": question.prompt}]


class HostedAnswerer:
    """Asks a hosted model."""

    def __init__(self, model: HostedModel, asking: Asking, concurrency: int) -> None:
        self.model = model
        self.asking = asking
        self.concurrency = model.concurrency or concurrency

    async def answer(self, questions: Sequence[Question], record: Record) -> None:
        """Ask all questions; the first refused key, credit or model name ends it."""
        try:
            client = ChatClient(self.model.endpoint())
        except ArgumentError as error:
            raise ModelUnavailableError(str(error)) from None
        waiting = iter(questions)
        refused: list[AccessError] = []

        async def work() -> None:
            for question in waiting:
                if refused:
                    return
                try:
                    record(self._read(question, await self._ask(client, question)), question)
                except AccessError as error:
                    refused.append(error)
                except ContextLengthError as error:
                    record(self.asking.failed(question, str(error), "context_length"), question)
                except NoAnswerError as error:
                    record(self.asking.failed(question, str(error), "no_answer"), question)
                except EndpointError as error:
                    record(self.asking.failed(question, str(error), "endpoint"), question)

        async with client, asyncio.TaskGroup() as workers:
            for _ in range(min(self.concurrency, len(questions))):
                workers.create_task(work())
        if refused:
            raise ModelUnavailableError(str(refused[0]))

    async def _ask(self, client: ChatClient, question: Question) -> Completion:
        sent = messages(question, self.asking.persona.text, self.model.persona_role)
        return await client.complete(sent, **self.model.sampling)

    def _read(self, question: Question, completion: Completion) -> Answer:
        message: dict[str, Any] = completion.message
        text = completion.text or message.get("refusal") or ""
        truncated = completion.finish_reason in TRUNCATED
        if not text.strip():
            limit = "; raise max_tokens" if truncated else ""
            raise NoAnswerError(f"the model wrote no text (finish reason {completion.finish_reason}){limit}")
        usage, price = completion.usage, self.model.price
        cost = price.price().cost(usage) if price and usage.reported_cost is None else usage.reported_cost
        return self.asking.answered(
            question,
            text,
            # A withheld rest is as incomplete as one cut by length.
            truncated=truncated or completion.finish_reason == "content_filter",
            finish_reason=completion.finish_reason,
            input_tokens=usage.input_tokens,
            cached_tokens=usage.cached_tokens,
            output_tokens=usage.output_tokens,
            latency_s=round(completion.latency_s, 3),
            cost=cost,
            revision=completion.model,
            sampling=self.model.sampling,
            retries=completion.retries,
            reasoning=message.get("reasoning") or message.get("reasoning_content"),
        )
