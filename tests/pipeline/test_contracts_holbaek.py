"""The contracts and the hand-over of the committed Holbæk folder, counted again from its files."""

import csv
import datetime as dt
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest

import jobeval as je
from jobeval.monitoring.plan import read_monitor_plan

FOLDER = Path(__file__).parents[2] / "data" / "synthetic" / "holbaek"
AS_OF = dt.date(2019, 8, 15)
PROGRAMME, BEFORE = "Leverandørforløb 2019", "Indsats 2018"
Rows = list[dict[str, str]]


def read(name: str) -> Rows:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def day(text: str) -> dt.date | None:
    return dt.datetime.strptime(text, "%d-%m-%Y").date() if text else None


def courses_of(programme: str) -> pd.DataFrame:
    rows = [row for row in read("forloeb.csv") if row["indsats"] == programme]
    return pd.DataFrame(
        {
            "person_id": [row["borger"] for row in rows],
            "supplier": [row["leverandør"] for row in rows],
            "started_on": [day(row["startdato"]) for row in rows],
            "ended_on": [day(row["slutdato"]) for row in rows],
        }
    )


def jobs() -> pd.DataFrame:
    rows = read("job.csv")
    hours = [row["timer_om_ugen"].replace(",", ".") for row in rows]
    return pd.DataFrame(
        {
            "person_id": [row["borger"] for row in rows],
            "employer_id": [row["arbejdssted"] for row in rows],
            "kind": [row["art"] for row in rows],
            "start": [day(row["første_dag"]) for row in rows],
            "end": [day(row["dagen_efter"]) for row in rows],
            "hours_per_week": [float(text) if text else None for text in hours],
            "registered_on": [day(row["registreret"]) for row in rows],
        }
    )


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    terms = read_monitor_plan(FOLDER).contracts
    return je.build_ledger(jobs(), courses_of(PROGRAMME), terms, as_of=AS_OF)


def days_at_work(supplier: str, kinds: set[str]) -> dict[str, list[dt.date]]:
    """Person → each day with a job of the kinds that began in the course, by 15 August."""
    starts = {
        row["borger"]: day(row["startdato"])
        for row in read("forloeb.csv")
        if (row["leverandør"], row["indsats"]) == (supplier, PROGRAMME)
    }
    found: dict[str, set[dt.date]] = defaultdict(set)
    for row in read("job.csv"):
        first, known = day(row["første_dag"]), day(row["registreret"])
        begun = starts.get(row["borger"])
        if row["art"] not in kinds or first is None or begun is None or first < begun:
            continue
        if known is not None and known > AS_OF:
            continue
        until = day(row["dagen_efter"]) or AS_OF + dt.timedelta(days=1)
        while first < until and first <= AS_OF:
            found[row["borger"]].add(first)
            first += dt.timedelta(days=1)
    return {person: sorted(days) for person, days in found.items()}


def reaches(days: list[dt.date], kept: int, gap: int, *, gaps_count: bool) -> bool:
    """Whether so many days were kept in one job, looking at one day after the other."""
    total, before = 0, None
    for today in days:
        missing = 0 if before is None else (today - before).days - 1
        total = 0 if missing > gap else total + (missing if gaps_count else 0)
        total, before = total + 1, today
        if total >= kept:
            return True
    return False


def test_kept_13_weeks_as_days_counted_one_by_one(ledger: pd.DataFrame) -> None:
    kept = ledger[ledger["milestone"] == "kept_13"].groupby("contract")["person_id"].apply(set)
    rules = {
        "contract_a": ("A", {"ordinary", "flexjob"}, 14, True),
        "contract_b": ("B", {"ordinary"}, 7, False),
    }
    for contract, (supplier, kinds, gap, count) in rules.items():
        naive = {
            person
            for person, days in days_at_work(supplier, kinds).items()
            if reaches(days, 91, gap, gaps_count=count)
        }
        assert kept[contract] == naive
        assert naive


def test_a_fifth_is_paid_at_the_start_and_two_fifths_twice(ledger: pd.DataFrame) -> None:
    contract = read_monitor_plan(FOLDER).contracts[0]
    assert contract.prices == (800_000, 1_600_000, 1_600_000)
    started = ledger[(ledger["contract"] == "contract_a") & (ledger["milestone"] == "start")]
    assert len(started) == 190
    assert sum(started["amount_dkk"]) == 190 * 8000
    assert not (ledger["milestone"] == "kept_26").any()


def test_the_rows_that_prove_are_the_persons_own(ledger: pd.DataFrame) -> None:
    rows = read("job.csv")
    by_job = ledger[~ledger["proof"].str.startswith("participants")]
    assert len(by_job) > 20
    for person, milestone_day, proof in zip(
        by_job["person_id"], by_job["reached_on"].dt.date, by_job["proof"], strict=True
    ):
        proving = [rows[int(number) - 1] for number in proof.split(", ")]
        assert {row["borger"] for row in proving} == {person}
        assert all((day(row["første_dag"]) or AS_OF) <= milestone_day for row in proving)


def test_the_forty_of_the_earlier_effort_stay_in_view() -> None:
    """12 of 40 went on, 20 wait, 5 are no longer on a benefit, 3 are still there."""
    rows = read("ydelser.csv")
    seen = pd.DataFrame(
        {
            "person_id": [row["borger"] for row in rows],
            "start": [day(row["første_dag"]) for row in rows],
            "end": [day(row["dagen_efter"]) for row in rows],
        }
    )
    links = je.link_cohorts(courses_of(BEFORE), courses_of(PROGRAMME), as_of=AS_OF, seen=seen)
    told = links["status"].value_counts().to_dict()
    told.pop("new")
    assert told == {"arrived": 12, "waiting": 20, "lost": 5, "still": 3}
    assert links["both"].sum() == 1
