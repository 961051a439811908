"""The weighted index: by hand, its relations, and inputs that make none."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.summary.index import estimate_index, weigh_index
from jobeval.errors import DataError, DesignError
from jobeval.plan.lottery import Lottery

STRATA = Lottery(arm="arm", treatment="t", control="c", strata="site")
CLUSTERS = Lottery(arm="arm", treatment="t", control="c", clusters="office")
OUTCOMES = ["hours", "weeks_on_benefit", "earnings"]


@pytest.fixture
def trial() -> pd.DataFrame:
    rng = np.random.default_rng(20170901)
    arm = np.tile(["t", "c"], 40)
    hours = rng.gamma(2, 6, 80) + 3 * (arm == "t")
    return pd.DataFrame({
        "arm": arm, "site": np.repeat(["A", "B"], [30, 50]), "hours": hours,
        "office": [f"{a}{i // 2 % 8}" for i, a in enumerate(arm)],
        "weeks_on_benefit": np.round(40 - hours + rng.normal(0, 8, 80)),
        "earnings": 180 * hours + rng.normal(0, 900, 80),
    })  # fmt: skip


def test_two_outcomes_by_hand() -> None:
    """Control deviations √2 and 2√2; variances 7/3 and 5/6, covariance 2/3 of the standardised.

    Weights in proportion to 5/6 − 2/3 and 7/3 − 2/3: 1/11 and 10/11.
    """
    outcomes = np.array([[0.0, 4], [2, 0], [1, 2], [5, 6]])
    found = weigh_index(outcomes, np.array([True, True, False, False]))
    assert found.weights == pytest.approx([1 / 11, 10 / 11], rel=1e-12)
    last = (4 / 2**0.5 + 10 * 4 / (2 * 2**0.5)) / 11
    assert found.values[2:] == pytest.approx([0, last], abs=1e-12)


def test_the_index_is_generalised_least_squares(trial: pd.DataFrame) -> None:
    """Each person's index is the GLS estimate of one mean of their standardised outcomes."""
    outcomes, control = trial[OUTCOMES].to_numpy(), (trial["arm"] == "c").to_numpy()
    found = weigh_index(outcomes, control)
    centre, spread = outcomes[control].mean(axis=0), outcomes[control].std(axis=0, ddof=1)
    standard = (outcomes - centre) / spread
    root = np.linalg.inv(np.linalg.cholesky(np.cov(standard.T)))
    fitted = np.linalg.lstsq(root @ np.ones((3, 1)), root @ standard.T, rcond=None)[0][0]
    assert found.values == pytest.approx(fitted, rel=1e-9, abs=1e-12)
    assert found.values[control].mean() == pytest.approx(0, abs=1e-12)


def test_missing_components_leave_the_mean_of_the_others(trial: pd.DataFrame) -> None:
    given = trial.assign(hours=trial["hours"].mask(trial.index == 5))
    given.loc[7, OUTCOMES] = np.nan
    outcomes, control = given[OUTCOMES].to_numpy(), (given["arm"] == "c").to_numpy()
    found = weigh_index(outcomes, control)
    centre = np.nanmean(outcomes[control], axis=0)
    standard = (outcomes[5] - centre) / np.nanstd(outcomes[control], axis=0, ddof=1)
    assert found.values[5] == pytest.approx(np.average(standard[1:], weights=found.weights[1:]))
    assert np.isnan(found.values[7])
    effect = estimate_index(given, OUTCOMES, STRATA, less_is_better=["weeks_on_benefit"])
    assert effect.n_control + effect.n_treatment == 79
    assert any("1 persons lack some" in note for note in effect.notes)


@pytest.mark.parametrize("lottery", [STRATA, CLUSTERS])
def test_one_outcome_is_itself_standardised(trial: pd.DataFrame, lottery: Lottery) -> None:
    plain = estimate_itt(trial, "hours", lottery)
    sd = trial.loc[trial["arm"] == "c", "hours"].std()
    found = estimate_index(trial, ["hours"], lottery)
    assert found.estimate == pytest.approx(plain.estimate / sd, rel=1e-12)
    assert found.std_error == pytest.approx(plain.std_error / sd, rel=1e-12)
    assert (found.endpoint, found.unit, found.df) == ("index", "SD", pytest.approx(plain.df))


def test_units_and_turned_outcomes_do_not_matter(trial: pd.DataFrame) -> None:
    one = estimate_index(trial, OUTCOMES, STRATA, less_is_better=["weeks_on_benefit"])
    other = trial.assign(
        earnings=7.46 * trial["earnings"] - 100, weeks_on_benefit=52 - trial["weeks_on_benefit"]
    )
    two = estimate_index(other, OUTCOMES, STRATA)
    assert two.estimate == pytest.approx(one.estimate, rel=1e-10)
    assert two.std_error == pytest.approx(one.std_error, rel=1e-10)
    assert estimate_index(trial, OUTCOMES[::-1], STRATA, less_is_better=OUTCOMES[1:2]).estimate == (
        pytest.approx(one.estimate, rel=1e-10)
    )


def test_a_weight_below_zero_is_told() -> None:
    x = np.array([0, 4, 2, 6, 1, 9, 3, 5.0])
    noise = np.array([1, -1, 2, 0, -2, 1, 0, -1.0])
    frame = pd.DataFrame({"arm": list("ctctctct"), "a": x + noise / 9, "b": 3 * x + noise})
    found = estimate_index(frame, ["a", "b"], Lottery(arm="arm", treatment="t", control="c"))
    weights = weigh_index(frame[["a", "b"]].to_numpy(), (frame["arm"] == "c").to_numpy()).weights
    assert (weights < 0).sum() == sum("below zero" in note for note in found.notes) == 1


def test_collinear_and_flat_outcomes_are_refused(trial: pd.DataFrame) -> None:
    twice = trial.assign(more=2 * trial["hours"] + 1, flat=(trial["arm"] == "t") * 1.0)
    with pytest.raises(DesignError, match="collinear"):
        estimate_index(twice, ["hours", "more"], STRATA)
    with pytest.raises(DesignError, match=r"outcome 'flat' .* does not vary"):
        estimate_index(twice, ["hours", "flat"], STRATA)


def test_text_and_infinite_outcomes_are_refused_together(trial: pd.DataFrame) -> None:
    bad = trial.assign(hours="many", earnings=np.inf)
    with pytest.raises(DataError, match="2 problems"):
        estimate_index(bad, OUTCOMES, STRATA)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"outcomes": []}, "one or more"),
        ({"outcomes": ["hours", "hours"]}, "each named once"),
        ({"less_is_better": ["sickness"]}, "none of the outcomes"),
        ({"name": "hours"}, "cannot be named"),
        ({"name": "site"}, "cannot be named"),
        ({"covariates": ["hours"], "adjustment": "lin"}, "another purpose"),
    ],
)
def test_wrong_options(trial: pd.DataFrame, options: dict[str, Any], message: str) -> None:
    given = {"outcomes": OUTCOMES, **options}
    with pytest.raises(ValueError, match=message):
        estimate_index(trial, given.pop("outcomes"), STRATA, **given)
