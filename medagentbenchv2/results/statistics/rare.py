"""Upper bounds for rare events."""

from __future__ import annotations

from medagentbenchv2.results.statistics.libraries import need


def exact_upper_bound(events: int, trials: int, confidence: float = 0.95) -> float | None:
    """One-sided exact upper bound of an event's probability (0 to 1); None when there are no trials.

    Clopper and Pearson 1934, Biometrika 26:404: the share at which `events` or fewer have probability 1 - confidence,
    a quantile of the beta distribution (scipy.stats.beta). With no events it is about 3/n (`rule_of_three`).
    Raises ValueError unless 0 <= events <= trials.
    """
    if not 0 <= events <= trials:
        raise ValueError(f"events: {events} is not between 0 and the {trials} trials")
    if trials == 0:
        return None
    if events == trials:
        return 1.0
    return float(need("scipy.stats").beta.ppf(confidence, events + 1, trials - events))
