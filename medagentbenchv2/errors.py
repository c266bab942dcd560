"""The three kinds of trouble, never mixed.

MedAgentBenchError
├── AgentError            the agent's mistake: told to the agent as text, the rollout goes on and is scored
├── InfrastructureError   the EHR could not be reached or answered nonsense: raised, retried, never scored
└── ArgumentError         a user's argument is wrong: names the argument, the value and the fix

Anything else that is raised is a bug of ours and propagates.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class MedAgentBenchError(Exception):
    """Base class of every error that this package raises on purpose."""


class AgentError(MedAgentBenchError):
    """The agent made a malformed call; the message says which argument, what was sent and what is accepted."""


class InfrastructureError(MedAgentBenchError):
    """The EHR could not do its work after all retries; the rollout must not be scored."""


class ArgumentError(MedAgentBenchError, ValueError):
    """A user's argument is wrong; the message names the argument, the value and the fix."""


@contextmanager
def writing(argument: str, path: object) -> Iterator[None]:
    """Turn what the operating system has against writing to a user's path into an ArgumentError."""
    try:
        yield
    except OSError as error:
        raise ArgumentError(
            f"{argument}: {str(path)!r} cannot be written ({error.strerror or error}); choose another path"
        ) from None


def not_among(argument: str, value: object, allowed: Iterable[str]) -> ArgumentError:
    """The error for a value outside a fixed list: names the value, the nearest allowed one and the list, if short."""
    names = list(allowed)
    near = difflib.get_close_matches(str(value), names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(names) if len(names) <= 24 else f"{', '.join(names[:6])}, ... {names[-1]} ({len(names)} in all)"
    return ArgumentError(f"{argument}: {value!r} is not allowed; use one of {shown}{hint}")
