"""A trial: the plan and the registers that belong to it, canonical and frozen."""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw

from jobeval.plan.model import TrialPlan
from jobeval.plan.read import read_plan
from jobeval.registers.columns import read_sources
from jobeval.registers.delivered import DeliveredFile
from jobeval.registers.dream import check_priced_groups
from jobeval.registers.engine import connect, quoted, table_names
from jobeval.registers.findings import Finding, Findings, check_acknowledged
from jobeval.registers.intake import TABLES, Coverage, Intake

CANONICAL = ("persons", "benefits", "industries", "hours", "activities")
_DIGEST_ROWS = 50_000


@dataclass(frozen=True, slots=True, init=False, repr=False, eq=False)
class Trial:
    """Plan and registers, checked at the door and in canonical form.

    Parameters
    ----------
    plan
        The plan; see ``read_plan``.
    persons, benefits, hours, activities
        Each a pandas, Polars or PyArrow frame, any eager or lazy frame that narwhals takes, a
        DuckDB relation, or the path of a Parquet file. Only persons are required; what is
        absent is not observed. ``benefits`` are wide DREAM or spells, told by their columns.
    connection
        A DuckDB connection with tables of these names, instead of frames. It is only read.

    Raises
    ------
    DataError
        With every finding that refuses the delivery: place, rule, count and mend. No value
        of a person is quoted.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> from jobeval.plan.model import TrialPlan
    >>> name = {"da": "Navn", "en": "Name"}
    >>> plan = TrialPlan.model_validate({
    ...     "name": "example", "title": name, "lottery": {}, "follow_up": {"horizon_weeks": 52},
    ...     "arms": [{"name": "control", "role": "control", "label": name},
    ...              {"name": "offer", "role": "treatment", "label": name}],
    ...     "looks": {"final": {"cut_off": dt.date(2017, 12, 31)}},
    ...     "endpoints": {"work": {"kind": "any_hours", "label": name, "window_weeks": [0, 26]}},
    ...     "analyses": [{"name": "itt", "endpoint": "work", "estimator": "difference",
    ...                   "looks": ["final"]}]})
    >>> persons = pd.DataFrame({"person_id": ["01", "02"], "arm": ["control", "offer"],
    ...                         "randomised_on": pd.to_datetime(["2016-03-01", "2016-03-02"])})
    >>> Trial(plan=plan, persons=persons)
    Trial('example': 2 persons; no benefits, hours, activities; 0 warnings)
    """

    plan: TrialPlan
    persons: nw.LazyFrame[Any]
    """person_id, arm, randomised_on, randomised_week, started_week and what was delivered."""
    benefits: nw.LazyFrame[Any] | None
    """person_id, start_week, end_week, code: merged spells ``[start, end)``."""
    industries: nw.LazyFrame[Any] | None
    """person_id, month: months with wage income by DREAM."""
    hours: nw.LazyFrame[Any] | None
    """person_id, employer_id, month, hours (a month), supported, imputed, industry,
    earnings_dkk: one row a job and month."""
    activities: nw.LazyFrame[Any] | None
    """person_id, start_week, end_week, kind, company_id, industry, provider, planned_hours,
    actual_hours."""
    coverage: Coverage
    findings: tuple[Finding, ...]
    """Warnings that the plan has not acknowledged."""
    digest: str
    """sha256 of the canonical content, whatever the format and the order of rows."""
    _con: duckdb.DuckDBPyConnection

    def __init__(
        self,
        *,
        plan: TrialPlan,
        persons: Any = None,
        benefits: Any = None,
        hours: Any = None,
        activities: Any = None,
        connection: duckdb.DuckDBPyConnection | None = None,
    ) -> None:
        given: dict[str, Any] = {
            "persons": persons,
            "benefits": benefits,
            "hours": hours,
            "activities": activities,
        }
        if connection is not None:
            if any(frame is not None for frame in given.values()):
                raise ValueError("give a connection, or the tables themselves, not both")
            given = _tables_of(connection)
        con, findings = connect(), Findings()
        check_acknowledged(plan.acknowledged, findings)
        check_priced_groups(plan, findings)
        coverage = Intake(con, plan, findings).take(given)
        findings.raise_errors()
        known = table_names(con)
        held = [name for name in CANONICAL if name in known]
        values = dict.fromkeys(CANONICAL)
        values |= {name: nw.from_native(con.table(name)) for name in held}
        warnings = findings.warnings(plan.acknowledged)
        values |= {"plan": plan, "coverage": coverage, "findings": warnings, "_con": con}
        values["digest"] = _digest(con, held)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        absent = [name for name in TABLES if getattr(self, name) is None]
        missing = f"; no {', '.join(absent)}" if absent else ""
        warnings = f"{len(self.findings)} warning{'s' * (len(self.findings) != 1)}"
        return f"Trial({self.plan.name!r}: {self.count('persons')} persons{missing}; {warnings})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row'>{name}</th><td>{self.count(name)}</td></tr>"
            for name in CANONICAL
            if getattr(self, name) is not None
        )
        notes = "".join(f"<li>{html.escape(str(finding))}</li>" for finding in self.findings)
        title = html.escape(self.plan.title.en)
        return (
            f"<table><caption>{title}</caption>"
            f"<tr><th scope='col'>table</th><th scope='col'>rows</th></tr>{rows}</table>"
            f"<ul>{notes}</ul>"
        )

    def compare(self, treatment: str | None = None) -> Trial:
        """The trial of one treatment arm against control; see ``TrialPlan.compare``."""
        plan = self.plan.compare(treatment)
        if plan is self.plan:
            return self
        arms = [arm.name for arm in plan.arms]
        compared = object.__new__(Trial)
        for item in fields(self):
            object.__setattr__(compared, item.name, getattr(self, item.name))
        object.__setattr__(compared, "plan", plan)
        object.__setattr__(compared, "persons", self.persons.filter(nw.col("arm").is_in(arms)))
        return compared

    def count(self, table: str) -> int:
        """Rows of a canonical table; 0 where it was not delivered."""
        if table not in CANONICAL:
            raise ValueError(f"no canonical table {table!r}; known: {', '.join(CANONICAL)}")
        if getattr(self, table) is None:
            return 0
        [(rows,)] = nw.to_native(getattr(self, table)).count("*").fetchall()
        return int(rows)


