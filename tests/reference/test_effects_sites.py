"""Random effects and shrinkage: eight schools, metafor on BCG, statsmodels, cases by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from jobeval.effects.groups.fidelity import estimate_fidelity
from jobeval.effects.groups.sites import estimate_sites, summarise_sites
from jobeval.effects.itt.itt import estimate_itt
from jobeval.errors import DataError, DesignError
from jobeval.plan.lottery import Lottery
from jobeval.regression.random_effects import (
    TauMethod,
    fit_random_effects,
    profile_tau_squared,
    shrink_effects,
)
from jobeval.results import EffectTable, Estimate

HERE = Path(__file__).parent
SCHOOLS = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
ERRORS = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
LOTTERY = Lottery(arm="arm", treatment="treatment", control="control", strata="stratum")
METHODS: tuple[tuple[TauMethod, str], ...] = (("reml", "REML"), ("paule-mandel", "PM"))
every_method = pytest.mark.parametrize("method, name", METHODS)


@pytest.fixture(scope="module")
def oracle() -> dict[str, Any]:
    """metafor 3.8-1, from effects_oracle_sites.R."""
    return json.loads((HERE / "effects_oracle_sites.json").read_text())


def places(oracle: dict[str, Any], data: str) -> tuple[np.ndarray, np.ndarray]:
    if data == "schools3":
        return 3 * SCHOOLS, ERRORS
    return np.array(oracle["bcg"]["yi"]), np.array(oracle["bcg"]["sei"])


def table(estimates: np.ndarray, errors: np.ndarray) -> EffectTable:
    """Raw effects as ``estimate_levels`` would give them."""
    common = {"endpoint": "y", "estimand": "itt", "estimator": "difference in means"}
    return EffectTable(
        tuple(
            Estimate(
                **common, contrast="treatment - control", estimate=float(y), std_error=float(e),
                n_treatment=10, n_control=10, subgroup=f"site={place}",
            )
            for place, (y, e) in enumerate(zip(estimates, errors, strict=True))
        )
    )  # fmt: skip


@every_method
def test_eight_schools(method: TauMethod, name: str) -> None:
    found = fit_random_effects(SCHOOLS, ERRORS, method=method)
    assert found.coef[0] == pytest.approx(7.685617, abs=5e-7)
    assert found.std_error[0] == pytest.approx(4.071919, abs=5e-7)
    assert found.q == pytest.approx(4.707079, abs=5e-7)
    assert (found.tau_squared, found.df) == (0.0, 7)
    shrunken, error = shrink_effects(SCHOOLS, ERRORS, found)
    np.testing.assert_allclose(shrunken, found.coef[0], rtol=1e-14)
    assert (error > found.std_error[0]).all()  # τ² = 0 is an estimate, not known


@every_method
@pytest.mark.parametrize("data", ["bcg", "schools3"])
def test_random_effects_equal_metafor(
    oracle: dict[str, Any], data: str, method: TauMethod, name: str
) -> None:
    """To 1e-10: both solve the same equations to the last digits (metafor at 1e-14)."""
    y, errors = places(oracle, data)
    expected = oracle[f"{data}_{name}"]
    found = fit_random_effects(y, errors, method=method)
    assert found.tau_squared == pytest.approx(expected["tau_squared"], rel=1e-10)
    assert found.coef[0] == pytest.approx(expected["pooled"], rel=1e-10)
    assert found.std_error[0] == pytest.approx(expected["std_error"], rel=1e-10)
    assert found.q == pytest.approx(expected["q"], rel=1e-10)
    sites = summarise_sites(table(y, errors), "y", LOTTERY, method, 0.95)
    assert sites.pooled.std_error == pytest.approx(expected["hksj_std_error"], rel=1e-10)
    np.testing.assert_allclose(
        [*sites.pooled.confidence_interval(), *sites.prediction.confidence_interval()],
        [expected[f"{what}_{end}"] for what in ("hksj", "prediction") for end in ("low", "high")],
        rtol=1e-9,
    )
    np.testing.assert_allclose(
        sites.tau_squared_interval, [expected["profile_low"], expected["profile_high"]], rtol=1e-9
    )
    assert sites.heterogeneity.p_value == pytest.approx(expected["q_p"], rel=1e-9)
    assert sites.tau**2 == pytest.approx(sites.tau_squared)
    assert np.isnan(sites.prediction.p_value)


@every_method
@pytest.mark.parametrize("data", ["bcg", "schools3"])
def test_shrunken_effects_equal_metafor_and_its_error_of_tau(
    oracle: dict[str, Any], data: str, method: TauMethod, name: str
) -> None:
    """metafor's errors take τ² as known; the rest is (∂θ/∂τ²)² var(τ²) by differences."""
    y, errors = places(oracle, data)
    expected = oracle[f"{data}_{name}"]
    found = fit_random_effects(y, errors, method=method)
    shrunken, error = shrink_effects(y, errors, found)
    np.testing.assert_allclose(shrunken, expected["shrunken"], rtol=1e-9)
    step = 1e-6 * found.tau_squared

    def mean(tau_squared: float) -> np.ndarray:
        weight = errors**2 / (errors**2 + tau_squared)
        return weight * found.coef[0] + (1 - weight) * y

    slope = (mean(found.tau_squared + step) - mean(found.tau_squared - step)) / (2 * step)
    rest = np.square(error) - np.square(expected["known_std_error"])
    np.testing.assert_allclose(rest, np.square(slope * found.tau_squared_error), rtol=1e-5)
    if name == "REML" and data == "bcg":
        assert found.tau_squared_error == pytest.approx(expected["tau_squared_error"], rel=1e-9)


