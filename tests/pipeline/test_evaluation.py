"""What every evaluation promises, whatever the trial."""

import json

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval.errors import PlanError
from jobeval.evaluation.result import Evaluation

TABLES = ("persons", "benefits", "hours", "activities")


@pytest.fixture(scope="module")
def drawn():
    return je.simulate_jobfirst(n_persons=600, n_sites=3, seed=4)


def trial_of(drawn, **changed):
    tables = {name: changed.get(name, getattr(drawn, name)) for name in TABLES}
    return je.Trial(plan=drawn.plan, **tables)


def dumped(evaluation, *but):
    """Results as text at nine digits: where arrays lie in memory may move the sixteenth."""
    values = evaluation.to_dict()
    for name in but:
        values.pop(name)
    return json.dumps(shortened(values), allow_nan=False, sort_keys=True)


def shortened(value):
    if isinstance(value, float):
        return 0.0 if abs(value) < 1e-12 else float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return [shortened(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def midterm(drawn):
    return je.evaluate(trial_of(drawn), look="midterm")


def test_nothing_that_the_plan_does_not_ask_for(midterm, drawn):
    asked = {analysis.name for analysis in drawn.plan.due_at("midterm")}
    assert {e.analysis for e in midterm.effects} | {t.analysis for t in midterm.tests} <= asked
    assert "second_year_hours_itt" not in {e.analysis for e in midterm.effects}


def test_everything_that_the_plan_asks_for(midterm, drawn):
    endpoints = {e.endpoint for e in midterm.effects} | {c.endpoint for c in midterm.curves}
    alone = {"states": "states", "ways": "ways"}  # they read the states, and no endpoint
    due = drawn.plan.due_at("midterm")
    beside = [a for a in due if a.estimator == "places"]
    assert beside and all(f"places {a.name}" in midterm.checks for a in beside)
    rest = [a for a in due if a not in beside]
    assert endpoints == {getattr(a, "endpoint", alone.get(a.name)) for a in rest}


def test_midterm_is_blind_to_everything_after_its_cut_off(midterm, drawn):
    """Hours and benefits after the cut-off are replaced by others; nothing may change."""
    hours = drawn.hours.copy()
    late = hours["month"].astype(str) >= "2018-01"
    hours.loc[late, "hours"] = 100.0
    benefits = drawn.benefits.copy()
    weeks = [c for c in benefits.columns if c.startswith("y_")]
    alive = ~benefits[weeks].astype(str).isin(["998", "999", "998.0", "999.0"]).any(axis=1)
    for column in [c for c in weeks if c.startswith(("y_18", "y_19"))]:
        benefits.loc[alive, column] = 730
    activities = drawn.activities[pd.to_datetime(drawn.activities["start"]) < "2018-01-01"]
    other = je.evaluate(
        trial_of(drawn, hours=hours, benefits=benefits, activities=activities), look="midterm"
    )
    assert late.any()
    assert dumped(other, "data_digest", "notes") == dumped(midterm, "data_digest", "notes")


def test_the_order_of_rows_does_not_matter(midterm, drawn):
    shuffled = {
        name: getattr(drawn, name).sample(frac=1, random_state=7).reset_index(drop=True)
        for name in TABLES
    }
    assert dumped(je.evaluate(trial_of(drawn, **shuffled), look="midterm")) == dumped(midterm)


def test_swapping_the_arms_turns_every_effect_round(midterm, drawn):
    persons = drawn.persons.copy()
    persons["arm"] = persons["arm"].map({"control": "jobfirst", "jobfirst": "control"})
    persons["probability"] = 1 - persons["probability"].astype(float)
    swapped = je.evaluate(trial_of(drawn, persons=persons), look="midterm")
    for one, other in zip(midterm.effects, swapped.effects, strict=True):
        if one.estimator != "Cox (Efron)" and not np.isnan(one.std_error):
            # Take-up turns round with the arms, and a spread has no side.
            stays = one.estimand == "late" or one.part == "tau"
            expected = one.estimate if stays else -one.estimate
            assert other.estimate == pytest.approx(expected, abs=1e-9)
            # The lottery is drawn again for other persons, so its p-value is only near.
            near = {"abs": 0.02} if one.inference == "lottery" else {"rel": 1e-6}
            assert other.p_value == pytest.approx(one.p_value, nan_ok=True, **near)


def test_results_survive_a_round_trip_through_json(midterm):
    text = json.dumps(midterm.to_dict(), allow_nan=False)
    again = Evaluation.from_dict(json.loads(text))
    assert json.dumps(again.to_dict(), allow_nan=False) == text
    assert again.plan == midterm.plan


def test_progress_is_told_and_ends(drawn):
    told = []
    je.evaluate(trial_of(drawn), look="midterm", progress=lambda *step: told.append(step))
    done = [step[0] for step in told]
    assert done == sorted(done)
    assert told[-1][0] == told[-1][1]


def test_an_unknown_look_is_refused_with_a_hint(drawn):
    with pytest.raises(PlanError, match="midterm"):
        je.evaluate(trial_of(drawn), look="midtrem")


def test_a_trial_without_the_registers_that_its_plan_needs_is_refused(drawn):
    trial = je.Trial(plan=drawn.plan, persons=drawn.persons)
    with pytest.raises(je.DataError, match="delivered"):
        je.evaluate(trial, look="final")


def test_family_adjustment_covers_the_main_effects_only(midterm, drawn):
    members = {a.name for a in drawn.plan.analyses if getattr(a, "family", None) == "primary"}
    mains = [e for e in midterm.effects if e.analysis in members and not (e.subgroup or e.part)]
    found = [effect.p_value_adjusted for effect in mains]
    assert found == pytest.approx(je.adjust_p_values([effect.p_value for effect in mains]))
    over_sites = [e for e in midterm.effects if e.analysis in members and e.part]
    assert over_sites
    assert all(np.isnan(effect.p_value_adjusted) for effect in over_sites)


def test_levels_of_a_column_are_adjusted_among_themselves(midterm):
    levels = midterm.effects.where(analysis="any_hours_itt").estimates
    levels = [effect for effect in levels if effect.subgroup.startswith("benefit_type=")]
    found = [effect.p_value_adjusted for effect in levels]
    assert found == pytest.approx(je.adjust_p_values([effect.p_value for effect in levels]))
