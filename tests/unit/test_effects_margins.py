"""Hours with many zeros, by hand and with wrong inputs."""

import math

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.hours.margins import estimate_margins
from jobeval.effects.hours.ppml import fit_ppml
from jobeval.effects.itt.itt import estimate_itt
from jobeval.errors import DataError, DesignError
from jobeval.plan.lottery import Lottery

PERSONS = Lottery(arm="arm", treatment="t", control="c")
STRATA = Lottery(arm="arm", treatment="t", control="c", strata="site")


@pytest.fixture
def trial() -> pd.DataFrame:
    """A: treated 0, 20 and control 0, 10. B: treated 10, 30 and control three 0, three 12."""
    return pd.DataFrame(
        {
            "arm": list("ttcc") + list("tt") + list("cccccc"),
            "site": ["A"] * 4 + ["B"] * 8,
            "hours": [0.0, 20, 0, 10, 10, 30, 0, 0, 0, 12, 12, 12],
            "age": [30, 40, 35, 45, 50, 28, 33, 47, 52, 41, 38, 29],
        }
    )


def test_strata_by_hand(trial: pd.DataFrame) -> None:
    """Shares of everyone 1/3 and 2/3. Treatment: (10 + 2·20)/3, control (5 + 2·6)/3."""
    table = estimate_margins(trial, "hours", STRATA, thresholds=(0, 12), winsorise=0.9)
    mean, ratio = table.one(part="mean"), table.one(part="ratio")
    assert mean.estimate == pytest.approx(50 / 3 - 17 / 3)
    assert ratio.estimate == pytest.approx(math.log(50 / 17))
    assert ratio.scale == "log_ratio"
    share = [1 / 2 / 3 + 2 / 3, 1 / 2]
    assert table.one(part="extensive").estimate == pytest.approx(share[0] - share[1])
    hours = [50 / 3 / share[0], 17 / 3 / share[1]]
    intensive = table.one(part="intensive")
    assert intensive.estimate == pytest.approx(hours[0] - hours[1])
    assert (intensive.n_treatment, intensive.n_control) == (3, 4)
    assert any("not an effect" in note for note in intensive.notes)
    starting = table.one(part="through starting").estimate
    assert starting == pytest.approx((share[0] - share[1]) * sum(hours) / 2)
    assert table.one(part="hours>=12").estimate == pytest.approx((1 / 2 + 2 / 2) / 3 - (2 / 2) / 3)
    assert table.one(part="winsorised").estimate == pytest.approx((10 + 2 * 15) / 3 - 17 / 3)


def test_errors_of_ratio_and_intensive_by_the_delta_method(trial: pd.DataFrame) -> None:
    table = estimate_margins(trial, "hours", PERSONS, thresholds=(), winsorise=None)
    variances, means = [], []
    for arm in "tc":
        y = trial.loc[trial["arm"] == arm, "hours"].to_numpy()
        m, p, n = y[y > 0].mean(), (y > 0).mean(), len(y)
        variances.append(((y - m * (y > 0)) / p).var(ddof=1) / n)
        means.append((y.var(ddof=1) / n) / y.mean() ** 2)
    assert table.one(part="intensive").std_error == pytest.approx(math.sqrt(sum(variances)))
    assert table.one(part="ratio").std_error == pytest.approx(math.sqrt(sum(means)))


def test_mean_is_the_itt(trial: pd.DataFrame) -> None:
    found = estimate_margins(trial, "hours", STRATA).one(part="mean")
    expected = estimate_itt(trial, "hours", STRATA)
    assert (found.estimate, found.std_error, found.df) == (
        expected.estimate, expected.std_error, expected.df,
    )  # fmt: skip


@pytest.mark.parametrize("transform", ["log1p", "asinh", "log(1 + y)"])
def test_logarithms_with_zeros_are_refused(trial: pd.DataFrame, transform: str) -> None:
    with pytest.raises(ValueError, match=r"Chen & Roth 2024.*ratio.*thresholds"):
        estimate_margins(trial, "hours", PERSONS, transform=transform)


def test_an_arm_without_hours_has_no_ratio_and_no_intensive_margin(trial: pd.DataFrame) -> None:
    trial.loc[trial["arm"] == "t", "hours"] = 0.0
    table = estimate_margins(trial, "hours", PERSONS, thresholds=(), winsorise=None)
    parts = ("ratio", "intensive", "through starting", "intensive lower", "intensive upper")
    for part in parts:
        effect = table.one(part=part)
        assert math.isnan(effect.estimate) and math.isnan(effect.p_value), part
        assert any("not estimable" in note for note in effect.notes)
    assert table.one(part="mean").estimate == pytest.approx(-46 / 8)


def test_negative_hours_are_a_problem_of_the_data(trial: pd.DataFrame) -> None:
    trial.loc[3, "hours"] = -1.0
    with pytest.raises(DataError, match="negative for 1 persons"):
        estimate_margins(trial, "hours", PERSONS)


@pytest.mark.parametrize(
    "options", [{"thresholds": (-1,)}, {"thresholds": (4, 4)}, {"winsorise": 1.5}]
)
def test_senseless_options(trial: pd.DataFrame, options: dict) -> None:
    with pytest.raises(ValueError, match=r"thresholds|winsorise"):
        estimate_margins(trial, "hours", PERSONS, **options)


def test_missing_hours_are_left_out_with_a_note(trial: pd.DataFrame) -> None:
    trial.loc[[0, 9], "hours"] = np.nan
    for effect in estimate_margins(trial, "hours", PERSONS):
        assert any(note.startswith("outcome missing") for note in effect.notes), effect.part


def test_a_group_of_zeros_under_covariates_is_not_estimable(trial: pd.DataFrame) -> None:
    """Treated persons older than 45 have no hours: no finite slope fits best."""
    frame = pd.DataFrame({"arm": list("ct") * 8, "old": [0] * 8 + [1] * 8, "hours": [3.0, 5] * 8})
    frame.loc[(frame["arm"] == "t") & (frame["old"] == 1), "hours"] = 0.0
    frame["hours"] += np.tile([0, 0, 1, 1], 4) * (frame["hours"] > 0)
    effect = estimate_margins(frame, "hours", PERSONS, covariates=["old"]).one(part="ratio")
    assert math.isnan(effect.estimate)
    assert "no finite ratio" in effect.notes[-1]


def test_ppml_refuses_dependent_columns_and_only_zeros() -> None:
    with pytest.raises(DesignError, match="rank"):
        fit_ppml(np.ones((4, 2)), np.arange(4.0))
    with pytest.raises(DesignError, match="0 for everyone"):
        fit_ppml(np.ones((4, 1)), np.zeros(4))


def test_inputs_are_not_changed(trial: pd.DataFrame) -> None:
    before = trial.copy()
    estimate_margins(trial, "hours", STRATA)
    pd.testing.assert_frame_equal(trial, before)
