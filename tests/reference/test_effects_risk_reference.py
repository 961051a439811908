"""Risk differences and ratios against published numbers, R and statsmodels."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import ndtri
from scipy.stats.contingency import relative_risk
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.proportion import confint_proportions_2indep

from jobeval.effects.shares.mantel_haenszel import (
    cochran_mantel_haenszel,
    common_difference,
    common_ratio,
    mantel_haenszel_weights,
)
from jobeval.effects.shares.newcombe import newcombe_arms, newcombe_difference, newcombe_ratio
from jobeval.effects.shares.risk import estimate_risk_difference, mantel_haenszel_test
from jobeval.effects.summary.sizes import estimate_standardised_effect, hedges_g
from jobeval.plan.lottery import Lottery
from jobeval.regression.logit import fit_logit
from jobeval.regression.separation import fit_penalised_logit, is_separated

HERE = Path(__file__).parent
Z = float(ndtri(0.975))
PERSONS = Lottery(arm="z", treatment=1, control=0)


@pytest.fixture(scope="module")
def oracle() -> dict[str, Any]:
    return json.loads((HERE / "effects_oracle_risk.json").read_text())


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    return pd.read_csv(HERE / "effects_oracle_risk.csv")


# --- Newcombe ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y1, n1, y0, n0, low, high",
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0000),
        (10, 10, 0, 10, 0.6075, 1.0000),
    ],
)
def test_newcombe_1998_table_2(y1: int, n1: int, y0: int, n0: int, low: float, high: float) -> None:
    """Newcombe 1998 (Statistics in Medicine 17:873), table II, method 10, all its examples."""
    arms = newcombe_arms(np.array([[y0, y1]]), np.array([[n0, n1]]), np.ones(1), Z)
    assert newcombe_difference(*arms) == pytest.approx((low, high), abs=5.01e-5)
    assert newcombe_difference(*arms) == pytest.approx(
        confint_proportions_2indep(y1, n1, y0, n0, method="newcomb"), abs=1e-12
    )


def test_the_ratio_of_fagerland() -> None:
    """Perondi's trial (7/34, 1/34): MOVER-R Wilson 1.1537 to 41.9763, as R's contingencytables
    (Fagerland, Lydersen & Laake 2017, table 4.16) prints it.
    """
    arms = newcombe_arms(np.array([[1, 7]]), np.array([[34, 34]]), np.ones(1), Z)
    assert newcombe_ratio(*arms) == pytest.approx((1.1537, 41.9763), abs=5.01e-5)
    assert newcombe_difference(*arms) == pytest.approx((0.0189, 0.3404), abs=5.01e-5)


def test_the_ratio_approaches_katz() -> None:
    arms = newcombe_arms(np.array([[6000, 7000]]), np.array([[20000, 20000]]), np.ones(1), Z)
    katz = relative_risk(7000, 20000, 6000, 20000).confidence_interval()
    assert newcombe_ratio(*arms) == pytest.approx((katz.low, katz.high), rel=2e-4)


def test_yan_and_su(oracle: dict[str, Any]) -> None:
    """Published as .2539 (.0347, .4454), checked against SAS by the authors of tern."""
    events, n = (np.array(oracle["yan_su"][name]) for name in ("events", "n"))
    arms = newcombe_arms(events, n, mantel_haenszel_weights(n), Z)
    assert arms[1].risk - arms[0].risk == pytest.approx(0.2539, abs=5.01e-5)
    assert newcombe_difference(*arms) == pytest.approx((0.0347, 0.4454), abs=5.01e-5)


def test_yan_and_su_through_the_front_door(oracle: dict[str, Any]) -> None:
    events, n = (np.array(oracle["yan_su"][name]) for name in ("events", "n"))
    frame = spread(events, n)
    lottery = Lottery(arm="z", treatment=1, control=0, strata="s")
    found = estimate_risk_difference(frame, "y", lottery, stratum_weights="mantel-haenszel")
    assert found.confidence_interval() == pytest.approx((0.0347, 0.4454), abs=5.01e-5)
    assert found.estimator == "stratified Newcombe"
    assert "not the average over everyone drawn" in found.notes[0]


def spread(events: np.ndarray, n: np.ndarray) -> pd.DataFrame:
    """Persons, from events and sizes of shape (S, 2)."""
    rows = [
        (s, z, int(i < events[s, z])) for s in range(len(n)) for z in (0, 1) for i in range(n[s, z])
    ]
    return pd.DataFrame(rows, columns=["s", "z", "y"])


# --- Mantel and Haenszel ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def sparse(oracle: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    given = oracle["mantel_haenszel"]
    return np.column_stack([given["y0"], given["y1"]]), np.column_stack([given["n0"], given["n1"]])


def test_mantel_haenszel_is_metafor(
    oracle: dict[str, Any], sparse: tuple[np.ndarray, np.ndarray]
) -> None:
    expected, rd, rr = oracle["mantel_haenszel"], common_difference(*sparse), common_ratio(*sparse)
    assert rd.estimate == pytest.approx(expected["rd"], rel=1e-12)
    assert rd.std_error == pytest.approx(expected["rd_se"], rel=1e-12)
    assert rr.estimate == pytest.approx(expected["rr"], rel=1e-12)
    assert rr.std_error == pytest.approx(expected["rr_se"], rel=1e-12)


def test_cochran_mantel_haenszel_is_r_and_statsmodels(
    oracle: dict[str, Any], sparse: tuple[np.ndarray, np.ndarray]
) -> None:
    expected, found = oracle["mantel_haenszel"], cochran_mantel_haenszel(*sparse)
    assert found.statistic == pytest.approx(expected["cmh"], rel=1e-12)
    assert found.p_value == pytest.approx(expected["cmh_p"], rel=1e-12)
    events, n = sparse
    tables = [[[y1, n1 - y1], [y0, n0 - y0]] for (y0, y1), (n0, n1) in zip(events, n, strict=True)]
    other = StratifiedTable(tables).test_null_odds(correction=False)
    assert found.statistic == pytest.approx(other.statistic, rel=1e-12)
    lottery = Lottery(arm="z", treatment=1, control=0, strata="s")
    test = mantel_haenszel_test(spread(events, n), "y", lottery)
    assert (test.statistic, test.df) == (pytest.approx(found.statistic, rel=1e-12), 1)


# --- g-computation ----------------------------------------------------------------------------


def test_g_computation_is_r(oracle: dict[str, Any], drawn: pd.DataFrame) -> None:
    """R's glm with the two formulas written out; tolerance of glm's own convergence."""
    expected = oracle["g_computation"]
    control, treatment = expected["risks"]
    for kind in ("ge", "ye"):
        for measure, value in (
            ("difference", treatment - control),
            ("ratio", math.log(treatment / control)),
        ):
            found = estimate_risk_difference(
                drawn, "y", PERSONS, method="g-computation", covariates=["x", "benefit"],
                measure=measure, std_error=kind,
            )  # fmt: skip
            assert found.estimate == pytest.approx(value, rel=1e-10)
            assert found.std_error == pytest.approx(expected[f"{kind}_{measure}"], rel=1e-10)
            assert found.estimator == f"g-computation ({kind.title()})"


def test_g_computation_is_the_average_marginal_effect(drawn: pd.DataFrame) -> None:
    """statsmodels: discrete change of a dummy, averaged, with its delta-method error."""
    design = pd.get_dummies(drawn[["z", "x", "benefit"]], drop_first=True, dtype=float)
    fit = sm.Logit(drawn["y"], sm.add_constant(design)).fit(disp=0, tol=1e-14)
    margins = fit.get_margeff(dummy=True)
    found = estimate_risk_difference(
        drawn, "y", PERSONS, method="g-computation", covariates=["x", "benefit"], std_error="ge"
    )
    assert found.estimate == pytest.approx(margins.margeff[0], rel=1e-9)
    assert found.std_error == pytest.approx(margins.margeff_se[0], rel=1e-7)


def test_weighted_logit_is_statsmodels(drawn: pd.DataFrame) -> None:
    design = np.column_stack([np.ones(len(drawn)), drawn["z"], 1e6 * drawn["x"]])
    weights = np.where(drawn["z"] == 1, 5 / 3, 2.5)
    fit = fit_logit(design, drawn["y"].to_numpy(), weights)
    scaled = design / [1, 1, 1e6]
    other = sm.GLM(drawn["y"], scaled, sm.families.Binomial(), freq_weights=weights).fit(tol=1e-14)
    assert fit.coef * [1, 1, 1e6] == pytest.approx(other.params.to_numpy(), rel=1e-9)


# --- separation -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def endometrial(oracle: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    data = oracle["firth"]
    columns = [np.ones(79), *(np.array(data[name], float) for name in ("NV", "PI", "EH"))]
    return np.column_stack(columns), np.array(data["HG"])


def test_firth_on_the_endometrial_data(
    oracle: dict[str, Any], endometrial: tuple[np.ndarray, np.ndarray]
) -> None:
    """Heinze & Schemper 2002 (Statistics in Medicine 21:2409), table II, and brglm2."""
    design, outcome = endometrial
    fit = fit_logit(design, outcome, penalised=True)
    assert fit.converged
    assert fit.coef[1:] == pytest.approx([2.93, -0.035, -2.60], abs=0.006)
    assert fit.coef == pytest.approx(oracle["firth"]["coef"], rel=1e-9)
    assert np.sqrt(np.diag(fit.vcov)) == pytest.approx(oracle["firth"]["se"], rel=1e-9)
    weights = np.resize([1.0, 2.0, 3.0], 79)
    weighted = fit_logit(design, outcome, weights, penalised=True)
    assert weighted.coef == pytest.approx(oracle["firth"]["weighted"], rel=1e-8)


def test_the_endometrial_data_are_separated(endometrial: tuple[np.ndarray, np.ndarray]) -> None:
    """By neovasculation alone: without it there is a maximum."""
    design, outcome = endometrial
    assert is_separated(design, outcome)
    assert not fit_logit(design, outcome).converged
    assert not is_separated(design[:, [0, 2, 3]], outcome)
    assert fit_logit(design[:, [0, 2, 3]], outcome).converged


def test_corrected_intercept_keeps_firths_slopes(
    endometrial: tuple[np.ndarray, np.ndarray],
) -> None:
    design, outcome = endometrial
    firth, corrected = (
        fit_logit(design, outcome, penalised=True),
        fit_penalised_logit(design, outcome),
    )
    assert corrected.coef[1:] == pytest.approx(firth.coef[1:], rel=1e-14)
    assert corrected.probability.sum() == pytest.approx(outcome.sum(), rel=1e-10)
    assert firth.probability.sum() != pytest.approx(outcome.sum(), rel=1e-3)


# --- Hedges' g --------------------------------------------------------------------------------


def test_hedges_g_of_borenstein_and_metafor(oracle: dict[str, Any]) -> None:
    """Borenstein et al. 2009, p. 27–29: d .5970, J .9923, g .5924, variance .0411."""
    sd = math.sqrt((5.5**2 + 4.5**2) / 2)
    found, expected = hedges_g(3.0, sd, 50, 50), oracle["hedges"]
    assert found.estimate == pytest.approx(0.5924, abs=5.01e-5)
    assert found.std_error**2 == pytest.approx(0.0411, abs=5.01e-5)
    assert found.estimate == pytest.approx(expected["g"], rel=1e-10)
    assert found.std_error**2 == pytest.approx(expected["variance"], rel=1e-10)
    assert found.interval == pytest.approx((expected["low"], expected["high"]), rel=1e-8)


def test_the_p_value_is_the_t_test() -> None:
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"z": np.arange(30) % 2, "hours": rng.gamma(2, 5, 30)})
    found = estimate_standardised_effect(frame, "hours", PERSONS)
    hours = [frame.loc[frame["z"] == arm, "hours"] for arm in (1, 0)]
    assert found.p_value == pytest.approx(ttest_ind(*hours).pvalue, rel=1e-10)
