"""Sorted groups without heterogeneity: the intervals are conservative, a known exception."""

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.groups.sorted_groups import estimate_sorted_groups
from jobeval.plan.lottery import Lottery

LOTTERY = Lottery(arm="arm", treatment=1, control=0, strata="site")


@pytest.mark.slow
def test_without_heterogeneity_zero_is_nearly_always_inside() -> None:
    """400 trials of 300 persons, effect 3 for all, 60 % zeros. Medians over splits with bounds
    at 1 − α/2 cover at least .95 and in truth nearly always: doubling pays for the splitting.
    """
    rng = np.random.default_rng(20170401)
    hits = np.empty(400, dtype=bool)
    for trial in range(len(hits)):
        site = np.arange(300) % 2
        arm = (rng.permuted(np.arange(300) // 2 % 3) < site + 1).astype(int)
        hours = (rng.random(300) < 0.4) * rng.gamma(4, 4.5, 300) + 3 * arm
        frame = pd.DataFrame({"arm": arm, "site": site, "age": rng.uniform(20, 60, 300),
                              "hours": hours})  # fmt: skip
        table = estimate_sorted_groups(
            frame, "hours", LOTTERY, covariates=["age"], groups=3, splits=11, seed=trial
        )
        low, high = table.one(part="group 3 - group 1").confidence_interval()
        hits[trial] = low <= 0 <= high
    assert hits.mean() >= 0.95, hits.mean()
