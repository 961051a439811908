"""The ledger of a results contract: what was reached, is due, was invoiced and went back.

It is monitoring: a milestone tells that somebody is in work, not that the effort brought it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from jobeval.errors import Problem
from jobeval.monitoring.contracts.delivery import read_delivery
from jobeval.monitoring.contracts.entries import Entry, find_entries
from jobeval.monitoring.contracts.frames import dates_of, day_number, raise_problems
from jobeval.monitoring.contracts.invoices import match_invoices, read_invoices
from jobeval.monitoring.contracts.money import to_dkk
from jobeval.monitoring.contracts.terms import ContractTerms

DATES = ("started_on", "reached_on", "due_on", "invoiced_on", "clawed_back_on")
LEDGER_COLUMNS = (
    "contract",
    "supplier",
    "person_id",
    "started_on",
    "milestone",
    "reached_on",
    "due_on",
    "amount_dkk",
    "limited_by",
    "state",
    "invoiced_on",
    "invoiced_dkk",
    "clawed_back_on",
    "clawed_back_dkk",
    "proof",
)


def build_ledger(
    jobs: pd.DataFrame,
    participants: pd.DataFrame,
    terms: ContractTerms | Sequence[ContractTerms],
    *,
    invoices: pd.DataFrame | None = None,
    benefits: pd.DataFrame | None = None,
    as_of: dt.date,
) -> pd.DataFrame:
    """The ledger of one or more results contracts, as it stood at the end of a day.

    Rows that were registered after ``as_of``, or begin after it, are not seen, and ends that lie
    after it are not known. So the ledger of a past day can be made again whatever came later,
    as long as deliveries tell when a row was registered.

    Parameters
    ----------
    jobs
        person_id, kind (ordinary, flexjob, subsidised, education), start, end (the day after
        the last; missing while it goes on), and optionally employer_id, hours_per_week or hours
        (all of the row), registered_on. Or the months of BFL: person_id, month, hours,
        supported, and optionally employer_id, registered_on. A row with the same person,
        employer, kind and start that was registered later replaces the earlier one.
    participants
        person_id, supplier, started_on, and optionally ended_on: one row a person and course, of
        all suppliers, since a job belongs to the course that began last before it.
    terms
        The contracts.
    invoices
        person_id, contract, milestone, invoiced_on, amount_dkk. What the ledger does not bear
        out is told by ``find_invoice_problems``.
    benefits
        person_id, start, end, and optionally code (DREAM), registered_on; only read where a
        contract has a rule for relapse.
    as_of
        The last day that is seen.

    Returns
    -------
    pandas.DataFrame
        One row for each milestone that was reached, also where nothing is paid for it: contract,
        supplier, person_id, started_on (the course), milestone, reached_on, due_on (missing
        where nothing is paid), amount_dkk, limited_by (``""``, ``"late"``, ``"contract_end"``,
        ``"max_paid"``, ``"per_citizen"`` or ``"per_contract"``: why less than the price is
        paid), state (``"reached"``, ``"due"``, ``"invoiced"`` or ``"clawed_back"``),
        invoiced_on, invoiced_dkk, clawed_back_on, clawed_back_dkk and proof (the rows of
        ``jobs``, counted from 1, that prove it; of ``participants`` for a start). Amounts are
        exact decimals.

    Raises
    ------
    DataError
        For frames that cannot be read, with every problem.

    Examples
    --------
    A job from 6 January 2020, seen after 13 weeks:

    >>> label = {"da": "x", "en": "x"}
    >>> terms = ContractTerms(name="c", supplier="s", start=dt.date(2020, 1, 1), due_days=30,
    ...     milestones=[{"name": "job", "label": label, "reached_by": "job", "price_dkk": 5000},
    ...     {"name": "kept13", "label": label, "reached_by": "kept", "weeks": 13,
    ...      "price_dkk": 10000}])
    >>> jobs = pd.DataFrame({"person_id": ["a"], "kind": ["ordinary"], "start": ["2020-01-06"],
    ...     "end": [None], "hours_per_week": [20.0]})
    >>> courses = pd.DataFrame({"person_id": ["a"], "supplier": ["s"],
    ...     "started_on": ["2020-01-02"]})
    >>> ledger = build_ledger(jobs, courses, terms, as_of=dt.date(2020, 4, 6))
    >>> print(ledger[["milestone", "reached_on", "amount_dkk", "state", "proof"]].to_string())
      milestone reached_on amount_dkk    state proof
    0       job 2020-01-06    5000.00      due     1
    1    kept13 2020-04-05   10000.00  reached     1
    """
    contracts = [terms] if isinstance(terms, ContractTerms) else list(terms)
    problems: list[Problem] = []
    delivery = read_delivery(jobs, participants, benefits, contracts, problems)
    billed = read_invoices(invoices, problems)
    raise_problems("the delivery of a contract", problems)
    day = day_number(as_of)
    ledger = pd.concat(
        [_frame(find_entries(delivery.seen(one, day), one, day), one) for one in contracts]
        or [_frame([], None)],
        ignore_index=True,
    )
    return _with_states(_with_invoices(ledger, billed, day), as_of)


def summarise_ledger(
    ledger: pd.DataFrame, terms: ContractTerms | Sequence[ContractTerms], *, as_of: dt.date
) -> pd.DataFrame:
    """How many of each milestone were reached, are due, were invoiced and went back.

    Counts overlap: what is due was reached, and what went back was reached as well, due or
    invoiced or not. Amounts are what the contract pays, what was invoiced, and what goes back.

    Returns
    -------
    pandas.DataFrame
        A row for each contract and milestone: contract, supplier, milestone, reached, due,
        invoiced, clawed_back, due_dkk, invoiced_dkk, clawed_back_dkk.
    """
    contracts = [terms] if isinstance(terms, ContractTerms) else list(terms)
    rows = [
        {"contract": one.name, "supplier": one.supplier, "milestone": milestone.name}
        | _sums(ledger, (one.name, milestone.name), pd.Timestamp(as_of))
        for one in contracts
        for milestone in one.milestones
    ]
    counts = ("reached", "due", "invoiced", "clawed_back")
    amounts = ("due_dkk", "invoiced_dkk", "clawed_back_dkk")
    return pd.DataFrame(
        rows, columns=["contract", "supplier", "milestone", *counts, *amounts]
    ).astype(dict.fromkeys(counts, "int64") | dict.fromkeys(amounts, "float64"))


def _sums(ledger: pd.DataFrame, place: tuple[str, str], as_of: pd.Timestamp) -> dict[str, Any]:
    mine = ledger[(ledger["contract"] == place[0]) & (ledger["milestone"] == place[1])]
    due = mine["due_on"] <= as_of
    return {
        "reached": len(mine),
        "due": int(due.sum()),
        "invoiced": int(mine["invoiced_on"].notna().sum()),
        "clawed_back": int(mine["clawed_back_on"].notna().sum()),
        "due_dkk": float(sum(mine.loc[due, "amount_dkk"], Decimal(0))),
        "invoiced_dkk": float(sum(mine["invoiced_dkk"], Decimal(0))),
        "clawed_back_dkk": float(sum(mine["clawed_back_dkk"], Decimal(0))),
    }


def _frame(entries: Sequence[Entry], terms: ContractTerms | None) -> pd.DataFrame:
    """Entries as rows, by person, course and milestone."""
    ordered = sorted(entries, key=lambda one: (one.course.person, one.course.start, one.order))
    due = 0 if terms is None else terms.due_days
    columns: dict[str, list[Any]] = {
        "contract": [terms.name for _ in ordered if terms],
        "supplier": [terms.supplier for _ in ordered if terms],
        "person_id": [one.course.person for one in ordered],
        "started_on": [one.course.start for one in ordered],
        "milestone": [one.milestone.name for one in ordered],
        "reached_on": [one.reached.on for one in ordered],
        "due_on": [one.evidenced_on + due if one.amount else None for one in ordered],
        "amount_dkk": [to_dkk(one.amount) for one in ordered],
        "limited_by": [one.limited_by for one in ordered],
        "state": ["" for _ in ordered],
        "invoiced_on": [None for _ in ordered],
        "invoiced_dkk": [to_dkk(0) for _ in ordered],
        "clawed_back_on": [one.clawed_back_on for one in ordered],
        "clawed_back_dkk": [to_dkk(one.clawed_back) for one in ordered],
        "proof": [one.reached.proof for one in ordered],
    }
    return pd.DataFrame(
        {
            name: dates_of(values) if name in DATES else pd.Series(values, dtype=object)
            for name, values in columns.items()
        },
        columns=list(LEDGER_COLUMNS),
    )


def _with_invoices(ledger: pd.DataFrame, invoices: pd.DataFrame, as_of: int) -> pd.DataFrame:
    matched = match_invoices(ledger, invoices, as_of).dropna(subset="row")
    rows = matched["row"].to_numpy(dtype=np.int64)
    on, paid = ledger["invoiced_on"].to_list(), ledger["invoiced_dkk"].to_list()
    for row, day, oere in zip(rows, matched["on"], matched["oere"], strict=True):
        on[row], paid[row] = pd.Timestamp(int(day), unit="D"), to_dkk(oere)
    dates = pd.Series(on, index=ledger.index, dtype="datetime64[ns]")
    return ledger.assign(invoiced_on=dates, invoiced_dkk=pd.Series(paid, dtype=object))


def _with_states(ledger: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    states = np.select(
        [
            ledger["clawed_back_on"].notna(),
            ledger["invoiced_on"].notna(),
            ledger["due_on"] <= pd.Timestamp(as_of),
        ],
        ["clawed_back", "invoiced", "due"],
        "reached",
    )
    return ledger.assign(state=pd.Series(states, index=ledger.index, dtype=object))
