"""Date parameters and the bounds that HAPI gives them, for the golden file.

python -m tests.fhir.fuzz_dates --jars FOLDER [--n 2600] [--seed 1]
"""

from __future__ import annotations

import argparse
import calendar
import json
import random
from pathlib import Path
from typing import Any

import zstandard

from tests.fhir.oracle_client import ask_dates

GOLDEN = Path(__file__).parent / "golden" / "dates.jsonl.zst"
PREFIXES = ("", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb")
ZONES = ("", "Z", "+00:00", "-08:00", "+05:30", "+14:00", "-12:00", " 02:00")
BAD = (
    "2023-13", "2023-02-30", "yesterday", "2023-1-5", "2023-01-05T25:00Z", "01/05/2023", "xx2023", "ap2023",
    "2023-01-05T10",
    "202", "2023-01-05T10:00:00+0000", "", " ", "ge", "GE2023", "2023-01-05,2023-01-06", "ge 2023-01-05",
)  # fmt: skip


def value(rng: random.Random) -> str:
    """One query value, with a prefix, in any precision."""
    if rng.random() < 0.04:
        return rng.choice(BAD)
    year, month = rng.choice((1970, 1999, 2000, 2019, 2022, 2023, 2024)), rng.randint(1, 12)
    last = calendar.monthrange(year, month)[1]
    day = rng.choice((1, 2, 15, last - 1, last))
    precision = rng.choices(("Y", "M", "D", "m", "s", "ms"), (1, 2, 5, 4, 4, 2))[0]
    text = f"{year:04}"
    text += f"-{month:02}" if precision != "Y" else ""
    text += f"-{day:02}" if precision in ("D", "m", "s", "ms") else ""
    if precision in ("m", "s", "ms"):
        text += f"T{rng.choice((0, 1, 11, 12, 23)):02}:{rng.choice((0, 30, 59)):02}"
        text += f":{rng.choice((0, 1, 59)):02}" if precision != "m" else ""
        text += rng.choice((".1", ".12", ".123", ".999")) if precision == "ms" else ""
        text += rng.choice(ZONES)
    return rng.choice(PREFIXES) + text


def rows(jars: Path, seed: int, count: int) -> list[dict[str, Any]]:
    """Golden rows, see oracle/README.md."""
    rng = random.Random(seed)
    cases = [tuple(value(rng) for _ in range(2 if rng.random() < 0.2 else 1)) for _ in range(count)]
    found = []
    for values, verdict in zip(cases, ask_dates(jars, cases), strict=True):
        row: dict[str, Any] = {"values": list(values), "outcome": verdict.outcome}
        if verdict.outcome == "ok":
            bounds = (None if bound == "-" else int(bound) for bound in verdict.rest)
            row |= dict(zip(("low", "high", "low_day", "high_day"), bounds, strict=True))
        else:
            row["message"] = verdict.rest[0]
        found.append(row)
    return found


def main() -> None:
    """Write the golden file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jars", type=Path, required=True, help="folder of jars, see oracle/README.md")
    parser.add_argument("--n", type=int, default=2600, help="number of rows")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    found = rows(arguments.jars, arguments.seed, arguments.n)
    text = "\n".join(json.dumps(row) for row in found) + "\n"
    GOLDEN.write_bytes(zstandard.compress(text.encode(), 19))
    refused = sum(row["outcome"] != "ok" for row in found)
    print(f"{GOLDEN}: {len(found):,} rows, {refused} refused, {GOLDEN.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
