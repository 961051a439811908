"""Yes-or-no outcomes: by hand, at the edges, and with inputs that cannot be analysed."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.shares.g_computation import ye_covariance
from jobeval.effects.shares.newcombe import newcombe_arms, newcombe_p_value, newcombe_ratio
from jobeval.effects.shares.risk import estimate_risk_difference, mantel_haenszel_test
from jobeval.errors import DataError, DesignError
from jobeval.plan.lottery import Lottery
from jobeval.regression.logit import fit_logit
from jobeval.regression.separation import is_separated
from jobeval.results import Estimate

PERSONS = Lottery(arm="arm", treatment="t", control="c")
STRATA = Lottery(arm="arm", treatment="t", control="c", strata="site")
EVERY = [
    {"method": method, "measure": measure}
    for method in ("newcombe", "mantel-haenszel", "g-computation")
    for measure in ("difference", "ratio")
]


def persons(*cells: tuple[str, str, int, int]) -> pd.DataFrame:
    """Rows from (site, arm, events, n)."""
    rows = [(site, arm, int(i < y)) for site, arm, y, n in cells for i in range(n)]
    return pd.DataFrame(rows, columns=["site", "arm", "any_hours"])


@pytest.fixture
def sites() -> pd.DataFrame:
    """Site A: 6 of 10 against 3 of 10; site B: 5 of 20 against 4 of 40. 20 and 60 persons."""
    return persons(("A", "t", 6, 10), ("A", "c", 3, 10), ("B", "t", 5, 20), ("B", "c", 4, 40))


def test_weights_of_everyone_drawn_by_hand(sites: pd.DataFrame) -> None:
    """A: .3 for 20 persons; B: .15 for 60. Together .25·.3 + .75·.15."""
    found = estimate_risk_difference(sites, "any_hours", STRATA)
    assert found.estimate == pytest.approx(0.1875, rel=1e-13)
    assert found.mean_treatment - found.mean_control == pytest.approx(0.1875, rel=1e-12)
    neyman = (0.24 + 0.21) / 9 / 16 + 9 / 16 * (0.25 * 0.75 / 19 + 0.09 / 39)
    assert found.std_error**2 == pytest.approx(neyman, rel=1e-12)
    assert (found.n_treatment, found.n_control, found.unit) == (30, 50, "share")
    assert (found.n_apart_treatment, found.n_apart_control) == (11, 7)
    ratio = estimate_risk_difference(sites, "any_hours", STRATA, measure="ratio")
    assert ratio.ratio == pytest.approx((0.25 * 0.6 + 0.75 * 0.25) / (0.25 * 0.3 + 0.75 * 0.1))
    assert ratio.p_value == found.p_value


def test_mantel_haenszel_by_hand(sites: pd.DataFrame) -> None:
    """Weights 10·10/20 = 5 and 20·40/60 = 40/3."""
    found = estimate_risk_difference(sites, "any_hours", STRATA, method="mantel-haenszel")
    assert found.estimate == pytest.approx((5 * 0.3 + 40 / 3 * 0.15) / (5 + 40 / 3), rel=1e-13)
    assert any("Mantel and Haenszel" in note for note in found.notes)
    ratio = estimate_risk_difference(
        sites, "any_hours", STRATA, method="mantel-haenszel", measure="ratio"
    )
    assert ratio.ratio == pytest.approx((3 + 5 * 40 / 60) / (1.5 + 4 * 20 / 60), rel=1e-13)


def test_firths_coefficients_add_one_half_to_each_cell() -> None:
    """A saturated table: log odds of (0 + ½)/(8 + ½) and of (3 + ½)/(2 + ½)."""
    design = np.array([[1, 0]] * 8 + [[1, 1]] * 5)
    fit = fit_logit(design, np.array([0] * 8 + [0, 0, 1, 1, 1]), penalised=True)
    assert fit.coef[0] == pytest.approx(math.log(0.5 / 8.5), rel=1e-9)
    assert fit.coef.sum() == pytest.approx(math.log(3.5 / 2.5), rel=1e-9)


def test_complete_and_quasi_complete_separation() -> None:
    x = np.arange(6.0)
    design = np.column_stack([np.ones(6), x])
    assert is_separated(design, (x > 2).astype(int))
    assert is_separated(np.vstack([design, [1, 2], [1, 3]]), np.array([0, 0, 0, 1, 1, 1, 1, 1]))
    assert not is_separated(design, np.array([0, 1, 0, 1, 0, 1]))


def test_ye_without_covariates_is_neyman(sites: pd.DataFrame) -> None:
    outcome = sites["any_hours"].to_numpy(float)
    assigned = (sites["arm"] == "t").to_numpy(int)
    risks = np.tile([outcome[assigned == 0].mean(), outcome[assigned == 1].mean()], (80, 1))
    covariance = ye_covariance(outcome, assigned, np.zeros(80, int), risks)
    assert covariance[1, 1] == pytest.approx(outcome[assigned == 1].var(ddof=1) / 30, rel=1e-12)
    assert covariance[0, 1] == pytest.approx(0, abs=1e-15)


# --- edges ------------------------------------------------------------------------------------


def test_no_events_leave_newcombes_interval_and_no_test() -> None:
    frame = persons(("A", "t", 0, 10), ("A", "c", 0, 20))
    found = estimate_risk_difference(frame, "any_hours", PERSONS)
    assert found.confidence_interval() == pytest.approx((-0.1611, 0.2775), abs=5.01e-5)
    assert math.isnan(found.p_value)
    assert math.isnan(found.std_error)
    assert "not testable" in found.notes[0]
    assert math.isnan(mantel_haenszel_test(frame, "any_hours", PERSONS).p_value)


@pytest.mark.parametrize("options", EVERY[1:])
@pytest.mark.parametrize("events", [0, 1])
def test_one_outcome_for_all_is_no_plausible_null(events: int, options: dict[str, Any]) -> None:
    frame = persons(("A", "t", 10 * events, 10), ("A", "c", 20 * events, 20))
    found = estimate_risk_difference(frame, "any_hours", PERSONS, **options)
    if options["method"] == "newcombe" and events:
        assert found.confidence_interval().low < 0 < found.confidence_interval().high
    assert math.isnan(found.p_value)
    assert any("not " in note for note in found.notes)


def test_an_empty_arm_has_a_one_sided_ratio() -> None:
    frame = persons(("A", "t", 5, 56), ("A", "c", 0, 29))
    found = estimate_risk_difference(frame, "any_hours", PERSONS, measure="ratio")
    assert math.isnan(found.estimate)
    assert found.ratio_interval().low == pytest.approx(0.6292, abs=5e-4)
    assert found.ratio_interval().high == math.inf
    assert "nobody in an arm" in found.notes[0]
    turned = estimate_risk_difference(
        frame, "any_hours", Lottery(arm="arm", treatment="c", control="t"), measure="ratio"
    )
    assert turned.ratio_interval() == pytest.approx((0.0, 1 / found.ratio_interval().low))
    assert Estimate.from_dict(turned.to_dict()).given_interval == turned.given_interval


def test_both_arms_empty_leave_every_ratio() -> None:
    arms = newcombe_arms(np.array([[0, 0]]), np.array([[10, 10]]), np.ones(1), 1.96)
    assert newcombe_ratio(*arms) == (0.0, math.inf)


def test_equal_risks_have_p_one() -> None:
    assert newcombe_p_value(np.array([[5, 10]]), np.array([[20, 40]]), np.ones(1)) == 1.0


def test_separation_is_told_and_penalised() -> None:
    frame = persons(("A", "t", 12, 40), ("A", "c", 0, 40))
    found = estimate_risk_difference(
        frame.assign(age=np.arange(80) % 7), "any_hours", PERSONS,
        method="g-computation", covariates=["age"],
    )  # fmt: skip
    assert found.estimator == "g-computation (Firth, Ge)"
    assert any(note.startswith("separation") for note in found.notes)
    assert 0.15 < found.estimate < 0.3
    low, high = found.confidence_interval()
    assert 0 < low < found.estimate < high < 0.5


def test_a_rare_level_without_events_is_separation(sites: pd.DataFrame) -> None:
    rare = sites.assign(rare=[int(y == 0 and i % 7 == 0) for i, y in enumerate(sites["any_hours"])])
    given = {"method": "g-computation", "covariates": ["rare"], "measure": "ratio"}
    found = estimate_risk_difference(rare, "any_hours", STRATA, **given)
    assert any(note.startswith("separation") for note in found.notes)
    assert found.ratio > 1
    assert math.isfinite(found.std_error)


def test_missing_outcomes_are_left_out(sites: pd.DataFrame) -> None:
    given = sites.astype({"any_hours": float})
    given.loc[[0, 79], "any_hours"] = np.nan
    found = estimate_risk_difference(given, "any_hours", STRATA)
    assert (found.n_treatment, found.n_control) == (29, 49)
    assert found.notes[0].startswith("outcome missing and left out")


def test_booleans_are_outcomes(sites: pd.DataFrame) -> None:
    one = estimate_risk_difference(sites, "any_hours", STRATA)
    assert estimate_risk_difference(sites.astype({"any_hours": bool}), "any_hours", STRATA) == one


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("options", EVERY)
def test_clusters_and_varying_probabilities_are_refused(
    sites: pd.DataFrame, options: dict[str, Any]
) -> None:
    given = sites.assign(
        office=sites["arm"] + (np.arange(80) % 4).astype(str), p=0.3 + 0.4 * (np.arange(80) % 2)
    )
    for extra, word in (({"clusters": "office"}, "CR2"), ({"probability": "p"}, "weighted")):
        lottery = Lottery(arm="arm", treatment="t", control="c", **extra)
        with pytest.raises(DesignError, match=f"estimate_itt.*{word}"):
            estimate_risk_difference(given, "any_hours", lottery, **options)


@pytest.mark.parametrize("values", [2.0, 0.5, -1.0])
def test_other_numbers_are_refused(sites: pd.DataFrame, values: float) -> None:
    given = sites.astype({"any_hours": float})
    given.loc[3, "any_hours"] = values
    with pytest.raises(DataError, match="neither 0 nor 1 for 1 persons"):
        estimate_risk_difference(given, "any_hours", STRATA)


def test_text_is_refused(sites: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="not a column of numbers"):
        estimate_risk_difference(sites.assign(any_hours="yes"), "any_hours", STRATA)


def test_ye_needs_two_persons_in_each_cell() -> None:
    frame = persons(
        ("A", "t", 4, 10), ("A", "c", 3, 10), ("B", "t", 1, 1), ("B", "c", 0, 5),
    )  # fmt: skip
    given = {"method": "g-computation"}
    with pytest.raises(DesignError, match="one person only"):
        estimate_risk_difference(frame, "any_hours", STRATA, **given)
    assert estimate_risk_difference(frame, "any_hours", STRATA, std_error="ge", **given).df > 1
    assert estimate_risk_difference(frame, "any_hours", STRATA, method="mantel-haenszel").estimate


@pytest.mark.parametrize(
    "options, message",
    [
        ({"measure": "rate"}, "measure 'rate' is unknown"),
        ({"method": "newcomb"}, 'did you mean "newcombe"'),
        ({"std_error": "hc2"}, "std_error 'hc2'"),
        ({"stratum_weights": "equal"}, "stratum_weights"),
        ({"covariates": ["age"]}, 'method="g-computation"'),
        ({"conf_level": 95}, "conf_level"),
        ({"method": "g-computation", "covariates": ["any_hours"]}, "can be no covariate"),
    ],
)
def test_wrong_options(sites: pd.DataFrame, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimate_risk_difference(sites, "any_hours", STRATA, **options)
