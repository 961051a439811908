"""Do intervals of direct effect, spillover and total cover? Two-step lotteries drawn again."""

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.spillover.spillover import estimate_spillover
from jobeval.plan.lottery import Lottery

LOTTERY = Lottery(arm="arm", treatment=1, control=0)
TRUTH = {"direct": 4.0, "spillover": -1.0, "treated vs pure control": 3.0, "total": 1.0}


def draw(rng: np.random.Generator, shared: float = 2.0) -> pd.DataFrame:
    """Thirty areas of 8 or 16 that share a component; half of them at .5, hours mostly zero."""
    sizes = np.repeat([8, 16], 15)
    area = np.repeat(np.arange(30), sizes)
    offered = 0.5 * rng.permuted(np.arange(30) < 15)
    arm = np.concatenate([rng.permuted(np.arange(n) < n // 2) for n in sizes])
    arm &= offered[area] > 0
    hours = (rng.random(len(area)) < 0.4) * rng.gamma(4, 4.5, len(area))
    hours += rng.normal(0, shared, 30)[area] + 4.0 * arm - 1.0 * (offered[area] > 0)
    return pd.DataFrame({"area": area, "offered": offered[area], "arm": arm * 1, "hours": hours})


@pytest.mark.slow
def test_spillover_intervals_cover() -> None:
    """2,000 trials; |coverage − .95| within 4 Monte-Carlo errors for every part."""
    rng = np.random.default_rng(20170301)
    hits = {part: np.empty(2_000, dtype=bool) for part in TRUTH}
    for trial in range(2_000):
        table = estimate_spillover(draw(rng), "hours", LOTTERY, group="area", saturation="offered")
        for part, truth in TRUTH.items():
            low, high = table.one(part=part).confidence_interval()
            hits[part][trial] = low <= truth <= high
    margin = 4 * np.sqrt(0.95 * 0.05 / 2_000)
    coverage = {part: float(found.mean()) for part, found in hits.items()}
    assert all(abs(value - 0.95) <= margin for value in coverage.values()), coverage


@pytest.mark.slow
def test_errors_that_ignore_groups_would_not_cover() -> None:
    """The check can fail: Welch's interval of persons for the total."""
    from jobeval.effects.itt.itt import estimate_itt

    rng = np.random.default_rng(20170302)
    hits = np.empty(400, dtype=bool)
    for trial in range(400):
        frame = draw(rng, shared=6.0).assign(side=lambda f: (f["offered"] > 0) * 1)
        plain = estimate_itt(frame, "hours", Lottery(arm="side", treatment=1, control=0))
        low, high = plain.confidence_interval()
        hits[trial] = low <= 1.0 <= high
    assert hits.mean() < 0.95 - 4 * np.sqrt(0.95 * 0.05 / 400)
