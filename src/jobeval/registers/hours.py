"""Paid hours by job and month: units, corrections and what cannot be true."""

import duckdb

from jobeval.plan.files import HoursFile
from jobeval.registers.engine import fetch_count, fetch_row
from jobeval.registers.findings import Findings

FULL_TIME_MONTH = 37 * 52 / 12
"""Hours a month at 37 hours a week (160.33)."""
_FACTORS = {"hours": 1.0, "minutes": 1 / 60, "full_time_share": FULL_TIME_MONTH}
_MIN_ROWS = 100
_TYPICAL_ROWS = 10
_DAYS = "day(last_day(make_date(month // 12, month % 12 + 1, 1)))"


def build_hours(con: duckdb.DuckDBPyConnection, file: HoursFile, findings: Findings) -> None:
    """Check ``typed_hours`` and make the canonical rows ``job_hours``, hours a month.

    Rows of one person, workplace and month stay apart unless they are declared corrections,
    which are added up (and rounded, since the order of addition is the engine's).
    """
    hours = f"hours * {_FACTORS[file.unit]!r}"
    flags = "coalesce(supported, false) AS supported, coalesce(imputed, false) AS imputed"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE job_hours AS SELECT person_id, employer_id, month, "
        f"{hours} AS hours, {flags}, industry, earnings_dkk FROM typed_hours"
    )
    _count_twice(con, findings)
    _check_doubled(con, findings)
    _check_empty_months(con, findings)
    if file.corrections:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE job_hours AS SELECT person_id, employer_id, month, "
            "round(sum(hours), 6) AS hours, supported, bool_or(imputed) AS imputed, "
            "min(industry) AS industry, round(sum(earnings_dkk), 6) AS earnings_dkk "
            "FROM job_hours GROUP BY person_id, employer_id, month, supported"
        )
    _check_size(con, file, findings)
    _check_trailing_zeros(con, findings)


def _count_twice(con: duckdb.DuckDBPyConnection, findings: Findings) -> None:
    query = (
        "SELECT count(*) - count(DISTINCT (person_id, employer_id, month)) FROM job_hours "
        "WHERE employer_id IS NOT NULL AND hours >= 0"
    )
    findings.add("job-month-twice", "hours", "employer_id", fetch_count(con, query))


def _check_doubled(con: duckdb.DuckDBPyConnection, findings: Findings) -> None:
    """Equal repeats of a job and month: some are two contracts, many are a file read twice."""
    rows, repeats = fetch_row(
        con,
        "SELECT count(*), count(*) - count(DISTINCT (person_id, employer_id, month, hours, "
        "supported)) FROM job_hours WHERE employer_id IS NOT NULL AND hours > 0",
    )
    doubled = rows >= _MIN_ROWS and repeats > rows / 5
    findings.add("jobs-doubled", "hours", "employer_id", repeats if doubled else 0)


def _check_empty_months(con: duckdb.DuckDBPyConnection, findings: Findings) -> None:
    """Months that nobody has, in a delivery whose months usually hold ten rows or more."""
    empty, typical = fetch_row(
        con,
        "SELECT max(month) - min(month) + 1 - count(*), median(n) "
        "FROM (SELECT month, count(*) AS n FROM job_hours GROUP BY month)",
    )
    usual = typical is not None and typical >= _TYPICAL_ROWS
    findings.add("months-empty", "hours", "month", empty if usual else 0)


def _check_size(con: duckdb.DuckDBPyConnection, file: HoursFile, findings: Findings) -> None:
    negative, impossible, long, positive, median = fetch_row(
        con,
        "SELECT count(*) FILTER (WHERE hours < -1e-9), "
        f"count(*) FILTER (WHERE hours > 24 * {_DAYS}), "
        f"count(*) FILTER (WHERE hours > 300 AND hours <= 24 * {_DAYS}), "
        "count(*) FILTER (WHERE hours > 0), median(hours) FILTER (WHERE hours > 0) FROM job_hours",
    )
    findings.add("hours-negative", "hours", "hours", negative)
    findings.add("hours-above-month", "hours", "hours", impossible)
    findings.add("hours-above-300", "hours", "hours", long)
    if positive >= _MIN_ROWS:
        wrong = not 2 <= median <= 744
        findings.add("hours-unit", "hours", "hours", int(wrong), unit=file.unit)
        odd = not wrong and not 20 <= median <= 200
        findings.add("hours-median", "hours", "hours", int(odd))


def _check_trailing_zeros(con: duckdb.DuckDBPyConnection, findings: Findings) -> None:
    query = (
        "SELECT count(DISTINCT month) FROM job_hours WHERE month > "
        "(SELECT max(month) FROM job_hours WHERE hours > 0)"
    )
    findings.add("months-all-zero", "hours", "month", fetch_count(con, query))
