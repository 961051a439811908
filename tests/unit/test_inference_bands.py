"""Sup-t critical values: closed forms, quadrature, and the p-values that belong to them."""

import numpy as np
import pytest
from scipy.special import ndtr, stdtr
from scipy.stats import multivariate_normal

from jobeval.inference.bands import (
    critical_quantiles,
    largest_normal,
    largest_statistic,
)


@pytest.mark.parametrize(
    "k, value", [(1, 1.959964), (2, 2.2365), (5, 2.5688), (10, 2.7996), (20, 3.0160)]
)
def test_independent_coefficients(k: int, value: float) -> None:
    """``Φ⁻¹((1 + .95^(1/k)) / 2)``; ten thousand draws are good for .001 or so."""
    found = largest_normal(np.diag(np.arange(1.0, k + 1)))
    assert found.critical_value() == pytest.approx(value, abs=0.0015)
    for size in (2.0, 4.0, 6.0):
        expected = -np.expm1(k * np.log1p(-2 * ndtr(-size)))
        assert found.tail(size) == pytest.approx(expected, rel=0.015)


def test_perfect_correlation_is_one_coefficient() -> None:
    signs = np.array([1.0, -2, 3, 5])
    found = largest_normal(np.outer(signs, signs))
    assert found.critical_value() == pytest.approx(1.959964, abs=1e-5)
    assert found.critical_value(0.9) == pytest.approx(1.644854, abs=1e-5)
    assert found.tail(1.959964) == pytest.approx(0.05, rel=1e-6)


def test_two_correlated_coefficients_by_quadrature() -> None:
    for rho in (-0.5, 0.3, 0.9):
        correlation = np.array([[1, rho], [rho, 1]])
        normal = multivariate_normal(cov=correlation)
        for size in (1.0, 2.2, 3.5):
            inside = normal.cdf([size, size], lower_limit=[-size, -size])
            tail = largest_normal(correlation, draws=40_000).tail(size)
            assert tail == pytest.approx(1 - inside, rel=0.01)


def test_many_coefficients_against_plain_draws() -> None:
    steps = np.arange(52)
    correlation = 0.95 ** np.abs(steps[:, None] - steps)
    draws = np.random.default_rng(5).multivariate_normal(np.zeros(52), correlation, 100_000)
    expected = np.quantile(np.abs(draws).max(axis=1), 0.95)  # known to ± .007
    assert largest_normal(correlation).critical_value() == pytest.approx(expected, abs=0.02)


def test_critical_value_and_tail_agree_and_lie_between_the_bounds() -> None:
    steps = np.arange(30)
    found = largest_normal(0.8 ** np.abs(steps[:, None] - steps), seed=4)
    for level in (0.5, 0.9, 0.99):
        value = found.critical_value(level)
        assert found.tail(value) == pytest.approx(1 - level, rel=0.005)
        pointwise, bonferroni = (-float(_quantile((1 - level) / 2 / k)) for k in (1, 30))
        assert pointwise < value < bonferroni
    sizes = np.linspace(0.1, 8, 40)
    tails = np.array([found.tail(size) for size in sizes])
    assert (np.diff(tails) <= 0).all() and tails[0] == 1 and 0 < tails[-1] < 1e-12


def _quantile(p: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(p))


def test_coefficients_without_variance_take_no_part() -> None:
    covariance = np.diag([1.0, 0, np.nan, 4])
    covariance[2, :2] = np.nan
    assert largest_normal(covariance).critical_value() == pytest.approx(2.2365, abs=0.0015)
    none = largest_normal(np.zeros((3, 3)))
    assert np.isnan([none.critical_value(), none.tail(2.0)]).all()
    assert largest_normal(np.eye(2)).tail(np.inf) == 0
    with pytest.raises(ValueError, match="level"):
        largest_normal(np.eye(2)).critical_value(95)


def test_the_scale_does_not_matter_and_the_seed_decides() -> None:
    covariance = np.array([[4.0, 1], [1, 9]])
    one = largest_normal(covariance, seed=1).critical_value()
    assert largest_normal(1e6 * covariance, seed=1).critical_value() == pytest.approx(one, rel=1e-9)
    assert largest_normal(covariance, seed=2).critical_value() != one


def test_quantiles_of_t_keep_the_tail() -> None:
    df = np.array([1.0, 7, 300, np.inf])
    found = critical_quantiles(2.8, df)
    assert stdtr(df[:3], -found[:3]) == pytest.approx(ndtr(-2.8), rel=1e-9)
    assert found[3] == 2.8 and (np.diff(found) < 0).all()
    back = largest_statistic(found * np.array([1, -1, 0.1, 0.1]), df)
    assert back == pytest.approx(2.8, rel=1e-9)
    assert np.isnan(largest_statistic(np.array([np.nan]), np.array([3.0])))
