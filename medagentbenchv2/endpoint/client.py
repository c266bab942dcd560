"""Asks one OpenAI-compatible endpoint carefully: retries, rate limits, spacing, what the answer used."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential

from medagentbenchv2.endpoint.errors import (
    NO_CREDIT,
    TOO_LONG,
    TOO_LONG_PARAMETER,
    AccessError,
    ContextLengthError,
    EndpointError,
)
from medagentbenchv2.endpoint.keys import checked_url, header_of, key_of
from medagentbenchv2.endpoint.usage import Usage, usage_of

LONGEST_WAIT_S = 300.0
"""A Retry-After beyond this is not waited for: the request fails and says so."""


@dataclass(frozen=True)
class Endpoint:
    """Where a model is served and how patiently it is asked."""

    model: str
    """The model's id, as the endpoint knows it."""
    base_url: str | None = None
    """Address up to and including /v1; None is OpenAI's own."""
    api_key_var: str | None = "OPENAI_API_KEY"
    """Name of the environment variable (or line of .env) that holds the key; None sends no key."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Extra headers; a value of the form env:NAME is read from the environment or .env."""
    timeout_s: float = 600.0
    """Seconds that one attempt may take."""
    max_retries: int = 5
    """Further attempts after a failure that waiting may cure."""
    requests_per_minute: float | None = None
    """Requests are spaced to stay under this rate; None does not space them."""


@dataclass(frozen=True)
class Completion:
    """One answer of a chat model."""

    message: dict[str, Any]
    """The assistant's message as the provider sent it, ready to be appended to the conversation."""
    finish_reason: str | None
    """The provider's word for why it stopped: stop, length, tool_calls, content_filter."""
    usage: Usage
    latency_s: float
    """Seconds of the attempt that succeeded; waits and failed attempts are not in it."""
    model: str
    """The model as the provider names it, which may be more exact than what was asked for."""
    retries: int
    """Attempts that failed before this one."""
    system_fingerprint: str | None = None
    """The provider's mark of the backend's configuration, where it gives one."""

    @property
    def text(self) -> str:
        """What the model wrote; of a message in parts, its text parts joined (Mistral sends its thinking as others)."""
        content = self.message.get("content") or ""
        if isinstance(content, str):
            return content
        return "".join(part.get("text", "") for part in content if part.get("type") == "text")


