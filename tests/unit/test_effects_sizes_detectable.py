"""Hedges' g, and what a trial could have found."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri, stdtrit

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.shares.risk import estimate_risk_difference
from jobeval.effects.summary.detectable import (
    detectable_effect,
    detectable_effect_clusters,
    detectable_multiplier,
    tabulate_detectable_effects,
)
from jobeval.effects.summary.sizes import estimate_standardised_effect, small_sample_factor
from jobeval.errors import DesignError
from jobeval.plan.lottery import Lottery
from jobeval.results import EffectTable

PERSONS = Lottery(arm="arm", treatment="t", control="c")
STRATA = Lottery(arm="arm", treatment="t", control="c", strata="site")


@pytest.fixture
def trial() -> pd.DataFrame:
    rng = np.random.default_rng(20170902)
    arm = np.where(rng.permutation(np.arange(90) < 40), "t", "c")
    hours = rng.gamma(2, 6, 90) + 4 * (arm == "t")
    return pd.DataFrame({
        "arm": arm, "site": np.where(np.arange(90) < 30, "A", "B"), "hours": hours,
        "any_hours": (hours > 9).astype(int), "office": arm + pd.Series(range(90)).astype(str),
    })  # fmt: skip


# --- Hedges' g --------------------------------------------------------------------------------


def test_the_small_sample_factor_by_hand() -> None:
    """In closed form: J(2) = 1/√π, J(4) = √(2/π); near 1 − 3/(4m − 1) for many."""
    assert small_sample_factor(2) == pytest.approx(1 / math.sqrt(math.pi), rel=1e-12)
    assert small_sample_factor(4) == pytest.approx(math.sqrt(2 / math.pi), rel=1e-12)
    assert small_sample_factor(50) == pytest.approx(1 - 3 / 199, abs=2e-5)


def test_the_interval_and_the_p_value_agree(trial: pd.DataFrame) -> None:
    for shift in (0.0, -2.0, -4.0):
        moved = trial.assign(hours=trial["hours"] + shift * (trial["arm"] == "t"))
        p_value = estimate_standardised_effect(moved, "hours", PERSONS).p_value
        for level, touches in ((1 - p_value - 1e-4, False), (1 - p_value + 1e-5, True)):
            found = estimate_standardised_effect(moved, "hours", PERSONS, conf_level=level)
            low, high = found.confidence_interval()
            assert (low <= 0 <= high) == touches


def test_units_do_not_matter(trial: pd.DataFrame) -> None:
    for lottery in (PERSONS, STRATA):
        one = estimate_standardised_effect(trial, "hours", lottery)
        minutes = trial.assign(hours=60 * trial["hours"] + 5)
        two = estimate_standardised_effect(minutes, "hours", lottery)
        assert two.estimate == pytest.approx(one.estimate, rel=1e-12)
        assert two.confidence_interval() == pytest.approx(one.confidence_interval(), rel=1e-9)


def test_strata_that_do_not_matter_change_little() -> None:
    """Two strata with the same moments in the same shares: g of both at once."""
    hours = [1.0, 5, 9, 3, 7, 2, 8, 6]
    frame = pd.DataFrame({"arm": list("tctctctc") * 40, "hours": hours * 40})
    frame = frame.assign(site=np.repeat(["A", "B"], 160))
    one = estimate_standardised_effect(frame, "hours", PERSONS)
    two = estimate_standardised_effect(frame, "hours", STRATA)
    assert two.estimate == pytest.approx(one.estimate, rel=0.005)
    assert two.std_error == pytest.approx(one.std_error, rel=0.005)
    assert (two.estimator, two.df) == ("blocked Hedges g", 316)


def test_no_variation_is_not_estimable(trial: pd.DataFrame) -> None:
    flat = trial.assign(hours=1.0 * (trial["arm"] == "t"))
    for lottery in (PERSONS, STRATA):
        found = estimate_standardised_effect(flat, "hours", lottery)
        assert math.isnan(found.estimate) and math.isnan(found.p_value)
        assert found.notes[-1].startswith("not estimable")


def test_clusters_are_refused_with_a_mend(trial: pd.DataFrame) -> None:
    clusters = Lottery(arm="arm", treatment="t", control="c", clusters="office")
    with pytest.raises(DesignError, match="estimate_index"):
        estimate_standardised_effect(trial, "hours", clusters)


# --- detectable effects -----------------------------------------------------------------------


def test_the_multiplier_is_blooms() -> None:
    assert detectable_multiplier() == pytest.approx(2.8015879, rel=1e-6)
    assert detectable_multiplier(power=0.9, alpha=0.01) == pytest.approx(
        float(ndtri(0.995) + ndtri(0.9)), rel=1e-14
    )


def test_a_cluster_trial_of_dong_and_maynard() -> None:
    assert detectable_effect_clusters(20, 20, 20, 0.2) == pytest.approx(0.4454825, abs=5.01e-8)


def test_clusters_of_no_likeness_are_persons() -> None:
    clusters = detectable_effect_clusters(1000, 1000, 3, 0.0, sd=7.0)
    assert clusters == pytest.approx(detectable_effect(3000, 3000, sd=7.0), rel=1e-3)
    assert detectable_effect_clusters(9, 7, 30, 0.1, explained_between=0.5) < (
        detectable_effect_clusters(9, 7, 30, 0.1)
    )


def test_the_design_is_what_the_estimate_says_afterwards(trial: pd.DataFrame) -> None:
    """With the deviation that was found, up to Welch's own degrees of freedom."""
    effect = estimate_itt(trial, "hours", PERSONS, vcov="classical")
    within = trial.groupby("arm")["hours"].var() * (trial["arm"].value_counts() - 1)
    sd = math.sqrt(within.sum() / 88)
    n = trial["arm"].value_counts()
    before = detectable_effect(n["t"], n["c"], sd)
    assert before == pytest.approx(effect.detectable_effect(), rel=1e-9)


