"""Fidelity of the committed trial: what was planted, and what its tables promise each other."""

import json

import numpy as np
import pytest

from jobeval.evaluation.effects import relate_fidelity
from jobeval.evaluation.fidelity import describe_fidelity, index_sites
from jobeval.evaluation.look import read_look

FIRST = "Jobcenter Vallensbæk/Ishøj"
LOOKS = ("midterm", "final")


@pytest.fixture(scope="module")
def looks(committed_trial):
    """Look → the trial as it sees it, and the tables of fidelity."""
    seen = {name: read_look(committed_trial, name) for name in LOOKS}
    return {
        name: (one, {check.name: check.table for check in describe_fidelity(one)})
        for name, one in seen.items()
    }


@pytest.fixture(params=LOOKS)
def tables(request, looks):
    return looks[request.param][1]


def test_the_planted_try_outs_come_out_exactly(tables, committed_folder):
    """82 % had a try-out at the first job centre, as was published, and fewer elsewhere."""
    planted = json.loads((committed_folder / "truth.json").read_text())["indicators"]
    table = tables["fidelity"].query("population == 'participants' and element == 'try_companies'")
    rows = table.set_index("site")[["count", "of"]]
    own, elsewhere = planted[FIRST]["snusepraktik"], planted["elsewhere"]["snusepraktik"]
    assert rows.loc[FIRST].tolist() == [own["count"], own["of"]] == [63, 77]
    assert (rows.loc[""] - rows.loc[FIRST]).tolist() == [elsewhere["count"], elsewhere["of"]]


def test_sites_add_up_to_everyone(tables):
    for name, columns in (
        ("fidelity", ["count", "of"]),
        ("registration", ["persons", "with_any", "spells", "with_company"]),
        ("fidelity_scores", ["persons"]),
    ):
        table = tables[name]
        keys = [key for key in ("population", "element") if key in table]
        total = table[table["site"] == ""].groupby(keys)[columns].sum()
        parts = table[table["site"] != ""].groupby(keys)[columns].sum()
        assert total.equals(parts)


def test_cohorts_add_up_to_everyone(tables):
    trend = tables["fidelity_trend"]
    trend = trend[trend["element"] != ""].groupby(["population", "element"])[["count", "of"]].sum()
    matrix = tables["fidelity"].query("site == ''").set_index(["population", "element"])
    assert (trend == matrix.loc[trend.index, ["count", "of"]]).all(axis=None)


def test_the_control_group_gets_little_of_what_is_the_method(tables):
    """A few percent cross over; contacts, which are ordinary service, are another thing."""
    shares = (
        tables["fidelity"]
        .query("site == ''")
        .pivot_table(index="element", columns="population", values="share")
    )
    assert (shares["participants"] > shares["control"]).all()
    ordinary = ["clear_roles", "job_plan"]
    assert (shares["control"].drop(ordinary) < 0.1).all()


def test_the_verdict_is_that_of_the_interval(tables):
    table = tables["fidelity"]
    above = table["conf_low"] >= table["threshold"]
    below = table["conf_high"] < table["threshold"]
    assert set(table["verdict"]) == {"above", "below", "uncertain"}
    assert (above == (table["verdict"] == "above")).all()
    assert (below == (table["verdict"] == "below")).all()


@pytest.mark.parametrize("name", LOOKS)
def test_the_index_is_the_score_of_the_participants_and_not_causal(looks, name):
    at_look, tables = looks[name]
    index = index_sites(at_look)
    scores = tables["fidelity_scores"].query("population == 'participants' and site != ''")
    assert index == dict(zip(scores["site"], scores["score"], strict=True))
    assert max(index, key=index.get) == FIRST
    analysis = next(a for a in at_look.plan.analyses if a.name == "any_hours_fidelity")
    [slope] = relate_fidelity(analysis, at_look)
    assert slope.part == "slope"
    assert slope.estimand == "slope of the effect on fidelity_index"
    assert np.isfinite(slope.std_error)
    assert any("not a causal effect" in note for note in slope.notes)


def test_at_midterm_some_cannot_be_judged_on_hours_yet(looks):
    of = {}
    for name, (_, tables) in looks.items():
        rows = tables["fidelity"].query("population == 'participants' and site == ''")
        of[name] = rows.set_index("element")["of"]
    assert of["midterm"]["ordinary_hours"] < of["final"]["ordinary_hours"]
    assert of["midterm"]["try_companies"] == of["final"]["try_companies"]
