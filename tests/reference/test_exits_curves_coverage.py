"""Intervals and bands of curves, from trials of two sites with unequal allocation.

Hazards depend on the site and on a covariate; weeks are tied. The truth is the survival of the
mixture of both sites, which are of one size.
"""

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery, survival_curve
from jobeval.exits.curves.quantile_difference import estimate_quantile_difference
from jobeval.exits.curves.survival_difference import estimate_survival_difference

SITES = Lottery(arm="arm", treatment=1, control=0, strata="site")
PLAIN = Lottery(arm="arm", treatment=1, control=0)
HAZARD, SHARE_TREATED = np.array([0.03, 0.05]), np.array([0.3, 0.7])
LOG_HAZARD_RATIO, SLOPE, WEEK, LAST = 0.3, 0.7, 20, 60
TRIALS = 2000
TOLERANCE = 4 * (0.95 * 0.05 / TRIALS) ** 0.5


def draw(rng: np.random.Generator, per_site: int, sites: int = 2) -> pd.DataFrame:
    site = np.repeat(np.arange(sites), per_site)
    treated = np.concatenate(
        [rng.permutation(np.arange(per_site) < share * per_site) for share in SHARE_TREATED[:sites]]
    )
    x = rng.standard_normal(len(site))
    rate = HAZARD[site] * np.exp(LOG_HAZARD_RATIO * treated + SLOPE * x)
    exit, follow = np.ceil(rng.exponential(1 / rate)), rng.integers(30, LAST + 1, len(site))
    return pd.DataFrame(
        {"site": site, "arm": treated.astype(int), "x": x, "left": exit <= follow,
         "week": np.minimum(exit, follow).astype(int)}
    )  # fmt: skip


def truth(arm: int, sites: int = 2) -> np.ndarray:
    """Survival after 0, 1, … weeks: the mean over the normal covariate and the sites."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    rates = HAZARD[:sites, None] * np.exp(LOG_HAZARD_RATIO * arm + SLOPE * nodes)
    curves = np.exp(-rates[..., None] * np.arange(LAST + 1))
    return np.einsum("snt,n->st", curves, weights / weights.sum()).mean(axis=0)


def within(curve, true: np.ndarray) -> tuple[bool, bool]:
    """Whether the interval of ``WEEK`` and the whole band hold the truth."""
    true, band = true[: len(curve.times)], ~np.isnan(curve.band_low)
    held = (curve.band_low <= true) & (true <= curve.band_high)
    return curve.conf_low[WEEK] <= true[WEEK] <= curve.conf_high[WEEK], bool(held[band].all())


def share_of(trials, holds) -> np.ndarray:
    return np.mean([holds(np.random.default_rng([77, trial])) for trial in range(trials)], axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("band", ["equal-precision", "hall-wellner"])
def test_bands_around_one_group(band):
    def holds(rng):
        frame = draw(rng, 600, sites=1)
        curve = survival_curve(frame, "week", "left", PLAIN, band=band)["1"]
        return within(curve, truth(1, sites=1))

    interval, whole = share_of(TRIALS, holds)
    assert abs(interval - 0.95) < TOLERANCE
    # a band for every moment, seen at the end of weeks only, holds a little more often
    assert 0.95 - TOLERANCE < whole < 0.95 + TOLERANCE + 0.015


@pytest.mark.slow
@pytest.mark.parametrize("covariates", [(), ("x",)])
def test_standardised_and_adjusted_curves_and_their_difference(covariates):
    true = [truth(0), truth(1)]

    def holds(rng):
        frame = draw(rng, 800)
        options = {"covariates": covariates}
        curves = survival_curve(frame, "week", "left", SITES, band="equal-precision", **options)
        (apart,) = estimate_survival_difference(frame, "week", "left", SITES, **options)
        return [
            hit
            for curve, expected in [(curves["0"], true[0]), (curves["1"], true[1]),
                                    (apart, true[1] - true[0])]
            for hit in within(curve, expected)
        ]  # fmt: skip

    assert (np.abs(share_of(TRIALS, holds) - 0.95) < TOLERANCE).all()


@pytest.mark.slow
def test_no_difference_in_any_week_is_rejected_at_its_level():
    """The arms are drawn anew over outcomes that do not depend on them."""

    def holds(rng):
        frame = draw(rng, 300)
        for site in (0, 1):
            rows = frame["site"] == site
            frame.loc[rows, "arm"] = rng.permutation(frame.loc[rows, "arm"].to_numpy())
        (test,) = estimate_survival_difference(frame, "week", "left", SITES).tests
        return test.p_value >= 0.05

    assert abs(share_of(TRIALS, holds) - 0.95) < TOLERANCE


@pytest.mark.slow
def test_differences_of_medians():
    """Never too rarely; weeks are coarse and the test minimises, so more often than asked."""
    medians = [int(np.argmax(truth(arm) <= 0.5)) for arm in (0, 1)]

    def holds(rng):
        effect = estimate_quantile_difference(draw(rng, 200), "week", "left", SITES)
        low, high = effect.confidence_interval()
        return low <= medians[1] - medians[0] <= high

    assert 0.95 - TOLERANCE < share_of(TRIALS, holds) < 0.995


def test_adjusting_for_a_covariate_narrows_the_interval():
    """Errors shrink by what the covariate tells, and a large trial still finds the truth."""
    frame = draw(np.random.default_rng(4), 20_000)
    for arm in (0, 1):
        plain, adjusted = (
            survival_curve(frame, "week", "left", SITES, covariates=covariates)[str(arm)]
            for covariates in ((), ("x",))
        )
        assert 0.85 < adjusted.std_error[WEEK] / plain.std_error[WEEK] < 0.97
        assert abs(adjusted.values[WEEK] - truth(arm)[WEEK]) < 4 * adjusted.std_error[WEEK]
