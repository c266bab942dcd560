"""The prompt holds the task, the clock, and nothing that was not given."""

from __future__ import annotations

from medagentbenchv2.tools.prompt import SYSTEM_PROMPT, user_message


def test_instruction_and_context_stand_in_tags_of_their_own() -> None:
    message = user_message("Order a CT.", "Code 74177.", "2023-11-07T22:47:00+00:00", "Call finish with a list.")
    assert message == (
        "<instruction>\nOrder a CT.\n</instruction>\n\n"
        "<context>\nCode 74177.\n</context>\n\n"
        "The current date and time is 2023-11-07T22:47:00+00:00.\n\n"
        "Call finish with a list."
    )


def test_what_is_not_given_is_left_out() -> None:
    assert user_message(" Order a CT. ", " ", None, None) == "<instruction>\nOrder a CT.\n</instruction>"


def test_the_system_prompt_is_about_25_lines_that_fit_a_terminal() -> None:
    lines = SYSTEM_PROMPT.splitlines()
    assert 20 <= len(lines) <= 30
    assert max(map(len, lines)) <= 120
