"""Wide DREAM, a column a week, to spells: blocks of rows in NumPy, never unpivoted."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import did_you_mean
from jobeval.plan.model import TrialPlan
from jobeval.registers.columns import Dialect, Source, with_missing
from jobeval.registers.engine import fetch_count, literal, quoted
from jobeval.registers.findings import Findings
from jobeval.schemas.calendar import iso_week
from jobeval.schemas.dream import dream_groups, read_dream_codes

BLOCK_ROWS = 25_000
_WEEK = re.compile(r"^y_(\d{2})(\d{2})$", re.IGNORECASE)
_INDUSTRY = re.compile(r"^(?:branche|br)_(\d{4})_(\d{2})$", re.IGNORECASE)
_TABLE = "benefits"
_CODES = 1000


@dataclass(frozen=True, slots=True)
class WideColumns:
    """The columns of a wide delivery, in the order of weeks and months."""

    weeks: tuple[tuple[int, Source], ...]
    months: tuple[tuple[int, Source], ...]

    @property
    def first_week(self) -> int:
        return self.weeks[0][0]

    @property
    def end_week(self) -> int:
        return self.weeks[-1][0] + 1


def is_wide(names: Iterable[str]) -> bool:
    """Whether these are columns of wide DREAM.

    >>> is_wide(["person_id", "y_1601"]), is_wide(["person_id", "start", "end", "code"])
    (True, False)
    """
    return any(_WEEK.match(name) for name in names)


def week_of_column(name: str) -> int | None:
    """The integer week of a column ``y_YYWW``; ``None`` where there is no such week.

    >>> week_of_column("y_1553"), week_of_column("y_1653"), week_of_column("y_9132")
    (2400, None, 1127)
    """
    found = _WEEK.match(name)
    if not found:
        return None
    year, number = int(found[1]), int(found[2])
    try:
        return iso_week(year + (1900 if year >= 90 else 2000), number)
    except ValueError:
        return None


def find_wide_columns(sources: Iterable[Source], findings: Findings) -> WideColumns:
    """Sort weekly and monthly columns by time, and check that every week is there, once."""
    sources = list(sources)
    weekly = [source for source in sources if _WEEK.match(source.name)]
    invalid = [source.name for source in weekly if week_of_column(source.name) is None]
    names = ", ".join(f'"{name}"' for name in invalid[:10])
    findings.add("dream-week-invalid", _TABLE, count=len(invalid), names=names)
    weeks = {week: source for source in weekly if (week := week_of_column(source.name)) is not None}
    months = {
        12 * int(found[1]) + int(found[2]) - 1: source
        for source in sources
        if (found := _INDUSTRY.match(source.name)) and 1 <= int(found[2]) <= 12
    }
    gaps = max(weeks) + 1 - min(weeks) - len(weeks) if weeks else 0
    findings.add("dream-week-missing", _TABLE, count=gaps)
    return WideColumns(tuple(sorted(weeks.items())), tuple(sorted(months.items())))


def build_wide_spells(
    con: duckdb.DuckDBPyConnection, columns: WideColumns, dialect: Dialect, findings: Findings
) -> pd.DataFrame:
    """Spells ``raw_row, start_week, end_week, code`` of ``raw_benefits``, sorted.

    Every weekly cell must be blank or a code of three digits.
    """
    chosen = [_code(source, dialect) for _, source in columns.weeks]
    offsets = [week - columns.first_week for week, _ in columns.weeks]
    found: list[tuple[NDArray[np.int64], ...]] = []
    wrong = 0
    for first, cells in _blocks(con, chosen):
        codes = np.zeros((len(cells[0]), columns.end_week - columns.first_week), dtype=np.int16)
        for offset, cell in zip(offsets, cells, strict=True):
            blank, number = np.ma.getmaskarray(cell), np.ma.getdata(cell)
            valid = ~blank & (number >= 100) & (number <= 999) & (number == np.floor(number))
            wrong += np.count_nonzero(~blank & ~valid)
            codes[valid, offset] = number[valid]
        row, start, end, code = spells_of(codes)
        found.append((row + first, start + columns.first_week, end + columns.first_week, code))
    findings.add("dream-code-format", _TABLE, "y_YYWW", int(wrong))
    names = ("raw_row", "start_week", "end_week", "code")
    parts = (np.concatenate(part) for part in zip(*found, strict=True))
    return pd.DataFrame(dict(zip(names, parts, strict=True)))


def _is_blank(source: Source, dialect: Dialect) -> str:
    name = quoted(source.name)
    if not source.is_text:
        return f"({with_missing(source, dialect)}) IS NULL"
    texts = ", ".join(literal(text) for text in ("", *dialect.missing))
    return f"({name} IS NULL OR trim({name}) IN ({texts}))"


def _code(source: Source, dialect: Dialect) -> str:
    """NULL where blank, 0 where the cell is no number."""
    number = f"TRY_CAST({quoted(source.name)} AS FLOAT)"
    return f"CASE WHEN {_is_blank(source, dialect)} THEN NULL ELSE coalesce({number}, 0) END"


def build_industries(
    con: duckdb.DuckDBPyConnection, columns: WideColumns, dialect: Dialect
) -> pd.DataFrame | None:
    """Months with wage income as ``raw_row, month``; ``None`` when none were delivered."""
    if not columns.months:
        return None
    chosen = [f"NOT {_is_blank(source, dialect)}" for _, source in columns.months]
    months = np.array([month for month, _ in columns.months])
    rows: list[NDArray[np.int64]] = []
    found: list[NDArray[np.int64]] = []
    for first, cells in _blocks(con, chosen):
        row, column = np.nonzero(np.column_stack(cells))
        rows.append(row + first)
        found.append(months[column])
    return pd.DataFrame({"raw_row": np.concatenate(rows), "month": np.concatenate(found)})


def _blocks(
    con: duckdb.DuckDBPyConnection, chosen: Sequence[str]
) -> Iterator[tuple[int, list[Any]]]:
    """First row and columns of each block of ``raw_benefits``."""
    rows = fetch_count(con, "SELECT count(*) FROM raw_benefits")
    values = ", ".join(f"{value} AS c{i}" for i, value in enumerate(chosen))
    for first in range(0, rows, BLOCK_ROWS):
        block = con.execute(
            f"SELECT {values} FROM raw_benefits WHERE rowid >= {first} "
            f"AND rowid < {first + BLOCK_ROWS} ORDER BY rowid"
        ).fetchnumpy()
        yield first, [block[f"c{i}"] for i in range(len(chosen))]


def spells_of(
    codes: NDArray[np.integer],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The runs of equal codes, 0 being none.

    Parameters
    ----------
    codes
        Person × week, shape ``(n, weeks)``.

    Returns
    -------
    row, start, end, code of each run ``[start, end)``, ordered by row and start.

    Examples
    --------
    >>> [part.tolist() for part in spells_of(np.array([[730, 730, 0, 730], [0, 730, 890, 890]]))]
    [[0, 0, 1, 1], [0, 3, 1, 2], [2, 4, 2, 4], [730, 730, 730, 890]]
    """
    changes = np.ones((codes.shape[0], codes.shape[1] + 1), dtype=bool)
    np.not_equal(codes[:, 1:], codes[:, :-1], out=changes[:, 1:-1])
    held = codes != 0
    row, start = np.nonzero(changes[:, :-1] & held)
    end = np.nonzero(changes[:, 1:] & held)[1] + 1
    return row, start, end, codes[row, start].astype(np.int64)


def check_priced_groups(plan: TrialPlan, findings: Findings) -> None:
    """Every group of benefits that the plan prices is on the code list."""
    if plan.cost_benefit is None:
        return
    known = sorted({row.group for row in read_dream_codes()})
    for price in plan.cost_benefit.prices:
        for group in price.groups:
            if group not in known:
                place, hint = f"cost_benefit.prices.{price.name}.groups", did_you_mean(group, known)
                findings.add("benefit-group-unknown", "plan", place, group=group, hint=hint)


def check_codes_known(
    codes: NDArray[np.integer],
    start: NDArray[np.integer],
    end: NDArray[np.integer],
    findings: Findings,
) -> None:
    """Every spell's code is on the code list in its first and its last week."""
    weeks = np.append(start, end - 1).astype(np.int64)
    pairs = np.unique(weeks * _CODES + np.tile(codes, 2))
    groups = dream_groups(pairs % _CODES, pairs // _CODES)
    known = np.array([group is not None for group in groups], dtype=bool)
    unknown = np.unique(pairs[~known] % _CODES)
    named = ", ".join(str(code) for code in unknown[:20])
    findings.add("dream-code-unknown", _TABLE, "code", len(unknown), codes=named)
