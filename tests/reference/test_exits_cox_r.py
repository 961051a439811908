"""Cox with strata, clusters, ties, late entry and a covariate that changes, against R's survival.

The rows and R's answers come from exits_cox.R. R stops its iterations at a relative change of 1e-9
in the log-likelihood, so coefficients are compared at 1e-7 and their covariances at 1e-6. What R
maximises by ``optim`` or solves by ``uniroot`` carries fewer digits, as said at each.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery
from jobeval.exits.hazards.cox import estimate_hazard_ratio, fit_cox
from jobeval.exits.hazards.cox_fit import fit_partial_likelihood
from jobeval.exits.hazards.hazard_ratio_over_time import hazard_ratio_over_time
from jobeval.exits.hazards.piecewise_hazards import estimate_piecewise_hazard_ratios
from jobeval.exits.hazards.proportional_hazards import proportional_hazards_tests

HERE = Path(__file__).parent
R = json.loads((HERE / "exits_cox.json").read_text())
STRATA = Lottery(arm="arm", treatment=1, control=0, strata="site")
BOTH = Lottery(arm="arm", treatment=1, control=0, strata="site", clusters="cluster")
PLAIN = Lottery(arm="arm", treatment=1, control=0)
COVARIATES = ("age", "benefit", "course")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(HERE / "exits_cox.csv")


def spans(frame, lottery):
    return {
        "frame": frame, "duration": "end", "observed": "event", "lottery": lottery,
        "entry": "entry",
    }  # fmt: skip


def root(vcov) -> np.ndarray:
    return np.sqrt(np.diag(np.atleast_2d(vcov)))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize(
    ("lottery", "robust", "vcov"),
    [
        (STRATA, None, "vcov"),
        (STRATA, True, "person_vcov"),
        (BOTH, None, "cluster_vcov"),
        (BOTH, False, "vcov"),
    ],
)
def test_rows_of_persons(rows, ties, lottery, robust, vcov):
    model = fit_cox(
        **spans(rows, lottery), covariates=COVARIATES, ties=ties, person="person", robust=robust
    )
    r, frame = R[ties], model.to_frame()
    np.testing.assert_allclose(frame["estimate"], r["coef"], rtol=1e-7)
    np.testing.assert_allclose(frame["std_error"], root(r[vcov]), rtol=1e-6)
    np.testing.assert_allclose([model.loglik_null, model.loglik], r["loglik"], rtol=1e-11)
    persons = rows.drop_duplicates("person")
    assert model.n == len(rows)
    assert model.effect.n_treatment == (persons["arm"] == 1).sum()
    assert model.effect.n_apart_control == rows.loc[rows["arm"] == 0, "event"].sum()


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_kernel_with_late_entry(rows, ties):
    sick = [(rows["benefit"] == level) for level in ("rehabilitation", "sickness")]
    x = np.column_stack([rows["arm"], rows["age"], *sick, rows["course"]]).astype(float)
    fit = fit_partial_likelihood(
        x, rows["end"].to_numpy(), rows["event"].to_numpy() == 1, rows["site"].to_numpy() - 1,
        entry=rows["entry"].to_numpy(), ties=ties,
    )  # fmt: skip
    np.testing.assert_allclose(fit.vcov, R[ties]["vcov"], rtol=1e-6)
    np.testing.assert_allclose(fit.score_statistic, R[ties]["score"], rtol=1e-9)
    clusters, persons = (fit.robust_vcov(rows[name].to_numpy()) for name in ("cluster", "person"))
    np.testing.assert_allclose(clusters, R[ties]["cluster_vcov"], rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(persons, R[ties]["person_vcov"], rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("transform", ["km", "identity", "rank", "log"])
def test_proportional_hazards(rows, ties, transform):
    tests = proportional_hazards_tests(
        **spans(rows, STRATA), covariates=COVARIATES, ties=ties, transform=transform
    )
    r = np.array(R[ties][f"zph_{transform}"])
    assert [test.part for test in tests] == ["treatment", *COVARIATES, "global"]
    np.testing.assert_allclose([test.statistic for test in tests], r[:, 0], rtol=1e-7)
    np.testing.assert_array_equal([test.df for test in tests], r[:, 1])
    np.testing.assert_allclose([test.p_value for test in tests], r[:, 2], rtol=1e-6)


def test_exact(rows):
    model = fit_cox(rows, "end", "event", STRATA, covariates=["age"], ties="exact")
    r, frame = R["exact"], model.to_frame()
    np.testing.assert_allclose(frame["estimate"], r["coef"], rtol=1e-7)
    np.testing.assert_allclose(frame["std_error"], root(r["vcov"]), rtol=1e-6)
    np.testing.assert_allclose([model.loglik_null, model.loglik], r["loglik"], rtol=1e-11)


def test_exact_with_late_entry(rows):
    model = fit_cox(**spans(rows.head(40), PLAIN), covariates=["age"], ties="exact")
    r, frame = R["exact_late"], model.to_frame()
    np.testing.assert_allclose(frame["estimate"], r["coef"], rtol=1e-6)
    np.testing.assert_allclose(frame["std_error"], root(r["vcov"]), rtol=1e-6)
    np.testing.assert_allclose([model.loglik_null, model.loglik], r["loglik"], rtol=1e-11)


def test_firth(rows):
    """R's likelihood and information, maximised by ``optim`` with numerical derivatives."""
    model = fit_cox(**spans(rows.head(60), PLAIN), covariates=["age"], penalty="firth")
    r, frame = R["firth"], model.to_frame()
    np.testing.assert_allclose(frame["estimate"], r["coef"], rtol=1e-4)
    np.testing.assert_allclose(frame["std_error"], root(r["vcov"]), rtol=1e-5)
    low, high = model.effect.confidence_interval()
    np.testing.assert_allclose([low, high], [r["low"], r["high"]], rtol=1e-6)
    assert model.effect.p_value == pytest.approx(r["p"], rel=1e-6)
    assert model.loglik == pytest.approx(r["loglik"], rel=1e-10)
    assert model.effect.inference == "penalised profile likelihood"


