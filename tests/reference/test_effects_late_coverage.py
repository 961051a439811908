"""Do the intervals of the effect on compliers cover? Trials drawn from a known truth.

Rule: |coverage − .95| ≤ 4 Monte-Carlo standard errors, at 2,000 trials.
"""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.take_up.as_treated import estimate_as_treated
from jobeval.effects.take_up.late import estimate_late
from jobeval.plan.lottery import Lottery

pytestmark = pytest.mark.slow
TRIALS = 2_000


def draw(rng: np.random.Generator, n: int, compliers: float, sites: int = 1) -> pd.DataFrame:
    """Hours of which 40 % are zero; who would take part anyway works more to begin with.

    Compliers gain 50 %, always-takers and never-takers nothing. In site 0 one in three is
    drawn to treatment, in the others one in two.
    """
    site = np.arange(n) % sites
    treated = np.zeros(n, dtype=int)
    for s in range(sites):
        members = np.flatnonzero(site == s)
        treated[rng.permutation(members)[: len(members) // (3 if sites > 1 and s == 0 else 2)]] = 1
    luck = rng.random(n)
    always, complier = luck < 0.15, (luck >= 0.15) & (luck < 0.15 + compliers)
    started = always | (complier & (treated == 1))
    hours = (rng.random(n) < 0.6) * rng.gamma(4, 4.5, n) * (1 + always) + 2 * site
    hours = np.where(complier & started, 1.5 * hours - site, hours)
    return pd.DataFrame({"arm": treated, "site": site, "hours": hours, "started": started})


TRUTH = 0.5 * 0.6 * 18


def hits(
    seed: int, lottery: Lottery, n: int, compliers: float, sites: int, **options: Any
) -> float:
    rng = np.random.default_rng(seed)
    covered = 0
    for _ in range(TRIALS):
        found = estimate_late(
            draw(rng, n, compliers, sites), "hours", lottery, treated="started", **options
        )
        low, high = found.confidence_interval()
        gap = any("not connected" in note for note in found.notes)
        assert options.get("interval") or not gap or math.isinf(low)
        covered += low <= TRUTH <= high and not (gap and rejected(found.notes))
    return covered / TRIALS


def rejected(notes: tuple[str, ...]) -> bool:
    """Whether the truth lies in the gap of a set that is not connected."""
    words = next(note for note in notes if "not connected" in note).split()
    return float(words[-3]) < TRUTH < float(words[-1])


def assert_covers(share: float) -> None:
    margin = 4 * math.sqrt(0.95 * 0.05 / TRIALS)
    assert abs(share - 0.95) <= margin, f"{share:.4f} is not .95 ± {margin:.4f}"


PERSONS = Lottery(arm="arm", treatment=1, control=0)
STRATA = Lottery(arm="arm", treatment=1, control=0, strata="site")


@pytest.mark.parametrize("compliers", [0.5, 0.1])
def test_anderson_rubin_covers_with_strong_and_weak_lotteries(compliers: float) -> None:
    assert_covers(hits(20260101, PERSONS, 200, compliers, 1))


def test_anderson_rubin_covers_under_unequal_allocation() -> None:
    assert_covers(hits(20260102, STRATA, 240, 0.4, 3))


def test_wald_covers_with_a_strong_first_stage() -> None:
    assert_covers(hits(20260103, PERSONS, 400, 0.6, 1, interval="wald"))


def test_a_comparison_as_treated_would_not() -> None:
    """The check can fail: who takes part anyway works twice as much to begin with."""
    rng = np.random.default_rng(20260104)
    covered = 0
    for _ in range(TRIALS):
        frame = draw(rng, 200, 0.5, 1)
        low, high = estimate_as_treated(
            frame, "hours", PERSONS, treated="started"
        ).confidence_interval()
        covered += low <= TRUTH <= high
    with pytest.raises(AssertionError, match="is not"):
        assert_covers(covered / TRIALS)
