"""The interval of the MVPF against Fieller's closed form, and where it has no end."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from jobeval.economics.mvpf import mvpf, mvpf_interval

DRAWS = 400_000


def fieller(a, b, var_a, var_b, cov, level=0.95):
    """All ratios r with (a − r b)² ≤ z² Var(a − r b) (Fieller 1954); b away from 0."""
    z2 = norm.ppf(0.5 + level / 2) ** 2
    qa, qb, qc = b * b - z2 * var_b, -2 * (a * b - z2 * cov), a * a - z2 * var_a
    root = math.sqrt(qb * qb - 4 * qa * qc)
    return (-qb - root) / (2 * qa), (-qb + root) / (2 * qa)


def draw(a, b, var_a, var_b, cov):
    rng = np.random.default_rng(20)
    return rng.multivariate_normal([a, b], [[var_a, cov], [cov, var_b]], size=DRAWS).T


@pytest.mark.parametrize(
    ("a", "b", "var_a", "var_b", "cov"),
    [
        (1048.0, 2532.0, 300.0**2, 250.0**2, 0.0),
        (1048.0, 2532.0, 300.0**2, 250.0**2, -50_000.0),
        (-400.0, 2000.0, 150.0**2, 180.0**2, 9_000.0),
        (3267.0, 19_771.0, 1336.0**2, 2155.0**2, -1.5e6),
    ],
)
def test_interval_is_that_of_fieller_where_the_cost_is_certain(a, b, var_a, var_b, cov):
    # The sources differ: percentiles of the ratio's direction, and the inverted test. They agree
    # to the second order; 3 % of the width covers that and the Monte-Carlo error.
    found = mvpf_interval(*draw(a, b, var_a, var_b, cov), (a, b))
    expected = fieller(a, b, var_a, var_b, cov)
    width = expected[1] - expected[0]
    assert found == pytest.approx(expected, abs=0.03 * width)


def test_delta_method_where_both_errors_are_small():
    a, b, sa, sb = 500.0, 1000.0, 5.0, 8.0
    low, high = mvpf_interval(*draw(a, b, sa**2, sb**2, 0.0), (a, b))
    ratio = a / b
    error = ratio * math.hypot(sa / a, sb / b)
    assert (low, high) == pytest.approx((ratio - 1.96 * error, ratio + 1.96 * error), abs=2e-4)


def test_upper_end_is_infinite_where_the_effort_may_pay_for_itself():
    low, high = mvpf_interval(*draw(100.0, 30.0, 10.0**2, 40.0**2, 0.0), (100.0, 30.0))
    assert 0 < low < 100 / 30
    assert math.isinf(high)


def test_interval_of_an_effort_that_pays_for_itself_may_begin_at_a_number():
    centre = (100.0, -30.0)
    low, high = mvpf_interval(*draw(*centre, 10.0**2, 40.0**2, 0.0), centre)
    assert math.isinf(mvpf(*centre))
    assert 0 < low < math.inf
    assert math.isinf(high)


def test_no_interval_where_the_estimates_have_no_ratio():
    for centre in ((-100.0, -30.0), (0.0, 0.0)):
        bounds = mvpf_interval(*draw(*centre, 10.0**2, 40.0**2, 0.0), centre)
        assert all(math.isnan(bound) for bound in (mvpf(*centre), *bounds))


def test_no_limits_where_nothing_is_known():
    draws = draw(1.0, 1.0, 100.0, 100.0, 0.0)
    assert mvpf_interval(*draws, (1.0, 1.0)) == (-math.inf, math.inf)
