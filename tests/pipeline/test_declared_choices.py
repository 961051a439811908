"""Choices that a plan declares: coarser strata, unknown covariates, delivered outcomes."""

import json

import numpy as np
import pytest

import jobeval as je
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
    with pytest.raises(je.DesignError, match=r"analyses\.cox"):
        evaluate(plan_with(cox))


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
