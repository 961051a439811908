"""What a look sees of activities and hours, where deliveries, horizons and cut-offs end.

Everyone is drawn on Monday 4 January 2016 (week 0) and followed for 52 weeks; the cut-off is 77
weeks later.
"""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from jobeval.errors import DataError
from jobeval.evaluation.effort import read_effort
from jobeval.evaluation.fidelity import describe_fidelity
from jobeval.evaluation.look import read_look
from jobeval.evaluation.programme import describe_programme
from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import STATES
from jobeval.registers.trial import Trial

LABEL = {"da": "Navn", "en": "Name"}
MONDAY = dt.date(2016, 1, 4)
CUT_OFF = dt.date(2017, 6, 30)
COURSE = {"course_weeks": 20, "placement_weeks": 4, "gap_weeks": 3}
TRY = {"kind": "activity", "kinds": ["snusepraktik"], "window_weeks": [0, 4]}
ON_BENEFIT = [("p0", "2015-01-05", "2017-12-25", 730), ("p1", "2015-01-05", "2017-12-25", 730)]
HOURS = [("p0", "2015-01", 1.0), ("p0", "2017-12", 1.0)]


def week(number, day=0):
    return MONDAY + dt.timedelta(days=7 * number + day)


def spell(kind, first, stop):
    """An activity of the person in the treatment arm, in weeks; ``None`` = still going on."""
    return "p1", kind, week(first), None if stop is None else week(stop)


def look_at(activities, benefits=None, hours=None, drawn=None, started=MONDAY, **plan):
    days = {"p0": MONDAY, "p1": MONDAY, "p2": MONDAY} | (drawn or {})
    persons = pd.DataFrame({"person_id": list(days), "arm": ["control", "offer", "control"]})
    starts = [None, started, None]
    values = {
        "name": "small", "title": LABEL, "lottery": {}, "programme": COURSE,
        "arms": [{"name": "control", "role": "control", "label": LABEL},
                 {"name": "offer", "role": "treatment", "label": LABEL}],
        "follow_up": {"horizon_weeks": 52, "baseline_weeks": []},
        "looks": {"final": {"cut_off": CUT_OFF}},
        "endpoints": {"e": {"kind": "any_hours", "label": LABEL, "window_weeks": [0, 4]}},
        "analyses": [{"name": "states", "estimator": "state_shares"}],
        "fidelity": {"elements": [
            {"name": "try", "label": LABEL, "threshold": 0.5, "rule": TRY},
        ]},
    }  # fmt: skip
    trial = Trial(
        plan=TrialPlan.model_validate(values | plan),
        persons=persons.assign(
            randomised_on=pd.to_datetime(list(days.values())), started_on=pd.to_datetime(starts)
        ),
        activities=spells(activities, "kind", "start", "end"),
        benefits=None if benefits is None else spells(benefits, "start", "end", "code"),
        hours=None if hours is None else months(hours),
    )
    return read_look(trial, "final")


def spells(rows, *columns):
    frame = pd.DataFrame(rows, columns=["person_id", *columns])
    return frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))


def months(rows):
    frame = pd.DataFrame(rows, columns=["person_id", "month", "hours"])
    return frame.assign(employer_id="E", supported=0, industry="561010")


def only(at_look, name, **keys):
    """The one row of a table of programme indicators."""
    [table] = [check.table for check in describe_programme(at_look) if check.name == name]
    keys = {"population": "participants", "group": "all"} | keys
    [row] = table[(table[list(keys)] == pd.Series(keys)).all(axis=1)].to_dict("records")
    return row


def test_what_begins_after_the_horizon_is_not_waited_for():
    """Nobody else is followed by then: one late contact would be the median of all."""
    row = only(look_at([spell("contact", 60, 61)]), "waiting", indicator="days_to_contact")
    assert (row["of"], row["reached"]) == (1, 0)
    assert np.isnan(row["median_days"])
    row = only(look_at([spell("contact", 51, 52)]), "waiting", indicator="days_to_contact")
    assert (row["reached"], row["median_days"]) == (1, 7 * 51)


def test_an_activity_that_goes_on_does_not_end_with_the_last_one_that_began():
    at_look = look_at([spell("virksomhedspraktik", 3, None)])
    row = only(at_look, "indicators", indicator="placement_ended_early")
    assert (row["count"], row["of"]) == (0, 1)
    assert read_effort(at_look).activities.end.tolist() == [52]


def test_nothing_is_seen_of_weeks_after_the_activities_were_extracted():
    file = {"path": "-", "extracted_on": week(11, 6)}
    files = {"persons": {"path": "-"}, "activities": file}
    at_look = look_at([spell("snusepraktik", 1, None)], ON_BENEFIT, HOURS, files=files)
    effort = read_effort(at_look)
    assert effort.followed.tolist() == [12] * 3
    assert effort.activities.end.tolist() == [12]
    assert (effort.states != 255).sum(axis=1).tolist() == [12] * 3
    row = only(at_look, "indicators", indicator="tried_company")
    assert (row["count"], row["of"]) == (0, 0)


def test_who_is_drawn_after_the_cut_off_is_not_there_without_registers():
    at_look = look_at([spell("mentor", 1, 3)], drawn={"p2": CUT_OFF + dt.timedelta(days=1)})
    assert at_look.persons["person_id"].tolist() == ["p0", "p1"]


def test_an_arm_that_is_drawn_after_the_cut_off_is_named_with_the_look():
    late = dict.fromkeys(["p0", "p2"], CUT_OFF + dt.timedelta(days=1))
    with pytest.raises(DataError, match=r'looks.final: nobody was drawn to the arm "control" by'):
        look_at([spell("mentor", 1, 3)], drawn=late)


def test_without_any_participant_the_tables_stand():
    at_look = look_at([spell("mentor", 1, 3)], started=None)
    tables = {check.name: check.table for check in describe_fidelity(at_look)}
    assert set(tables["fidelity_trend"]["population"]) == {"control"}
    own = tables["fidelity_scores"].query("population == 'participants'")
    assert own["persons"].tolist() == [0]


def test_jobs_after_the_horizon_have_no_industry():
    """The last of 52 weeks from 4 January 2016 is that of Thursday 29 December."""
    for month, told in (("2016-12", {"participants"}), ("2017-01", set())):
        at_look = look_at([spell("mentor", 1, 3)], hours=[*HOURS, ("p1", month, 5.0)])
        tables = {check.name: check.table for check in describe_programme(at_look)}
        jobs = tables["industries"].query("kind == 'job'")
        assert set(jobs["population"]) - {"treatment"} == told


def test_weeks_with_hours_are_never_passive():
    """Whatever state the plan gives a week on a benefit with hours: none of January's four."""
    first = ["benefit", *(state for state in STATES if state != "benefit")]
    for states in ({}, {"priority": first}):
        at_look = look_at(
            [spell("mentor", 1, 2)], ON_BENEFIT, [*HOURS, ("p1", "2016-01", 5.0)], states=states
        )
        assert only(at_look, "gaps")["share_of_time"] == 16 / 20
