"""Grow world 0 from its seed and write what the package ships: data/world0.snapshot and data/tasks/*.jsonl."""

from __future__ import annotations

from medagentbenchv2 import data
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.tasks.task_file import write_tasks
from medagentbenchv2.tasks.world import grow_default


def main() -> None:
    """Write the files; prints sizes and the checksum."""
    records, tasks = grow_default()
    snapshot = Snapshot.build(records)
    path = data.path("world0.snapshot")
    path.parent.mkdir(parents=True, exist_ok=True)
    snapshot.save(path)
    for variant, rows in tasks.items():
        write_tasks(rows, data.path("tasks", f"{variant}.jsonl"))
    print(f"{snapshot.checksum}  {len(records.rows.template)} records, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
