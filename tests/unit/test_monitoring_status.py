"""Statuses of citizens on small event tables, worked by hand."""

import datetime as dt

import numpy as np
import pytest
from monitoring_frames import courses, jobs, make_plan, one, spells

import jobeval as je


def status(plan=None, **frames):
    return one(je.monitor(plan or make_plan(), **frames), "status", "status")


def test_kinds_of_work_are_kept_apart():
    """An ordinary job, a flexjob, a wage subsidy, hours beside a benefit, two of these, none."""
    told = status(
        participants=courses(*[(person, "2019-02-04") for person in "abcdef"]),
        jobs=jobs(
            ("a", "ordinary", "2019-03-04", None),
            ("b", "flexjob", "2019-03-04", None, 10.0),
            ("c", "subsidised", "2019-03-04", None),
            ("d", "ordinary", "2019-03-04", None, 5.0),
            ("e", "ordinary", "2019-03-04", "2019-04-01", 5.0),
            ("e", "subsidised", "2019-04-01", None),
        ),
        benefits=spells(
            ("a", "2015-01-01", "2019-03-04", 730),
            ("b", "2015-01-01", "2019-03-04", 730),
            ("b", "2019-03-04", None, 771),
            ("c", "2015-01-01", None, 735),
            ("d", "2015-01-01", None, 730),
            ("e", "2015-01-01", None, 730),
            ("f", "2015-01-01", None, 730),
        ),
    )
    assert told["ordinary"] == 1
    assert told["flexjob"] == 1
    assert told["subsidised"] == 2
    assert told["hours_beside_benefit"] == 2
    assert told["any_work"] == 4  # wage subsidy alone is none
    assert told["full_time"] == 1  # nor is it full-time work


def test_a_job_is_what_it_had_become_on_its_last_day():
    """Hours beside a benefit that ended with 30 June are an ordinary job from July on."""
    frames = {
        "participants": courses(("a", "2019-02-04")),
        "jobs": jobs(("a", "ordinary", "2019-03-04", None)),
        "benefits": spells(("a", "2015-01-01", "2019-07-01", 730)),
    }
    june = je.monitor(make_plan(), **frames, as_of=dt.date(2019, 6, 30))
    july = je.monitor(make_plan(), **frames, as_of=dt.date(2019, 7, 1))
    assert one(june, "status", "status")["hours_beside_benefit"] == 1
    assert one(july, "status", "status")["hours_beside_benefit"] == 0
    assert one(july, "status", "status")["ordinary"] == 1


def test_holiday_pay_from_employment_is_no_benefit():
    told = status(
        participants=courses(("a", "2019-02-04")),
        jobs=jobs(("a", "ordinary", "2019-03-04", None)),
        benefits=spells(("a", "2019-07-01", None, 121)),
    )
    assert (told["ordinary"], told["hours_beside_benefit"]) == (1, 0)


def test_without_benefits_hours_beside_them_are_not_told():
    told = je.monitor(
        make_plan(),
        participants=courses(("a", "2019-02-04")),
        jobs=jobs(("a", "ordinary", "2019-03-04", None)),
    )
    assert "hours_beside_benefit" not in one(told, "status", "status")
    assert any("benefits: were not delivered" in note for note in told.notes)


def test_without_jobs_nothing_is_told_of_work():
    told = je.monitor(make_plan(), participants=courses(("a", "2019-02-04")))
    assert set(one(told, "status", "status")) == {"intake", "active", "ended"}
    assert "retention" not in told.tables


def test_the_cut_off_day_itself_is_seen_and_the_next_is_not():
    frames = {
        "participants": courses(("a", "2019-08-15"), ("b", "2019-08-16"), ("c", "2019-02-04")),
        "jobs": jobs(
            ("a", "ordinary", "2019-08-15", None),
            ("c", "ordinary", "2019-08-16", None),
        ),
    }
    told = status(**frames)
    assert (told["intake"], told["any_work"]) == (2, 1)


@pytest.mark.parametrize(("registered_on", "seen"), [("2019-08-15", 1), ("2019-08-16", 0)])
def test_a_row_counts_from_the_day_on_which_it_was_known(registered_on, seen):
    told = status(
        participants=courses(("a", "2019-02-04")),
        jobs=jobs(("a", "ordinary", "2019-03-04", None, 37.0, registered_on)),
    )
    assert told["any_work"] == seen