def test_profile_interval(rows):
    effect = estimate_hazard_ratio(**spans(rows, STRATA), covariates=COVARIATES, interval="profile")
    r, (low, high) = R["profile"], effect.confidence_interval()
    np.testing.assert_allclose([low, high], [r["low"], r["high"]], rtol=1e-6)
    assert effect.p_value == pytest.approx(r["p"], rel=1e-7)


@pytest.mark.parametrize(
    ("lottery", "vcov", "wald"), [(STRATA, "vcov", "wald"), (BOTH, "cluster_vcov", "cluster_wald")]
)
def test_periods(rows, lottery, vcov, wald):
    ratios = estimate_piecewise_hazard_ratios(
        **spans(rows, lottery), covariates=COVARIATES, periods=(0, 5, 10, 20)
    )
    r = R["periods"]
    np.testing.assert_allclose([e.estimate for e in ratios.effects], r["coef"], rtol=1e-6)
    np.testing.assert_allclose([e.std_error for e in ratios.effects], root(r[vcov]), rtol=1e-6)
    assert ratios.equality.statistic == pytest.approx(r[wald], rel=1e-6)
    assert ratios.equality.df == 2


@pytest.mark.parametrize(("lottery", "error"), [(STRATA, "std_error"), (BOTH, "cluster_std_error")])
def test_over_time(rows, lottery, error):
    """R's one Newton step in rows split by week; ours is never split."""
    curve = hazard_ratio_over_time(**spans(rows, lottery), covariates=COVARIATES)
    r = R["over_time"]
    np.testing.assert_array_equal(curve.times, r["weeks"])
    np.testing.assert_allclose(curve.values, r["values"], rtol=1e-6)
    np.testing.assert_allclose(curve.std_error, r[error], rtol=1e-6)
