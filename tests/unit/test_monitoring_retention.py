"""Jobs kept for 13 and 26 weeks: who is old enough, and who kept it, worked by hand."""

import datetime as dt

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from monitoring_frames import courses, jobs, make_plan, one, spells

import jobeval as je
from jobeval.monitoring.waiting import share_reached


def retention(day, rows, plan=None, start="2019-01-01"):
    """{weeks: (kept, eligible)} of citizens whose courses began on ``start``."""
    day = dt.date.fromisoformat(day)
    known = plan or make_plan(begins=dt.date.fromisoformat(start), cut_off=day)
    people = sorted(set(rows["person_id"]))
    told = je.monitor(
        known, participants=courses(*[(person, start) for person in people]), jobs=rows, as_of=day
    )
    table = told.tables["retention"].set_index("weeks")
    return {weeks: (row["kept"], row["eligible"]) for weeks, row in table.iterrows()}


@pytest.mark.parametrize(
    ("first_day", "last_eligible_minus_one", "what"),
    [
        ("2019-04-01", "2019-06-29", "91 days within a year"),
        ("2020-02-03", "2020-05-02", "over 29 February of a leap year"),
        ("2020-11-30", "2021-02-27", "over week 53 of 2020"),
        ("2019-12-30", "2020-03-28", "over New Year, in week 1 of 2020"),
    ],
)
def test_thirteen_weeks_are_91_days(first_day, last_eligible_minus_one, what):
    """A job of 1 April is 91 days old at the end of 30 June, not at the end of the 29th."""
    rows = jobs(("a", "ordinary", first_day, None))
    before = dt.date.fromisoformat(last_eligible_minus_one)
    assert before - dt.date.fromisoformat(first_day) == dt.timedelta(days=89), what
    start = "2019-01-01"
    assert retention(before.isoformat(), rows, start=start)[13] == (0, 0)
    on_the_day = (before + dt.timedelta(days=1)).isoformat()
    assert retention(on_the_day, rows, start=start)[13] == (1, 1)


def test_a_loss_on_the_last_day_is_a_loss():
    """From 1 April, 91 days are until 30 June: who leaves after the 29th has kept 90."""
    rows = jobs(
        ("a", "ordinary", "2019-04-01", "2019-06-30"),
        ("b", "ordinary", "2019-04-01", "2019-07-01"),
    )
    assert retention("2019-12-01", rows) == {13: (1, 2), 26: (0, 2)}


def test_only_starts_that_are_old_enough_are_in_the_denominator():
    """On 15 August 2019: 13 weeks since 17 May, 26 weeks since 15 February."""
    starts = ("2019-02-14", "2019-02-15", "2019-05-17", "2019-05-18")
    rows = jobs(*[(str(k), "ordinary", day, None) for k, day in enumerate(starts)])
    assert retention("2019-08-15", rows) == {13: (3, 3), 26: (2, 2)}


@pytest.mark.parametrize(("back_on", "kept"), [("2019-05-15", True), ("2019-05-16", False)])
def test_a_gap_of_fourteen_days_is_no_loss(back_on, kept):
    """Out of work from 1 May; back on the 15th after 14 days, or on the 16th after 15."""
    rows = jobs(
        ("a", "ordinary", "2019-04-01", "2019-05-01"),
        ("a", "ordinary", back_on, None),
    )
    assert retention("2019-08-15", rows)[13] == (int(kept), 1)


def test_a_gap_at_the_cut_off_is_not_kept_until_the_citizen_is_back():
    """91 days end on 30 June within a gap; back on 5 July, the job was kept."""
    rows = jobs(
        ("a", "ordinary", "2019-04-01", "2019-06-27"),
        ("a", "ordinary", "2019-07-05", None),
    )
    assert retention("2019-07-04", rows)[13] == (0, 1)
    assert retention("2019-07-05", rows)[13] == (1, 1)


def test_wage_subsidy_keeps_no_job_and_a_flexjob_does():
    rows = jobs(
        ("a", "ordinary", "2019-02-01", "2019-03-01"),
        ("a", "subsidised", "2019-03-01", None),
        ("b", "ordinary", "2019-02-01", "2019-03-01"),
        ("b", "flexjob", "2019-03-01", None),
    )
    assert retention("2019-08-15", rows)[13] == (1, 2)