def test_a_course_has_ended_on_the_day_that_is_told():
    participants = courses(("a", "2019-02-04", "2019-06-30"), ("b", "2019-02-04", "2019-09-01"))
    for day, ended in (("2019-06-29", 0), ("2019-06-30", 1)):
        told = je.monitor(make_plan(), participants=participants, as_of=dt.date.fromisoformat(day))
        assert one(told, "status", "status")["ended"] == ended
        assert one(told, "status", "status")["active"] == 2 - ended
        reasons = told.tables["ended"]
        assert list(reasons["reason"]) == ["unknown"] * ended


@pytest.mark.parametrize(
    ("start", "counts"),
    [
        ("2019-02-03", 0),  # before the course
        ("2019-02-04", 1),
        ("2019-07-31", 1),  # 31 days after its end
        ("2019-08-01", 0),
    ],
)
def test_a_job_belongs_to_the_course_in_which_or_soon_after_which_it_began(start, counts):
    told = status(
        participants=courses(("a", "2019-02-04", "2019-06-30")),
        jobs=jobs(("a", "ordinary", start, None)),
    )
    assert told["any_work"] == counts


def test_a_job_counts_with_the_course_that_began_last():
    plan = make_plan(
        suppliers=[{"name": name, "label": {"da": "x", "en": "x"}} for name in ("A", "B")]
    )
    told = je.monitor(
        plan,
        participants=courses(
            ("a", "2019-02-04", "2019-05-01", "A"), ("a", "2019-05-06", None, "B")
        ),
        jobs=jobs(("a", "ordinary", "2019-05-13", None)),
    )
    work = told.tables["status"].query("status == 'any_work'").set_index("supplier")["count"]
    assert work.to_dict() == {"A": 0, "B": 1}


def test_two_courses_with_one_supplier_are_one_citizen():
    told = je.monitor(
        make_plan(),
        participants=courses(("a", "2019-02-04", "2019-03-01"), ("a", "2019-05-06", None)),
    )
    counts = one(told, "status", "status")
    assert (counts["intake"], counts["active"]) == (1, 1)


def test_courses_of_other_programmes_and_before_the_period_are_left_out():
    participants = courses(("a", "2019-02-04"), ("b", "2019-02-04"), ("c", "2018-12-31"))
    participants["programme"] = ["now", "before", "now"]
    told = je.monitor(make_plan(programme="now"), participants=participants)
    assert one(told, "status", "status")["intake"] == 1
    assert "course-before-period" in {finding.rule for finding in told.findings}


@pytest.mark.parametrize(("hours", "full"), [(36.994, 0), (36.996, 1), (37.0, 1)])
def test_full_time_is_told_to_two_decimals(hours, full):
    told = status(
        participants=courses(("a", "2019-02-04")),
        jobs=jobs(("a", "ordinary", "2019-03-04", None, hours)),
    )
    assert told["full_time"] == full


def test_hours_of_a_whole_row_are_made_weekly():
    """74 hours in a row of 14 days are 37 a week."""
    rows = jobs(("a", "ordinary", "2019-03-04", "2019-03-18", np.nan)).assign(hours=74.0)
    assert status(participants=courses(("a", "2019-02-04")), jobs=rows)["full_time"] == 1


def test_rows_without_any_paid_hours_are_no_work():
    rows = jobs(("a", "ordinary", "2019-03-04", "2019-03-18", 0.0))
    assert status(participants=courses(("a", "2019-02-04")), jobs=rows)["any_work"] == 0


def test_a_placement_is_told_of_those_without_work_or_education():
    """Under way on 15 August: a's and c's (until today); c also works; b's ended before."""
    told = status(
        participants=courses(*[(person, "2019-02-04") for person in "abcde"]),
        jobs=jobs(("c", "ordinary", "2019-03-04", "2019-03-11")),
        activities=spells(
            ("a", "2019-07-01", "2019-10-01", "virksomhedspraktik"),
            ("b", "2019-07-01", "2019-08-15", "virksomhedspraktik"),
            ("c", "2019-07-01", "2019-10-01", "virksomhedspraktik"),
            ("d", "2019-07-01", "2019-10-01", "snusepraktik"),
            ("e", "2019-07-01", "2019-08-16", "virksomhedspraktik"),
        ),
    )
    assert told["placement"] == 2  # a and e