def read_trial(folder: str | Path) -> Trial:
    """Read a trial folder: ``trial.toml`` and the files that it names.

    Raises
    ------
    PlanError
        For every problem of the plan.
    DataError
        For every finding that refuses the delivery, all tables together.
    """
    folder = Path(folder)
    plan = read_plan(folder)
    inside = folder if folder.is_dir() else folder.parent
    files = {name: getattr(plan.files, name, None) for name in TABLES}
    given: dict[str, Any] = {
        name: DeliveredFile(inside, file) for name, file in files.items() if file is not None
    }
    return Trial(plan=plan, **given)


def _tables_of(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    known = table_names(connection)
    return {name: connection.table(name) for name in TABLES if name in known}


def _digest(con: duckdb.DuckDBPyConnection, tables: list[str]) -> str:
    """Hash the rows in canonical order, in chunks, with names of tables and columns."""
    whole = hashlib.sha256()
    for table in tables:
        names = sorted(read_sources(con, table))
        whole.update(f"{table}({','.join(names)})\n".encode())
        cells = ", ".join(f"coalesce(CAST({quoted(name)} AS VARCHAR), chr(1))" for name in names)
        chunks = con.execute(
            f"SELECT sha256(string_agg(concat_ws(chr(31), {cells}), chr(30) ORDER BY rowid)) "
            f"FROM {table} GROUP BY rowid // {_DIGEST_ROWS} ORDER BY rowid // {_DIGEST_ROWS}"
        ).fetchall()
        for (chunk,) in chunks:
            whole.update(chunk.encode())
    return whole.hexdigest()
