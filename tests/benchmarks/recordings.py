"""What the rollout benchmark plays: the oracle's turns and the replies it read, and a model that repeats them."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, TypedDict

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.setup import Setup
from medagentbenchv2.tools.call import Result
from tests.faces.recorded import completion
from tests.model_server import ModelServer, Reply, Request


class Recording(TypedDict):
    prompt: str
    completions: list[dict[str, Any]]
    replies: list[str]


async def _record(setup: Setup, place: int) -> Recording:
    task = setup.tasks[place]
    rollout, results, turns = await setup.open(task), list[Result](), []
    while not rollout.finished:
        turns.append(Oracle().turn(task, results, None))
        for call in turns[-1].calls:
            results.append(Result(await rollout.call(call.tool, call.arguments)))
    completions = [completion(turn, number) for number, turn in enumerate(turns)]
    return {"prompt": setup.prompt(task), "completions": completions, "replies": [one.text for one in results]}


def record(setup: Setup, number: int) -> list[Recording]:
    """The oracle's rollouts of the first tasks, dealt round the families."""

    async def all_of_them() -> list[Recording]:
        places = [place for start in range(30) for place in range(start, len(setup.tasks), 30)][:number]
        return [await _record(setup, place) for place in places]

    return asyncio.run(all_of_them())


def serve(port: int, recordings: Path) -> None:
    """Answer at once with what was recorded, by prompt and number of assistant turns."""
    import uvicorn

    by_prompt = {one["prompt"]: one["completions"] for one in json.loads(recordings.read_text())}

    def script(request: Request) -> Reply:
        messages = request.body["messages"]
        said = sum(message["role"] == "assistant" for message in messages)
        return Reply(body=by_prompt[messages[1]["content"]][said])

    app = ModelServer(script)
    app.requests = _Nothing()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False, lifespan="off")


class _Nothing(list[Request]):
    """Keeps no request."""

    def append(self, _: Request) -> None:
        return


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
