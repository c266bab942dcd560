"""Intervals beyond these tasks: for *new families* and for *new patients*."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medagentbenchv2.results.statistics.libraries import need
from medagentbenchv2.results.statistics.proportion import Interval


def clustered_mean(scores: Sequence[float], clusters: Sequence[str], confidence: float = 0.95) -> Interval | None:
    """Mean score (0 to 1) with a cluster-robust interval, t with C - 1 degrees of freedom.

    None with one cluster, and where all scores are equal: what never varied tells nothing of how much others would.

    Miller 2024 (arXiv 2411.00640), section 2.2, with the C/(C-1) correction for few clusters and the t distribution
    of Cameron and Miller 2015, J. Hum. Resour. 50:317 (statsmodels OLS on a constant, cov_type="cluster"). Bounds are
    cut to [0, 1].
    """
    count = len(set(clusters))
    if count < 2 or len(set(scores)) == 1:
        return None
    codes = {cluster: code for code, cluster in enumerate(dict.fromkeys(clusters))}
    regression = need("statsmodels.regression.linear_model").OLS(np.array(scores), np.ones(len(scores)))
    groups = np.array([codes[cluster] for cluster in clusters])
    fit = regression.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    low, high = (float(bound) for bound in fit.conf_int(alpha=1 - confidence)[0])
    return Interval(sum(scores) / len(scores), max(0.0, low), min(1.0, high), f"clustered, t({count - 1})")


def by_family(scores: Sequence[float], families: Sequence[str], confidence: float = 0.95) -> Interval | None:
    """The mean score expected on *new families*; None with one family. See `clustered_mean`."""
    return clustered_mean(scores, families, confidence)


def by_patient(scores: Sequence[float], patients: Sequence[str], confidence: float = 0.95) -> Interval | None:
    """The mean score expected on *new patients*, same families; None with one patient. See `clustered_mean`."""
    return clustered_mean(scores, patients, confidence)
