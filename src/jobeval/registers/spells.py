"""Spells in days to half-open integer weeks, and their canonical merge."""

import duckdb

from jobeval.registers.engine import fetch_count
from jobeval.registers.findings import Findings


def week_sql(day: str) -> str:
    """The integer week of a date, in SQL; the same as ``schemas.calendar.week_of``.

    >>> duckdb.sql("SELECT " + week_sql("DATE '2016-01-04'")).fetchall()
    [(2401,)]
    """
    return f"CAST(floor((({day}) - DATE '1970-01-01' + 3) / 7.0) AS INTEGER)"


def check_spells(con: duckdb.DuckDBPyConnection, table: str, findings: Findings) -> None:
    """A spell of ``typed_<table>`` ends after its first day."""
    empty = fetch_count(con, f'SELECT count(*) FROM typed_{table} WHERE "end" <= start')
    findings.add("spell-empty", table, "end", empty)


def count_overlaps(con: duckdb.DuckDBPyConnection, findings: Findings) -> None:
    """Count spells of ``typed_benefits`` that begin within one of another code."""
    query = (
        "SELECT count(*) FROM typed_benefits a WHERE EXISTS (SELECT 1 FROM typed_benefits b "
        "WHERE b.person_id = a.person_id AND b.code <> a.code AND b.start <= a.start "
        'AND (b."end" IS NULL OR b."end" > a.start) AND (b.start < a.start OR b.code < a.code))'
    )
    findings.add("spells-overlap", "benefits", "", fetch_count(con, query))


def weekly_spells_sql(table: str, end_week: int, columns: str) -> str:
    """Spells of ``typed_<table>`` in integer weeks: one day sets the week.

    An open spell ends with the coverage of the register, at ``end_week``.
    """
    start = week_sql("start")
    end = week_sql('"end" - 1')
    return (
        f"SELECT person_id, {start} AS start_week, "
        f'CASE WHEN "end" IS NULL THEN greatest({end_week}, {start} + 1) ELSE {end} + 1 END '
        f"AS end_week, {columns} FROM typed_{table}"
    )


def merged_sql(spells: str) -> str:
    """Join adjacent and overlapping spells of one person and code, in SQL.

    ``spells`` is a query or table with ``person_id, start_week, end_week, code``.
    """
    return (
        "WITH marked AS (SELECT *, start_week > max(end_week) OVER (PARTITION BY person_id, code "
        "ORDER BY start_week, end_week ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) "
        f"IS NOT FALSE AS fresh FROM ({spells})), "
        "islands AS (SELECT *, sum(CAST(fresh AS INTEGER)) OVER (PARTITION BY person_id, code "
        "ORDER BY start_week, end_week ROWS UNBOUNDED PRECEDING) AS island FROM marked) "
        "SELECT person_id, CAST(min(start_week) AS INTEGER) AS start_week, "
        "CAST(max(end_week) AS INTEGER) AS end_week, CAST(code AS SMALLINT) AS code "
        "FROM islands GROUP BY person_id, code, island ORDER BY person_id, start_week, code"
    )
