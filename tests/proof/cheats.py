"""Constant replies for real: the orders and the answer of one task, filed for the patient of every other one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from medagentbenchv2.tools.call import Call
from tests.proof.work import Work, replay


def templates(works: Sequence[Work]) -> Iterator[Work]:
    """One task of each different reply that a family's tasks call for, patients aside."""
    seen: set[str] = set()
    for work in works:
        said = "\n".join(call.json for call in (*work.creates, work.finish)).replace(work.mrn, "MRN")
        if said not in seen:
            seen.add(said)
            yield work


async def share(template: Work, works: Sequence[Work], *, answered: bool) -> float:
    """The share of tasks that a template solves; its answer is left out unless `answered`.

    The patient is as good as known where the prompt gives the MRN; elsewhere the template's own must do.
    """
    hits = 0.0
    for work in works:
        mrn = getattr(work.task.slots, "mrn", None) or template.mrn
        subject = {"reference": f"Patient/{mrn}"}
        orders = [Call(call.tool, call.arguments | {"subject": subject}) for call in template.creates]
        last = template.finish if answered else Call("finish", {"value": []})
        hits += (await replay(work, (*orders, last))).verdict("strict").reward
    return hits / len(works)
