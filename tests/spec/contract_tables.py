"""Reads the event tables of contracts and runs them through the real code."""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

from jobeval.monitoring.contracts.ledger import build_ledger
from jobeval.monitoring.contracts.terms import ContractTerms

FOLDER = Path(__file__).parent / "contracts"
JOB = ["kind", "employer_id", "start", "end", "hours_per_week", "registered_on"]


def read_cases(path: Path) -> list[dict[str, Any]]:
    """The cases of one file; terms of a case are added to those of the file."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    defaults = content["defaults"]
    return [{**defaults, **case, "terms": _terms(case, defaults)} for case in content["case"]]


def _terms(case: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """The terms; ``claw`` and ``within`` of a case are rules of one milestone."""
    terms = {**defaults["terms"], **case.get("terms", {})}
    claw, within = dict(case.get("claw", {})), case.get("within", {})
    rules = {claw.pop("milestone", ""): {"claw_back": claw}}
    rules[within.get("milestone", "")] = {"within_weeks": within.get("weeks")}
    milestones = [{**one, **rules.get(one["name"], {})} for one in terms["milestones"]]
    return {**terms, "milestones": milestones}


def run_case(case: dict[str, Any]) -> pd.DataFrame:
    """The ledger of the case's citizen."""
    return build_ledger(
        _jobs(case),
        _courses(case),
        ContractTerms.model_validate(case["terms"]),
        invoices=_table(case.get("invoices"), ["milestone", "invoiced_on", "amount_dkk"]),
        benefits=_table(case.get("benefits"), ["start", "end", "code"]),
        as_of=case["as_of"],
    )


def _jobs(case: dict[str, Any]) -> pd.DataFrame:
    if "months" in case:
        return _frame(case["months"], ["supported", "employer_id", "month", "hours"])
    jobs = [[*row, *[None] * (len(JOB) - len(row))] for row in case.get("jobs", [])]
    return _frame(jobs, JOB)


def _courses(case: dict[str, Any]) -> pd.DataFrame:
    courses = case.get("courses", [[case["started_on"], case.get("ended_on", "")]])
    return _frame(courses, ["started_on", "ended_on"]).assign(supplier=case["terms"]["supplier"])


def _table(rows: list[list[Any]] | None, names: list[str]) -> pd.DataFrame | None:
    return None if rows is None else _frame(rows, names)


def _frame(rows: list[list[Any]], names: list[str]) -> pd.DataFrame:
    cells = [[None if cell == "" else cell for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=names).assign(person_id="p", contract="c")


def days(ledger: pd.DataFrame, column: str) -> dict[str, dt.date]:
    """Milestone → date, of those that have one."""
    dated = ledger.dropna(subset=column)
    return dict(zip(dated["milestone"], dated[column].dt.date, strict=True))


def texts(ledger: pd.DataFrame, column: str) -> dict[str, str]:
    """Milestone → the value as text."""
    return dict(zip(ledger["milestone"], ledger[column].astype(str), strict=True))
