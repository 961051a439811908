"""A stratified, clustered weekly trial with ties, against R's survival (exits_weekly.R).

R's numbers carry 14 digits; coefficients are compared at 1e-7, because R stops its own
iterations at a relative change of 1e-9 in the log-likelihood, all else at 1e-9.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobeval import (
    Lottery,
    cumulative_incidence,
    estimate_hazard_ratio,
    logrank_test,
    survival_curve,
)
from jobeval.exits.curves.quantiles import survival_quantile
from jobeval.exits.hazards.cox_fit import fit_partial_likelihood
from jobeval.exits.ranks.logrank import logrank

HERE = Path(__file__).parent
R = json.loads((HERE / "exits_weekly.json").read_text())
PLAIN = Lottery(arm="arm", treatment=1, control=0)
STRATIFIED = Lottery(arm="arm", treatment=1, control=0, strata="site")
CLUSTERED = Lottery(arm="arm", treatment=1, control=0, clusters="cluster")
BOTH = Lottery(arm="arm", treatment=1, control=0, strata="site", clusters="cluster")
CAUSES = ("education", "job", "pension")


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    return pd.read_csv(HERE / "exits_weekly.csv")


def numbers(values) -> np.ndarray:
    return np.array(
        [[np.nan if v is None else v for v in np.atleast_1d(row)] for row in values], dtype=float
    ).squeeze()


def until(curve, last: int) -> slice:
    """R carries a curve on after the last person; here it is unknown there."""
    assert np.isnan(curve.values[last + 1 :]).all()
    return slice(0, last + 1)


def last_week(trial: pd.DataFrame, arm: int) -> int:
    return int(trial.loc[trial["arm"] == arm, "week"].max())


def last_common_week(sites: list) -> int:
    """A site whose curve has come to 0 stays known; the first other one to end sets the end."""
    return min(site["last"] for site in sites if site["km"]["values"][-1] > 0)


def weighted_error(errors) -> np.ndarray:
    """R says NaN where a survival curve is 0; a site adds no variance any more there."""
    return sum(np.nan_to_num(error) ** 2 for error in errors) ** 0.5


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_kernel_with_strata_covariates_and_robust_errors(trial, ties):
    sick = [(trial["benefit"] == level) for level in ("rehabilitation", "sickness")]
    x = np.column_stack([trial["arm"], trial["age"], *sick]).astype(float)
    fit = fit_partial_likelihood(
        x, trial["week"].to_numpy(), trial["left"].to_numpy() == 1,
        trial["site"].to_numpy() - 1, ties=ties,
    )  # fmt: skip
    r = R[f"cox_full_{ties}"]
    np.testing.assert_allclose(fit.coef, r["coef"], rtol=1e-7)
    np.testing.assert_allclose(fit.vcov, r["vcov"], rtol=1e-6)
    np.testing.assert_allclose([fit.loglik_null, fit.loglik], r["loglik"], rtol=1e-11)
    np.testing.assert_allclose(fit.score_statistic, r["score"], rtol=1e-9)
    np.testing.assert_allclose(fit.robust_vcov(), r["person_vcov"], rtol=1e-6)
    clustered = fit.robust_vcov(trial["cluster"].to_numpy())
    np.testing.assert_allclose(clustered, r["cluster_vcov"], rtol=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize(
    ("name", "lottery", "covariates", "robust", "vcov"),
    [
        ("cox_full", STRATIFIED, ("age", "benefit"), None, "vcov"),
        ("cox_full", STRATIFIED, ("age", "benefit"), True, "person_vcov"),
        ("cox_full", BOTH, ("age", "benefit"), None, "cluster_vcov"),
        ("cox_full", BOTH, ("age", "benefit"), False, "vcov"),
        ("cox_arm", BOTH, (), None, "cluster_vcov"),
        ("cox_arm", STRATIFIED, (), None, "vcov"),
        ("cox_plain", CLUSTERED, ("age",), None, "cluster_vcov"),
    ],
)
def test_hazard_ratio(trial, name, lottery, covariates, robust, vcov, ties):
    effect = estimate_hazard_ratio(
        trial, "week", "left", lottery, covariates=covariates, ties=ties, robust=robust
    )
    r = R[f"{name}_{ties}"]
    assert effect.estimate == pytest.approx(np.atleast_1d(r["coef"])[0], rel=1e-7)
    assert effect.std_error == pytest.approx(np.atleast_2d(r[vcov])[0, 0] ** 0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "lottery"), [("logrank", PLAIN), ("logrank_stratified", STRATIFIED)]
)
def test_logrank(trial, name, lottery):
    r = R[name]
    assert logrank_test(trial, "week", "left", lottery).statistic == pytest.approx(r["chisq"])


def test_logrank_kernel(trial):
    from jobeval.exits.grid.durations import read_durations

    grid = read_durations(trial, "week", "left", STRATIFIED).grid(STRATIFIED)
    test, r = logrank(grid.at_risk, grid.leavers), R["logrank_stratified"]
    assert test.observed == r["observed"]
    assert test.expected == pytest.approx(r["expected"], rel=1e-12)
    assert test.variance == pytest.approx(r["variance"], rel=1e-12)


@pytest.mark.parametrize("arm", [0, 1])
@pytest.mark.parametrize(("name", "lottery"), [("km", PLAIN), ("km_cluster", CLUSTERED)])
def test_survival_curve(trial, arm, name, lottery):
    curve = survival_curve(trial, "week", "left", lottery)[str(arm)]
    r, known = R[f"{name}_{arm}"], until(curve, last_week(trial, arm))
    np.testing.assert_array_equal(curve.at_risk, r["at_risk"])
    np.testing.assert_array_equal(curve.events, r["events"])
    for mine, theirs in [
        (curve.values, "values"),
        (curve.std_error, "std_error"),
        (curve.conf_low, "low"),
        (curve.conf_high, "high"),
    ]:
        expected = numbers(r[theirs])[known]
        if theirs in {"low", "high"}:  # R prints 1 before the first row of its curve
            expected[numbers(r["values"])[known] == 1] = np.nan
        np.testing.assert_allclose(mine[known], expected, rtol=1e-9)


@pytest.mark.parametrize("arm", [0, 1])
def test_quantiles(trial, arm):
    curve = survival_curve(trial, "week", "left", PLAIN)[str(arm)]
    r = R[f"quantiles_{arm}"]
    mine = [survival_quantile(curve, probability) for probability in (0.1, 0.25, 0.5)]
    for index, bound in enumerate(["quantile", "lower", "upper"]):
        np.testing.assert_allclose([q[index] for q in mine], numbers(r[bound]), rtol=1e-12)


@pytest.mark.parametrize("arm", [0, 1])
def test_cumulative_incidence(trial, arm):
    curves = cumulative_incidence(trial, "week", "to", PLAIN)
    for index, cause in enumerate(CAUSES):
        curve = curves.one(arm=str(arm), cause=cause)
        known = until(curve, last_week(trial, arm))
        r = {key: numbers(values)[known, index] for key, values in R[f"aj_{arm}"].items()}
        np.testing.assert_allclose(curve.values[known], r["values"], rtol=1e-9)
        np.testing.assert_allclose(curve.std_error[known], r["std_error"], rtol=1e-9)
        inside = r["values"] > 0
        np.testing.assert_allclose(curve.conf_low[known][inside], r["low"][inside], rtol=1e-9)
        np.testing.assert_allclose(curve.conf_high[known][inside], r["high"][inside], rtol=1e-9)
        assert np.isnan(curve.conf_low[known][~inside]).all()


@pytest.mark.parametrize("arm", [0, 1])
def test_incidence_errors_summed_over_clusters(trial, arm):
    curves, r = cumulative_incidence(trial, "week", "to", CLUSTERED), R[f"aj_cluster_{arm}"]
    for index, cause in enumerate(CAUSES):
        errors = curves.one(arm=str(arm), cause=cause).std_error[r["weeks"]]
        np.testing.assert_allclose(errors, numbers(r["std_error"])[:, index], rtol=1e-9)


@pytest.mark.parametrize("arm", [0, 1])
@pytest.mark.parametrize(("name", "lottery"), [("km", STRATIFIED), ("km_cluster", BOTH)])
def test_standardised_survival_is_the_weighted_mean_of_the_sites(trial, arm, name, lottery):
    curve = survival_curve(trial, "week", "left", lottery)[str(arm)]
    sites = R[f"sites_{arm}"]
    known = until(curve, last_common_week(sites))
    values = sum(site["share"] * numbers(site[name]["values"]) for site in sites)
    errors = weighted_error(site["share"] * numbers(site[name]["std_error"]) for site in sites)
    np.testing.assert_allclose(curve.values[known], values[known], rtol=1e-9)
    np.testing.assert_allclose(curve.std_error[known], errors[known], rtol=1e-9)
    assert any("a stratum of arm" in note for note in curve.notes)


@pytest.mark.parametrize("arm", [0, 1])
def test_standardised_incidence_is_the_weighted_mean_of_the_sites(trial, arm):
    curves, sites = cumulative_incidence(trial, "week", "to", STRATIFIED), R[f"sites_{arm}"]
    values = sum(site["share"] * numbers(site["aj"]["values"]) for site in sites)
    errors = weighted_error(site["share"] * numbers(site["aj"]["std_error"]) for site in sites)
    for index, cause in enumerate(CAUSES):
        curve = curves.one(arm=str(arm), cause=cause)
        known = until(curve, last_common_week(sites))
        np.testing.assert_allclose(curve.values[known], values[known, index], rtol=1e-9)
        np.testing.assert_allclose(curve.std_error[known], errors[known, index], rtol=1e-9)
