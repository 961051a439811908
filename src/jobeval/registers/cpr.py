"""CPR numbers are found and refused; only the column and a count are told."""

import re
from collections.abc import Iterable

import duckdb
import numpy as np
from numpy.typing import NDArray

from jobeval.registers.columns import Source
from jobeval.registers.engine import fetch_row, quoted
from jobeval.registers.findings import Findings

_FORM = r"^(0?[1-9]|[12][0-9]|3[01])(0[1-9]|1[0-2])[0-9]{2}-?[0-9]{4}$"
_NAME = re.compile(r"(?<!\d)(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])\d\d-?\d{4}(?!\d)")
_WEIGHTS = np.array([4, 3, 2, 7, 6, 5, 4, 3, 2, 1])
_MONTH_DAYS = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MIN_DATED, MIN_MODULUS = 0.95, 0.5


def check_cpr_names(table: str, names: Iterable[str], findings: Findings) -> None:
    """File and column names must not hold a CPR number."""
    findings.add("cpr-name", table, count=sum(bool(_NAME.search(name)) for name in names))


def check_cpr(
    con: duckdb.DuckDBPyConnection, table: str, sources: Iterable[Source], findings: Findings
) -> None:
    """Look for CPR numbers in the columns of ``raw_<table>``.

    A column with at least 95 % valid dates of birth and 50 % valid modulus 11 is refused;
    with valid dates alone it is noted, as numbers given since 2007 need no modulus 11.
    """
    columns = [source for source in sources if source.is_text or source.is_number]
    if not columns:
        return
    counts = ", ".join(
        f"count(*) FILTER (WHERE regexp_matches({_text(c)}, '{_FORM}')), "
        f"count(*) FILTER (WHERE {_text(c)} <> '')"
        for c in columns
    )
    row = fetch_row(con, f"SELECT {counts} FROM {quoted('raw_' + table)}")
    for column, matching, filled in zip(columns, row[::2], row[1::2], strict=True):
        if matching and matching >= MIN_DATED * filled:
            _check_column(con, table, column, filled, findings)


def _text(source: Source) -> str:
    name = quoted(source.name)
    if source.is_float:
        return f"CAST(TRY_CAST({name} AS BIGINT) AS VARCHAR)"
    return f"trim(CAST({name} AS VARCHAR))"


def _check_column(
    con: duckdb.DuckDBPyConnection, table: str, source: Source, filled: int, findings: Findings
) -> None:
    digits = f"lpad(replace({_text(source)}, '-', ''), 10, '0')"
    rows = con.execute(
        f"SELECT {digits} AS number FROM {quoted('raw_' + table)} "
        f"WHERE regexp_matches({_text(source)}, '{_FORM}')"
    ).fetchnumpy()["number"]
    dated, modulus = cpr_shares(np.asarray(rows, dtype="U10"))
    if dated * len(rows) >= MIN_DATED * filled:
        rule = "cpr-number" if modulus >= MIN_MODULUS else "cpr-like"
        findings.add(rule, table, source.name, round(dated * len(rows)))


def cpr_shares(numbers: NDArray[np.str_]) -> tuple[float, float]:
    """Shares with a valid date of birth, and of these with a valid modulus 11.

    Parameters
    ----------
    numbers
        Texts of ten digits, shape ``(n,)`` with ``n > 0``.

    Examples
    --------
    The first is the official number of an invented person (without modulus 11), the second
    is no date.

    >>> cpr_shares(np.array(["2512489996", "3102701234"]))
    (0.5, 0.0)
    """
    digits = numbers.astype("U10").view("U1").reshape(-1, 10).astype(int)
    day, month, year = (10 * digits[:, i] + digits[:, i + 1] for i in (0, 2, 4))
    dated = (month >= 1) & (month <= 12) & (day >= 1)
    dated &= day <= _MONTH_DAYS[np.clip(month, 1, 12) - 1]
    dated &= ~((month == 2) & (day == 29) & (year % 4 != 0))
    valid = (digits @ _WEIGHTS) % 11 == 0
    return float(dated.mean()), float(valid[dated].mean()) if dated.any() else 0.0
