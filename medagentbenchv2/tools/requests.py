"""A tool call as the FHIR request that it means: what the text protocol would write instead."""

from __future__ import annotations

from typing import Any

from medagentbenchv2.errors import AgentError
from medagentbenchv2.fhir.ehr import Params
from medagentbenchv2.tools.arguments import check, given
from medagentbenchv2.tools.call import Call
from medagentbenchv2.tools.creates import CREATES, resource
from medagentbenchv2.tools.registry import TOOLS
from medagentbenchv2.tools.search_forms import flat
from medagentbenchv2.tools.searches import PAGE, SEARCHES


def search_of(call: Call) -> tuple[str, Params]:
    """Resource type and parameters of a search call. Raises AgentError for another tool or a malformed call."""
    model = SEARCHES.get(call.tool)
    if model is None:
        raise AgentError(f"{call.tool} is not a search")
    sent = call.arguments
    search = check(model, flat(given(sent), wrapped=model.wrapped), sent, TOOLS[call.tool].schema)
    return search.target(), [*search.filters(), *search.sorting(), ("_count", str(PAGE))]


def create_of(call: Call) -> tuple[str, dict[str, Any]]:
    """Resource type and body of a create call. Raises AgentError for another tool or a malformed call."""
    model = CREATES.get(call.tool)
    if model is None:
        raise AgentError(f"{call.tool} files nothing")
    body = resource(model, given(call.arguments))
    check(model, body, call.arguments, TOOLS[call.tool].schema)
    return model.kind, body
