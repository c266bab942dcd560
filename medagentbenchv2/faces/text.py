"""The text face: the classic environment by the text protocol of v1, without tool calls."""

from __future__ import annotations

from typing import Any

import verifiers as vf

from medagentbenchv2.faces.classic import OverRollout
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.setup import Setup
from medagentbenchv2.text_protocol import TextSession


class MedAgentBenchTextEnv(OverRollout):
    """The same tasks by the text protocol of v1; make one with `load_environment(protocol="text")`."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(**self.options(setup))

    async def take_turn(self, rollout: Rollout, message: Any) -> list[Any]:
        """Execute the message's one action."""
        content = message.content if isinstance(message.content, str) else ""
        reply = await TextSession(rollout).reply(content)
        return [vf.UserMessage(role="user", content=reply)] if reply else []