def test_education_is_full_time_from_the_plans_hours_on():
    activities = spells(
        ("a", "2019-07-01", None, "education"),
        ("b", "2019-07-01", None, "education"),
        ("c", "2019-07-01", None, "education"),
        planned_hours=[20.0, 19.5, np.nan],
    )
    told = je.monitor(
        make_plan(),
        participants=courses(*[(person, "2019-02-04") for person in "abc"]),
        activities=activities,
    )
    assert one(told, "status", "status")["education"] == 1
    assert "activities: educations without planned hours (1) are not full time." in told.notes


def test_small_numbers_are_marked():
    participants = courses(*[(f"p{k}", "2019-02-04") for k in range(6)])
    rows = jobs(*[(f"p{k}", "ordinary", "2019-03-04", None, 10.0) for k in range(5)])
    told = je.monitor(make_plan(), participants=participants, jobs=rows)
    small = one(told, "status", "status", "small")
    assert not small["intake"]
    assert not small["any_work"]  # 5 of 6
    assert small["full_time"]  # 0 of 5


def test_a_day_on_which_nobody_had_begun():
    label = {"da": "x", "en": "x"}
    milestone = {"name": "start", "label": label, "reached_by": "start", "price_dkk": 10.0}
    contract = {
        "name": "c", "supplier": "A", "start": dt.date(2019, 1, 1), "milestones": [milestone]
    }  # fmt: skip
    plan = make_plan(
        contracts=[contract],
        case_mix=[{"column": "birth_year"}],
        claims=[{"label": label, "supplier": "A", "percent": "0 pct.", "of": "intake"}],
    )
    told = je.monitor(
        plan,
        participants=courses(("a", "2019-02-04")).assign(birth_year=1970),
        jobs=jobs(("a", "ordinary", "2019-03-04", None)),
        activities=spells(("a", "2019-07-01", None, "virksomhedspraktik")),
        benefits=spells(("a", "2019-07-01", None, 730)),
        as_of=dt.date(2019, 1, 1),
    )
    assert set(one(told, "status", "status").values()) == {0}
    assert told.tables["status"]["share"].isna().all()
    assert told.tables["retention"]["eligible"].tolist() == [0, 0]
    assert told.tables["waiting"]["of"].tolist() == [0, 0, 0, 0]
    assert told.tables["industries"].empty
    assert told.tables["ended"].empty
    assert told.tables["milestones"]["reached"].tolist() == [0]
    assert told.tables["claims"]["attainable"].tolist() == [None]  # nobody to be a share of
    again = je.MonitorResult.from_dict(told.to_dict())
    assert again.to_dict() == told.to_dict()


def test_a_job_that_a_later_version_takes_back_is_no_work():
    """Registered on 5 March with 37 hours, on 5 April with none."""
    rows = jobs(
        ("a", "ordinary", "2019-03-04", None, 37.0, "2019-03-05"),
        ("a", "ordinary", "2019-03-04", None, 0.0, "2019-04-05"),
    ).assign(employer_id="E")
    frames = {"participants": courses(("a", "2019-02-04")), "jobs": rows}
    assert status(**frames)["any_work"] == 0
    before = je.monitor(make_plan(), **frames, as_of=dt.date(2019, 4, 4))
    assert one(before, "status", "status")["any_work"] == 1


def test_hours_a_week_of_a_row_without_paid_hours_are_no_work():
    rows = jobs(("a", "ordinary", "2019-03-04", "2019-04-01")).assign(hours=0.0)
    told = status(participants=courses(("a", "2019-02-04")), jobs=rows)
    assert (told["any_work"], told["full_time"]) == (0, 0)


@pytest.mark.parametrize(("end", "full_time"), [("2019-05-07", 1), ("2019-05-06", 0)])
def test_hours_of_one_job_are_added_up_where_its_rows_overlap(end, full_time):
    """Two rows of 18.5 hours at one workplace are a full-time job while both go on."""
    rows = jobs(
        ("a", "ordinary", "2019-03-04", end, 18.5),
        ("a", "ordinary", "2019-05-06", None, 18.5),
    ).assign(employer_id="E")
    told = status(participants=courses(("a", "2019-02-04")), jobs=rows)
    assert told["full_time"] == full_time


def test_hours_of_a_month_at_one_workplace_are_added_up():
    hours = spells(*[("a", "2019-03-01", None, "x")] * 2).assign(
        month="2019-03", hours=[80.0, 80.34], supported=0, employer_id="E"
    )
    hours = hours[["person_id", "employer_id", "month", "hours", "supported"]]
    assert status(participants=courses(("a", "2019-02-04")), hours=hours)["full_time"] == 1
