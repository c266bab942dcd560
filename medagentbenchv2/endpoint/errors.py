"""What an endpoint's refusal is.

InfrastructureError
└── EndpointError           the endpoint did not answer, after all retries; one line says why
    ├── ContextLengthError  the provider says by code or type that the request is too long for the model
    └── AccessError         key, credit or model name refused: no retry cures it, and no other request will fare better
"""

from medagentbenchv2.errors import InfrastructureError

# Context length as providers state it in the error's code or type: OpenAI and most, llama.cpp, LiteLLM.
TOO_LONG = {"context_length_exceeded", "exceed_context_size_error", "contextwindowexceedederror"}
TOO_LONG_PARAMETER = "input_tokens"  # vLLM states it by the parameter at fault
NO_CREDIT = {"insufficient_quota", "insufficient_credits", "billing_hard_limit_reached", "billing_not_active"}


class EndpointError(InfrastructureError):
    """The endpoint did not answer this request; the message is one line and never holds a key."""

    def __init__(self, message: str, *, transient: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.transient = transient
        self.retry_after_s = retry_after_s


class ContextLengthError(EndpointError):
    """The provider says, by its error code or type, that the request does not fit the model's context."""


class AccessError(EndpointError):
    """The key, the credit or the model's name was refused: no retry cures it."""