@pytest.mark.parametrize(
    "arguments", [{"icc": 1.0}, {"icc": -0.1}, {"explained_within": 1.2}, {"cluster_size": 0}]
)
def test_wrong_designs(arguments: dict[str, float]) -> None:
    given = {"cluster_size": 20, "icc": 0.1, **arguments}
    with pytest.raises(ValueError, match=next(iter(arguments))):
        detectable_effect_clusters(20, 20, **given)
    with pytest.raises(ValueError, match="degrees of freedom"):
        detectable_effect_clusters(1, 1, 20, 0.1)


def test_the_table_beside_a_null(trial: pd.DataFrame) -> None:
    hours = estimate_itt(trial, "hours", STRATA)
    ratio = estimate_risk_difference(trial, "any_hours", PERSONS, measure="ratio")
    table = tabulate_detectable_effects(EffectTable((hours, ratio)))
    first, second = (table.iloc[row] for row in (0, 1))
    multiplier = stdtrit(hours.df, 0.975) + stdtrit(hours.df, 0.8)
    assert first["detectable"] == pytest.approx(multiplier * hours.std_error, rel=1e-12)
    assert first["detectable_percent"] == pytest.approx(
        100 * first["detectable"] / hours.mean_control
    )
    ends = [first["ruled_out_below"], first["ruled_out_above"]]
    assert ends == list(hours.confidence_interval())
    ends = [second["ruled_out_below"], second["ruled_out_above"]]
    assert ends == pytest.approx(ratio.ratio_interval())
    assert second["ruled_out_above_percent"] == pytest.approx(100 * (ends[1] - 1))
    assert second["detectable"] > 1


def test_an_empty_table_keeps_its_columns() -> None:
    assert list(tabulate_detectable_effects([])) == list(
        tabulate_detectable_effects(EffectTable(()))
    )
    assert tabulate_detectable_effects([]).shape == (0, 16)
