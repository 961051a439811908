"""Several arms against one control."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.arms import estimate_arms
from jobeval.effects.itt.itt import estimate_itt
from jobeval.errors import DataError, DesignError
from jobeval.plan.lottery import Lottery

LOTTERY = Lottery(arm="arm", treatment="short", control="none", strata="site")


@pytest.fixture
def trial() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    arm = np.tile(["none", "none", "short", "long"], 20)
    return pd.DataFrame({
        "arm": arm, "site": np.repeat(range(4), 20), "hours": rng.gamma(2, 8, 80).round(1),
        "age": rng.integers(20, 60, 80), "p": 0.4,
    })  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [{}, {"covariates": ["age"], "adjustment": "lin"}, {"vcov": "HC1"}, {"weights": "age"}],
)
def test_each_arm_is_its_own_contrast(trial: pd.DataFrame, options: dict[str, Any]) -> None:
    table = estimate_arms(trial, "hours", LOTTERY, treatments=["long", "short"], **options)
    assert [effect.contrast for effect in table] == ["long - none", "short - none"]
    for effect, arm in zip(table, ("long", "short"), strict=True):
        one = Lottery(arm="arm", treatment=arm, control="none", strata="site")
        assert effect == estimate_itt(trial, "hours", one, **options)


def test_the_problems_of_all_arms_at_once(trial: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="2 problems") as caught:
        estimate_arms(trial, "hours", LOTTERY, treatments=["lng", "short", "shorter"])
    assert "'lng'" in str(caught.value) and "'shorter'" in str(caught.value)
    blank = trial.assign(site=trial["site"].where(trial["arm"] != "none").astype(float))
    with pytest.raises(DataError, match="1 problem"):
        estimate_arms(blank, "hours", LOTTERY, treatments=["long", "short"])


def test_designs_that_fail_are_named(trial: pd.DataFrame) -> None:
    trial.loc[(trial["arm"] == "long") & (trial["site"] == 1), "hours"] = np.nan
    with pytest.raises(DesignError, match=r"long - none: .* both arms"):
        estimate_arms(trial, "hours", LOTTERY, treatments=["long", "short"])


@pytest.mark.parametrize(
    "treatments, message",
    [("long", "sequence"), ([], "sequence"), (["long", "long"], "twice"), (["none"], "two arms")],
)
def test_arms_that_make_no_sense(trial: pd.DataFrame, treatments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimate_arms(trial, "hours", LOTTERY, treatments=treatments)


def test_one_column_of_probabilities_is_for_one_contrast(trial: pd.DataFrame) -> None:
    lottery = Lottery(arm="arm", treatment="short", control="none", probability="p")
    assert len(estimate_arms(trial, "hours", lottery, treatments=["long"])) == 1
    with pytest.raises(ValueError, match="one by one"):
        estimate_arms(trial, "hours", lottery, treatments=["long", "short"])
