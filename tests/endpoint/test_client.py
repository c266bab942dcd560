"""What the endpoint client promises: patience, honesty about errors, and silence about keys."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from medagentbenchv2.endpoint import (
    AccessError,
    ChatClient,
    ContextLengthError,
    Endpoint,
    EndpointError,
    Usage,
)
from tests.model_server import Reply, Request, Script, serving

KEY = "sk-secret-0123456789"
HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEST_KEY", KEY)


def failing_first(times: int, failure: Reply) -> Script:
    """A script that fails some times and then answers."""
    calls: list[Request] = []

    def script(request: Request) -> Reply:
        calls.append(request)
        return failure if len(calls) <= times else Reply("hi")

    return script


def error(status: int, **stated: object) -> Reply:
    return Reply(status=status, body={"error": {"message": "no", **stated}})


async def ask(script: Script, **settings: object):
    with serving(script) as server:
        endpoint = Endpoint("m/1", server.base_url, api_key_var="TEST_KEY", **settings)
        async with ChatClient(endpoint) as client:
            return await client.complete(HELLO, temperature=0.5, anything_else=[1]), server.requests


async def test_the_request_carries_model_messages_sampling_key_and_headers() -> None:
    completion, requests = await ask(lambda _: Reply("hi"), headers={"X-Team": "onc", "X-Org": "env:TEST_KEY"})
    assert requests[0].body == {"model": "m/1", "messages": HELLO, "temperature": 0.5, "anything_else": [1]}
    assert requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert (requests[0].headers["x-team"], requests[0].headers["x-org"]) == ("onc", KEY)
    assert completion.message == {"role": "assistant", "content": "hi"}


async def test_a_completion_says_why_it_stopped_what_it_used_and_which_model_answered() -> None:
    completion, _ = await ask(lambda _: Reply("hi", finish_reason="length", cached_tokens=60, latency_s=0.05))
    assert completion.finish_reason == "length"
    assert completion.usage == Usage(input_tokens=100, cached_tokens=60, output_tokens=20)
    assert completion.model == "m/1-2026-01-01"
    assert (completion.retries, completion.system_fingerprint) == (0, "fp_test")
    assert 0.05 <= completion.latency_s < 5


@pytest.mark.parametrize(
    "failure", [error(500), error(429), error(408), Reply(body="<html>busy</html>"), Reply(body={})]
)
async def test_what_waiting_may_cure_is_tried_again(failure: Reply) -> None:
    completion, requests = await ask(failing_first(1, failure))
    assert (completion.retries, len(requests)) == (1, 2)


async def test_retries_end_and_the_reason_is_one_line() -> None:
    with pytest.raises(EndpointError, match=r"^127\.0\.0\.1:\d+: 503: no$"):
        await ask(lambda _: error(503), max_retries=1)


async def test_a_server_that_cannot_be_reached_is_an_endpoint_error() -> None:
    async with ChatClient(Endpoint("m", "http://127.0.0.1:9/v1", api_key_var=None, max_retries=0)) as client:
        with pytest.raises(EndpointError, match="could not be reached"):
            await client.complete(HELLO)


async def test_an_attempt_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(EndpointError, match=r"no answer in 0\.1 s"):
        await ask(lambda _: Reply("hi", latency_s=0.5), timeout_s=0.1, max_retries=0)


@pytest.mark.parametrize(
    "asked", ["1", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)], ids=["seconds", "date"]
)
async def test_retry_after_is_honoured_up_to_a_limit(asked: str) -> None:
    slow_down = Reply(status=429, body={"error": {"message": "slow down"}}, headers={"Retry-After": asked})
    started = time.monotonic()
    if asked == "1":
        await ask(failing_first(1, slow_down))
        assert time.monotonic() - started >= 1
    else:
        with pytest.raises(EndpointError, match=r"asks to wait 3\d\d\d s"):
            await ask(failing_first(1, slow_down))


@pytest.mark.parametrize(
    "stated",
    [
        {"code": "context_length_exceeded"},
        {"type": "exceed_context_size_error", "code": 400},
        {"type": "BadRequestError", "code": 400, "param": "input_tokens"},
    ],
)
async def test_a_context_error_is_known_by_its_code_or_type(stated: dict[str, object]) -> None:
    with pytest.raises(ContextLengthError):
        await ask(lambda _: error(400, **stated))


async def test_a_message_about_tokens_is_not_a_context_error() -> None:
    refusal = Reply(status=400, body={"error": {"message": "token invalid: maximum context length", "code": None}})
    with pytest.raises(EndpointError) as caught:
        await ask(lambda _: refusal)
    assert not isinstance(caught.value, ContextLengthError | AccessError)


@pytest.mark.parametrize(
    "refusal", [error(401), error(404), error(402), error(403), error(429, code="insufficient_quota")]
)
async def test_a_refused_key_is_not_tried_again(refusal: Reply) -> None:
    asked: list[Request] = []

    def script(request: Request) -> Reply:
        asked.append(request)
        return refusal

    with pytest.raises(AccessError):
        await ask(script)
    assert len(asked) == 1


async def test_one_moderated_question_is_not_a_refused_key() -> None:
    with pytest.raises(EndpointError) as caught:
        await ask(lambda _: error(403, metadata={"reasons": ["harm"]}))
    assert not isinstance(caught.value, AccessError)


async def test_an_error_inside_a_200_is_an_error() -> None:
    with pytest.raises(AccessError, match="402"):
        await ask(lambda _: Reply(body={"error": {"message": "no credit", "code": 402}}))


@pytest.mark.parametrize("calls", ["finish", ["finish"], {"name": "finish"}])
async def test_tool_calls_that_are_no_list_of_calls_are_the_endpoints_fault(calls: object) -> None:
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
    reply = Reply(body=body | {"choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}]})
    with pytest.raises(EndpointError, match="answered nonsense: its tool_calls are"):
        await ask(lambda _: reply)


async def test_an_echoed_key_is_never_repeated() -> None:
    with pytest.raises(EndpointError) as caught:
        await ask(lambda _: Reply(status=400, body={"error": {"message": f"bad key {KEY}"}}))
    assert KEY not in str(caught.value)
    assert "[key]" in str(caught.value)


def answering(content: object) -> Reply:
    """A completion whose message has this content, as raw JSON."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    return Reply(
        body=json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})
    )


async def test_half_a_character_does_not_break_what_comes_after() -> None:
    completion, _ = await ask(lambda _: answering("fine \ud83d, but cut"))
    assert completion.text == "fine ?, but cut"
    assert completion.text.encode()


async def test_a_message_in_parts_is_its_text_parts() -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    completion, _ = await ask(lambda _: answering(parts))
    assert completion.text == "one two"


async def test_a_completion_without_usage_leaves_it_unknown() -> None:
    completion, _ = await ask(lambda _: answering("hi"))
    assert completion.usage == Usage()


async def test_requests_are_spaced_to_the_rate() -> None:
    with serving(lambda _: Reply("hi")) as server:
        endpoint = Endpoint("m", server.base_url, api_key_var=None, requests_per_minute=600)
        async with ChatClient(endpoint) as client:
            started = time.monotonic()
            for _ in range(5):
                await client.complete(HELLO)
    assert time.monotonic() - started >= 0.35
