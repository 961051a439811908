"""Intervals of programme indicators against published numbers and other implementations."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from jobeval.delivery.averages import average_ratio
from jobeval.delivery.waiting import median_wait
from jobeval.exits.curves.quantiles import survival_quantile
from jobeval.exits.curves.survival import survival_curve
from jobeval.inference.proportions import wilson_interval
from jobeval.plan.lottery import Lottery

RNG = np.random.default_rng(20161122)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998 (17: 857-872), table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (34, 190, 0.131, 0.240),
    ],
)
def test_wilson_intervals_are_the_published_ones(count, of, low, high):
    digits = 4 if of != 190 else 3
    found = [round(float(limit), digits) for limit in wilson_interval(count, of)]
    assert found == [low, high]


def test_wilson_intervals_are_those_of_statsmodels():
    of = RNG.integers(1, 400, 200)
    count = RNG.binomial(of, RNG.uniform(0, 1, 200))
    for level in (0.8, 0.95, 0.99):
        low, high = proportion_confint(count, of, alpha=1 - level, method="wilson")
        found = wilson_interval(count, of, level)
        np.testing.assert_allclose(found, (np.maximum(low, 0), np.minimum(high, 1)), atol=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_median_waits_are_those_of_lifelines(seed):
    """lifelines takes the beginning where the curve runs at one half: even sizes are avoided."""
    rng = np.random.default_rng(seed)
    waited = rng.geometric(0.05, 101) - 1
    seen = rng.integers(10, 60, 101)
    reached = waited <= seen
    found = median_wait(np.minimum(waited, seen), reached)
    fitted = KaplanMeierFitter().fit(np.minimum(waited, seen), reached)
    bounds = median_survival_times(fitted.confidence_interval_survival_function_)
    low, high = (float(x) for x in bounds.to_numpy()[0])
    expected = (fitted.median_survival_time_, low, high)
    np.testing.assert_allclose(found, [x if np.isfinite(x) else np.nan for x in expected])


@pytest.mark.parametrize("seed", range(4))
def test_median_waits_are_those_of_the_curves_of_exits(seed):
    """Two codes: here durations, there the weekly grid; both confirmed by R's survival."""
    rng = np.random.default_rng(seed)
    waited, seen = rng.geometric(0.08, 60), rng.integers(12, 40, 60)
    reached = waited <= seen
    frame = pd.DataFrame({
        "weeks": np.minimum(waited, seen), "left": reached, "arm": ["a", "b"] * 30,
    })  # fmt: skip
    lottery = Lottery(arm="arm", treatment="b", control="a")
    curves = survival_curve(frame, "weeks", "left", lottery, interval="log-log")
    for arm in ("a", "b"):
        mine = frame[frame["arm"] == arm]
        expected = survival_quantile(curves[arm])
        np.testing.assert_allclose(median_wait(mine["weeks"], mine["left"]), expected)


def test_a_ratio_is_weighted_least_squares_with_the_spread_of_persons():
    times = RNG.uniform(0.5, 3, 50)
    amounts = RNG.poisson(2 * times)
    fit = sm.WLS(amounts / times, np.ones(50), weights=times).fit(cov_type="HC1")
    half = stats.t.ppf(0.975, 49) * fit.bse[0]
    ratio = fit.params[0]
    np.testing.assert_allclose(average_ratio(amounts, times), (ratio, ratio - half, ratio + half))


def test_a_mean_has_the_interval_of_student():
    values = RNG.exponential(10, 40)
    low, high = stats.t.interval(0.9, 39, values.mean(), stats.sem(values))
    found = average_ratio(values, np.ones(40), 0.9)
    np.testing.assert_allclose(found, (values.mean(), low, high))
