"""The synthetic JobFirst trial: its registers, its two worlds, and what is planted."""

import hashlib
import json
import tomllib
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from jobeval.plan.model import TrialPlan
from jobeval.schemas.tables import ACTIVITIES, ACTIVITY_KINDS, HOURS, PERSONS
from jobeval.synthetic.jobfirst import redraw_lottery, simulate_jobfirst
from jobeval.synthetic.potential import build_world, measure_exit, potential_outcomes
from jobeval.synthetic.summary import summarise_truth
from jobeval.synthetic.truth import JobFirstTruth
from jobeval.synthetic.write import write_trial


@pytest.fixture(scope="module")
def trial():
    return simulate_jobfirst(n_persons=900, n_sites=5, seed=11)


@pytest.fixture(scope="module")
def nation():
    return simulate_jobfirst(n_persons=20_000, n_sites=15, seed=12)


@pytest.fixture(scope="module")
def outcomes(nation):
    return potential_outcomes(nation)


def groups(nation):
    return nation.lives.people.benefit_type == 0, nation.lives.people.disadvantaged


def week_columns(frame):
    return [name for name in frame.columns if name.startswith("y_")]


# --- the planted truth, in a large trial -------------------------------------------------


def test_any_hours_rises_by_eight_points_on_kontanthjaelp_only(nation, outcomes):
    cash, _ = groups(nation)
    control, treated = outcomes["any_hours", "final"]
    assert control[cash].mean() == pytest.approx(0.12, abs=0.01)
    assert treated[cash].mean() - control[cash].mean() == pytest.approx(0.08, abs=0.01)
    assert np.array_equal(control[~cash], treated[~cash])  # nobody on ressourceforløb


def test_mean_hours_rise_by_two_thirds_on_kontanthjaelp_only(nation, outcomes):
    cash, _ = groups(nation)
    control, treated = outcomes["mean_hours", "final"]
    # three standard errors of the ratio among the 11,900 persons of this draw
    assert treated[cash].mean() / control[cash].mean() == pytest.approx(1.67, abs=0.15)
    assert np.array_equal(control[~cash], treated[~cash])


def test_disability_pension_rises_among_the_most_disadvantaged_only(nation):
    _, worst = groups(nation)
    endpoint = nation.plan.endpoints["first_destination"]
    pension = [
        measure_exit(build_world(nation, arm), endpoint)[1] == 2 for arm in ("control", "jobfirst")
    ]
    assert pension[1][worst].mean() - pension[0][worst].mean() == pytest.approx(0.07, abs=0.012)
    assert abs(pension[1][~worst].mean() - pension[0][~worst].mean()) < 0.002


def test_the_gain_builds_up_over_weeks(nation):
    cash, _ = groups(nation)
    control, treated = (build_world(nation, arm).hours[cash] > 0 for arm in ("control", "jobfirst"))
    gain = (treated.mean(axis=0) - control.mean(axis=0))[[0, 13, 26, 52]]
    assert all(later > earlier + 0.005 for earlier, later in pairwise(gain))


def test_take_up_is_one_sided_but_for_a_little_contamination(nation):
    started = nation.persons["started_on"].notna()
    drawn = nation.persons["arm"] == "jobfirst"
    assert started[drawn].mean() == pytest.approx(0.83, abs=0.015)
    assert started[~drawn].mean() == pytest.approx(0.025, abs=0.006)


def test_the_effect_works_only_through_those_whom_the_lottery_moved(nation, outcomes):
    fates = nation.lives.fates
    moved = fates.starts_if_drawn & ~fates.starts_if_not
    for (name, look), (control, treated) in outcomes.items():
        assert np.array_equal(control[~moved], treated[~moved]), (name, look)


def test_indicators_are_higher_in_the_first_job_centre(nation):
    table = summarise_truth(nation)["indicators"]
    first, elsewhere = table["Jobcenter Vallensbæk/Ishøj"], table["elsewhere"]
    assert first["snusepraktik"]["share"] == pytest.approx(0.82, abs=0.04)
    assert first["hours_in_course"]["share"] == pytest.approx(0.28, abs=0.05)
    assert first["hours_after_13_weeks"]["share"] == pytest.approx(0.39, abs=0.05)
    assert all(first[name]["share"] > elsewhere[name]["share"] for name in first)


def test_without_planted_effects_both_worlds_have_the_same_outcomes():
    truth = JobFirstTruth(effect_kontanthjaelp=0.0, effect_pension=0.0)
    trial = simulate_jobfirst(n_persons=900, n_sites=5, seed=1, truth=truth)
    for control, treated in potential_outcomes(trial).values():
        assert np.array_equal(control, treated)


# --- the registers ------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_trial_and_another_seed_another(trial):
    again = simulate_jobfirst(n_persons=900, n_sites=5, seed=11)
    other = simulate_jobfirst(n_persons=900, n_sites=5, seed=12)
    for name in ("persons", "benefits", "hours", "activities"):
        pd.testing.assert_frame_equal(getattr(trial, name), getattr(again, name))
        assert not getattr(trial, name).equals(getattr(other, name))


def test_what_is_seen_is_the_world_of_the_drawn_arm(trial):
    """Each person's rows are those of the world in which all had that person's arm."""
    for arm in ("control", "jobfirst"):
        world = trial.registers(arm)
        drawn = trial.persons["arm"] == arm
        ids = set(trial.persons.loc[drawn, "person_id"])
        assert trial.benefits[drawn].equals(world.benefits[drawn])
        for name in ("hours", "activities"):
            seen, all_rows = getattr(trial, name), getattr(world, name)
            pd.testing.assert_frame_equal(
                seen[seen["person_id"].isin(ids)].reset_index(drop=True),
                all_rows[all_rows["person_id"].isin(ids)].reset_index(drop=True),
            )


