"""One tool call: checked, executed on the rollout's EHR, answered as text."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Literal

from medagentbenchv2.errors import AgentError
from medagentbenchv2.fhir.ehr import Ehr
from medagentbenchv2.tools.arguments import check, decode, given
from medagentbenchv2.tools.calculator import Calculation, calculate
from medagentbenchv2.tools.creates import CREATES, resource
from medagentbenchv2.tools.finish import Answer, Finish
from medagentbenchv2.tools.output import render, render_page
from medagentbenchv2.tools.paging import fetch
from medagentbenchv2.tools.registry import TOOLS
from medagentbenchv2.tools.search_forms import flat
from medagentbenchv2.tools.searches import SEARCHES

Output = Literal["bundle", "compact"]


@dataclass(frozen=True)
class Outcome:
    """What a call came to."""

    text: str
    """What the agent reads: JSON, or a sentence where the call was malformed."""
    invalid: bool = False
    """The call was malformed or named no tool: nothing was executed."""
    finished: bool = False
    """The call was an accepted `finish`."""
    answer: Answer | None = None
    """The value of `finish` as typed; None for every other call."""


async def dispatch(
    ehr: Ehr, name: str, arguments: str | dict[str, Any], *, output: Output = "bundle", rows: int = 200
) -> Outcome:
    """Execute one call on an EHR.

    `arguments` is the decoded object or the model's raw JSON text; `output` is how search results read; `rows` is the
    most rows that one result shows. The agent's mistakes come back as an invalid Outcome whose text names each
    argument, what was sent and what is accepted. Raises InfrastructureError when the EHR has no answer.
    """
    try:
        return await _dispatch(ehr, name, decode(arguments), output, rows)
    except AgentError as error:
        return Outcome(f"{name} was not executed. {error}" if name in TOOLS else str(error), invalid=True)


async def _dispatch(ehr: Ehr, name: str, sent: dict[str, Any], output: Output, rows: int) -> Outcome:
    if name in SEARCHES:
        return await _search(ehr, name, sent, output, rows)
    if name in CREATES:
        return await _create(ehr, name, sent, output)
    if name == "calculator":
        checked = check(Calculation, given(sent), sent, TOOLS[name].schema)
        return Outcome(calculate(checked.expression))
    if name == "finish":
        answer: Answer = check(Finish, sent, sent, TOOLS[name].schema).value
        return Outcome("The task is finished.", finished=True, answer=answer)
    raise AgentError(_unknown(name))


async def _search(ehr: Ehr, name: str, sent: dict[str, Any], output: Output, rows: int) -> Outcome:
    model = SEARCHES[name]
    search = check(model, flat(given(sent), wrapped=model.wrapped), sent, TOOLS[name].schema)
    return Outcome(render_page(await fetch(ehr, search, rows), output))


async def _create(ehr: Ehr, name: str, sent: dict[str, Any], output: Output) -> Outcome:
    model = CREATES[name]
    body = resource(model, given(sent))
    check(model, body, sent, TOOLS[name].schema)
    response = await ehr.create(model.kind, body)
    return Outcome(render(response.body, output))


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, TOOLS, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{name[:100]!r} is not a tool{hint}; the tools are {', '.join(TOOLS)}"
