"""Pairs, small strata, sampling weights, superpopulations and other inference by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.errors import DataError, DesignError
from jobeval.plan.lottery import Lottery

PERSONS = Lottery(arm="arm", treatment="t", control="c")
STRATA = Lottery(arm="arm", treatment="t", control="c", strata="site")
OFFICES = Lottery(arm="arm", treatment="t", control="c", clusters="office")
BOTH = Lottery(arm="arm", treatment="t", control="c", clusters="office", strata="site")


@pytest.fixture
def pairs() -> pd.DataFrame:
    """Four pairs with differences 1, 3, 6, 2."""
    hours = [0.0, 1, 2, 5, 4, 10, 7, 9]
    return pd.DataFrame({"arm": list("ct" * 4), "site": np.repeat(range(4), 2), "hours": hours})


@pytest.fixture
def mixed() -> pd.DataFrame:
    """Small strata of 2, 3 and 3 persons (differences 2, 4, 9), a big one of 2 + 3 (5)."""
    arm = ["c", "t", "c", "c", "t", "c", "t", "t", "c", "c", "t", "t", "t"]
    site = [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]
    hours = [1.0, 3, 2, 4, 7, 0, 8, 10, 3, 5, 8, 9, 10]
    return pd.DataFrame({"arm": arm, "site": site, "hours": hours})


# --- matched pairs and small strata -------------------------------------------------------


def test_pairs_by_hand(pairs: pd.DataFrame) -> None:
    """Differences 1, 3, 6, 2: mean 3, squares about it 4 + 0 + 9 + 1 = 14, over 4 · 3."""
    effect = estimate_itt(pairs, "hours", STRATA)
    assert (effect.estimate, effect.df) == (3, 3)
    assert effect.std_error == pytest.approx((14 / 12) ** 0.5, rel=1e-13)
    assert effect.mean_treatment - effect.mean_control == pytest.approx(3, rel=1e-13)
    assert effect.notes == (
        "matched pairs of persons: the error comes from the variation between pairs",
    )


def test_ancova_of_pairs_has_the_same_error(pairs: pd.DataFrame) -> None:
    """HC2 with pair indicators is the variance between pairs."""
    plain = estimate_itt(pairs, "hours", STRATA)
    ancova = estimate_itt(pairs, "hours", STRATA, adjustment="ancova")
    assert ancova.estimate == pytest.approx(plain.estimate, rel=1e-12)
    assert ancova.std_error == pytest.approx(plain.std_error, rel=1e-12)
    assert ancova.df == plain.df


def test_small_and_big_strata_by_hand(mixed: pd.DataFrame) -> None:
    """Pashley & Miratrix 2021: of 8 persons in small strata, a = 4/4, 9/2, 9/2."""
    effect = estimate_itt(mixed, "hours", STRATA)
    small = (2 * 2 + 3 * 4 + 3 * 9) / 8
    squares = 1 * (2 - small) ** 2 + 4.5 * (4 - small) ** 2 + 4.5 * (9 - small) ** 2
    within = squares / (8 + 1 + 4.5 + 4.5)
    big = 2 / 2 + 1 / 3
    parts = np.array([(8 / 13) ** 2 * within, (5 / 13) ** 2 * big])
    assert effect.estimate == pytest.approx((8 * small + 5 * 5) / 13, rel=1e-13)
    assert effect.std_error == pytest.approx(parts.sum() ** 0.5, rel=1e-13)
    welch = big**2 / ((2 / 2) ** 2 / 1 + (1 / 3) ** 2 / 2)
    expected = parts.sum() ** 2 / (parts**2 / [2, welch]).sum()
    assert effect.df == pytest.approx(expected, rel=1e-12)
    assert "variation between these strata" in effect.notes[0]


def test_pairs_of_clusters_by_hand(pairs: pd.DataFrame) -> None:
    """The first office three times: Imai, King & Nall 2009 with masses 4, 2, 2, 2."""
    frame = pairs.assign(office=range(8)).iloc[[0, 0, 0, *range(1, 8)]]
    effect = estimate_itt(frame, "hours", BOTH)
    totals = np.array([4 * 1, 2 * 3, 2 * 6, 2 * 2])
    assert effect.estimate == pytest.approx(totals.sum() / 10, rel=1e-13)
    expected = 4 * totals.var(ddof=1) / 10**2
    assert effect.std_error == pytest.approx(expected**0.5, rel=1e-13)
    assert effect.notes[0].startswith("matched pairs of clusters")
    assert effect.n_clusters == 8


def test_sampling_weights_are_the_masses_of_pairs(pairs: pd.DataFrame) -> None:
    frame = pairs.assign(weight=[1.0, 3, 2, 2, 1, 1, 2, 2])
    effect = estimate_itt(frame, "hours", STRATA, weights="weight")
    mass = np.array([4, 4, 2, 4])
    assert effect.estimate == pytest.approx(mass @ [1, 3, 6, 2] / 14, rel=1e-13)
    assert np.isfinite(effect.std_error)


def test_two_small_strata_of_unequal_size() -> None:
    """One holds over half of the persons: then the spread of the totals 2 · 4 and 3 · 6."""
    frame = pd.DataFrame(
        {"arm": list("ctcct"), "site": [0, 0, 1, 1, 1], "hours": [0.0, 4, 1, 3, 8]}
    )
    effect = estimate_itt(frame, "hours", STRATA)
    assert effect.estimate == pytest.approx((2 * 4 + 3 * 6) / 5)
    assert effect.std_error == pytest.approx((2 * (5**2 + 5**2) / 5**2) ** 0.5, rel=1e-13)
    assert effect.df == 1


def test_pairs_that_all_differ_alike_have_no_error(pairs: pd.DataFrame) -> None:
    alike = pairs.assign(hours=[0.0, 2, 5, 7, 1, 3, 9, 11])
    effect = estimate_itt(alike, "hours", STRATA)
    assert np.isnan([effect.std_error, effect.p_value]).all()
    assert effect.notes[-1] == "not estimable: the strata's differences are all the same"


@pytest.mark.parametrize(
    "options, message",
    [
        ({"vcov": "HC1"}, 'no "HC1" error'),
        ({"population": "superpopulation"}, "superpopulation"),
    ],
)
def test_what_small_strata_do_not_have(
    mixed: pd.DataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        estimate_itt(mixed, "hours", STRATA, **options)


# --- sampling weights ---------------------------------------------------------------------


@pytest.fixture
def weighted() -> pd.DataFrame:
    frame = pd.DataFrame({"arm": list("ctctctctctct"), "site": [0] * 4 + [1] * 8})
    return frame.assign(
        hours=[0.0, 4, 2, 6, 1, 9, 3, 5, 8, 8, 2, 12],
        weight=[1.0, 2, 3, 2, 1, 1, 1, 3, 2, 2, 1, 1],
        age=[30.0, 41, 52, 33, 29, 60, 44, 38, 51, 47, 35, 58],
    )


def test_weighted_strata_by_hand(weighted: pd.DataFrame) -> None:
    effect = estimate_itt(weighted, "hours", STRATA, weights="weight")
    first = (2 * 4 + 2 * 6) / 4 - (0 + 3 * 2) / 4
    second = (9 + 3 * 5 + 2 * 8 + 12) / 7 - (1 + 3 + 2 * 8 + 2) / 5
    assert effect.estimate == pytest.approx((8 * first + 12 * second) / 20, rel=1e-12)
    assert effect.mean_treatment - effect.mean_control == pytest.approx(effect.estimate, rel=1e-12)
    assert effect.notes == ("persons weigh by 'weight'",)
    ancova = estimate_itt(weighted, "hours", STRATA, weights="weight", adjustment="ancova")
    assert np.isfinite(ancova.std_error)


def test_equal_weights_change_nothing(weighted: pd.DataFrame) -> None:
    same = weighted.assign(weight=2.5)
    for options in ({}, {"covariates": ["age"], "adjustment": "lin"}):
        one = estimate_itt(same, "hours", STRATA, **options)
        two = estimate_itt(same, "hours", STRATA, weights="weight", **options)
        assert two.estimate == pytest.approx(one.estimate, rel=1e-12)
        assert two.std_error == pytest.approx(one.std_error, rel=1e-11)
        assert two.df == one.df


def test_persons_of_weight_zero_are_left_out(weighted: pd.DataFrame) -> None:
    zero = weighted.assign(weight=weighted["weight"].where(weighted.index != 3, 0.0))
    effect = estimate_itt(zero, "hours", STRATA, weights="weight")
    rest = estimate_itt(weighted.drop(index=3), "hours", STRATA, weights="weight")
    assert (effect.estimate, effect.std_error) == (rest.estimate, rest.std_error)
    assert (effect.n_treatment, effect.n_control) == (5, 6)
    assert effect.notes[0] == "weight 'weight' is zero and left out: 1 persons"


def test_weights_may_be_missing_where_the_outcome_is(weighted: pd.DataFrame) -> None:
    weighted.loc[3, ["hours", "weight"]] = np.nan
    assert estimate_itt(weighted, "hours", PERSONS, weights="weight").n_treatment == 5


@pytest.mark.parametrize(
    "value, message",
    [(np.nan, "missing for 1"), (-1.0, "below zero for 1"), (np.inf, "infinite for 1")],
)
def test_weights_that_cannot_be_used(weighted: pd.DataFrame, value: float, message: str) -> None:
    weighted.loc[3, "weight"] = value
    with pytest.raises(DataError, match=message):
        estimate_itt(weighted, "hours", PERSONS, weights="weight")


def test_other_refusals_of_weights(weighted: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="not a column of numbers"):
        estimate_itt(weighted.assign(weight="1"), "hours", PERSONS, weights="weight")
    with pytest.raises(DataError, match="above zero for nobody"):
        estimate_itt(weighted.assign(weight=0.0), "hours", PERSONS, weights="weight")
    with pytest.raises(DesignError, match="classical"):
        estimate_itt(weighted, "hours", PERSONS, weights="weight", vcov="classical")
    with pytest.raises(ValueError, match="can be no weight"):
        estimate_itt(weighted, "hours", PERSONS, weights="hours")


# --- superpopulation ----------------------------------------------------------------------


def test_superpopulation_of_strata_by_hand(weighted: pd.DataFrame) -> None:
    """Adds the variance of the strata's effects between persons, over their number."""
    sample = estimate_itt(weighted, "hours", STRATA)
    wider = estimate_itt(weighted, "hours", STRATA, population="superpopulation")
    effects = np.repeat([4.0, 34 / 4 - 14 / 4], [4, 8])
    assert wider.estimate == sample.estimate
    expected = sample.std_error**2 + effects.var() / 12
    assert wider.std_error**2 == pytest.approx(expected, rel=1e-12)