def test_two_employers_at_once_are_one_work():
    rows = jobs(
        ("a", "ordinary", "2019-02-01", "2019-04-15"),
        ("a", "ordinary", "2019-03-01", "2019-06-01"),
    )
    assert retention("2019-08-15", rows)[13] == (1, 1)  # until 1 June are 120 days


def test_months_of_bfl_are_kept_by_whole_months():
    """February to May 2020 are 121 days; without May, 90: the leap day counts."""
    import pandas as pd

    def told(months):
        frame = pd.DataFrame(
            {"person_id": "a", "employer_id": "w", "month": months, "hours": 20.0, "supported": 0}
        )
        day = dt.date(2020, 8, 31)
        plan = make_plan(begins=dt.date(2020, 1, 1), cut_off=day)
        result = je.monitor(plan, participants=courses(("a", "2020-02-01")), hours=frame)
        return one(result, "retention", "weeks", "kept")[13]

    assert told(["2020-02", "2020-03", "2020-04", "2020-05"]) == 1
    assert told(["2020-02", "2020-03", "2020-04"]) == 0


def waits(plan, **frames):
    told = je.monitor(plan, participants=courses(*[(p, "2019-06-03") for p in "abcd"]), **frames)
    return told.tables["waiting"].set_index("event")


def test_waiting_for_a_company_a_placement_a_paid_hour_and_a_job():
    """From 3 June: companies after 0, 7 and 30 days, a placement after 30, hours after 14, 50."""
    plan = make_plan(targets={"company": 7, "paid_hour": 14})
    found = waits(
        plan,
        activities=spells(
            ("a", "2019-06-03", "2019-06-04", "contact"),
            ("b", "2019-06-10", "2019-06-20", "snusepraktik"),
            ("c", "2019-07-03", "2019-10-01", "virksomhedspraktik"),
            ("d", "2019-06-04", "2019-06-05", "contact"),
            company_id=["v1", "v2", "v3", None],
        ),
        jobs=jobs(("a", "ordinary", "2019-06-17", None), ("b", "ordinary", "2019-07-23", None)),
        benefits=spells(("a", "2015-01-01", None, 730)),
    )
    assert found["reached"].to_dict() == {"company": 3, "placement": 1, "paid_hour": 2, "job": 1}
    assert (found["of"] == 4).all()
    assert found.loc["company", "median_days"] == 18.5  # half is reached at 7, and falls on at 30
    assert np.isnan(found.loc["placement", "median_days"])
    assert found.loc["company", ["target_days", "within_target", "within_share"]].tolist() == [
        7, 2, 0.5,
    ]  # fmt: skip
    assert found.loc["paid_hour", "within_share"] == 0.25
    assert np.isnan(found.loc["job", "target_days"])


def test_who_left_the_course_goes_on_waiting():
    participants = courses(("a", "2019-06-03", "2019-06-10"), ("b", "2019-06-03"))
    told = je.monitor(
        make_plan(),
        participants=participants,
        jobs=jobs(("b", "ordinary", "2019-06-17", None)),
    )
    waiting = told.tables["waiting"].set_index("event")
    assert waiting.loc["paid_hour", "of"] == 2
    assert waiting.loc["paid_hour", "median_days"] == 14


def test_the_share_in_time_is_that_of_lifelines():
    rng = np.random.default_rng(5)
    waited = rng.integers(0, 60, size=80)
    reached = rng.random(80) < 0.6
    fitted = KaplanMeierFitter().fit(waited, reached)
    for day in (0, 7, 30, 45):
        expected = 1 - float(fitted.predict(day))
        assert share_reached(waited, reached, day) == pytest.approx(expected, abs=1e-12)


def test_a_share_beyond_what_is_seen_is_not_known():
    assert np.isnan(share_reached(np.array([3, 5]), np.array([True, False]), 6))
    assert share_reached(np.array([5, 3]), np.array([True, False]), 6) == 1
    assert np.isnan(share_reached(np.array([], dtype=int), np.array([], dtype=bool), 6))
