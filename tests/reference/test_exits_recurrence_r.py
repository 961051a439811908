"""Bladder cancer that comes again, against R's survival and mets (exits_recurrence.R).

Coefficients are compared at 1e-7, because R stops its own iterations at a relative change of
1e-9 in the log-likelihood, all else of survival at 1e-9.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from survival import datasets

import jobeval as je
from jobeval import Lottery

R = json.loads((Path(__file__).parent / "exits_recurrence.json").read_text())
ROWS = {"entry": "start", "person": "id"}
THIOTEPA = Lottery(arm="rx", treatment=2.0, control=1.0)
COVARIATES = ("size", "number")


@pytest.fixture(scope="module")
def bladder2() -> pd.DataFrame:
    return pd.DataFrame(datasets.load_bladder2())


def rate(frame, lottery=THIOTEPA, **options):
    return je.estimate_recurrence(frame, "stop", "event", lottery, **ROWS, **options)


def test_published_numbers(bladder2):
    """Therneau & Grambsch (2000), section 8.5: rx −.4647, se .1997, robust .2656."""
    effect = rate(bladder2, covariates=COVARIATES)
    model = rate(bladder2, covariates=COVARIATES, method="andersen-gill")
    assert effect.estimate == pytest.approx(-0.464687, abs=5e-7)
    assert effect.std_error == pytest.approx(0.265561, abs=5e-7)
    assert model.std_error == pytest.approx(0.199732, abs=5e-7)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_rate_ratio(bladder2, ties):
    r = R[ties]
    effect = rate(bladder2, covariates=COVARIATES, ties=ties)
    assert effect.estimate == pytest.approx(r["coef"][0], rel=1e-7)
    assert effect.std_error == pytest.approx(r["robust"][0], rel=1e-6)
    model = rate(bladder2, covariates=COVARIATES, ties=ties, method="andersen-gill")
    assert model.std_error == pytest.approx(r["se"][0], rel=1e-6)


def test_rate_ratio_alone_and_stratified(bladder2):
    strata = Lottery(arm="rx", treatment=2.0, control=1.0, strata="large")
    frame = bladder2.assign(large=bladder2["size"] > 1)
    for lottery, name in ((THIOTEPA, "alone"), (strata, "stratified")):
        effect = rate(frame, lottery)
        assert effect.estimate == pytest.approx(R[name]["coef"], rel=1e-7)
        assert effect.std_error == pytest.approx(R[name]["robust"], rel=1e-6)


def test_mean_number_of_recurrences(bladder2):
    curves = je.mean_cumulative_events(bladder2, "stop", "event", THIOTEPA, **ROWS)
    published = {"1.0": (0.716828, 1.446774, 1.933216), "2.0": (0.447374, 0.889837, 1.348101)}
    for arm, values in published.items():
        at = [curves[arm].at(month) for month in (12, 24, 36)]
        np.testing.assert_allclose(at, values, atol=5e-7)
        r = R["mcf"][f"rx={arm[0]}"]
        np.testing.assert_allclose(at, r["mean"], rtol=1e-9)
        np.testing.assert_allclose(curves[arm].std_error[[12, 24, 36]], r["se"], rtol=1e-9)


def test_mean_number_until_death():
    """mets divides by those at risk where the derivative has those who stay: .1 % in the error."""
    lottery = Lottery(arm="arm", treatment="thiotepa", control="placebo")
    rows = pd.DataFrame(R["rows"])
    curves = je.mean_cumulative_events(rows, "stop", "event", lottery, **ROWS, terminal="dead")
    for curve in curves:
        r = R["ghosh_lin"][curve.arm]
        np.testing.assert_allclose(curve.values[[40, 100, 160]], r["mean"], rtol=1e-9)
        np.testing.assert_allclose(curve.std_error[[40, 100, 160]], r["se"], rtol=2e-3)