def test_superpopulation_of_lin_by_hand(weighted: pd.DataFrame) -> None:
    options: dict[str, Any] = {"covariates": ["age"], "adjustment": "lin"}
    sample = estimate_itt(weighted, "hours", PERSONS, **options)
    wider = estimate_itt(weighted, "hours", PERSONS, population="superpopulation", **options)
    slopes = [np.polyfit(part["age"], part["hours"], 1)[0] for _, part in weighted.groupby("arm")]
    spread = (slopes[1] - slopes[0]) ** 2 * weighted["age"].var(ddof=0) / 12
    assert wider.std_error**2 == pytest.approx(sample.std_error**2 + spread, rel=1e-10)


def test_superpopulation_changes_no_plain_difference(weighted: pd.DataFrame) -> None:
    wider = estimate_itt(weighted, "hours", PERSONS, population="superpopulation")
    assert wider == estimate_itt(weighted, "hours", PERSONS)


# --- few clusters -------------------------------------------------------------------------


@pytest.fixture
def offices() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    office = np.repeat(range(8), [3, 4, 5, 6, 3, 4, 5, 6])
    frame = pd.DataFrame({"office": office, "arm": np.where(office % 2, "t", "c")})
    level = rng.normal(0, 1, 8)[office]
    return frame.assign(site=office // 4, hours=level + 4 * (office % 2) + rng.normal(0, 2, 36))


@pytest.mark.parametrize("inference", ["lottery", "wild"])
def test_inference_by_other_ways(offices: pd.DataFrame, inference: str) -> None:
    model = estimate_itt(offices, "hours", OFFICES)
    other = estimate_itt(offices, "hours", OFFICES, inference=inference, seed=3)
    assert (other.estimate, other.std_error) == (model.estimate, model.std_error)
    assert other.inference == inference
    low, high = other.confidence_interval()
    assert low < other.estimate < high
    assert (other.p_value < 0.05) == (low > 0 or high < 0)
    assert other == estimate_itt(offices, "hours", OFFICES, inference=inference, seed=3)
    assert any("fewer than 10 clusters" in note for note in model.notes)
    assert not any("fewer than 10 clusters" in note for note in other.notes)
    assert any(note.startswith("p-value and interval from") for note in other.notes)


def test_the_lottery_of_clusters_is_counted_out(offices: pd.DataFrame) -> None:
    """8 offices, 4 drawn: 70 lotteries, so p is a whole number of seventieths."""
    effect = estimate_itt(offices, "hours", OFFICES, inference="lottery", seed=3)
    assert effect.p_value * 70 == pytest.approx(round(effect.p_value * 70), abs=1e-9)
    assert "all possible lotteries" in effect.notes[-1]


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"inference": "wild"}, ValueError, "name a seed"),
        ({"inference": "bootstrap", "seed": 1}, ValueError, "is unknown"),
        ({"inference": "lottery", "seed": 1, "draws": 0}, ValueError, "at least 1"),
        ({"inference": "lottery", "seed": 1, "weights": "office"}, DesignError, "no sampling"),
        ({"df": "satterthwaite"}, ValueError, "is unknown"),
        ({"population": "all"}, ValueError, "is unknown"),
    ],
)
def test_options_that_make_no_sense(
    offices: pd.DataFrame, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        estimate_itt(offices, "hours", OFFICES, **options)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"inference": "wild", "seed": 1}, "needs clusters"),
        ({"df": "imbens-kolesar"}, "needs clusters"),
        ({"df": "bell-mccaffrey", "vcov": "HC1"}, "belongs to"),
    ],
)
def test_options_that_need_clusters(
    offices: pd.DataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        estimate_itt(offices, "hours", PERSONS, **options)


def test_the_wild_bootstrap_refuses_pairs_of_clusters(offices: pd.DataFrame) -> None:
    paired = offices.assign(site=offices["office"] // 2)
    assert np.isfinite(estimate_itt(paired, "hours", BOTH).std_error)
    with pytest.raises(DesignError, match='inference="lottery"'):
        estimate_itt(paired, "hours", BOTH, inference="wild", seed=1)
