"""Deliveries of contracts that would pay too much, or nothing, without a word."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from jobeval.errors import DataError
from jobeval.monitoring.contracts.ledger import build_ledger
from jobeval.monitoring.contracts.terms import ContractTerms

LABEL = {"da": "x", "en": "x"}
AS_OF = dt.date(2020, 12, 31)
JOB = {"name": "job", "label": LABEL, "reached_by": "job", "price_dkk": 2000.0}
COURSE = pd.DataFrame({"person_id": ["12"], "supplier": ["s"], "started_on": ["2020-01-06"]})
ROWS = pd.DataFrame(
    {
        "person_id": ["12"],
        "employer_id": ["E"],
        "kind": ["ordinary"],
        "start": ["2020-02-03"],
        "end": [None],
        "hours_per_week": [20.0],
    }
)
MONTH = pd.DataFrame({"person_id": ["12"], "month": ["2020-02"], "hours": [80.0]})


def terms(**rest: Any) -> ContractTerms:
    given = {"name": "c", "supplier": "s", "start": dt.date(2020, 1, 1), "milestones": [JOB]}
    return ContractTerms.model_validate(given | rest)


def reached(jobs: pd.DataFrame, courses: pd.DataFrame = COURSE, **rest: Any) -> list[str]:
    """The days on which milestones were reached."""
    ledger = build_ledger(jobs, courses, terms(**rest), as_of=AS_OF)
    return ledger["reached_on"].dt.strftime("%Y-%m-%d").tolist()


@pytest.mark.parametrize("day", [20200203, "03-02-2020", "3/2/2020", "202002"])
def test_dates_in_another_form_are_refused_not_guessed(day: Any) -> None:
    """3 February is no 2 March; and the number 20200203 is no day of 1970."""
    with pytest.raises(DataError, match=r"jobs\.start: 1 row is not a date"):
        reached(ROWS.assign(start=day))


def test_iso_dates_are_taken_as_text_dates_and_moments() -> None:
    midnight = pd.Timestamp("2020-02-03 00:00", tz="Europe/Copenhagen")
    for day in ("2020-02-03", dt.date(2020, 2, 3), pd.Timestamp("2020-02-03 13:00"), midnight):
        assert reached(ROWS.assign(start=day)) == ["2020-02-03"]


@pytest.mark.parametrize("key", [12.0, "0012", " 12"])
def test_keys_that_are_written_otherwise_are_refused(key: Any) -> None:
    with pytest.raises(DataError, match=r"jobs\.person_id: .* written in another way"):
        reached(ROWS.assign(person_id=key))


def test_copies_of_a_row_do_not_make_a_job_of_40_hours() -> None:
    twice = pd.concat([ROWS, ROWS])
    with pytest.raises(DataError, match=r"jobs: 1 row is a copy of another row"):
        reached(twice, min_hours_per_week=40.0)
    assert reached(twice.assign(employer_id=["E", "F"]), min_hours_per_week=40.0) == ["2020-02-03"]


def test_a_month_that_does_not_tell_its_support_is_not_taken_for_ordinary_work() -> None:
    with pytest.raises(DataError, match=r"jobs\.supported: 1 row is empty"):
        reached(MONTH.assign(supported=None))
    assert reached(MONTH.assign(supported=True)) == []
    assert reached(MONTH.assign(supported=0)) == ["2020-02-01"]


def test_another_frame_than_of_pandas_is_told_so() -> None:
    with pytest.raises(TypeError, match=r"jobs must be a pandas frame; convert it"):
        build_ledger(ROWS.to_dict("list"), COURSE, terms(), as_of=AS_OF)  # pyright: ignore


@pytest.mark.parametrize("end", ["2020-03-02", None])
def test_hours_a_week_that_nobody_was_paid_are_no_job(end: str | None) -> None:
    assert reached(ROWS.assign(hours=0.0, end=end)) == []
    assert reached(ROWS.assign(hours=80.0, end=end)) == ["2020-02-03"]


def test_rows_without_paid_hours_join_no_jobs() -> None:
    """A row of 0 hours from before the course does not make the job after it an earlier one."""
    unpaid = ROWS.assign(start="2020-01-01", end="2020-02-03", hours_per_week=0.0)
    assert reached(pd.concat([unpaid, ROWS])) == ["2020-02-03"]


@pytest.mark.parametrize(("start", "paid"), [("2020-02-29", "c"), ("2020-03-01", "d")])
def test_two_suppliers_are_not_paid_for_one_job(start: str, paid: str) -> None:
    """The second course begins on 1 March: a job from that day on is the second supplier's."""
    courses = pd.DataFrame(
        {
            "person_id": ["12", "12"],
            "supplier": ["s", "t"],
            "started_on": ["2020-01-06", "2020-03-01"],
            "ended_on": ["2020-02-20", None],
        }
    )
    rows = ROWS.assign(start=start)
    contracts = [terms(), terms(name="d", supplier="t")]
    ledger = build_ledger(rows, courses, contracts, as_of=AS_OF)
    assert ledger["contract"].tolist() == [paid]
    before = build_ledger(rows, courses, contracts, as_of=dt.date(2020, 2, 29))
    assert before["contract"].tolist() == [paid] * (start == "2020-02-29")
