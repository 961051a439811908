"""Columns beyond those of a schema, such as covariates: whole numbers, numbers or texts."""

from collections.abc import Mapping

import duckdb

from jobeval.registers.columns import (
    Dialect,
    Source,
    plain_number_sql,
    read_sources,
    typed_number,
    with_missing,
)
from jobeval.registers.engine import fetch_count, fetch_row, quoted
from jobeval.registers.findings import Findings


def find_extras(
    con: duckdb.DuckDBPyConnection,
    table: str,
    known: Mapping[str, Source],
    delivered: Mapping[str, Source],
    dialect: Dialect,
    findings: Findings,
) -> dict[str, str]:
    """Every column of ``raw_<table>`` that is none of ``delivered``, by name, as SQL."""
    used = {source.name for source in delivered.values()}
    extras = {name: source for name, source in known.items() if name not in used}
    return {
        name: _extra_value(con, table, source, dialect, findings) for name, source in extras.items()
    }


def _extra_value(
    con: duckdb.DuckDBPyConnection,
    table: str,
    source: Source,
    dialect: Dialect,
    findings: Findings,
) -> str:
    raw = with_missing(source, dialect)
    coded = source.is_text and not _all(con, table, plain_number_sql(raw, dialect))
    if coded or source.is_day:
        broken = f"regexp_matches({raw}, '^#(REF|N/A|VALUE|DIV)')"
        rule, value = "spreadsheet-artefact", f"nfc_normalize(trim(CAST({raw} AS VARCHAR)))"
    else:
        value = typed_number(source, raw, dialect).value
        rule, broken = "number-infinite", f"isinf({value})"
        whole = f"{value} = floor({value}) AND abs({value}) < 9007199254740992"
        value = f"CAST({value} AS BIGINT)" if _all(con, table, whole) else value
    wrong = fetch_count(con, f"SELECT count(*) FROM {quoted('raw_' + table)} WHERE {broken}")
    findings.add(rule, table, source.name, wrong)
    return value


def _all(con: duckdb.DuckDBPyConnection, table: str, condition: str) -> bool:
    query = f"SELECT bool_and({condition}) FROM {quoted('raw_' + table)}"
    return bool(fetch_row(con, query)[0])


def check_labels(con: duckdb.DuckDBPyConnection, table: str, findings: Findings) -> None:
    """Labels of ``typed_<table>`` that differ by case and spaces only are one, spelt twice."""
    typed = f"typed_{table}"
    for name, source in read_sources(con, typed).items():
        if source.is_text and name != "person_id":
            value = quoted(name)
            folded = f"lower(regexp_replace({value}, '\\s+', '', 'g'))"
            distinct = f"count(DISTINCT {value}) - count(DISTINCT {folded})"
            near = fetch_count(con, f"SELECT {distinct} FROM {quoted(typed)}")
            findings.add("labels-near-duplicate", table, name, near)
