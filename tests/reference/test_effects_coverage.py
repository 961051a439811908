"""Do 95 % intervals cover 95 %? Trials drawn again and again from a known truth.

Rule: |coverage − .95| ≤ 4 Monte-Carlo standard errors.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtrit

from jobeval.effects.itt.itt import estimate_itt
from jobeval.plan.lottery import Lottery
from jobeval.regression.blocked import blocked_difference
from jobeval.regression.difference import CellMoments

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def assert_covers(hits: np.ndarray) -> None:
    margin = 4 * np.sqrt(0.95 * 0.05 / len(hits))
    assert abs(hits.mean() - 0.95) <= margin, f"{hits.mean():.4f} is not .95 ± {margin:.4f}"


def hours(rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
    """Weekly hours of which 60 % are zero, mean .4 × 18."""
    return (rng.random(size) < 0.4) * rng.gamma(4, 4.5, size)


def moments(samples: list[tuple[np.ndarray, np.ndarray]]) -> CellMoments:
    """Cells of many trials at once, from (control, treatment) arrays of trials × persons."""
    parts = [[(a.shape[1], a.mean(axis=1), a.var(axis=1, ddof=1)) for a in s] for s in samples]
    n = np.array([[np.full(len(a[1]), a[0]) for a in s] for s in parts], dtype=float)
    return CellMoments(
        n,
        np.array([[a[1] for a in s] for s in parts]),
        np.array([[a[2] for a in s] for s in parts]),
    )


def covered(cells: CellMoments, truth: float) -> np.ndarray:
    found = blocked_difference(cells)
    half = stdtrit(found.df, 0.975) * found.std_error
    return np.abs(found.estimate - truth) <= half


@pytest.mark.parametrize("n, ratio", [(25, 1.0), (100, 1.67)])
def test_welch_covers_with_many_zeros(n: int, ratio: float) -> None:
    """20,000 trials. At 25 per arm skewness shows once the arms differ in scale: at a ratio
    of 1.67 coverage is .943, which 20,000 trials tell from .95 and 2,000 do not.
    """
    rng = np.random.default_rng(20170101)
    control, treated = hours(rng, (20_000, n)), ratio * hours(rng, (20_000, n))
    assert_covers(covered(moments([(control, treated)]), (ratio - 1) * 0.4 * 18))


def test_the_normal_interval_would_not() -> None:
    """The check can fail: z in the place of t covers too little."""
    rng = np.random.default_rng(20170101)
    found = blocked_difference(moments([(hours(rng, (20_000, 25)), hours(rng, (20_000, 25)))]))
    hits = np.abs(found.estimate) <= 1.959964 * found.std_error
    with pytest.raises(AssertionError, match="is not"):
        assert_covers(hits)


def test_blocked_covers_under_unequal_allocation() -> None:
    """10,000 trials. Strata of 60 to 120 with shares of treatment from 20 to 75 %."""
    rng = np.random.default_rng(20170102)
    sizes = [(96, 24), (30, 30), (20, 60), (60, 40)]
    effects, total = [0.0, 2.0, 6.0, -1.0], sum(sum(size) for size in sizes)
    samples = [
        (
            hours(rng, (10_000, n0)) + 3 * s,
            hours(rng, (10_000, n1)) + 3 * s + effects[s],
        )
        for s, (n0, n1) in enumerate(sizes)
    ]
    truth = sum(sum(size) * e for size, e in zip(sizes, effects, strict=True)) / total
    assert_covers(covered(moments(samples), truth))


def persons(rng: np.random.Generator) -> tuple[pd.DataFrame, float]:
    """Three strata, 240 persons, allocation .25/.5/.75; age drives hours and the effect."""
    stratum = np.repeat([0, 1, 2], [100, 80, 60])
    arm = np.concatenate(
        [rng.permuted(np.arange(n) < n * p) for n, p in ((100, 0.25), (80, 0.5), (60, 0.75))]
    ).astype(int)
    age = rng.normal(45, 8, 240)
    base = hours(rng, (240,)) + 0.3 * (60 - age) + 2 * stratum
    gain = 2 + stratum
    frame = {"z": arm, "stratum": stratum, "age": age, "hours": base + gain * arm}
    return pd.DataFrame(frame), float(gain.mean())


@pytest.mark.slow
def test_stratum_dummies_alone_would_not_cover() -> None:
    """Without weights, ANCOVA answers another question when allocation differs."""
    rng = np.random.default_rng(20170104)
    hits = np.empty(400, dtype=bool)
    for trial in range(len(hits)):
        frame, _ = persons(rng)
        gain = np.where(frame["stratum"] == 1, 60, -30)
        frame["hours"] += gain * frame["z"]
        truth = float((2 + frame["stratum"] + gain).mean())
        low, high = estimate_itt(
            frame, "hours", Lottery(arm="z", treatment=1, control=0),
            covariates=["age", "stratum"], adjustment="ancova",
        ).confidence_interval()  # fmt: skip
        hits[trial] = low <= truth <= high
    with pytest.raises(AssertionError, match="is not"):
        assert_covers(hits)
