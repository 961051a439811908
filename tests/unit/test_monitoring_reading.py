"""Deliveries of suppliers that must be refused, or noted; no value of a person is quoted."""

import datetime as dt

import pandas as pd
import pytest
from monitoring_frames import NAME, courses, jobs, make_plan, one, spells

import jobeval as je
from jobeval.registers.rules import RULES, SUPPLIER_RULES

SECRET = "canary5417"
TOML = """
name = "example"
municipality = "Holbæk"
begins = 2019-01-01
cut_off = 2019-08-15
title = { da = "Navn", en = "Name" }
[[suppliers]]
name = "A"
label = { da = "Navn", en = "Name" }
[files]
participants = { path = "p.csv", separator = ";" }
jobs = { path = "jobs.csv" }
"""


def refused(plan=None, **frames):
    """{place: rules} of what refuses the delivery."""
    with pytest.raises(je.DataError) as caught:
        je.monitor(plan or make_plan(), **frames)
    assert SECRET not in str(caught.value)
    found: dict[str, set[str]] = {}
    for problem in caught.value.problems:
        found.setdefault(problem.place, set()).add(problem.rule.rpartition("[")[2].rstrip("]"))
    return found


def noted(plan=None, **frames):
    told = je.monitor(plan or make_plan(), **frames)
    assert SECRET not in repr(told.findings)
    return {finding.rule: finding.count for finding in told.findings}


def invoices(*rows):
    """Rows of (person, invoiced_on, amount_dkk)."""
    frame = pd.DataFrame(rows, columns=["person_id", "invoiced_on", "amount_dkk"])
    return frame.assign(
        contract="c", milestone="start", invoiced_on=pd.to_datetime(frame["invoiced_on"])
    )


ONE = ("a", "2019-02-04")
TWO = [{"name": name, "label": NAME} for name in ("A", "B")]
JOB = ("a", "ordinary", "2019-03-04", "2019-03-06")
CASES = {
    "supplier-unknown": (make_plan(), {"participants": courses((*ONE, None, "C"))}),
    "supplier-empty": (make_plan(suppliers=TWO), {"participants": courses(ONE)}),
    "programme-empty": (make_plan(programme="x"), {"participants": courses(ONE)}),
    "course-duplicated": (
        make_plan(),
        {"participants": courses(ONE, (*ONE, "2019-03-04"))},
    ),
    "course-ends-before-start": (make_plan(), {"participants": courses((*ONE, "2019-02-03"))}),
    "course-before-period": (make_plan(), {"participants": courses(("a", "2018-12-31"))}),
    "courses-at-once": (
        make_plan(suppliers=TWO),
        {"participants": courses(ONE, ("a", "2019-04-01", None, "B"))},
    ),
    "job-kind-unknown": (
        make_plan(),
        {"participants": courses(ONE), "jobs": jobs(("a", SECRET, "2019-03-04", None))},
    ),
    "job-hours-above-days": (
        make_plan(),
        {"participants": courses(ONE), "jobs": jobs(JOB).assign(hours=48.5)},
    ),
    "job-hours-disagree": (
        make_plan(),
        {"participants": courses(ONE), "jobs": jobs(JOB).assign(hours=1.0)},
    ),
    "invoice-amount": (
        make_plan(),
        {"participants": courses(ONE), "invoices": invoices((SECRET, "2019-03-04", -5.0))},
    ),
    "hand-over-empty": (
        make_plan(hand_over=[{"from_programme": "Before", "to_programme": "Now"}]),
        {"participants": courses(ONE).assign(programme="Now")},
    ),
    "person-without-course": (
        make_plan(),
        {"participants": courses(ONE), "jobs": jobs(JOB, (SECRET, *JOB[1:]))},
    ),
    "keys-without-course": (
        make_plan(),
        {"participants": courses(ONE), "jobs": jobs((SECRET, *JOB[1:]))},
    ),
}


@pytest.mark.parametrize("rule", sorted(SUPPLIER_RULES))
def test_each_rule_speaks(rule):
    plan, frames = CASES[rule]
    if RULES[rule].severity == "W":
        assert noted(plan, **frames)[rule] == 1
    else:
        assert rule in {name for rules in refused(plan, **frames).values() for name in rules}


def test_nothing_at_all_is_refused():
    assert refused() == {"participants": {"file-missing"}}