class ChatClient:
    """Asks one endpoint; safe to share between tasks of one event loop. Use as `async with ChatClient(endpoint)`."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Raises ArgumentError where the key, a header's variable or the address is missing or malformed."""
        self.endpoint = endpoint
        # The client library takes a second to import, which commands that ask no model need not wait for.
        import openai

        self._key = key_of(endpoint.api_key_var)
        headers = {name: header_of(name, value) for name, value in endpoint.headers.items()}
        # Shorter header values are words such as "true", which stand in any text.
        self._secrets = [secret for secret in (self._key, *headers.values()) if secret and len(secret) >= 8]
        self._client = openai.AsyncOpenAI(
            api_key=self._key or "none",
            base_url=checked_url(endpoint.base_url),
            default_headers=headers,
            timeout=endpoint.timeout_s,
            max_retries=0,
        )
        rate = endpoint.requests_per_minute
        self._spacing = AsyncLimiter(1, 60 / rate) if rate else None
        self._not_before = 0.0

    @property
    def host(self) -> str:
        """The endpoint's host and port, which is what may be written down about it."""
        return self._client.base_url.netloc.decode()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        **sampling: Any,
    ) -> Completion:
        """Ask once, retrying what waiting may cure; `sampling` goes into the request's body as it is.

        Raises ContextLengthError, AccessError, or EndpointError when all attempts failed.
        """
        body = {**sampling, "tools": list(tools)} if tools else sampling
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self.endpoint.max_retries + 1),
            retry=retry_if_exception(lambda error: isinstance(error, EndpointError) and error.transient),
            wait=self._wait,
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                return await self._attempt(list(messages), body, retries=attempt.retry_state.attempt_number - 1)
        raise AssertionError("tenacity either returns or raises")

    async def _attempt(self, messages: list[Any], body: dict[str, Any], *, retries: int) -> Completion:
        import openai

        await self._turn()
        started = time.perf_counter()
        try:
            # In the extra body, messages are sent as they are; as an argument the library walks through all of them.
            answer = await self._client.chat.completions.create(
                model=self.endpoint.model, messages=(), extra_body={**body, "messages": messages}
            )
        except openai.APIStatusError as error:
            retry_after = _retry_after(error.response.headers)
            raise self._refusal(error.status_code, error.body, error.message, retry_after) from None
        except openai.APITimeoutError:
            raise EndpointError(f"{self.host}: no answer in {self.endpoint.timeout_s:g} s", transient=True) from None
        except openai.APIConnectionError as error:
            reason = self._clean(str(error.__cause__ or error))
            raise EndpointError(f"{self.host}: could not be reached: {reason}", transient=True) from None
        except (openai.APIResponseValidationError, ValueError) as error:  # ValueError: announced as JSON and is not
            raise EndpointError(f"{self.host}: answered nonsense: {self._clean(str(error))}", transient=True) from None
        return self._completion(answer, time.perf_counter() - started, retries)

    async def _turn(self) -> None:
        """Wait for this request's place: the endpoint's Retry-After first, which holds for all, then the spacing."""
        # A clock is waited for, which another request may set further; no event could say when.
        while (pause := self._not_before - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(pause)
        if self._spacing is not None:
            await self._spacing.acquire()

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, EndpointError) else None
        # The jitter is unseeded on purpose: several processes must not come back at the same moment.
        if asked is None:
            return wait_exponential(multiplier=0.5, max=30)(state) + random.uniform(0, 0.5)
        self._not_before = max(self._not_before, time.monotonic() + asked)
        return asked + random.uniform(0, min(1.0, 0.1 + 0.1 * asked))

    def _completion(self, answer: Any, latency_s: float, retries: int) -> Completion:
        extra = getattr(answer, "model_extra", None) or {}
        choices = getattr(answer, "choices", None)
        if extra.get("error"):
            code = _mapping(extra["error"]).get("code")
            raise self._refusal(code if isinstance(code, int) else 500, extra, "no answer", None)
        if not choices or choices[0].message is None:
            raise EndpointError(f"{self.host}: answered nonsense: no chat completion in it", transient=True)
        choice = choices[0]
        if choice.finish_reason == "error":
            raise self._refusal(500, choice.model_extra, "the provider broke off", None)
        message = _encodable(choice.message.to_dict(mode="python", warnings=False), self._secrets)
        if not _are_calls(message.get("tool_calls") or []):
            said = self._clean(str(message["tool_calls"]))[:80]
            raise EndpointError(f"{self.host}: answered nonsense: its tool_calls are {said!r}")
        return Completion(
            message=message,
            finish_reason=choice.finish_reason,
            usage=usage_of(answer.usage),
            latency_s=latency_s,
            model=answer.model or self.endpoint.model,
            retries=retries,
            system_fingerprint=answer.system_fingerprint,
        )

    def _refusal(self, status: int, body: object, message: str, retry_after_s: float | None) -> EndpointError:
        """What a provider's error means: by status and the error's code, type and parameter, never by its prose."""
        stated = _mapping(_mapping(body).get("error") or body)
        words = {str(stated.get(name)).lower() for name in ("code", "type")}
        text = self._clean(str(stated.get("message") or message))
        line = f"{self.host}: {status}: {text}"
        if words & TOO_LONG or (status == 400 and stated.get("param") == TOO_LONG_PARAMETER):
            return ContextLengthError(line)
        if status == 401:
            source = self.endpoint.api_key_var or "no key"
            return AccessError(f"{self.host}: 401: the key was refused ({source})")
        # OpenRouter answers 403 for one moderated question, which says nothing of the next.
        moderated = "reasons" in _mapping(stated.get("metadata"))
        if status in (402, 404) or (status == 403 and not moderated) or words & NO_CREDIT:
            return AccessError(f"{line} (model {self.endpoint.model})")
        if retry_after_s is not None and retry_after_s > LONGEST_WAIT_S:
            return EndpointError(f"{line} (asks to wait {retry_after_s:.0f} s, longer than {LONGEST_WAIT_S:.0f} s)")
        transient = status in (408, 409, 425, 429) or status >= 500
        return EndpointError(line, transient=transient, retry_after_s=retry_after_s if transient else None)

    def _clean(self, text: str) -> str:
        """One line, short, without the key should the provider echo it."""
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        text = " ".join(text.split())
        return text if len(text) <= 300 else text[:299] + "…"


def _encodable(message: dict[str, Any], secrets: Sequence[str]) -> dict[str, Any]:
    """The same, fit to be kept: half characters (lone surrogates, which models emit) made "?", echoed keys "[key]"."""
    text = json.dumps(message, ensure_ascii=False)
    for secret in secrets:
        text = text.replace(secret, "[key]")
    decoded: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return decoded


def _are_calls(value: object) -> bool:
    """What a model writes stands in the arguments of calls; that they are a list of objects is the endpoint's doing."""
    return isinstance(value, list) and all(isinstance(call, dict) for call in value)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server asks: retry-after-ms, or Retry-After in seconds or as a date (RFC 9110, 10.2.3)."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) / unit)
        except (KeyError, ValueError):
            continue
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time())
    except (KeyError, ValueError):
        return None
