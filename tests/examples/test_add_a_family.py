"""The example family works as it stands, and is registered from outside the package."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "add_a_family.py"


def test_a_twenty_first_family_is_planted_shown_and_proven(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLE], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert "anemia_screen" in done.stdout
    assert "oracle: 10 of 10" in done.stdout
    assert "null: 0 of 10" in done.stdout