def test_everything_wrong_is_told_together():
    participants = courses(
        (SECRET, "2019-02-04", "2019-01-01", "A"),
        ("b", "2019-02-04", None, "A"),
        ("b", "2019-02-04", "2019-03-04", "A"),
        ("c", "2019-02-04", None, "a"),
    )
    rows = jobs(
        (SECRET, "ordinaary", "2019-03-04", None),
        ("b", "ordinary", "2019-03-04", "2019-03-04"),
    )
    assert refused(participants=participants, jobs=rows) == {
        "participants.supplier": {"supplier-unknown", "labels-near-duplicate"},
        "participants.started_on": {"course-duplicated"},
        "participants.ended_on": {"course-ends-before-start"},
        "jobs.end": {"spell-empty"},
        "jobs.kind": {"job-kind-unknown"},
    }


def test_an_unknown_kind_of_job_gets_a_hint():
    rows = jobs(("a", "ordinary", "2019-03-04", None), ("a", "flexijob", "2019-03-04", None))
    with pytest.raises(je.DataError, match='did you mean "flexjob"'):
        je.monitor(make_plan(), participants=courses(("a", "2019-02-04")), jobs=rows)


def test_more_hours_than_days_have():
    rows = jobs(("a", "ordinary", "2019-03-04", "2019-03-06")).assign(hours=49.0)
    found = refused(participants=courses(("a", "2019-02-04")), jobs=rows)
    assert found == {"jobs.hours": {"job-hours-above-days"}}


def test_hours_in_all_and_a_week_agree_to_the_hour():
    """28 days: 148 hours are 37 a week, 152 are 38; 0 hours in an open row are none."""
    rows = jobs(
        ("a", "ordinary", "2019-03-04", "2019-04-01"),
        ("a", "ordinary", "2019-04-02", "2019-04-30"),
        ("a", "ordinary", "2019-05-01", "2019-05-29"),
        ("a", "ordinary", "2019-06-03", None),
        ("a", "ordinary", "2019-07-01", None),
    ).assign(hours=[148.0, 152.0, 153.0, 0.0, 9.0])
    found = noted(participants=courses(("a", "2019-02-04")), jobs=rows)
    assert found == {"job-hours-disagree": 2}


def test_a_programme_of_a_hand_over_that_nobody_is_in_gets_a_hint():
    plan = make_plan(hand_over=[{"from_programme": "JobFrist", "to_programme": "Now"}])
    participants = courses(("a", "2019-02-04"), ("b", "2019-02-04"))
    told = je.monitor(plan, participants=participants.assign(programme=["JobFirst", "Now"]))
    [finding] = told.findings
    assert finding.rule == "hand-over-empty"
    assert finding.mend == 'did you mean "JobFirst"?'


def test_invoices_are_refused_together_with_the_rest():
    participants = courses(("a", "2019-02-04", None, "C"))
    found = refused(
        participants=participants,
        invoices=invoices(("a", "2019-03-04", 5.0), ("a", "2019-03-04", 5.001)),
    )
    assert found == {
        "participants.supplier": {"supplier-unknown"},
        "invoices.amount_dkk": {"invoice-amount"},
    }


def test_keys_that_do_not_match():
    participants = courses(("0012", "2019-02-04"))
    lost = jobs(("12", "ordinary", "2019-03-04", None))
    assert refused(participants=participants, jobs=lost) == {"jobs.person_id": {"keys-padding"}}
    other = jobs(("zz", "ordinary", "2019-03-04", None))
    found = refused(participants=participants, jobs=other)
    assert found == {"jobs.person_id": {"keys-without-course"}}


def test_persons_without_a_course_are_noted():
    rows = jobs(("a", "ordinary", "2019-03-04", None), (SECRET, "ordinary", "2019-03-04", None))
    found = noted(participants=courses(("a", "2019-02-04")), jobs=rows)
    assert found == {"person-without-course": 1}


def test_a_note_can_be_acknowledged_and_an_error_cannot():
    rows = jobs(("a", "ordinary", "2019-03-04", None), ("b", "ordinary", "2019-03-04", None))
    plan = make_plan(acknowledged={"person-without-course": "the extract is wider"})
    assert noted(plan, participants=courses(("a", "2019-02-04")), jobs=rows) == {}
    plan = make_plan(acknowledged={"spell-empty": "no"})
    found = refused(plan, participants=courses(("a", "2019-02-04")))
    assert found == {"plan.acknowledged": {"acknowledged-unknown"}}


