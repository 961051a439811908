"""The evaluation of the committed trial finds what was planted in it."""

import json

import numpy as np
import pytest

from jobeval.plan.analyses import EffectAnalysis

PRIMARY = ["any_hours_itt", "mean_hours_itt"]


@pytest.fixture(scope="module")
def truth(committed_folder):
    return json.loads((committed_folder / "truth.json").read_text("utf-8"))


def planted(truth, effect, look):
    group = effect.subgroup or "all"
    return truth["endpoints"][effect.endpoint][look][group]


@pytest.mark.parametrize("look", ["midterm", "final"])
@pytest.mark.parametrize("analysis", PRIMARY)
@pytest.mark.parametrize(
    "group", ["", "benefit_type=kontanthjaelp", "benefit_type=ressourceforloeb"]
)
def test_primary_intervals_hold_the_planted_effects(analysis, look, group, truth, request):
    evaluation = request.getfixturevalue(f"{look}_evaluation")
    effect = next(
        e for e in evaluation.effects.where(analysis=analysis, subgroup=group)
        if e.estimator != "empirical Bayes"
    )  # fmt: skip
    low, high = effect.confidence_interval()
    assert low <= planted(truth, effect, look)["effect"] <= high


def test_the_planted_gain_is_found_and_nothing_is_found_where_nothing_was_planted(final_evaluation):
    for analysis in PRIMARY:
        effects = final_evaluation.effects.where(analysis=analysis)
        assert effects.one(subgroup="benefit_type=kontanthjaelp").p_value < 0.05
        assert effects.one(subgroup="benefit_type=ressourceforloeb").p_value > 0.05
        assert effects.one(subgroup="", part="").p_value_adjusted < 0.05


def test_few_of_all_intervals_miss_their_planted_effect(final_evaluation, truth):
    """Of some sixty correlated 95 % intervals, more than one in six would be strange."""
    hits = []
    plan = {a.name: a for a in final_evaluation.plan.analyses}
    for effect in final_evaluation.effects:
        if not isinstance(plan[effect.analysis], EffectAnalysis) or np.isnan(effect.std_error):
            continue
        if effect.estimator != "empirical Bayes":
            low, high = effect.confidence_interval()
            hits.append(low <= planted(truth, effect, "final")["effect"] <= high)
    assert len(hits) >= 50
    assert np.mean(hits) >= 5 / 6


def test_curves_end_at_the_planted_shares(final_evaluation, truth):
    """1 − survival and the incidences after 101 confirmed weeks, by arm, within 3.3 errors."""
    exits = truth["exits"]["first_destination"]
    curves = final_evaluation.curves.where(measure="cumulative_incidence", subgroup="")
    for curve in curves.where(endpoint="first_destination"):
        if curve.arm in exits:
            share = exits[curve.arm]["all"].get(curve.cause, 0.0)
            assert abs(curve.values[-1] - share) < 3.3 * max(curve.std_error[-1], 0.004)


def test_delivery_numbers_are_the_planted_ones(final_evaluation, truth):
    values = final_evaluation.checks["take_up"].values
    assert values["share_control"] == pytest.approx(truth["take_up"]["control"], abs=0.01)
    assert values["share_treatment"] == pytest.approx(truth["take_up"]["jobfirst"], abs=0.03)
