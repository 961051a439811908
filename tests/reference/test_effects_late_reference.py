"""Effects on those who take part, against estimatr, AER and brute force."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.take_up.late import estimate_late
from jobeval.plan.lottery import Lottery

HERE = Path(__file__).parent
PERSONS = Lottery(arm="treated", treatment=1, control=0)
CLUSTERS = Lottery(arm="treated", treatment=1, control=0, clusters="cluster")
STRATA = Lottery(arm="treated", treatment=1, control=0, strata="stratum")
MORE: dict[str, Any] = {"covariates": ["age", "weeks"], "adjustment": "ancova"}


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    frame = pd.read_csv(HERE / "effects_oracle.csv")
    row = np.arange(len(frame))
    two = np.where(frame["treated"] == 1, row % 4 != 0, row % 7 == 0).astype(int)
    return frame.assign(two=two, one=two * frame["treated"])


@pytest.fixture(scope="module")
def oracle() -> dict[str, Any]:
    return json.loads((HERE / "effects_oracle_late.json").read_text())


# --- estimatr and AER: same algebra, other code; 1e-9 leaves room for the rounding of both --


@pytest.mark.parametrize("treated", ["one", "two"])
@pytest.mark.parametrize("vcov", ["classical", "HC0", "HC1", "HC2", "HC3"])
def test_persons_as_estimatr(
    trial: pd.DataFrame, oracle: dict[str, Any], treated: str, vcov: Any
) -> None:
    for name, options in (("", {}), ("more_", MORE)):
        wanted = oracle[f"{treated}_{name}{vcov}"]
        found = estimate_late(trial, "hours", PERSONS, treated=treated, vcov=vcov, **options)
        assert found.estimate == pytest.approx(wanted["estimate"], rel=1e-9)
        assert found.std_error == pytest.approx(wanted["std_error"], rel=1e-9)
        if name or vcov != "HC2":  # without covariates HC2 has Welch's degrees of freedom here
            assert found.df == wanted["df"]


@pytest.mark.parametrize("treated", ["one", "two"])
@pytest.mark.parametrize("vcov, theirs", [("CR0", "CR0"), ("CR1", "stata"), ("CR2", "CR2")])
def test_clusters_as_estimatr(
    trial: pd.DataFrame, oracle: dict[str, Any], treated: str, vcov: Any, theirs: str
) -> None:
    for name, options in (("", {}), ("more_", MORE)):
        wanted = oracle[f"{treated}_{name}{theirs}"]
        found = estimate_late(trial, "hours", CLUSTERS, treated=treated, vcov=vcov, **options)
        assert found.estimate == pytest.approx(wanted["estimate"], rel=1e-9)
        assert found.std_error == pytest.approx(wanted["std_error"], rel=1e-8)
        assert found.df == pytest.approx(wanted["df"], rel=1e-8)


def test_strata_weighted_by_inverse_allocation_as_estimatr(
    trial: pd.DataFrame, oracle: dict[str, Any]
) -> None:
    found = estimate_late(
        trial, "hours", STRATA, treated="two", covariates=["age"], adjustment="ancova"
    )
    assert found.estimate == pytest.approx(oracle["weighted"]["estimate"], rel=1e-9)
    assert found.std_error == pytest.approx(oracle["weighted"]["std_error"], rel=1e-9)


def test_both_small_sample_conventions_as_aer(trial: pd.DataFrame, oracle: dict[str, Any]) -> None:
    options: dict[str, Any] = {"treated": "two", "interval": "wald", **MORE}
    without = estimate_late(trial, "hours", PERSONS, small_sample=False, **options)
    with_factor = estimate_late(trial, "hours", PERSONS, vcov="HC1", **options)
    assert without.std_error == pytest.approx(oracle["aer_HC0"]["std_error"], rel=1e-9)
    assert with_factor.std_error == pytest.approx(oracle["aer_HC1"]["std_error"], rel=1e-9)
    half = (without.confidence_interval().high - without.estimate) / without.std_error
    assert half == pytest.approx(1.959963984540054, rel=1e-12)
    classical = estimate_late(trial, "hours", PERSONS, vcov="classical", **options)
    assert classical.take_up is not None
    assert classical.take_up.f_statistic == pytest.approx(oracle["aer_weak_f"], rel=1e-9)


def test_first_stage_as_estimatr(trial: pd.DataFrame, oracle: dict[str, Any]) -> None:
    take_up = estimate_late(trial, "hours", PERSONS, treated="two").take_up
    assert take_up is not None
    assert take_up.first_stage == pytest.approx(oracle["first"]["estimate"], rel=1e-11)
    assert take_up.first_stage_std_error == pytest.approx(oracle["first"]["std_error"], rel=1e-11)


# --- Anderson–Rubin by brute force: an effect is accepted when the lottery has none on y − τd


@pytest.mark.parametrize(
    "lottery, options",
    [
        (STRATA, {}),
        (PERSONS, MORE),
        (PERSONS, MORE | {"vcov": "HC1"}),
        (CLUSTERS, {}),
        (STRATA, MORE | {"adjustment": "lin"}),
    ],
)
@pytest.mark.parametrize("treated", ["two", "weak"])
def test_anderson_rubin_by_brute_force(
    trial: pd.DataFrame, lottery: Lottery, options: dict[str, Any], treated: str
) -> None:
    row = np.arange(len(trial))
    frame = trial.assign(weak=np.where(trial["treated"] == 1, row % 3 == 0, row % 5 == 0) * 1)
    found = estimate_late(frame, "hours", lottery, treated=treated, **options)
    low, high = found.confidence_interval()
    hole = next((note for note in found.notes if "not connected" in note), "")
    gap = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?", hole)]
    for tau in (*np.linspace(-400, 400, 41), *(found.estimate + np.linspace(-9, 9, 19))):
        shifted = frame.assign(hours=frame["hours"] - tau * frame[treated])
        accepted = estimate_itt(shifted, "hours", lottery, **options).p_value >= 0.05
        inside = low <= tau <= high and not (gap and gap[0] < tau < gap[1])
        assert inside == accepted, tau
    whole = estimate_itt(frame, "hours", lottery, **options)
    assert found.p_value == pytest.approx(whole.p_value, rel=1e-9)