def test_courses_of_two_suppliers_at_once_are_noted():
    plan = make_plan(suppliers=[{"name": name, "label": NAME} for name in ("A", "B", "C")])
    participants = courses(
        ("a", "2019-02-04", "2019-03-04", "A"),
        ("a", "2019-03-03", None, "B"),
        ("b", "2019-02-04", "2019-03-04", "A"),
        ("b", "2019-03-04", None, "B"),
    )
    found = noted(plan, participants=participants)
    assert found == {"courses-at-once": 1, "supplier-empty": 1}


def test_a_programme_that_nobody_is_in():
    participants = courses(("a", "2019-02-04")).assign(programme="Now")
    found = refused(make_plan(programme="now"), participants=participants)
    assert found == {"participants.programme": {"programme-empty"}}
    without = refused(make_plan(programme="now"), participants=courses(("a", "2019-02-04")))
    assert without == {"participants.programme": {"programme-empty"}}


def test_a_case_mix_that_was_not_delivered():
    plan = make_plan(case_mix=[{"column": "benefit_yeers"}])
    participants = courses(("a", "2019-02-04")).assign(benefit_years=3)
    with pytest.raises(je.DataError, match='did you mean "benefit_years"'):
        je.monitor(plan, participants=participants)


def test_files_are_held_against_the_plan(tmp_path):
    (tmp_path / "p.csv").write_text(f"person_id,supplier,started_on\n{SECRET},A,2019-02-04\n")
    files = {
        "participants": {"path": "p.csv", "separator": ";"},
        "jobs": {"path": "jobs.csv"},
    }
    plan = make_plan(files=files)
    (tmp_path / "monitor.toml").write_text(TOML)
    assert je.read_monitor_plan(tmp_path).files == plan.files
    with pytest.raises(je.DataError) as caught:
        je.read_monitor(tmp_path)
    said = str(caught.value)
    assert "csv-separator" in said
    assert "jobs: the file is not in" in said
    assert SECRET not in said


def test_cpr_numbers_are_refused_in_any_column():
    participants = courses(("a", "2019-02-04")).assign(note="0101010007")
    with pytest.raises(je.DataError, match="cpr-number") as caught:
        je.monitor(make_plan(), participants=participants)
    assert "0101010007" not in str(caught.value)


def test_jobs_come_as_spells_or_as_months_not_both():
    frame = jobs(("a", "ordinary", "2019-03-04", None))
    with pytest.raises(ValueError, match="not both"):
        je.monitor(make_plan(), participants=courses(("a", "2019-02-04")), jobs=frame, hours=frame)


@pytest.mark.parametrize("day", [dt.date(2018, 12, 31), dt.date(2019, 8, 16)])
def test_a_day_outside_the_period_is_refused(day):
    with pytest.raises(ValueError, match="as_of must lie from 2019-01-01 to 2019-08-15"):
        je.monitor(make_plan(), participants=courses(("a", "2019-02-04")), as_of=day)


def test_frames_are_not_changed():
    participants, rows = courses(("a", "2019-02-04")), jobs(("a", "ordinary", "2019-03-04", None))
    before = participants.copy(), rows.copy()
    je.monitor(make_plan(), participants=participants, jobs=rows)
    pd.testing.assert_frame_equal(participants, before[0])
    pd.testing.assert_frame_equal(rows, before[1])


def test_wide_dream_and_spells_tell_the_same():
    """Weeks 1 to 33 of 2019 on benefit, the last delivered week open."""
    weeks = {f"y_19{number:02d}": ["730"] for number in range(1, 34)}
    wide = pd.DataFrame({"person_id": ["a"], **weeks})
    frames = {
        "participants": courses(("a", "2019-02-04")),
        "jobs": jobs(("a", "ordinary", "2019-03-04", None)),
    }
    for benefits in (wide, spells(("a", "2018-12-31", None, 730))):
        told = je.monitor(make_plan(), **frames, benefits=benefits)
        assert one(told, "status", "status")["hours_beside_benefit"] == 1


