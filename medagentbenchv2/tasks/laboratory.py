"""Planting a laboratory test whose newest reading is known, among readings that mislead the careless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from medagentbenchv2.tasks.scene import Scene

NOT_COUNTED = "A result that was cancelled or entered in error, or that is no number, does not count."
"""Stands in the facts of every family whose readings are planted here."""
TEXTS = ("<0.1", "hemolyzed", "see comment")
"""Results without a number."""


@dataclass(frozen=True)
class Planned:
    """A reading to plant, in the analyte's usual unit unless another is given."""

    value: float
    unit: str | None = None


def plant_last_day(scene: Scene, code: str, newest: Planned | None, misleading: Sequence[float]) -> None:
    """Rewrite a test so that its newest reading of the last 24 hours is `newest`, or that there is none.

    One reading stands just outside the window, some are older, one comes after the clock; every fourth newest one is
    exactly 24 hours old. `misleading` are the values of all of them.
    """
    scene.clear(code)
    scene.observe_each(code, _draw(scene, misleading, 2, 8), scene.ago(days=120), scene.ago(days=2))
    scene.observe(code, scene.ago(hours=24, minutes=1), scene.rng.choice(misleading))
    scene.observe(code, scene.ago(minutes=-scene.rng.randrange(10, 2000)), scene.rng.choice(misleading))
    if newest is None:
        return
    on_edge = scene.index % 4 == 3
    at = scene.ago(hours=24) if on_edge else scene.ago(minutes=scene.rng.randrange(20, 800))
    scene.observe(code, at, newest.value, unit=newest.unit, status=scene.counting_status)
    if not on_edge:
        scene.observe_each(code, _draw(scene, misleading, 0, 3), scene.ago(hours=24), at)
    _err(scene, code, misleading, at)


def plant_newest(
    scene: Scene, code: str, newest: Planned | None, misleading: Sequence[float], at: datetime | None = None
) -> None:
    """Rewrite a test so that its newest reading is `newest`, taken `at` (or some time in the last month), or that it
    was never done as of now; it is done again after the clock.
    """
    scene.clear(code)
    scene.observe(code, scene.ago(minutes=-scene.rng.randrange(10, 2000)), scene.rng.choice(misleading))
    if newest is None:
        return
    at = at or scene.ago(minutes=scene.rng.randrange(20, 60 * 24 * 30))
    scene.observe(code, at, newest.value, unit=newest.unit, status=scene.counting_status)
    scene.observe_each(code, _draw(scene, misleading, 2, 8), at - timedelta(days=300), at)
    _err(scene, code, misleading, at)


def _draw(scene: Scene, values: Sequence[float], least: int, most: int) -> list[float]:
    return scene.rng.choices(values, k=scene.rng.randint(least, most))


def _err(scene: Scene, code: str, values: Sequence[float], at: datetime) -> None:
    """From difficulty 2 on: a later reading that was entered in error, and before the newest a result that is a text
    and a reading that was sent twice.
    """
    if scene.difficulty < 2:
        return
    since = (scene.now - at).total_seconds() // 60
    minutes = scene.rng.randrange(1, int(since))
    scene.observe(code, scene.ago(minutes=minutes), scene.rng.choice(values), status="entered-in-error")
    earlier = at - timedelta(days=2, minutes=scene.rng.randrange(1440))
    scene.observe_text(code, earlier, scene.rng.choice(TEXTS))
    value = scene.rng.choice(values)
    for _ in range(2):
        scene.observe(code, earlier - timedelta(days=1), value)
