"""Random effects and shrinkage: eight schools, statsmodels, a case solved by hand."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from jobeval.effects.itt import estimate_itt
from jobeval.effects.sites import estimate_site_effects, shrink_effects
from jobeval.plan.lottery import Lottery

SCHOOLS = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
ERRORS = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
LOTTERY = Lottery(arm="arm", treatment="treatment", control="control", strata="stratum")


def test_eight_schools() -> None:
    found = shrink_effects(SCHOOLS, ERRORS)
    assert found.pooled == pytest.approx(7.685617, abs=5e-7)
    assert found.pooled_std_error == pytest.approx(4.071919, abs=5e-7)
    assert found.q == pytest.approx(4.707079, abs=5e-7)
    assert (found.tau_squared, found.df) == (0.0, 7)
    np.testing.assert_allclose(found.shrunken, found.pooled, rtol=1e-14)
    np.testing.assert_allclose(found.shrunken_std_error, found.pooled_std_error, rtol=1e-14)


def test_paule_mandel_equals_statsmodels() -> None:
    other = combine_effects(SCHOOLS * 3, np.square(ERRORS), method_re="iterated", use_t=False)
    found = shrink_effects(SCHOOLS * 3, ERRORS)
    assert found.tau_squared > 100
    assert found.tau_squared == pytest.approx(other.tau2, rel=1e-4)  # it stops at 1e-5
    assert found.q == pytest.approx(other.q, rel=1e-12)


def test_paule_mandel_solves_its_equation() -> None:
    found = shrink_effects(SCHOOLS * 3, ERRORS)
    weights = 1 / (np.square(ERRORS) + found.tau_squared)
    mean = np.average(SCHOOLS * 3, weights=weights)
    assert weights @ np.square(SCHOOLS * 3 - mean) == pytest.approx(7, rel=1e-11)


def test_two_sites_by_hand() -> None:
    """Equal errors: τ² = (y₁ − y₂)²/2 − v = 18 − 4, B = 4/18, mean 3, var(μ) = 18/2."""
    found = shrink_effects(np.array([0.0, 6]), np.array([2.0, 2]))
    assert found.tau_squared == pytest.approx(14, rel=1e-12)
    np.testing.assert_allclose(found.shrunken, [3 * 4 / 18, 3 * 4 / 18 + 6 * 14 / 18], rtol=1e-12)
    np.testing.assert_allclose(
        np.square(found.shrunken_std_error), 14 / 18 * 4 + (4 / 18) ** 2 * 9, rtol=1e-12
    )


def test_sites_without_estimate_take_no_part() -> None:
    with_gap = shrink_effects(np.append(SCHOOLS, np.nan), np.append(ERRORS, np.nan))
    assert with_gap.q == shrink_effects(SCHOOLS, ERRORS).q
    assert np.isnan(with_gap.shrunken[-1])
    alone = shrink_effects(np.array([1.0, np.nan]), np.array([1.0, np.nan]))
    assert np.isnan([alone.q, alone.pooled, alone.tau_squared, *alone.shrunken]).all()


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    site = np.repeat(["Odense", "Aarhus", "Ishøj"], [40, 60, 44])
    half = np.arange(144) % 2
    stratum = np.char.add(site, half.astype(str))
    arm = np.where(rng.permuted(np.arange(144) % 3) == 0, "treatment", "control")
    effect = np.where(site == "Odense", 30, 0) * (arm == "treatment")
    hours = np.round(np.maximum(rng.normal(5, 10, 144) + effect, 0), 1)
    return pd.DataFrame({"site": site, "stratum": stratum, "arm": arm, "hours": hours})


def test_sites_are_blocked_within(trial: pd.DataFrame) -> None:
    found = estimate_site_effects(trial, "hours", LOTTERY, "site")
    assert [e.subgroup for e in found.raw] == ["site=Aarhus", "site=Ishøj", "site=Odense"]
    alone = estimate_itt(trial[trial["site"] == "Ishøj"], "hours", LOTTERY)
    assert found.raw[1].estimate == alone.estimate
    assert found.raw[1].std_error == alone.std_error
    assert found.raw[1].df == alone.df == 40
    assert {e.estimator for e in found.shrunken} == {"empirical Bayes"}
    pulled = [
        abs(s.estimate - found.pooled) < abs(r.estimate - found.pooled)
        for r, s in zip(found.raw, found.shrunken, strict=True)
    ]
    assert all(pulled)
    assert found.heterogeneity.df == 2
    assert found.heterogeneity.p_value < 0.001
    assert found.i_squared == pytest.approx(1 - 2 / found.heterogeneity.statistic)


def test_a_site_that_cannot_be_estimated_says_so(trial: pd.DataFrame) -> None:
    lonely = (trial["site"] == "Ishøj") & (trial["stratum"] == "Ishøj0")
    one = trial.index[lonely & (trial["arm"] == "treatment")][1:]
    found = estimate_site_effects(trial.drop(index=one), "hours", LOTTERY, "site")
    gap = found.raw.one(subgroup="site=Ishøj")
    assert np.isnan(gap.estimate)
    assert np.isnan(gap.p_value)
    assert "not estimable" in gap.notes[0]
    assert found.heterogeneity.df == 1
    assert np.isnan(found.shrunken.one(subgroup="site=Ishøj").estimate)