def test_months_count_supported_hours_as_subsidised_and_ordinary_hours_in_their_month():
    """10 ordinary hours in March, 37 supported in April; the month of the cut-off is not over."""
    hours = pd.DataFrame(
        {
            "person_id": ["a", "a", "a"],
            "month": ["2019-03", "2019-04", "2019-08"],
            "hours": [10.0, 37.0, 5.0],
            "supported": [0, 1, 0],
        }
    )
    participants = courses(("a", "2019-03-18"), ("b", "2019-03-18"))
    told = je.monitor(make_plan(), participants=participants, hours=hours)
    counts = one(told, "status", "status")
    assert (counts["ordinary"], counts["subsidised"]) == (1, 1)
    months = told.tables["months"].set_index("month")
    assert months.loc["2019-03", ["persons", "with_hours", "mean_hours"]].tolist() == [2, 1, 5]
    assert months.loc["2019-03", "mean_hours_with_hours"] == pytest.approx(10)
    assert months.loc["2019-04", "with_hours"] == 0
    assert months.loc["2019-08", "with_hours"] == 0  # BFL tells August when it is over
    assert months["job_starts"].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]


def test_hours_that_nobody_told_leave_the_mean_open():
    rows = jobs(("a", "ordinary", "2019-03-04", None)).assign(hours_per_week=float("nan"))
    told = je.monitor(make_plan(), participants=courses(("a", "2019-02-04")), jobs=rows)
    march = told.tables["months"].set_index("month").loc["2019-03"]
    assert march["with_hours"] == 1
    assert pd.isna(march["mean_hours"])
    assert "jobs: rows without hours (1) count as work, but never as full time." in told.notes


def test_month_bounds_of_hours_and_courses():
    """37 hours a week from 25 February to 3 March: 4 days in February, 3 in March (of 7)."""
    told = je.monitor(
        make_plan(),
        participants=courses(("a", "2019-01-31", "2019-04-01")),
        jobs=jobs(("a", "ordinary", "2019-02-25", "2019-03-04")),
    )
    months = told.tables["months"].set_index("month")
    assert months["persons"].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    assert months["active"].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    assert months["intake"].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert months.loc["2019-02", "mean_hours"] == pytest.approx(37 * 4 / 7)
    assert months.loc["2019-03", "mean_hours"] == pytest.approx(37 * 3 / 7)
    assert pd.isna(months.loc["2019-04", "share"])


def test_industries_count_citizens_and_put_codes_together():
    rows = jobs(
        ("a", "ordinary", "2019-03-04", "2019-04-01"),
        ("a", "ordinary", "2019-05-06", None),
        ("b", "ordinary", "2019-05-06", None),
        ("b", "ordinary", "2019-05-06", None, 5.0),
        ("b", "subsidised", "2019-05-06", None),
    ).assign(industry=["561010", "551010", "Lager", None, "412000"])
    told = je.monitor(
        make_plan(), participants=courses(("a", "2019-02-04"), ("b", "2019-02-04")), jobs=rows
    )
    assert one(told, "industries", "industry") == {"I": 1, "Lager": 1, "unknown": 1}


def test_a_single_supplier_is_not_compared_and_a_note_says_why():
    plan = make_plan(case_mix=[{"column": "benefit_years"}])
    told = je.monitor(
        plan,
        participants=courses(("a", "2019-02-04"), ("b", "2019-02-04")).assign(benefit_years=[1, 2]),
        jobs=jobs(("a", "ordinary", "2019-03-04", None)),
    )
    assert "case_mix" not in told.tables
    assert any(note.startswith("case_mix: 1 of") for note in told.notes)


def test_a_case_mix_that_is_unknown_for_some_is_refused_or_declared():
    suppliers = [{"name": name, "label": NAME} for name in ("A", "B")]
    people = [(f"p{k}", "2019-02-04", None, "AB"[k % 2]) for k in range(20)]
    participants = courses(*people).assign(benefit_years=[None, *range(19)])
    rows = jobs(*[(f"p{k}", "ordinary", "2019-03-04", None) for k in (0, 3, 4, 7, 9, 14)])
    term = {"column": "benefit_years"}
    with pytest.raises(je.DataError, match="benefit_years"):
        plan = make_plan(suppliers=suppliers, case_mix=[term])
        je.monitor(plan, participants=participants, jobs=rows)
    plan = make_plan(suppliers=suppliers, case_mix=[term | {"unknown": "indicator"}])
    told = je.monitor(plan, participants=participants, jobs=rows)
    assert told.tables["case_mix"]["supplier"].tolist() == ["A", "B"]
    assert told.tables["case_mix"]["n"].tolist() == [10, 10]