def test_meta_regression_equals_metafor(oracle: dict[str, Any]) -> None:
    """The effect of BCG against tuberculosis on the trials' latitude."""
    y, errors = places(oracle, "bcg")
    expected = oracle["bcg_latitude"]
    design = np.column_stack([np.ones(13), oracle["bcg"]["latitude"]])
    found = fit_random_effects(y, errors, design)
    assert found.coef[1] == pytest.approx(expected["slope"], rel=1e-9)
    assert found.scaled_error[1] == pytest.approx(expected["std_error"], rel=1e-9)
    assert found.tau_squared == pytest.approx(expected["tau_squared"], rel=1e-9)
    assert (found.df, found.q) == (11, pytest.approx(expected["residual_q"], rel=1e-10))


def test_paule_mandel_equals_statsmodels() -> None:
    other = combine_effects(SCHOOLS * 3, np.square(ERRORS), method_re="iterated", use_t=False)
    found = fit_random_effects(SCHOOLS * 3, ERRORS, method="paule-mandel")
    assert found.tau_squared > 100
    assert found.tau_squared == pytest.approx(other.tau2, rel=1e-4)  # it stops at 1e-5
    assert found.q == pytest.approx(other.q, rel=1e-12)


def test_two_sites_by_hand() -> None:
    """Equal errors: τ² = (y₁ − y₂)²/2 − v = 18 − 4, B = 4/18, mean 3, var(μ) = 18/2."""
    y, errors = np.array([0.0, 6]), np.array([2.0, 2])
    for method, _ in METHODS:
        found = fit_random_effects(y, errors, method=method)
        assert found.tau_squared == pytest.approx(14, rel=1e-9)
        shrunken, error = shrink_effects(y, errors, found)
        np.testing.assert_allclose(shrunken, [3 * 4 / 18, 3 * 4 / 18 + 6 * 14 / 18], rtol=1e-9)
        variance_of_tau = 2 * 18**2  # tr PP = 1 / 18²
        moved = (3 * 4 / 18**2) ** 2 * variance_of_tau
        expected = 14 / 18 * 4 + (4 / 18) ** 2 * 9 + moved
        np.testing.assert_allclose(np.square(error), expected, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), factor=st.sampled_from([-2.0, 0.01, 1000.0]))
