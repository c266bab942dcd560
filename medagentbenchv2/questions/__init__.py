"""Many models, one list of medical questions: ask, keep, compare.

`ask` puts a list to hosted and local models and keeps every answer; `compare_responses` reads one question's answers
back. The command line (`medagentbenchv2 ask`) is a thin layer over both.
"""

from __future__ import annotations

from medagentbenchv2.questions.answer import Answer, Failure
from medagentbenchv2.questions.config import AskConfig, make_config, read_config
from medagentbenchv2.questions.personas import PERSONAS, Persona, find_persona
from medagentbenchv2.questions.question import Question, read_questions
from medagentbenchv2.questions.run import ModelSummary, ask, ask_blocking

__all__ = [
    "PERSONAS",
    "Answer",
    "AskConfig",
    "Failure",
    "ModelSummary",
    "Persona",
    "Question",
    "ask",
    "ask_blocking",
    "find_persona",
    "make_config",
    "read_config",
    "read_questions",
]
