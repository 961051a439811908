"""What the front door does with missing, constant, unequal and impossible inputs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.errors import DataError, DesignError
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term

PERSONS = Lottery(arm="arm", treatment="jobfirst", control="ordinary")
STRATA = Lottery(arm="arm", treatment="jobfirst", control="ordinary", strata="site")
CLUSTERS = Lottery(arm="arm", treatment="jobfirst", control="ordinary", clusters="office")


@pytest.fixture
def trial() -> pd.DataFrame:
    """Two sites, 10 persons with 6 treated and 30 with 6 treated; means worked by hand below."""
    arm = ["jobfirst"] * 6 + ["ordinary"] * 4 + ["jobfirst"] * 6 + ["ordinary"] * 24
    site = ["A"] * 10 + ["B"] * 30
    hours = [10.0, 12] * 3 + [4.0, 6] * 2 + [20.0, 24] * 3 + [20.0, 22] * 12
    frame = pd.DataFrame({"arm": arm, "site": site, "hours": hours})
    return frame.assign(
        age=30 + np.arange(40) * 7 % 23,
        office=np.where(frame["arm"] == "jobfirst", 0, 10) + np.arange(40) % 4,
        benefit=np.where(np.arange(40) % 3 == 0, "cash", "resource"),
    )


def test_unequal_allocation_by_hand(trial: pd.DataFrame) -> None:
    """A: 11 − 5 = 6 for 10 persons; B: 22 − 21 = 1 for 30. Together (60 + 30) / 40."""
    effect = estimate_itt(trial, "hours", STRATA)
    assert effect.estimate == pytest.approx(2.25, rel=1e-13)
    assert effect.mean_treatment == pytest.approx((11 * 10 + 22 * 30) / 40, rel=1e-13)
    assert effect.mean_control == pytest.approx((5 * 10 + 21 * 30) / 40, rel=1e-13)
    variance = (1 / 16) * (1.2 / 6 + (4 / 3) / 4) + (9 / 16) * (4.8 / 6 + (24 / 23) / 24)
    assert effect.std_error == pytest.approx(variance**0.5, rel=1e-13)
    assert effect.df == 36
    assert effect.notes == ()


def test_strata_matter_under_unequal_allocation(trial: pd.DataFrame) -> None:
    """The raw difference is negative although both sites gain (Simpson)."""
    assert estimate_itt(trial, "hours", PERSONS).estimate < 0


def test_ancova_keeps_the_estimand_under_unequal_allocation(trial: pd.DataFrame) -> None:
    effect = estimate_itt(trial, "hours", STRATA, adjustment="ancova")
    assert effect.estimate == pytest.approx(2.25, rel=1e-12)
    assert any("inverse" in note for note in effect.notes)
    assert effect.mean_treatment - effect.mean_control == pytest.approx(2.25, rel=1e-12)


def test_equal_allocation_is_not_weighted(trial: pd.DataFrame) -> None:
    even = trial.assign(arm=["jobfirst", "ordinary"] * 20)
    assert estimate_itt(even, "hours", STRATA, adjustment="ancova").notes == ()


def test_missing_outcomes_are_counted_by_arm(trial: pd.DataFrame) -> None:
    trial.loc[[0, 12, 13], "hours"] = np.nan
    trial.loc[39, "hours"] = np.nan
    effect = estimate_itt(trial, "hours", PERSONS)
    assert (effect.n_treatment, effect.n_control) == (9, 27)
    assert effect.notes == (
        "outcome missing and left out: 3 of 12 in the treatment arm, 1 of 28 in the control arm",
    )
    assert effect.estimate == estimate_itt(trial.dropna(), "hours", PERSONS).estimate


@pytest.mark.parametrize("value", [0.0, 0.1])
@pytest.mark.parametrize("lottery", [PERSONS, STRATA, CLUSTERS])
def test_a_constant_outcome_is_not_estimable(
    trial: pd.DataFrame, value: float, lottery: Lottery
) -> None:
    effect = estimate_itt(trial.assign(hours=value), "hours", lottery)
    assert effect.estimate == pytest.approx(0, abs=1e-12)
    assert np.isnan([effect.std_error, effect.p_value, *effect.confidence_interval()]).all()
    assert any("the same for everyone" in note for note in effect.notes)


def test_no_variation_within_arms_is_not_estimable(trial: pd.DataFrame) -> None:
    given = trial.assign(hours=0.1 * (trial["arm"] == "jobfirst"))
    for options in ({}, {"covariates": ["age"], "adjustment": "ancova"}):
        effect = estimate_itt(given, "hours", PERSONS, **options)
        assert effect.estimate == pytest.approx(0.1, rel=1e-12)
        assert np.isnan(effect.std_error)
        assert "not estimable" in effect.notes[-1]


def test_constant_and_collinear_covariates_are_named(trial: pd.DataFrame) -> None:
    given = trial.assign(one=1.0, months=trial["age"] * 12.0)
    plain = estimate_itt(trial, "hours", PERSONS, covariates=["age"], adjustment="lin")
    effect = estimate_itt(
        given, "hours", PERSONS, covariates=["one", "age", "months"], adjustment="lin"
    )
    assert effect.estimate == pytest.approx(plain.estimate, rel=1e-12)
    assert effect.df == plain.df
    assert [("'one'" in note, "'months'" in note) for note in effect.notes] == [
        (True, False),
        (False, True),
    ]


def test_a_stratum_among_the_covariates_is_dropped(trial: pd.DataFrame) -> None:
    effect = estimate_itt(trial, "hours", STRATA, covariates=["site"], adjustment="lin")
    assert effect.estimate == pytest.approx(2.25, rel=1e-12)
    assert "'site[B]'" in effect.notes[0]


@pytest.mark.parametrize("adjustment", ["ancova", "lin"])
def test_an_aliased_treatment_is_refused(trial: pd.DataFrame, adjustment: str) -> None:
    given = trial.assign(offered=(trial["arm"] == "jobfirst").astype(int))
    with pytest.raises(DesignError, match="not identified"):
        estimate_itt(given, "hours", PERSONS, covariates=["offered"], adjustment=adjustment)


def test_a_rank_deficient_interaction_is_refused(trial: pd.DataFrame) -> None:
    """A category that only the control arm has: no slope of its own under treatment."""
    given = trial.assign(rare=(np.arange(40) > 37).astype(int))
    estimate_itt(given, "hours", PERSONS, covariates=["rare"], adjustment="ancova")
    with pytest.raises(DesignError, match="an arm alone"):
        estimate_itt(given, "hours", PERSONS, covariates=["rare"], adjustment="lin")


def test_a_person_with_leverage_one_has_no_error(trial: pd.DataFrame) -> None:
    given = trial.assign(rare=(np.arange(40) == 39).astype(int))
    effect = estimate_itt(given, "hours", PERSONS, covariates=["rare"], adjustment="ancova")
    assert np.isnan(effect.std_error)
    assert "a person alone" in effect.notes[-1]


def test_too_many_covariates_are_refused(trial: pd.DataFrame) -> None:
    id_as_category = Term(column="id", type="category")
    with pytest.raises(DesignError, match="fewer covariates"):
        estimate_itt(
            trial.assign(id=range(40)),
            "hours",
            PERSONS,
            covariates=[id_as_category],
            adjustment="ancova",
        )


def test_one_stratum_with_one_person_in_an_arm_has_no_error(trial: pd.DataFrame) -> None:
    """Nothing varies in such a cell, and there is no other stratum to compare with."""
    small = trial.drop(index=range(7, 10))
    effect = estimate_itt(small, "hours", STRATA)
    assert effect.estimate == pytest.approx((7 * (11 - 4) + 30 * 1) / 37, rel=1e-12)
    assert np.isnan([effect.std_error, effect.p_value]).all()
    assert effect.notes == ("not estimable: one stratum alone has one person or cluster in an arm",)
    with pytest.raises(DesignError, match=r"1 of 2 strata .* Mend"):
        estimate_itt(small, "hours", STRATA, covariates=["age"], adjustment="lin")
    assert np.isfinite(estimate_itt(small, "hours", STRATA, adjustment="ancova").std_error)


def test_a_stratum_that_lost_an_arm_is_refused(trial: pd.DataFrame) -> None:
    trial.loc[6:9, "hours"] = np.nan
    with pytest.raises(DesignError, match=r"1 of 2 strata do not hold both arms"):
        estimate_itt(trial, "hours", STRATA)
    with pytest.raises(DesignError, match="both arms"):
        estimate_itt(trial.assign(hours=np.nan), "hours", STRATA)


def test_one_stratum_with_one_cluster_in_an_arm_has_no_error(trial: pd.DataFrame) -> None:
    """CR2 would count such a cluster as no variance at all."""
    both = Lottery(
        arm="arm", treatment="jobfirst", control="ordinary", strata="site", clusters="office"
    )
    office = trial["site"] + trial["arm"] + (np.arange(40) % 2).astype(str)
    trial = trial.assign(office=office)
    assert estimate_itt(trial, "hours", both).estimate == pytest.approx(2.25, rel=1e-12)
    lonely = trial.assign(office=office.where(office != "Ajobfirst1", "Ajobfirst0"))
    effect = estimate_itt(lonely, "hours", both)
    assert effect.estimate == pytest.approx(2.25, rel=1e-12)
    assert np.isnan(effect.std_error)
    with pytest.raises(DesignError, match="fewer than two clusters"):
        estimate_itt(lonely, "hours", both, covariates=["age"], adjustment="lin")
    assert estimate_itt(lonely, "hours", both, adjustment="ancova").n_clusters == 7


def test_few_clusters_are_said(trial: pd.DataFrame) -> None:
    effect = estimate_itt(trial, "hours", CLUSTERS)
    assert effect.n_clusters == 8
    assert any("10 clusters" in note for note in effect.notes)


def test_probability_that_varies_within_a_stratum(trial: pd.DataFrame) -> None:
    """Without strata, the true allocation of the sites as a column: Hájek's ratio of sums."""
    given = trial.assign(p=np.where(trial["site"] == "A", 0.6, 0.2))
    lottery = Lottery(arm="arm", treatment="jobfirst", control="ordinary", probability="p")
    effect = estimate_itt(given, "hours", lottery)
    treated, control = (66 / 0.6 + 132 / 0.2) / 40, (20 / 0.4 + 504 / 0.8) / 40
    assert effect.estimate == pytest.approx(treated - control, rel=1e-12)
    assert effect.mean_control == pytest.approx(control, rel=1e-12)
    assert any("inverse" in note for note in effect.notes)
    within = Lottery(
        arm="arm", treatment="jobfirst", control="ordinary", probability="p", strata="site"
    )
    assert estimate_itt(given, "hours", within).notes == ()
    with pytest.raises(DesignError, match="classical"):
        estimate_itt(given, "hours", lottery, vcov="classical")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"adjustment": "anova"}, 'did you mean "ancova"'),
        ({"covariates": ["age"]}, 'adjustment="ancova"'),
        ({"covariates": "age", "adjustment": "lin"}, "sequence"),
        ({"adjustment": "lin"}, "needs covariates"),
        ({"covariates": ["hours"], "adjustment": "lin"}, "outcome or the arm"),
        ({"covariates": ["arm"], "adjustment": "ancova"}, "outcome or the arm"),
        ({"vcov": "HC4"}, "did you mean"),
        ({"vcov": "CR2"}, "needs clusters"),
        ({"conf_level": 95}, "between 0 and 1"),
    ],
)
def test_options_that_make_no_sense(
    trial: pd.DataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        estimate_itt(trial, "hours", PERSONS, **options)


def test_person_errors_do_not_go_with_clusters(trial: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="drew clusters"):
        estimate_itt(trial, "hours", CLUSTERS, vcov="HC2")


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda f: f.assign(hours=f["hours"].astype(str)), "not a column of numbers"),
        (lambda f: f.assign(hours=f["hours"].replace(24.0, np.inf)), "infinite for 3 persons"),
        (lambda f: f.drop(columns="hours"), "not in the data frame"),
        (lambda f: f.assign(age=f["age"].where(f["age"] > 31)), "missing for"),
    ],
)
def test_columns_that_cannot_be_used(
    trial: pd.DataFrame, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        estimate_itt(spoil(trial), "hours", PERSONS, covariates=["age"], adjustment="lin")


def test_a_covariate_may_be_missing_where_the_outcome_is(trial: pd.DataFrame) -> None:
    trial = trial.astype({"age": float})
    trial.loc[0, ["hours", "age"]] = np.nan
    effect = estimate_itt(trial, "hours", PERSONS, covariates=["age"], adjustment="lin")
    assert effect.n_treatment == 11


def test_other_arms_are_left_out_and_polars_is_welcome(trial: pd.DataFrame) -> None:
    third = trial.assign(arm="other", hours=1e6)
    both = pd.concat([third, trial, third], ignore_index=True)
    options: dict[str, Any] = {"covariates": ["age", "benefit"], "adjustment": "lin"}
    alone = estimate_itt(trial, "hours", STRATA, **options)
    assert estimate_itt(both, "hours", STRATA, **options) == alone
    polars = pl.DataFrame(trial.to_dict("list"))
    assert estimate_itt(polars, "hours", STRATA, **options) == alone


def test_the_frame_is_not_changed(trial: pd.DataFrame) -> None:
    before = trial.copy()
    estimate_itt(trial, "hours", STRATA, covariates=["age"], adjustment="lin")
    pd.testing.assert_frame_equal(trial, before)