def test_units_and_order_do_not_matter(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    errors = rng.uniform(0.5, 2, 7)
    y = rng.normal(0, 2, 7) + rng.normal(0, 1, 7) * errors
    order = rng.permutation(7)
    for method, _ in METHODS:
        one = fit_random_effects(y, errors, method=method)
        two = fit_random_effects(factor * y[order], abs(factor) * errors[order], method=method)
        assert two.tau_squared == pytest.approx(factor**2 * one.tau_squared, rel=1e-7, abs=1e-12)
        assert two.coef[0] == pytest.approx(factor * one.coef[0], rel=1e-7, abs=1e-9 * abs(factor))
        assert two.scaled_error[0] == pytest.approx(abs(factor) * one.scaled_error[0], rel=1e-7)


def test_sites_more_alike_than_chance_have_no_profile_interval() -> None:
    low, high = profile_tau_squared(np.array([1.0, 1.01, 0.99, 1.0]), np.full(4, 5.0))
    assert np.isnan([low, high]).all()
    sites = summarise_sites(table(np.ones(4), np.full(4, 5.0)), "y", LOTTERY, "reml", 0.95)
    assert sites.tau_squared == 0
    assert any("more alike" in note for note in sites.pooled.notes)


def test_sites_without_estimate_take_no_part() -> None:
    gap = table(np.append(SCHOOLS, np.nan), np.append(ERRORS, np.nan))
    sites = summarise_sites(gap, "y", LOTTERY, "reml", 0.95)
    full = summarise_sites(table(SCHOOLS, ERRORS), "y", LOTTERY, "reml", 0.95)
    assert sites.heterogeneity.statistic == full.heterogeneity.statistic
    assert np.isnan(sites.shrunken[-1].estimate)
    assert sites.pooled.notes[0] == "over 8 of 9 sites"


def test_one_site_alone_is_not_pooled() -> None:
    alone = table(np.array([1.0, np.nan]), np.array([1.0, np.nan]))
    sites = summarise_sites(alone, "y", LOTTERY, "reml", 0.95)
    assert np.isnan(
        [
            sites.heterogeneity.statistic, sites.pooled.estimate, sites.prediction.estimate,
            sites.tau_squared, sites.i_squared, sites.shrunken[0].estimate,
        ]
    ).all()  # fmt: skip
    assert "not estimable" in sites.pooled.notes[-1]
    two = summarise_sites(table(SCHOOLS[:2], ERRORS[:2]), "y", LOTTERY, "reml", 0.95)
    assert np.isfinite(two.pooled.estimate)
    assert np.isnan(two.prediction.confidence_interval().low)


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
    found = estimate_sites(trial, "hours", LOTTERY, "site")
    assert [e.subgroup for e in found.raw] == ["site=Aarhus", "site=Ishøj", "site=Odense"]
    alone = estimate_itt(trial[trial["site"] == "Ishøj"], "hours", LOTTERY)
    assert found.raw[1].estimate == alone.estimate
    assert found.raw[1].std_error == alone.std_error
    assert found.raw[1].df == alone.df == 40
    assert {e.estimator for e in found.shrunken} == {"empirical Bayes"}
    pulled = [
        abs(s.estimate - found.pooled.estimate) < abs(r.estimate - found.pooled.estimate)
        for r, s in zip(found.raw, found.shrunken, strict=True)
    ]
    assert all(pulled)
    assert found.heterogeneity.df == 2
    assert found.heterogeneity.p_value < 0.001
    assert found.i_squared == pytest.approx(1 - 2 / found.heterogeneity.statistic)


def test_a_site_that_cannot_be_estimated_says_so(trial: pd.DataFrame) -> None:
    lonely = (trial["site"] == "Ishøj") & (trial["stratum"] == "Ishøj0")
    one = trial.index[lonely & (trial["arm"] == "treatment")][1:]
    found = estimate_sites(trial.drop(index=one), "hours", LOTTERY, "site")
    gap = found.raw.one(subgroup="site=Ishøj")
    assert np.isnan(gap.std_error)
    assert np.isnan(gap.p_value)
    assert any("not estimable" in note for note in gap.notes)
    assert found.heterogeneity.df == 1
    assert np.isnan(found.shrunken.one(subgroup="site=Ishøj").estimate)


def test_clusters_that_span_sites_are_refused(trial: pd.DataFrame) -> None:
    spanning = trial.assign(worker=trial["arm"] + (np.arange(144) % 12).astype(str))
    lottery = Lottery(arm="arm", treatment="treatment", control="control", clusters="worker")
    with pytest.raises(DesignError, match="span several sites"):
        estimate_sites(spanning, "hours", lottery, "site")
    within = spanning.assign(worker=spanning["worker"] + spanning["site"])
    assert np.isfinite(estimate_sites(within, "hours", lottery, "site").pooled.estimate)


def test_an_unknown_method_is_refused(trial: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="did you mean"):
        estimate_sites(trial, "hours", LOTTERY, "site", method="rem")  # type: ignore[arg-type]


# --- fidelity ---------------------------------------------------------------------------

PLAIN = Lottery(arm="arm", treatment="treatment", control="control")


@pytest.fixture(scope="module")
def scored(trial: pd.DataFrame) -> pd.DataFrame:
    four = trial.assign(site=np.where(np.arange(144) % 4 == 0, "Ribe", trial["site"]))
    fidelity = four["site"].map({"Odense": 9.0, "Aarhus": 4.0, "Ishøj": 5.0, "Ribe": 6.0})
    return four.assign(fidelity=fidelity)


def test_fidelity_is_the_meta_regression_of_the_raw_effects(scored: pd.DataFrame) -> None:
    found = estimate_fidelity(scored, "hours", PLAIN, "site", "fidelity")
    raw = estimate_sites(scored, "hours", PLAIN, "site").raw
    design = np.column_stack([np.ones(4), [4.0, 5, 9, 6]])  # Aarhus, Ishøj, Odense, Ribe
    kernel = fit_random_effects(
        np.array([e.estimate for e in raw]), np.array([e.std_error for e in raw]), design
    )
    assert found.estimate == pytest.approx(kernel.coef[1], rel=1e-12)
    assert found.std_error == pytest.approx(kernel.scaled_error[1], rel=1e-12)
    assert (found.df, found.part) == (2, "slope")
    assert "not a causal effect" in found.notes[0]
    given = {"Odense": 9, "Aarhus": 4, "Ishøj": 5, "Ribe": 6}
    assert estimate_fidelity(scored, "hours", PLAIN, "site", given).estimate == found.estimate


def test_fidelity_in_other_units(scored: pd.DataFrame) -> None:
    one = estimate_fidelity(scored, "hours", PLAIN, "site", "fidelity")
    percent = scored.assign(fidelity=100 - 10 * scored["fidelity"])
    two = estimate_fidelity(percent, "hours", PLAIN, "site", "fidelity")
    assert two.estimate == pytest.approx(-one.estimate / 10, rel=1e-8)
    assert two.p_value == pytest.approx(one.p_value, rel=1e-7)


def test_what_fidelity_cannot_be(scored: pd.DataFrame) -> None:
    varying = scored.assign(fidelity=np.arange(144.0))
    with pytest.raises(DataError, match="more than one value"):
        estimate_fidelity(varying, "hours", PLAIN, "site", "fidelity")
    with pytest.raises(DataError, match="not a column of numbers"):
        estimate_fidelity(scored.assign(fidelity="high"), "hours", PLAIN, "site", "fidelity")
    with pytest.raises(DataError, match="1 of the names"):
        estimate_fidelity(scored, "hours", PLAIN, "site", {"Odense": 1.0, "Århus": 2.0})
    with pytest.raises(DesignError, match="same fidelity"):
        estimate_fidelity(scored.assign(fidelity=1.0), "hours", PLAIN, "site", "fidelity")
    with pytest.raises(DesignError, match="needs three"):
        estimate_fidelity(scored, "hours", PLAIN, "site", {"Odense": 1.0, "Ribe": 2.0})


def test_a_site_without_a_score_is_left_out(scored: pd.DataFrame) -> None:
    gap = scored.assign(fidelity=scored["fidelity"].where(scored["site"] != "Ribe"))
    found = estimate_fidelity(gap, "hours", PLAIN, "site", "fidelity")
    assert (found.df, found.notes[1]) == (1, "over 3 of 4 sites")


@pytest.mark.slow
@pytest.mark.parametrize("tau", [0.0, 1.0, 3.0])
def test_intervals_over_places_cover(tau: float) -> None:
    """2,000 draws of 12 places, errors 1 to 2. The pooled interval holds throughout.

    Prediction and empirical-Bayes intervals (the latter on average over the places) are
    conservative at τ = 0 and hold at τ = 3. At τ = 1, less than the errors, τ² is often
    estimated as 0 and both are too short: a known exception (Partlett & Riley 2017).
    """
    rng = np.random.default_rng(20170201)
    errors = np.linspace(1, 2, 12)
    hits: dict[str, list[float]] = {"pooled": [], "prediction": [], "shrunken": []}
    for _ in range(2_000):
        true = 5 + tau * rng.standard_normal(12)
        y = true + errors * rng.standard_normal(12)
        sites = summarise_sites(table(y, errors), "y", LOTTERY, "reml", 0.95)
        low, high = sites.pooled.confidence_interval()
        hits["pooled"].append(low <= 5 <= high)
        low, high = sites.prediction.confidence_interval()
        hits["prediction"].append(low <= 5 + tau * rng.standard_normal() <= high)
        ends = [effect.confidence_interval() for effect in sites.shrunken]
        hits["shrunken"].append(
            float(np.mean([a <= t <= b for (a, b), t in zip(ends, true, strict=True)]))
        )
    margin = 4 * np.sqrt(0.95 * 0.05 / 2_000)
    coverage = {name: float(np.mean(values)) for name, values in hits.items()}
    assert abs(coverage["pooled"] - 0.95) <= margin, coverage
    for name in ("prediction", "shrunken"):
        if tau == 1:
            assert 0.85 < coverage[name] < 0.92, coverage
        else:
            assert coverage[name] >= 0.95 - margin, coverage
