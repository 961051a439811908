"""The committed trial: the planted programme indicators come out person for person."""

import json

import pandas as pd
import pytest

from jobeval.evaluation.look import read_look
from jobeval.evaluation.programme import describe_programme
from jobeval.registers.trial import Trial
from jobeval.synthetic.jobfirst import simulate_jobfirst

FIRST = "Jobcenter Vallensbæk/Ishøj"
NAMES = {
    "tried_company": "snusepraktik",
    "hours_in_course": "hours_in_course",
    "hours_after_placement": "hours_after_13_weeks",
}
COLUMNS = {
    "indicators": "indicator population group level count of share conf_low conf_high",
    "waiting": "indicator population group level of reached median_days conf_low conf_high",
    "hours_ramp": "population week persons mean_hours conf_low conf_high",
    "gaps": "population group level persons share_of_time conf_low conf_high gaps mean_weeks",
    "contacts": "population group level persons contacts per_13_weeks conf_low conf_high",
    "industries": "kind population industry persons of",
    "placement_status": "population status count of share conf_low conf_high",
}


@pytest.fixture(scope="module")
def tables(committed_trial):
    return {look: read_tables(committed_trial, look) for look in ("midterm", "final")}


def read_tables(trial, look):
    return {check.name: check.table for check in describe_programme(read_look(trial, look))}


def of_level(table, level):
    named = table.query("population == 'participants' and level == @level")
    return named.set_index("indicator")[["count", "of"]]


@pytest.mark.parametrize("indicator", NAMES)
def test_the_planted_indicators_come_out_exactly(tables, committed_folder, indicator):
    planted = json.loads((committed_folder / "truth.json").read_text("utf-8"))["indicators"]
    everyone = of_level(tables["final"]["indicators"], "").loc[indicator]
    first = of_level(tables["final"]["indicators"], FIRST).loc[indicator]
    elsewhere = everyone - first
    truth = {place: facts[NAMES[indicator]] for place, facts in planted.items()}
    assert first.to_dict() == {key: truth[FIRST][key] for key in ("count", "of")}
    assert elsewhere.to_dict() == {key: truth["elsewhere"][key] for key in ("count", "of")}


def test_the_quoted_percentages_come_out(tables):
    """82, 27 and 40 pct. in one job centre, each of its own denominator, above the average."""
    table = tables["final"]["indicators"].query("population == 'participants'")
    mine, all_ = (table[table["level"] == level].set_index("indicator") for level in (FIRST, ""))
    shares = mine.loc[list(NAMES), "share"].mul(100).round().astype(int)
    assert shares.tolist() == [82, 27, 40]
    assert (mine.loc[list(NAMES), "conf_low"] > all_.loc[list(NAMES), "share"]).all()


@pytest.mark.parametrize("look", ["midterm", "final"])
def test_the_tables_have_their_columns(tables, look):
    assert {name: " ".join(table) for name, table in tables[look].items()} == COLUMNS


@pytest.mark.parametrize("look", ["midterm", "final"])
@pytest.mark.parametrize("name", ["indicators", "waiting", "gaps", "contacts"])
def test_the_levels_of_a_group_add_up(tables, look, name):
    table = tables[look][name]
    keys = [key for key in ("indicator", "population") if key in table]
    adding = ["count", "of", "reached", "persons", "gaps", "contacts"]
    numbers = [column for column in adding if column in table]
    sums = table.groupby(["group", *keys])[numbers].sum()
    for group in ("site", "cohort"):
        pd.testing.assert_frame_equal(sums.loc[group], sums.loc["all"])


def test_the_midterm_sees_less(tables):
    midterm, final = (
        tables[look]["indicators"].query("group == 'all'").set_index(["indicator", "population"])
        for look in ("midterm", "final")
    )
    assert (midterm["of"] <= final["of"]).all()
    assert (midterm["of"] < final["of"]).any()


def test_a_status_is_told_of_everyone_whose_placement_ended(tables):
    table = tables["final"]["placement_status"]
    assert (
        table.groupby("population")["count"].sum() == table.groupby("population")["of"].max()
    ).all()


def test_intervals_hold_their_shares(tables):
    for look in tables.values():
        for name in ("indicators", "placement_status"):
            known = look[name].dropna()
            assert known["conf_low"].le(known["share"] + 1e-12).all()
            assert known["conf_high"].ge(known["share"] - 1e-12).all()


def test_rows_of_a_delivery_may_come_in_any_order():
    drawn = simulate_jobfirst(n_persons=400, n_sites=2, seed=3)
    kept = {name: getattr(drawn, name) for name in ("persons", "benefits", "hours", "activities")}
    shuffled = {name: frame.sample(frac=1, random_state=5) for name, frame in kept.items()}
    one, two = (read_tables(Trial(plan=drawn.plan, **given), "final") for given in (kept, shuffled))
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, two[name])


def test_evaluations_hold_the_tables(small_evaluation):
    assert set(COLUMNS) <= set(small_evaluation.checks)
