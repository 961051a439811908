"""What a plan declares, and what is refused or ``nan`` because it does not hold together."""

import json

import numpy as np
import pytest

import jobeval as je
from jobeval.endpoints.blocks import collect_weekly_state
from jobeval.panel.build import build_panel
from jobeval.plan.model import TrialPlan

DRAWN = je.simulate_jobfirst(n_persons=600, n_sites=3, seed=4)


def plan_with(*analyses, **changed):
    """The plan of the drawn trial with these analyses only."""
    values = json.loads(DRAWN.plan.model_dump_json())
    values["analyses"] = list(analyses)
    values.update(changed)
    return TrialPlan.model_validate_json(json.dumps(values))


def evaluate(plan, persons=DRAWN.persons):
    trial = je.Trial(
        plan=plan,
        persons=persons,
        benefits=DRAWN.benefits,
        hours=DRAWN.hours,
        activities=DRAWN.activities,
    )
    return je.evaluate(trial, look="final")


def itt(**more):
    return {"name": "itt", "endpoint": "any_hours", "estimator": "blocked", **more}


def test_an_analysis_may_pool_strata():
    effect = evaluate(plan_with(itt(strata=["site"]))).effects[0]
    finer = evaluate(plan_with(itt())).effects[0]
    assert (effect.df, finer.df) == (600 - 2 * 3, 600 - 2 * 6)
    assert effect.estimate == pytest.approx(finer.estimate, abs=0.02)


def test_leaving_all_strata_weighs_by_the_chance_of_treatment():
    effect = evaluate(plan_with(itt(estimator="difference"))).effects[0]
    assert any("inverse" in note for note in effect.notes)


def test_survival_refuses_strata_within_which_the_chance_differs():
    cox = {
        "name": "cox", "endpoint": "first_destination", "estimator": "cox",
        "cause": "employment", "strata": ["benefit_type"],
    }  # fmt: skip
    (effect,) = evaluate(plan_with(cox)).effects.where(analysis="cox")
    assert np.isnan(effect.estimate)
    assert effect.notes[0].startswith("not estimable: The chance of treatment differs")


def test_leaving_strata_without_a_declared_chance_is_an_error_of_the_plan():
    lottery = {"unit": "person", "strata": ["site", "benefit_type"]}
    with pytest.raises(ValueError, match=r"lottery\.probability"):
        plan_with(itt(strata=["site"]), lottery=lottery)


def test_unknown_covariates_stop_an_analysis_unless_declared():
    persons = DRAWN.persons.copy()
    persons["skill"] = np.arange(600.0)
    persons.loc[:19, "skill"] = np.nan
    refusing = itt(estimator="lin", covariates=[{"column": "skill"}])
    with pytest.raises(je.DataError, match="skill"):
        evaluate(plan_with(refusing, balance=[{"column": "skill"}]), persons)
    declared = itt(estimator="lin", covariates=[{"column": "skill", "unknown": "indicator"}])
    effect = evaluate(plan_with(declared, balance=[{"column": "skill"}]), persons).effects[0]
    assert effect.n_treatment + effect.n_control == 600
    assert effect.std_error > 0


def test_an_outcome_may_be_delivered_beside_the_registers():
    persons = DRAWN.persons.copy()
    persons["score"] = np.where(persons["arm"] == "jobfirst", 3.0, 1.0) + np.arange(600) % 2
    persons.loc[0, "score"] = np.nan
    endpoint = {
        "kind": "delivered_outcome", "column": "score", "unit": "weeks",
        "label": {"da": "Score", "en": "Score"},
    }  # fmt: skip
    endpoints = {"score": endpoint}
    plan = plan_with(itt(endpoint="score"), endpoints=endpoints, balance=[{"column": "barriers"}])
    evaluation = evaluate(plan, persons)
    effect = evaluation.effects[0]
    assert effect.n_treatment + effect.n_control == 599
    assert effect.estimate == pytest.approx(2.0, abs=0.15)
    table = evaluation.checks["attrition"].table
    assert table["not_observed"].sum() == 1


STATES = {"name": "states", "estimator": "state_shares"}
CURVE = {"name": "curve", "endpoint": "exit_to_employment", "estimator": "kaplan_meier"}


