"""Prediction intervals of a contract's liabilities against futures that did happen."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.monitoring.contracts.forecast import forecast_liabilities
from jobeval.monitoring.contracts.ledger import build_ledger
from jobeval.monitoring.contracts.terms import ContractTerms

BEGINS, AS_OF, LATER = dt.date(2019, 4, 1), dt.date(2019, 11, 27), dt.date(2020, 12, 31)
LAST_DAY = 700
LABEL = {"da": "x", "en": "x"}
MILESTONES: list[dict[str, Any]] = [
    {"name": "start", "reached_by": "start", "price_dkk": 2000.0},
    {
        "name": "job",
        "reached_by": "job",
        "price_dkk": 4000.0,
        "claw_back": {"weeks": 8, "share": 0.5},
    },
    {"name": "kept13", "reached_by": "kept", "weeks": 13, "price_dkk": 5000.0},
    {"name": "kept26", "reached_by": "kept", "weeks": 26, "price_dkk": 6000.0},
]
TERMS = ContractTerms.model_validate(
    {
        "name": "c",
        "supplier": "s",
        "start": BEGINS,
        "due_days": 30,
        "milestones": [{**one, "label": LABEL} for one in MILESTONES],
    }
)


def date(day: int) -> dt.date:
    return BEGINS + dt.timedelta(days=day)


def simulate(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Courses of 300 days, jobs after 250 that last 200, the next after 120: all memoryless."""
    jobs: list[tuple[Any, ...]] = []
    courses: list[tuple[Any, ...]] = []
    for number in range(n):
        start = int(rng.integers(0, 200))
        end = start + int(rng.exponential(300))
        day = start + int(rng.exponential(250))
        if day > end:
            day = end + int(rng.exponential(900))
        while day < LAST_DAY:
            lasts = 1 + int(rng.exponential(200))
            jobs.append((f"p{number:04d}", "ordinary", date(day), date(day + lasts), 30.0))
            day += lasts + 1 + int(rng.exponential(120))
        courses.append((f"p{number:04d}", "s", date(start), date(end)))
    return (
        pd.DataFrame(jobs, columns=["person_id", "kind", "start", "end", "hours_per_week"]),
        pd.DataFrame(courses, columns=["person_id", "supplier", "started_on", "ended_on"]),
    )


def fell_due(jobs: pd.DataFrame, courses: pd.DataFrame, months: list[str]) -> np.ndarray:
    """What fell due in each month, less what went back, in DKK: from the later ledger."""
    now, later = pd.Timestamp(AS_OF), build_ledger(jobs, courses, TERMS, as_of=LATER)
    gone = later["clawed_back_on"] <= now
    net = later["amount_dkk"].astype(float) - later["clawed_back_dkk"].astype(float) * gone
    due = net.where(later["due_on"] > now, 0.0).groupby(month_of(later["due_on"])).sum()
    back = later["clawed_back_dkk"].astype(float).where(later["clawed_back_on"] > now, 0.0)
    back = back.groupby(month_of(later["clawed_back_on"])).sum()
    return due.reindex(months, fill_value=0.0).to_numpy() - back.reindex(
        months, fill_value=0.0
    ).to_numpy(float)


def month_of(dates: pd.Series) -> pd.Series:
    return dates.dt.strftime("%Y-%m").fillna("never")


@pytest.mark.slow
@pytest.mark.parametrize("n", [60, 190])
def test_intervals_hold_what_they_promise(n: int) -> None:
    """90 percent intervals of 12 months hold about 90 percent; the mean is not far off.

    60 cohorts of 12 months that are alike within a cohort: the standard error of the coverage
    is at most 0.04, were all months of a cohort one.
    """
    inside, off, level = [], [], []
    for number in range(60):
        jobs, courses = simulate(np.random.default_rng(number), n)
        told = forecast_liabilities(
            jobs, courses, TERMS, as_of=AS_OF, draws=300, seed=number, conf_level=0.9
        )
        came = fell_due(jobs, courses, told["month"].tolist())
        inside.append((told["conf_low"] <= came) & (came <= told["conf_high"]))
        off.append(told["expected_dkk"].sum() - came.sum())
        level.append(came.sum())
    assert 0.82 <= np.mean(inside) <= 0.98
    assert abs(np.mean(off)) <= 4 * np.std(off) / np.sqrt(60) + 0.05 * np.mean(level)
