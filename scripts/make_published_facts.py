"""Write data/published/*.jsonl: the facts of the published task sets (ids, MRNs, clocks, names, readings).

Usage: python scripts/make_published_facts.py FOLDER, where FOLDER holds the published task files. No sentence of theirs
is kept: the tasks are asked in our words. The referral's free text is replaced by ours.
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from medagentbenchv2 import data
from medagentbenchv2.tasks.families.orthopedic_referral import handover
from medagentbenchv2.tasks.task_file import read_tasks
from medagentbenchv2.tasks.world import VARIANTS


def main(folder: Path) -> None:
    """Write one file per variant."""
    for variant in VARIANTS:
        lines = []
        for place, task in enumerate(read_tasks(folder / f"{variant}.json")):
            slots = task.slots.model_dump(mode="json", exclude_none=True)
            if task.family.slug == "orthopedic_referral":
                slots["text"] = handover(place)
            row = {"id": task.id, "family": task.family.slug, "slots": slots, "now": task.now.isoformat()}
            lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        path = data.path("published", f"{variant}.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