def test_a_redrawn_lottery_keeps_persons_and_truth(trial):
    redrawn = redraw_lottery(trial, seed=99)
    drawn = ["arm", "started_on"]
    assert not redrawn.persons["arm"].equals(trial.persons["arm"])
    assert redrawn.persons.drop(columns=drawn).equals(trial.persons.drop(columns=drawn))
    before, after = potential_outcomes(trial), potential_outcomes(redrawn)
    assert all(np.array_equal(before[key], after[key]) for key in before)


def test_tables_have_the_declared_columns(trial):
    for schema, frame in (
        (PERSONS, trial.persons),
        (HOURS, trial.hours),
        (ACTIVITIES, trial.activities),
    ):
        assert set(schema.required) <= set(frame.columns)
        for column in schema.columns:
            if column.name in frame and not column.nullable:
                assert frame[column.name].notna().all(), (schema.name, column.name)
    assert set(trial.activities["kind"]) == set(ACTIVITY_KINDS)


def test_dream_reaches_156_weeks_before_the_first_draw_and_names_every_week(trial):
    weeks = week_columns(trial.benefits)
    assert weeks[0] == "y_1310"
    assert weeks[-1] == "y_1913"
    assert "y_1553" in weeks
    assert "y_1653" not in weeks
    first = trial.persons["randomised_on"].min() - pd.Timestamp(2013, 3, 4)
    assert first.days // 7 >= 156


def test_industry_stands_in_the_months_with_wage_hours_and_in_no_other(trial):
    months = [name for name in trial.benefits.columns if name.startswith("branche_")]
    filled = trial.benefits.melt("person_id", months).dropna()
    shown = set(
        zip(filled["person_id"], filled["variable"].str[8:].str.replace("_", "-"), strict=True)
    )
    assert shown == set(zip(trial.hours["person_id"], trial.hours["month"], strict=True))


def test_everyone_was_on_the_benefit_of_the_lottery_in_the_year_before(trial):
    weeks = week_columns(trial.benefits)
    codes = trial.benefits[weeks].fillna(0).to_numpy(dtype=int)
    drawn = trial.lives.people.randomised_week - trial.lives.people.randomised_week.min() + 157
    year_before = codes[np.arange(len(codes))[:, None], drawn[:, None] - np.arange(1, 53)]
    resource = (trial.persons["benefit_type"] == "ressourceforloeb").to_numpy()
    assert (year_before[resource] // 10 == 81).all()
    assert np.isin(year_before[~resource] // 10, [70, 71, 73]).all()


def test_nothing_but_the_pension_of_the_dead_follows_death(trial):
    weeks = week_columns(trial.benefits)
    codes = trial.benefits[weeks].iloc[:, :-2].fillna(0).to_numpy(dtype=int)
    dead = codes == 999
    assert dead.any()
    assert np.array_equal(np.logical_or.accumulate(dead, axis=1), dead)


def test_hours_have_the_flaws_of_real_ones(nation):
    hours = nation.hours
    assert hours["imputed"].mean() == pytest.approx(0.06, abs=0.005)
    assert hours.duplicated(["person_id", "month"]).any()
    assert not hours.duplicated().any()
    assert 0.05 < hours["supported"].mean() < 0.5
    assert hours["hours"].between(0.25, 200).all()
    assert 20 < hours["hours"].median() < 200
    by_month = hours.groupby("month").size()
    assert by_month["2019-03"] < 0.8 * by_month["2018-12"]


# --- the folder -------------------------------------------------------------------------


def test_the_folder_is_a_danish_delivery_with_plan_truth_and_checksums(trial, tmp_path):
    folder = write_trial(trial, tmp_path / "trial")
    plan = TrialPlan.model_validate(tomllib.loads((folder / "trial.toml").read_text("utf-8")))
    assert plan == trial.plan
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == len(list(folder.iterdir())) - 1
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    hours = (folder / "hours.csv").read_text("utf-8")
    assert "\r" not in hours
    header, row = hours.split("\n")[:2]
    assert header.split(";")[:4] == ["lobenr", "ARB_STED_ID", "AJO_JOB_MAANED", "AJO_LOENTIMER"]
    assert "," in row.split(";")[3]
    readme = (folder / "README.md").read_text("utf-8")
    assert "jobeval simulate jobfirst --out FOLDER --persons 900 --sites 5 --seed 11" in readme


def test_truth_json_holds_parameters_and_both_arms_of_every_endpoint(trial, tmp_path):
    truth = json.loads((write_trial(trial, tmp_path) / "truth.json").read_text("utf-8"))
    assert truth["parameters"]["effect_kontanthjaelp"] == 0.08
    values = truth["endpoints"]["any_hours"]["final"]
    cash = values["benefit_type=kontanthjaelp"]
    control, treated = potential_outcomes(trial)["any_hours", "final"]
    rows = trial.lives.people.benefit_type == 0
    assert cash["effect"] == pytest.approx((treated - control)[rows].mean(), abs=1e-8)
    assert values["benefit_type=ressourceforloeb"]["effect"] == 0
    weights = [values[key]["n"] for key in values if key.startswith("site=")]
    effects = [values[key]["effect"] for key in values if key.startswith("site=")]
    assert np.average(effects, weights=weights) == pytest.approx(values["all"]["effect"], abs=1e-7)
