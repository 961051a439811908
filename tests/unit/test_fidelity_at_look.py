"""Fidelity from dates to tables, on a trial of a few persons worked by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from jobeval.errors import DataError
from jobeval.evaluation.effects import relate_fidelity
from jobeval.evaluation.fidelity import describe_fidelity, index_sites
from jobeval.evaluation.look import read_look
from jobeval.plan.model import TrialPlan
from jobeval.registers.trial import Trial
from jobeval.schemas.calendar import monday_of, week_of

LABEL = {"da": "Navn", "en": "Name"}
W = week_of(dt.date(2016, 3, 7))  # the lottery of everybody who is not late
STOP = W + 16
TRY = {"kind": "activity", "kinds": ["snusepraktik"], "window_weeks": [0, 4]}
HOURS = {"kind": "hours_beside", "kinds": ["virksomhedspraktik"], "window_weeks": [0, 6]}
TOLD = {"kind": "delivered", "column": "told"}


def day(week, weekday=0):
    return monday_of(week) + dt.timedelta(days=weekday)


def plan_of(rules, **changed):
    values = {
        "name": "small", "title": LABEL, "lottery": {}, "sites": {"column": "site"},
        "arms": [{"name": "control", "role": "control", "label": LABEL},
                 {"name": "offer", "role": "treatment", "label": LABEL}],
        "follow_up": {"horizon_weeks": 14},
        "looks": {"midterm": {"cut_off": day(W + 3, 6)}, "final": {"cut_off": day(STOP - 1, 6)}},
        "endpoints": {"work": {"kind": "any_hours", "label": LABEL, "window_weeks": [0, 4]}},
        "analyses": [{"name": "slope", "endpoint": "work", "estimator": "fidelity",
                      "fidelity": "fidelity_index"}],
        "fidelity": {"elements": [
            {"name": name, "label": LABEL, "threshold": 0.5, "rule": rule}
            for name, rule in rules.items()
        ]},
    }  # fmt: skip
    return TrialPlan.model_validate(values | changed)


def person(number, arm, site, drawn=W, started=None, told=None):
    return {
        "person_id": f"P{number}", "arm": arm, "site": site, "randomised_on": day(drawn, 2),
        "started_on": None if started is None else day(started, 3), "told": told,
    }  # fmt: skip


PERSONS = [
    person(0, "control", "A"),
    person(1, "offer", "A", started=W + 1, told=1),
    person(2, "offer", "A", started=W + 2, told=0),
    person(3, "offer", "B", started=W + 2),
    person(4, "offer", "B", told=1),  # never starts
    person(5, "control", "A"),
    person(6, "control", "B", told=0),
    person(7, "control", "B", started=W + 2),  # contaminated: still of the control group
    person(8, "offer", "B", drawn=STOP - 5, started=STOP - 4),  # just long enough
    person(9, "offer", "B", drawn=STOP - 4, started=STOP - 3),  # a week too short
]
ACTIVITIES = [
    ("P1", "snusepraktik", day(W + 1), day(W + 2)),  # in the week of the start
    ("P2", "snusepraktik", day(W + 5, 6), day(W + 7)),  # the last day that counts
    ("P3", "snusepraktik", day(W + 6), day(W + 7)),  # a day later
    ("P4", "snusepraktik", day(W), day(W + 2)),
    ("P5", "snusepraktik", day(W + 3, 6), day(W + 7)),
    ("P6", "snusepraktik", day(W + 4), day(W + 7)),
    ("P7", "snusepraktik", day(W + 3, 1), day(W + 4)),
    ("P8", "snusepraktik", day(STOP - 1, 6), day(STOP)),
    ("P9", "snusepraktik", day(STOP - 3), day(STOP - 2)),
    ("P1", "virksomhedspraktik", day(W + 3), day(W + 8)),
    ("P5", "virksomhedspraktik", day(W + 3), day(W + 8)),
]


def dated(rows, *columns):
    frame = pd.DataFrame(rows)
    known = [name for name in columns if name in frame]
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in known})


def trial_of(plan, persons=PERSONS, activities=ACTIVITIES, hours=(("P1", "2016-03"),), company=()):
    """``company``: persons whose activities name one. P0 works all the time."""
    jobs = [("P0", month) for month in ("2016-03", "2016-04", "2016-05", "2016-06")]
    rows = pd.DataFrame([*jobs, *hours], columns=["person_id", "month"])
    people = dated(persons, "randomised_on", "started_on")
    given = None
    if activities is not None:
        named = [(*row, "F7" if row[0] in company else None) for row in activities]
        columns = ["person_id", "kind", "start", "end", "company_id"]
        given = dated(pd.DataFrame(named, columns=columns), "start", "end")
    return Trial(
        plan=plan,
        persons=people,
        hours=rows.assign(employer_id="F1", hours=30.0, supported=0),
        activities=given,
    )


def tables_of(rules, look="final", **given):
    at_look = read_look(trial_of(plan_of(rules), **given), look)
    return {check.name: check.table for check in describe_fidelity(at_look)}


def counts(table, *keys):
    rows = table[[*keys, "count", "of"]].to_numpy().tolist()
    return {tuple(row[:-2]): tuple(row[-2:]) for row in rows}


def test_weeks_count_from_the_start_and_for_the_control_group_from_the_lottery():
    found = counts(tables_of({"try": TRY})["fidelity"], "population", "site")
    assert found == {
        ("participants", ""): (3, 4),  # P1, P2 and P8 of P1, P2, P3, P8; P9 is not judged yet
        ("participants", "A"): (2, 2),
        ("participants", "B"): (1, 2),
        ("control", ""): (2, 4),  # P5 and P7 of P5, P6, P7 and P0, who works all the time
        ("control", "A"): (1, 2),
        ("control", "B"): (1, 2),
    }


def test_midterm_sees_nothing_later():
    """By week 4 nobody is followed for four weeks since the start, but the control group is."""
    found = counts(tables_of({"try": TRY}, look="midterm")["fidelity"], "population", "site")
    assert found["participants", ""] == (0, 0)
    assert found["control", ""] == (2, 4)
    table = tables_of({"try": TRY}, look="midterm")["fidelity"]
    nobody = table[table["of"] == 0]
    assert nobody[["share", "conf_low", "conf_high"]].isna().all(axis=None)
    assert set(nobody["verdict"]) == {"uncertain"}


def test_hours_beside_the_placement_in_weeks_since_the_start():
    """P1 has hours in March, so to the week of 24 March, W + 3 at the latest: one week beside."""
    rules = {"hours": HOURS, "two": HOURS | {"min_weeks": 2}}
    assert week_of(dt.date(2016, 3, 31)) == W + 3
    found = counts(tables_of(rules)["fidelity"], "population", "site", "element")
    assert found["participants", "A", "hours"] == (1, 2)
    assert found["participants", "A", "two"] == (0, 2)
    assert found["control", "A", "hours"] == (0, 2)
    both = tables_of(rules, hours=[("P1", "2016-03"), ("P1", "2016-04")])["fidelity"]
    assert counts(both, "population", "site", "element")["participants", "A", "two"] == (1, 2)


def test_a_delivered_column_is_judged_where_it_is_filled():
    found = counts(tables_of({"told": TOLD})["fidelity"], "population", "site")
    assert found["participants", ""] == (1, 2)
    assert found["participants", "B"] == (0, 0)
    assert found["control", ""] == (0, 1)


def test_scores_are_means_of_what_can_be_judged():
    table = tables_of({"try": TRY, "told": TOLD})["fidelity_scores"]
    scores = table.set_index(["population", "site"])
    # P1 has both, P2 one of two, P3 none of one, P8 one of one; P9 has nothing to judge
    assert scores.loc[("participants", ""), "persons"] == 4
    assert scores.loc[("participants", ""), "score"] == pytest.approx((1 + 0.5 + 0 + 1) / 4)
    assert scores.loc[("participants", "A"), "score"] == pytest.approx(0.75)
    # 0.75 ± t(1 df) × 0.3536 / √2 goes beyond 0 and 1
    assert scores.loc[("participants", "A"), ["conf_low", "conf_high"]].tolist() == [0, 1]


def test_the_trend_has_the_quarter_of_the_start_or_of_the_lottery():
    table = tables_of({"try": TRY})["fidelity_trend"]
    found = counts(table, "population", "cohort", "element")
    assert found == {
        ("participants", "2016-Q1", ""): (2.0, 3),
        ("participants", "2016-Q1", "try"): (2.0, 3),
        ("participants", "2016-Q2", ""): (1.0, 1),
        ("participants", "2016-Q2", "try"): (1.0, 1),
        ("control", "2016-Q1", ""): (2.0, 4),
        ("control", "2016-Q1", "try"): (2.0, 4),
    }


def test_registration_tells_who_has_anything_and_what_names_a_company():
    at_look = read_look(trial_of(plan_of({"try": TRY}), company=["P1"]), "final")
    table = {check.name: check.table for check in describe_fidelity(at_look)}["registration"]
    rows = table.set_index(["population", "site"])
    told = ["persons", "with_any", "spells", "with_company"]
    assert rows.loc[("participants", "A"), told].tolist() == [2, 2, 3, 2]
    assert rows.loc[("control", ""), told].tolist() == [4, 3, 4, 0]
    assert rows.loc[("treatment", ""), told].tolist() == [6, 6, 7, 2]
    assert rows.loc[("participants", "A"), "share_company"] == pytest.approx(2 / 3)


def test_without_activities_only_delivered_elements_are_judged():
    tables = tables_of({"try": TRY, "told": TOLD}, activities=None)
    found = counts(tables["fidelity"], "population", "site", "element")
    assert found["participants", "", "try"] == (0, 0)
    assert found["participants", "", "told"] == (1, 2)
    assert "registration" not in tables


def test_without_a_known_start_everyone_drawn_is_told_of_from_the_lottery():
    persons = [{k: v for k, v in one.items() if k != "started_on"} for one in PERSONS]
    found = counts(tables_of({"try": TRY}, persons=persons)["fidelity"], "population", "site")
    # From the lottery P1 and P4 begin in time, P2, P3 and P8 too late; P9, drawn four weeks
    # before the end, is judged now, and begins in week 1.
    assert found["treatment", ""] == (3, 6)
    assert ("participants", "") not in found


def test_a_column_of_other_marks_is_refused():
    persons = [{**one, "told": 2} if one["person_id"] == "P3" else one for one in PERSONS]
    with pytest.raises(DataError, match="1 rows hold neither 0 nor 1"):
        tables_of({"told": TOLD}, persons=persons)


def test_a_column_that_is_not_delivered_is_refused_at_the_door():
    with pytest.raises(DataError, match=r'persons\.tld.*did you mean "told"'):
        trial_of(plan_of({"told": TOLD | {"column": "tld"}}))


def test_the_index_of_a_site_is_the_mean_score_of_its_participants():
    at_look = read_look(trial_of(plan_of({"try": TRY, "told": TOLD})), "final")
    index = index_sites(at_look)
    assert index["A"] == pytest.approx(0.75)
    assert index["B"] == pytest.approx(0.5)  # P3 none, P8 all
    [analysis] = at_look.plan.analyses
    with pytest.raises(Exception, match="three"):  # two sites make no line
        list(relate_fidelity(analysis, at_look))


def test_an_index_that_nothing_tells_of_is_refused_with_its_place():
    at_look = read_look(trial_of(plan_of({"try": TRY}, fidelity=None)), "final")
    [analysis] = at_look.plan.analyses
    with pytest.raises(DataError, match=r"analyses\.slope\.fidelity.*\[fidelity\]"):
        list(relate_fidelity(analysis, at_look))


def test_a_delivered_index_is_not_mistaken_for_the_computed_one():
    trial = trial_of(plan_of({"try": TRY}), [{**one, "fidelity_index": 0.5} for one in PERSONS])
    with pytest.raises(DataError, match="computes a column of this name"):
        index_sites(read_look(trial, "final"))


def test_no_fidelity_in_the_plan_no_tables():
    plan = plan_of({"try": TRY}).model_copy(update={"fidelity": None})
    assert list(describe_fidelity(read_look(trial_of(plan), "final"))) == []


def test_the_order_of_rows_does_not_matter():
    rules = {"try": TRY, "hours": HOURS, "told": TOLD}
    one = tables_of(rules)
    other = tables_of(rules, persons=PERSONS[::-1], activities=ACTIVITIES[::-1])
    for name, table in one.items():
        assert np.array_equal(table.columns, other[name].columns)
        pd.testing.assert_frame_equal(table, other[name])
