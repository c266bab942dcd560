"""One OpenAI-compatible endpoint, spoken to carefully: key from the environment, retries, rate limits, usage, cost.

Whatever asks a hosted model in this package asks through `ChatClient`; there is no other way out to a model.
"""

from medagentbenchv2.endpoint.client import ChatClient, Completion, Endpoint
from medagentbenchv2.endpoint.errors import TOO_LONG, AccessError, ContextLengthError, EndpointError
from medagentbenchv2.endpoint.keys import KEY_VARS, default_key_var, read_secret
from medagentbenchv2.endpoint.usage import Price, Usage

__all__ = [
    "KEY_VARS",
    "TOO_LONG",
    "AccessError",
    "ChatClient",
    "Completion",
    "ContextLengthError",
    "Endpoint",
    "EndpointError",
    "Price",
    "Usage",
    "default_key_var",
    "read_secret",
]
