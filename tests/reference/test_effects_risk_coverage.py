"""Do 95 % intervals of risk differences and ratios cover 95 %, and what would not?

Rule: |coverage − .95| ≤ 4 Monte-Carlo standard errors.
"""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import binom

from jobeval.effects.shares.newcombe import newcombe_arms, newcombe_difference
from jobeval.effects.shares.risk import estimate_risk_difference
from jobeval.effects.summary.sizes import estimate_standardised_effect
from jobeval.plan.lottery import Lottery

Z = 1.959963984540054
PERSONS = Lottery(arm="z", treatment=1, control=0)
STRATA = Lottery(arm="z", treatment=1, control=0, strata="site")


def assert_covers(hits: np.ndarray) -> None:
    margin = 4 * np.sqrt(0.95 * 0.05 / len(hits))
    assert abs(hits.mean() - 0.95) <= margin, f"{hits.mean():.4f} is not .95 ± {margin:.4f}"


def test_rare_outcomes_exactly() -> None:
    """At 2 % and 100 an arm, Wald's interval has no width in 1.8 % of all trials.

    Every pair of counts, with its binomial probability: Newcombe never degenerates and
    covers at least 95 %.
    """
    counts = np.arange(25)
    chance = np.outer(binom.pmf(counts, 100, 0.02), binom.pmf(counts, 100, 0.02))
    assert chance.sum() == pytest.approx(1, abs=1e-12)
    share = counts / 100
    spread = share * (1 - share) / 100
    flat_wald = (spread[:, None] + spread) == 0
    assert (chance * flat_wald).sum() == pytest.approx(0.0176, abs=5e-5)
    n, one = np.array([[100, 100]]), np.ones(1)
    bounds = np.array([
        [newcombe_difference(*newcombe_arms(np.array([[a, b]]), n, one, Z)) for b in counts]
        for a in counts
    ])  # fmt: skip
    low, high = bounds[..., 0], bounds[..., 1]
    assert (high - low).min() > 0.03
    assert 0.95 <= (chance * ((low <= 0) & (high >= 0))).sum() <= 0.995


def persons(rng: np.random.Generator) -> tuple[pd.DataFrame, float, float]:
    """One lottery; the covariate moves risks and effects from end to end of the scale."""
    x, z = rng.normal(0, 4, 240), rng.permutation(np.arange(240) % 2)
    gain = expit(3 + x) - expit(-3 + x)
    y = rng.random(240) < expit(-3 + 6 * z + x)
    frame = pd.DataFrame({"z": z, "x": x, "y": y.astype(int)})
    return frame, average_gain(), float(gain.mean())


def average_gain() -> float:
    """Of all persons: Gauss–Hermite over x ~ N(0, 4²)."""
    node, weight = np.polynomial.hermite_e.hermegauss(200)
    gain = expit(3 + 4 * node) - expit(-3 + 4 * node)
    return float(weight @ gain / weight.sum())


def sites(rng: np.random.Generator) -> tuple[pd.DataFrame, float, float]:
    """Three strata with allocation .15, .5, .7 and effects that the main-effects logit misses."""
    site = np.repeat([0, 1, 2], [100, 80, 60])
    z = np.concatenate(
        [rng.permutation(np.arange(n) < n * p) for n, p in ((100, 0.15), (80, 0.5), (60, 0.7))]
    ).astype(int)
    x = rng.integers(0, 3, 240)
    base, gain = 0.15 + 0.1 * x, np.array([0.3, 0.0, -0.1])[site] + 0.05 * x
    y = rng.random(240) < base + gain * z
    frame = pd.DataFrame({"z": z, "site": site, "x": x, "y": y.astype(int)})
    truth = float(np.array([0.3, 0.0, -0.1])[site].mean() + 0.05)
    return frame, truth, math.nan


def coverage(draw: Any, lottery: Lottery, seed: int, sample: bool = False, **options: Any) -> Any:
    rng = np.random.default_rng(seed)
    hits = np.empty(2_000, dtype=bool)
    for trial in range(len(hits)):
        frame, everyone, drawn = draw(rng)
        found = estimate_risk_difference(frame, "y", lottery, **options)
        low, high = found.confidence_interval()
        hits[trial] = low <= (drawn if sample else everyone) <= high
    return hits


@pytest.mark.slow
def test_ye_covers_the_effect_on_new_persons() -> None:
    given = {"method": "g-computation", "covariates": ["x"]}
    assert_covers(coverage(persons, PERSONS, 20170811, **given))


@pytest.mark.slow
def test_ge_covers_the_effect_on_these_persons_only() -> None:
    """Given the covariates it holds; for new persons it is too short where effects differ."""
    given = {"method": "g-computation", "covariates": ["x"], "std_error": "ge"}
    assert_covers(coverage(persons, PERSONS, 20170812, sample=True, **given))
    with pytest.raises(AssertionError, match="is not"):
        assert_covers(coverage(persons, PERSONS, 20170812, **given))


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [{"method": "newcombe"}, {"method": "g-computation", "covariates": ["x"]}],
    ids=["newcombe", "ye"],
)
def test_everyone_drawn_is_covered_under_unequal_allocation(options: dict[str, Any]) -> None:
    """A wrong model and strata with effects of their own: still the average of everyone."""
    assert_covers(coverage(sites, STRATA, 20170813, **options))


@pytest.mark.slow
def test_mantel_haenszel_answers_another_question() -> None:
    """The documented exception: with effects and allocations that differ it weighs otherwise."""
    with pytest.raises(AssertionError, match="is not"):
        assert_covers(coverage(sites, STRATA, 20170814, method="mantel-haenszel"))


def pairs(rng: np.random.Generator) -> tuple[pd.DataFrame, float, float]:
    """120 matched pairs of widely different risk, one common difference."""
    site = np.repeat(np.arange(120), 2)
    z = np.concatenate([rng.permutation([0, 1]) for _ in range(120)])
    risk = np.repeat(rng.uniform(0.05, 0.75, 120), 2) + 0.2 * z
    frame = pd.DataFrame({"z": z, "site": site, "y": (rng.random(240) < risk).astype(int)})
    return frame, 0.2, 0.2


@pytest.mark.slow
def test_mantel_haenszel_covers_in_pairs() -> None:
    assert_covers(coverage(pairs, STRATA, 20170815, method="mantel-haenszel"))


@pytest.mark.slow
def test_hedges_g_covers() -> None:
    """Normal outcomes, 12 and 20 persons, a true effect of .8 deviations."""
    rng = np.random.default_rng(20170816)
    hits = np.empty(2_000, dtype=bool)
    z = np.repeat([0, 1], [12, 20])
    for trial in range(len(hits)):
        frame = pd.DataFrame({"z": z, "y": rng.normal(0, 4, 32) + 3.2 * z})
        low, high = estimate_standardised_effect(frame, "y", PERSONS).confidence_interval()
        hits[trial] = low <= 0.8 <= high
    assert_covers(hits)
