"""The text protocol of MedAgentBench v1: an agent writes `GET url`, `POST url` with JSON, or `FINISH([...])`.

One action a turn. Thinking blocks and code fences around it are set aside; anything else around it makes the turn
unparsable, which ends the rollout as `agent_invalid_action`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from medagentbenchv2.fhir.ehr import Response
from medagentbenchv2.fhir.session import BASE_URL
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tools.normalise import normalise

_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_UNOPENED = re.compile(r"\A.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"\A```[\w-]*\s*\n(.*?)\n?```\Z", re.DOTALL)
_VERB = re.compile(r"(GET|POST)\s+(\S[^\n]*)|FINISH\s*\(", re.ASCII)


class Unparsable(ValueError):
    """A turn that is none of the three actions; the message says why."""


@dataclass(frozen=True)
class Action:
    """One parsed turn."""

    verb: Literal["GET", "POST", "FINISH"]
    url: str = ""
    """For GET everything that follows; whether it is one URL is judged when it is read."""
    body: str = ""
    """The text after a POST's first line."""
    answer: tuple[Any, ...] = ()


def parse(text: str) -> Action:
    """The action of a turn. Raises Unparsable."""
    bare = _UNOPENED.sub("", _THINKING.sub("", text)).strip()
    fenced = _FENCE.match(bare)
    bare = fenced.group(1).strip() if fenced else bare
    found = _VERB.match(bare)
    if found is None:
        raise Unparsable("a turn must begin with GET, POST or FINISH(")
    if found.group(1) is None:
        return Action("FINISH", answer=_answer(bare[found.end() :]))
    if found.group(1) == "GET":
        return Action("GET", bare[found.start(2) :])
    rest = bare[found.end() :].strip()
    body = _FENCE.match(rest)
    return Action("POST", found.group(2).strip(), body.group(1) if body else rest)


def _answer(rest: str) -> tuple[Any, ...]:
    """The list between the brackets of FINISH(...), strings with brackets and nested lists included."""
    rest = rest.lstrip()
    if rest.startswith(")"):
        return ()
    try:
        value, end = json.JSONDecoder().raw_decode(rest)
    except (json.JSONDecodeError, RecursionError):
        raise Unparsable("FINISH takes a JSON list") from None
    if not isinstance(value, list) or not re.fullmatch(r"\s*\)[\s.;`]*", rest[end:]):
        raise Unparsable("FINISH takes one JSON list and ends the turn")
    try:
        orjson.dumps(value)
    except TypeError:
        # Half characters, whole numbers beyond 64 bits and bottomless nesting: what no file of ours can hold.
        raise Unparsable("FINISH takes a list of text, numbers and null") from None
    return tuple(value)


class TextSession:
    """The text protocol over one rollout."""

    def __init__(self, rollout: Rollout) -> None:
        self.rollout = rollout

    async def reply(self, text: str) -> str:
        """Take a turn; what the agent reads next (empty once the rollout has ended).

        Raises InfrastructureError when the EHR has no answer.
        """
        try:
            action = parse(text)
        except Unparsable:
            self.rollout.end("agent_invalid_action")
            return ""
        if action.verb == "FINISH":
            self.rollout.end("completed", list(action.answer))
            return ""
        self.rollout.calls += 1
        return await (self._get(action.url) if action.verb == "GET" else self._post(action))

    async def _request(self, method: str, url: str, body: bytes = b"") -> Response:
        # The prompt names one address, wherever the EHR really is; its own links are absolute and understood as well.
        return await self.rollout.ehr.request(method, url.removeprefix(BASE_URL), body)

    async def _get(self, url: str) -> str:
        if len(url.split()) != 1:
            self.rollout.invalid_calls += 1
            return f"Nothing was read: a GET is one line without spaces, and the only action of its turn.\n{{}}\n{NEXT}"
        response = await self._request("GET", url)
        said = "The server answers" if response.ok else f"The server refuses with status {response.status}"
        return f"{said}:\n{response.body.decode()}\n{NEXT}"

    async def _post(self, action: Action) -> str:
        try:
            resource = json.loads(action.body)
        except (json.JSONDecodeError, RecursionError) as error:
            self.rollout.invalid_calls += 1
            return f"Nothing was filed: the text after the first line is not JSON ({error}).\n{NEXT}"
        if not isinstance(resource, dict):
            self.rollout.invalid_calls += 1
            return f"Nothing was filed: the JSON must be an object, not {type(resource).__name__}.\n{NEXT}"
        body = json.dumps(normalise(resource)).encode()
        response = await self._request("POST", action.url, body)
        said = "Filed" if response.ok else f"Nothing was filed: the server refuses with status {response.status}"
        return f"{said}:\n{response.body.decode()}\n{NEXT}"


NEXT = "Go on with GET or POST, or end with FINISH([...]) when everything is done."