def test_what_carries_no_weights_refuses_odds_that_differ():
    lottery = {"unit": "person", "probability": "probability"}
    with pytest.raises(je.DesignError, match=r"analyses\.curve: .*chance of treatment"):
        evaluate(plan_with(CURVE, lottery=lottery))


LOTTERIES = {
    "clusters": {"unit": "cluster", "clusters": "team"},
    "odds": {"unit": "person", "probability": "probability"},
    "even odds": {"unit": "person", "strata": ["site", "benefit_type"]},
}


@pytest.mark.parametrize("lottery", LOTTERIES)
def test_shares_of_states_are_the_effects_of_their_weeks(lottery):
    persons = DRAWN.persons.copy()
    arms = persons["arm"].map({"control": "c", "jobfirst": "t"})
    persons["team"] = persons["site"] + arms + (np.arange(600) % 4).astype(str)
    plan = plan_with(STATES, lottery=LOTTERIES[lottery], sites=None, families={})
    trial = je.Trial(plan=plan, persons=persons, benefits=DRAWN.benefits, hours=DRAWN.hours,
                     activities=DRAWN.activities)  # fmt: skip
    curves = list(je.evaluate(trial, "final").curves)
    assert {curve.endpoint for curve in curves} == {"states"}
    for arm in ("control", "jobfirst"):
        whole = np.sum([curve.values for curve in curves if curve.arm == arm], axis=0)
        assert whole == pytest.approx(np.ones(len(whole)))
    [worked] = [c for c in curves if c.cause == "employment" and c.arm == "jobfirst - control"]
    panel = build_panel(trial, "final")
    blocks = collect_weekly_state(panel, "employment", sorted(persons["person_id"]))
    persons = persons.sort_values("person_id").assign(week_20=np.vstack(list(blocks))[:, 20])
    effect = je.estimate_itt(persons, "week_20", plan.lottery_columns)
    assert worked.values[20] == pytest.approx(effect.estimate, rel=1e-9)
    assert worked.std_error[20] == pytest.approx(effect.std_error, rel=1e-9)


def test_an_effect_that_the_design_does_not_allow_is_nan_with_the_reason():
    persons = DRAWN.persons.copy()
    persons["team"] = np.where(persons["arm"] == "control", 0.0, np.arange(600) % 2)
    broken = itt(name="broken", estimator="lin", covariates=[{"column": "team"}])
    found = evaluate(plan_with(broken, itt(), balance=[{"column": "barriers"}]), persons)
    effect = found.effects.one(analysis="broken")
    assert np.isnan(effect.estimate)
    assert np.isnan(effect.p_value)
    assert effect.notes[0].startswith("not estimable: ")
    assert found.effects.one(analysis="itt").std_error > 0


def test_a_register_that_ends_before_the_window_is_said_so():
    hours = DRAWN.hours[DRAWN.hours["month"].astype(str) < "2017-06"]
    trial = je.Trial(
        plan=plan_with(itt()), persons=DRAWN.persons, benefits=DRAWN.benefits, hours=hours
    )
    with pytest.raises(je.DataError, match="whole window at the final look"):
        je.evaluate(trial, look="final")


def test_a_cut_off_before_the_first_draw_is_said_so():
    looks = {"final": {"cut_off": "2015-12-31"}}
    lag = {"horizon_weeks": 104}
    plan = plan_with(itt(looks=["final"]), looks=looks, follow_up=lag)
    with pytest.raises(je.DataError, match=r"cut.off"):
        evaluate(plan)


def test_columns_of_persons_do_not_shadow_exits():
    persons = DRAWN.persons.assign(duration=1, destination="nowhere", observed=1)
    plain = evaluate(plan_with(CURVE))
    shadowed = evaluate(plan_with(CURVE), persons)
    assert shadowed.curves.to_frame().equals(plain.curves.to_frame())


def test_a_column_that_the_panel_makes_is_reserved():
    with pytest.raises(je.DataError, match="column-reserved"):
        evaluate(plan_with(CURVE), DRAWN.persons.assign(leaving_week=7))


def test_a_delivered_baseline_is_used_and_noted():
    found = evaluate(plan_with(itt()), DRAWN.persons.assign(age=50 + np.arange(600) % 3))
    assert any(note.startswith("persons.age") for note in found.notes)
