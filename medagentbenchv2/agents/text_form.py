"""A scripted agent's turn in the text protocol: its call as a line, and the reply as a result."""

from __future__ import annotations

from urllib.parse import urlencode

import orjson

from medagentbenchv2.agents.script import Turn
from medagentbenchv2.fhir.session import BASE_URL
from medagentbenchv2.tools.call import Result
from medagentbenchv2.tools.requests import create_of, search_of
from medagentbenchv2.tools.searches import SEARCHES


def to_text(turn: Turn) -> str:
    """The turn's one call as `GET`, `POST` or `FINISH`; its text where it makes no call."""
    if not turn.calls:
        return turn.text
    (call,) = turn.calls
    if call.tool == "finish":
        return f"FINISH({orjson.dumps(call.arguments['value']).decode()})"
    if call.tool in SEARCHES:
        kind, params = search_of(call)
        return f"GET {BASE_URL}/{kind}?{urlencode(list(params))}"
    kind, body = create_of(call)
    return f"POST {BASE_URL}/{kind}\n{orjson.dumps(body).decode()}"


def result_of(reply: str) -> Result:
    """The JSON that a reply holds between its first and its last line."""
    return Result(reply.partition("\n")[2].rpartition("\n")[0])
