"""What a results contract will cost, month by month, for those who are under way.

A projection of the contract's own past, not an effect of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import pandas as pd

from jobeval.errors import Problem
from jobeval.monitoring.contracts.delivery import SeenCourse, read_delivery
from jobeval.monitoring.contracts.entries import find_entries, work_of
from jobeval.monitoring.contracts.frames import raise_problems
from jobeval.monitoring.contracts.liabilities import Liabilities, MonthGrid, find_under_way
from jobeval.monitoring.contracts.milestones import work_rule
from jobeval.monitoring.contracts.rates import Floats
from jobeval.monitoring.contracts.terms import ContractTerms

FORECAST_COLUMNS = (
    "contract",
    "supplier",
    "month",
    "expected_dkk",
    "conf_low",
    "conf_high",
    "reason",
)
NO_COURSE = "not estimable: no course of the contract has begun"
NO_JOB = "not estimable: nobody has begun a job yet, so how long jobs last is not known"


def forecast_liabilities(
    jobs: pd.DataFrame,
    participants: pd.DataFrame,
    terms: ContractTerms | Sequence[ContractTerms],
    *,
    benefits: pd.DataFrame | None = None,
    as_of: dt.date,
    months: int = 12,
    draws: int = 1000,
    seed: int = 1,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """What falls due in each month to come for the courses that have begun, less what goes back.

    Each course is carried on from where it stands: to a first job, out of the course without
    one, to the loss of a job, and to the next. The rates of these, by time in the state, are
    those of all courses of the contract until ``as_of``; their doubt and the chance of each
    course are both drawn. Prices, limits, caps and claw-backs are those of the contract. What is
    reached but not yet due stands in its month; what is due already is not forecast.

    Parameters
    ----------
    jobs, participants, terms, benefits, as_of
        As in ``build_ledger``.
    months
        How many months, the first being that of the day after ``as_of``.
    draws
        How many futures are drawn.
    seed
        Seed of the drawing.
    conf_level
        Level of the prediction intervals.

    Returns
    -------
    pandas.DataFrame
        A row for each contract and month: contract, supplier, month (``"2019-09"``),
        expected_dkk, conf_low, conf_high, reason. Numbers are ``nan``, and ``reason`` tells why,
        where no course has begun, or where nobody has begun a job.

    Raises
    ------
    DataError
        For frames that cannot be read, with every problem.
    ValueError
        For fewer than one month or draw, or a level outside 0 to 1.

    Notes
    -----
    Citizens who start later are not in it. Milestones that ask for different work, such as any
    paid hour and a job of 20 hours, move by rates of their own, as if they were independent. A
    gap that a contract allows is not drawn: a job goes on or is lost. For times that nobody has
    been followed to, the rates of the last time that was seen are used, with more doubt.

    Examples
    --------
    >>> label = {"da": "x", "en": "x"}
    >>> terms = ContractTerms(name="c", supplier="s", start=dt.date(2020, 1, 1),
    ...     milestones=[{"name": "job", "label": label, "reached_by": "job", "price_dkk": 5000}])
    >>> courses = pd.DataFrame({"person_id": ["a", "b"], "supplier": "s",
    ...     "started_on": "2020-01-02"})
    >>> jobs = pd.DataFrame(columns=["person_id", "kind", "start", "end"])
    >>> forecast = forecast_liabilities(jobs, courses, terms, as_of=dt.date(2020, 4, 6), months=1)
    >>> forecast.iloc[0]["reason"]
    'not estimable: nobody has begun a job yet, so how long jobs last is not known'
    """
    if months < 1 or draws < 1 or not 0 < conf_level < 1:
        raise ValueError("months and draws must be at least 1, and conf_level between 0 and 1")
    contracts = [terms] if isinstance(terms, ContractTerms) else list(terms)
    problems: list[Problem] = []
    delivery = read_delivery(jobs, participants, benefits, contracts, problems)
    raise_problems("the delivery of a contract", problems)
    grid = MonthGrid.after(as_of, months)
    parts: list[pd.DataFrame] = []
    for one in contracts:
        seen = list(delivery.seen(one, grid.as_of))
        rng = np.random.default_rng(
            np.random.SeedSequence(seed, spawn_key=(crc32(one.name.encode()),))
        )
        money, reason = _draw_money(seen, one, grid, draws, rng)
        parts.append(_frame(money, reason, one, grid, conf_level))
    return pd.concat(parts or [pd.DataFrame(columns=list(FORECAST_COLUMNS))], ignore_index=True)


def _draw_money(
    seen: Sequence[SeenCourse],
    terms: ContractTerms,
    grid: MonthGrid,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Floats, str]:
    """Øre that fall due, shape ``(draws, months)``, and why they could not be drawn."""
    nothing = np.full((draws, len(grid.names)), np.nan)
    if not seen:
        return nothing, NO_COURSE
    work = [work_of(one, terms, grid.as_of) for one in seen]
    rules = [rule for rule in dict.fromkeys(work_rule(m, terms) for m in terms.milestones) if rule]
    if not all(any(found[rule] for found in work) for rule in rules):
        return nothing, NO_JOB
    entries = find_entries(seen, terms, grid.as_of)
    drawn = Liabilities(terms, grid, draws, rng, entries, find_under_way(seen, work, terms))
    futures = {rule: drawn.work_future(rule, seen, work) for rule in rules}
    return drawn.known() + drawn.carry_on(futures), ""


def _frame(
    money: Floats, reason: str, terms: ContractTerms, grid: MonthGrid, conf_level: float
) -> pd.DataFrame:
    tail = (1 - conf_level) / 2
    low, high = np.quantile(money / 100, [tail, 1 - tail], axis=0)
    values = {
        "contract": terms.name,
        "supplier": terms.supplier,
        "month": list(grid.names),
        "expected_dkk": money.mean(axis=0) / 100,
        "conf_low": low,
        "conf_high": high,
        "reason": reason,
    }
    return pd.DataFrame(values, columns=list(FORECAST_COLUMNS))
