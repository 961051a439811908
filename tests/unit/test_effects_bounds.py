"""Bounds under attrition: by hand, against brute force, and where there are none."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.missing.bounds import bound_attrition
from jobeval.effects.missing.lee import trim_mean
from jobeval.effects.missing.missing_weights import estimate_weighted_for_missing
from jobeval.errors import DataError, DesignError
from jobeval.plan.lottery import Lottery

PERSONS = Lottery(arm="arm", treatment="t", control="c")
STRATA = Lottery(arm="arm", treatment="t", control="c", strata="site")
NAN = float("nan")


def frame_of(control: list[float], treatment: list[float], **more: object) -> pd.DataFrame:
    arm = ["c"] * len(control) + ["t"] * len(treatment)
    return pd.DataFrame({"arm": arm, "hours": [*control, *treatment], **more})


def test_lee_by_hand_with_ties_at_the_cut() -> None:
    """3 of 6 controls against 5 of 6 treated: 3 of 5 stay. 0, 2, 2 | 2, 9: lowest 4/3, highest
    13/3, whichever of the twos is trimmed; control 2."""
    frame = frame_of([1, 2, 3, NAN, NAN, NAN], [0, 2, 2, 2, 9, NAN])
    found = bound_attrition(frame, "hours", PERSONS)
    assert found.lower.estimate == pytest.approx(4 / 3 - 2)
    assert found.upper.estimate == pytest.approx(13 / 3 - 2)
    shuffled = bound_attrition(frame.sample(frac=1, random_state=1), "hours", PERSONS)
    assert shuffled.upper.estimate == pytest.approx(found.upper.estimate, rel=1e-14)
    assert shuffled.interval == pytest.approx(found.interval)


def test_lee_cuts_through_a_person() -> None:
    """2 of 3 controls against 4 of 4: 2/3 of the mass stays, 8/3 persons."""
    found = bound_attrition(frame_of([1, 3, NAN], [1, 2, 3, 10]), "hours", PERSONS)
    assert found.lower.estimate == pytest.approx((1 + 2 + 3 * 2 / 3) / (8 / 3) - 2)
    assert found.upper.estimate == pytest.approx((10 + 3 + 2 * 2 / 3) / (8 / 3) - 2)


def test_the_arm_with_more_observed_is_trimmed_whichever_it_is() -> None:
    found = bound_attrition(frame_of([0, 2, 4, 6], [5, 7, NAN, NAN]), "hours", PERSONS)
    assert (found.lower.estimate, found.upper.estimate) == (6 - 5, 6 - 1)


def test_trimmed_mean_equals_brute_force() -> None:
    """Whole copies of persons in the place of fractions of them."""
    rng = np.random.default_rng(2)
    for _ in range(50):
        values, weights = rng.integers(0, 6, 7), rng.integers(1, 5, 7)
        mass = int(rng.integers(1, weights.sum() + 1))
        copies = sorted(np.repeat(values, weights).tolist())
        low = trim_mean(values.astype(float), weights.astype(float), mass, lowest=True)
        high = trim_mean(values.astype(float), weights.astype(float), mass, lowest=False)
        assert low.mean == pytest.approx(float(Fraction(sum(copies[:mass]), mass)))
        assert high.mean == pytest.approx(float(Fraction(sum(copies[-mass:]), mass)))


def test_strata_weigh_by_their_size() -> None:
    """Site B is duplicated in the control arm: its allocation changes, the bounds do not."""
    control, treatment = [1.0, 5, 9, NAN, 2, 4, NAN, 8], [3.0, 4, 6, 10, 1, 7, 2, NAN]
    site = (["A"] * 4 + ["B"] * 4) * 2
    even = frame_of(control, treatment, site=site)
    more = pd.concat([even, even[(even["arm"] == "c") & (even["site"] == "B")]])
    first = bound_attrition(even, "hours", STRATA)
    # with B at 12 of 20 the strata's shares differ, so that each arm is put together by hand
    second = bound_attrition(more, "hours", STRATA)
    weights = {"A": 8 / 20 / 4, "B": 12 / 20 / 4}
    share = sum(w * n for w, n in zip(weights.values(), (3, 3), strict=True))
    treated = even[even["arm"] == "t"].dropna().sort_values("hours")
    w = treated["site"].map(weights).to_numpy()
    kept = np.clip(share - np.concatenate([[0], w.cumsum()[:-1]]), 0, w)
    rest = (weights["A"] * (1 + 5 + 9) + weights["B"] * (2 + 4 + 8)) / share
    assert second.lower.estimate == pytest.approx(kept @ treated["hours"] / share - rest)
    assert first.lower.estimate != pytest.approx(second.lower.estimate)


def test_cells_are_averaged_by_their_always_observed() -> None:
    """young: 2 of 4 against 4 of 4; old: 3 of 4 against 4 of 4. Weights 2 : 3."""
    frame = frame_of(
        [1, 3, NAN, NAN, 2, 4, 6, NAN], [0, 2, 4, 8, 1, 3, 5, 9],
        age=(["young"] * 4 + ["old"] * 4) * 2,
    )  # fmt: skip
    found = bound_attrition(frame, "hours", PERSONS, covariates=["age"])
    assert found.lower.estimate == pytest.approx((2 * (1 - 2) + 3 * (3 - 4)) / 5)
    assert found.upper.estimate == pytest.approx((2 * (6 - 2) + 3 * (17 / 3 - 4)) / 5)


def test_cells_tighten() -> None:
    """Age tells the outcome exactly: within its cells there is nothing to trim away."""
    age = np.arange(12) % 3
    control = np.where(np.arange(12) < 9, 10.0 * age, NAN)
    frame = frame_of(control.tolist(), (10.0 * age + 1).tolist(), age=np.tile(age, 2))
    wide = bound_attrition(frame, "hours", PERSONS)
    tight = bound_attrition(frame, "hours", PERSONS, covariates=["age"])
    assert wide.lower.estimate < 0 < 2 < wide.upper.estimate
    assert (tight.lower.estimate, tight.upper.estimate) == pytest.approx((1, 1))


def test_monotonicity_refuted_is_not_estimable() -> None:
    """Treatment brings everyone in A into sight and drives them out in B."""
    seen, gone = [1.0, 2, 3, 4, 5, 6, 7, 8], [1.0, *[NAN] * 7]
    frame = frame_of([*gone, *seen], [*seen, *gone], site=(["A"] * 8 + ["B"] * 8) * 2)
    for lottery, covariates in ((STRATA, []), (PERSONS, ["site"])):
        found = bound_attrition(frame, "hours", lottery, covariates=covariates)
        assert math.isnan(found.lower.estimate) and math.isnan(found.interval.low)
        assert "monotonicity" in found.upper.notes[-1]
    assert not math.isnan(bound_attrition(frame, "hours", PERSONS).lower.estimate)


def test_without_missing_both_bounds_are_the_effect() -> None:
    found = bound_attrition(frame_of([1, 2, 5], [3, 4, 8]), "hours", PERSONS)
    assert found.lower.estimate == found.upper.estimate == pytest.approx(7 / 3)
    assert found.lower.std_error == pytest.approx(math.sqrt((13 / 3 + 7) / 3))
    assert "no outcome is missing" in found.notes[0]


def test_manski_by_hand() -> None:
    """Control 2, 4, ? and treatment 6, ?, ?: (6 + 0 + 0)/3 − (6 + 10)/3 and (26 − 6)/3."""
    frame = frame_of([2, 4, NAN], [6, NAN, NAN])
    found = bound_attrition(frame, "hours", PERSONS, method="manski", limits=(0, 10))
    assert (found.lower.estimate, found.upper.estimate) == pytest.approx((-10 / 3, 20 / 3))
    low, high = found.interval
    assert low < -10 / 3 and high > 20 / 3


@pytest.mark.parametrize(
    "options",
    [
        {"method": "leee"},
        {"method": "manski"},
        {"method": "manski", "limits": (10, 0)},
        {"method": "manski", "limits": (0, 10), "covariates": ["arm"]},
        {"limits": (0, 10)},
        {"covariates": "age"},
    ],
)
def test_senseless_options(options: dict) -> None:
    with pytest.raises(ValueError, match=r"method|limits|covariates"):
        bound_attrition(frame_of([1, 2], [3, 4]), "hours", PERSONS, **options)


def test_outcomes_outside_the_limits_are_a_problem_of_the_data() -> None:
    with pytest.raises(DataError, match="for 1 persons"):
        bound_attrition(
            frame_of([1, 2], [3, 40]), "hours", PERSONS, method="manski", limits=(0, 37)
        )


def test_an_arm_without_outcomes_is_refused() -> None:
    with pytest.raises(DesignError, match="no outcome at all"):
        bound_attrition(frame_of([1, 2], [NAN, NAN]), "hours", PERSONS)


def test_a_cell_of_one_arm_is_refused() -> None:
    frame = frame_of([1, 2, NAN], [3, 4, 5], age=["a", "b", "b", "a", "a", "a"])
    with pytest.raises(DesignError, match="one arm only"):
        bound_attrition(frame, "hours", PERSONS, covariates=["age"])


def test_missing_weights_stand_for_those_like_them() -> None:
    """Controls: young 2 of 4 seen (mean 3), old 4 of 4 (mean 7): 5 over all, not 17/3."""
    frame = frame_of(
        [2, 4, NAN, NAN, 6, 8, 6, 8], [5, 7, 5, 7, 9, 9, 11, 11], old=([0] * 4 + [1] * 4) * 2
    )
    # the old are all seen, so that the logit separates: nobody of them needs a weight
    separated = estimate_weighted_for_missing(frame, "hours", PERSONS, covariates=["old"])
    assert math.isnan(separated.estimate) and "not estimable" in separated.notes[-2]
    frame.loc[7, "hours"] = NAN
    effect = estimate_weighted_for_missing(frame, "hours", PERSONS, covariates=["old"])
    assert effect.mean_control == pytest.approx((3 + 20 / 3) / 2)
    assert effect.mean_treatment == pytest.approx(8)
    assert "sensitivity" in effect.notes[-1]


def test_missing_weights_need_covariates() -> None:
    with pytest.raises(ValueError, match="covariates"):
        estimate_weighted_for_missing(frame_of([1, 2], [3, 4]), "hours", PERSONS, covariates=[])
