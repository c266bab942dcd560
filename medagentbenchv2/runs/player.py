"""Who plays a rollout: a scripted agent in process, or a model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import orjson

from medagentbenchv2.agents.script import Agent, one_call
from medagentbenchv2.agents.text_form import result_of, to_text
from medagentbenchv2.endpoint import ChatClient, Completion, ContextLengthError, Price, Usage
from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.text_protocol import TextSession
from medagentbenchv2.tools.call import Result
from medagentbenchv2.tools.registry import openai_tools

Message = dict[str, Any]


@dataclass
class Played:
    """One rollout as it was played."""

    messages: list[Message]
    """OpenAI chat messages, prompt included; grows while the rollout is played."""
    turns: int = 0
    """Model turns."""
    usages: list[Usage] = field(default_factory=list)
    """Tokens of each model turn."""
    model_s: float = 0.0
    """Seconds spent waiting for the model."""
    retries: int = 0
    """Requests to the model that failed and were repeated."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    """What the endpoint said of each answered request: served model, why it stopped, tokens, seconds, retries."""
    cost: float | None = None
    """US dollars, where prices are known."""

    def take(self, answer: Completion) -> None:
        """Add an answered request."""
        self.turns += 1
        self.usages.append(answer.usage)
        self.model_s += answer.latency_s
        self.retries += answer.retries
        about = {name: getattr(answer, name) for name in ("model", "finish_reason", "system_fingerprint", "retries")}
        self.requests.append({**about, "latency_s": round(answer.latency_s, 4), **asdict(answer.usage)})
        self.messages.append(answer.message)

    def tokens(self, name: str) -> int | None:
        """The sum of one token count over all turns; None where the provider never said."""
        counts = [value for usage in self.usages if (value := getattr(usage, name)) is not None]
        return sum(counts) if counts else None


class Player(Protocol):
    """Plays rollouts; shared by all rollouts of a campaign. What was said is added to `played` as it happens."""

    @property
    def name(self) -> str:
        """What it is called in folders and tables."""
        ...

    async def play(self, rollout: Rollout, played: Played, *, max_turns: int, seed: int) -> None:
        """Play one rollout to its end. Raises InfrastructureError when the model or the EHR gives no answer."""
        ...


@dataclass(frozen=True)
class ScriptedPlayer:
    """A scripted agent, in process."""

    agent: Agent
    by_text: bool = False
    """True for the text protocol."""

    @property
    def name(self) -> str:
        """The agent's name."""
        return self.agent.name

    async def play(self, rollout: Rollout, played: Played, *, max_turns: int, seed: int) -> None:
        """Play one rollout to its end."""
        results: list[Result] = []
        while not rollout.finished and played.turns < max_turns:
            played.turns += 1
            if self.by_text:
                said = to_text(one_call(self.agent, rollout.task, results, seed))
                played.messages.append({"role": "assistant", "content": said})
                results += [result_of(text) for text in await take_text(rollout, played.messages, said)]
            else:
                turn = self.agent.turn(rollout.task, results, seed)
                played.messages.append(turn.message(f"call_{len(results)}"))
                results += [Result(text) for text in await take_calls(rollout, played.messages)]
        rollout.end("limit_reached")


@dataclass(frozen=True)
class ModelPlayer:
    """A model behind an OpenAI-compatible endpoint."""

    client: ChatClient
    title: str
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Goes into each request's body as it is; `seed` false sends no seed, for endpoints that refuse one."""
    price: Price | None = None
    by_text: bool = False
    """True for the text protocol."""

    @property
    def name(self) -> str:
        """The model's title."""
        return self.title

    async def play(self, rollout: Rollout, played: Played, *, max_turns: int, seed: int) -> None:
        """Play one rollout to its end; each attempt sends its own seed."""
        tools = None if self.by_text else openai_tools()
        body = {"seed": seed, **self.sampling}
        if body["seed"] is False:
            del body["seed"]
        try:
            while not rollout.finished and played.turns < max_turns:
                answer = await self.client.complete([as_sent(m) for m in played.messages], tools=tools, **body)
                played.take(answer)
                if self.by_text:
                    await take_text(rollout, played.messages, answer.text)
                else:
                    await take_calls(rollout, played.messages)
        except ContextLengthError:
            rollout.end("context_limit")
        finally:
            played.cost = self._cost(played)
        rollout.end("limit_reached")

    def _cost(self, played: Played) -> float | None:
        costs = [
            u.reported_cost if u.reported_cost is not None else (self.price.cost(u) if self.price else None)
            for u in played.usages
        ]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known and len(known) == len(costs) else None


def as_sent(message: Message) -> Message:
    """A message as it goes back to the endpoint.

    Servers parse the arguments of earlier calls and answer 400 or 500 where they can't: what a model wrote in place of
    a JSON object travels inside one, so that its mistake is scored as its own and not taken for the endpoint's.
    """
    calls = message.get("tool_calls")
    if not calls or all(_is_object(call) for call in calls):
        return message
    return message | {"tool_calls": [call if _is_object(call) else _wrapped(call) for call in calls]}


def _is_object(call: Mapping[str, Any]) -> bool:
    arguments = (call.get("function") or {}).get("arguments")
    try:
        return isinstance(arguments if isinstance(arguments, dict) else orjson.loads(arguments or ""), dict)
    except orjson.JSONDecodeError:
        return False


def _wrapped(call: Message) -> Message:
    function = {"name": "unnamed"} | (call.get("function") or {})
    written = function.get("arguments")
    arguments = orjson.dumps({"malformed": written}).decode() if written else "{}"
    return call | {"function": function | {"arguments": arguments}}


async def take_calls(rollout: Rollout, messages: list[Message]) -> list[str]:
    """Execute the last message's calls in order and append their results; silence ends the rollout.

    Raises InfrastructureError when the endpoint sent no list of calls: what a model writes stands in their arguments.
    """
    calls = messages[-1].get("tool_calls") or []
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise InfrastructureError(f"the endpoint answered nonsense: its tool_calls are {str(calls)[:80]!r}")
    if not calls:
        rollout.end("no_finish")
    texts = []
    for call in calls:
        function = call.get("function") or {}
        texts.append(await rollout.call(str(function.get("name") or ""), function.get("arguments") or ""))
        messages.append({"role": "tool", "tool_call_id": call.get("id", ""), "content": texts[-1]})
    return texts


async def take_text(rollout: Rollout, messages: list[Message], said: str) -> list[str]:
    """Take what was said last as a turn of the text protocol and append the reply, if there is one."""
    reply = await TextSession(rollout).reply(said)
    if reply:
        messages.append({"role": "user", "content": reply})
    return [reply] if reply else []
