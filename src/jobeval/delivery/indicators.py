"""The share of persons with each indicator, by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.marks import mark_indicators
from jobeval.delivery.populations import Level, Population, split_levels
from jobeval.errors import DataError, Problem
from jobeval.inference.proportions import wilson_interval
from jobeval.plan.programme import Programme
from jobeval.registers.frames import read_columns
from jobeval.results import CheckResult

Floats = NDArray[np.float64]
COLUMNS = ["indicator", "group", "level", "count", "of", "share", "conf_low", "conf_high"]


def tabulate_indicators(populations: Sequence[Population], programme: Programme) -> CheckResult:
    """The programme indicators of each population (``"indicators"``, informative).

    The table has the columns of :func:`count_indicators`, and ``population`` after the first.
    """
    tables = [_tabulate_one(population, programme) for population in populations]
    return CheckResult(
        name="indicators",
        passed=None,
        sentence=f"Programme indicators, with the persons of whom each can be told; the course "
        f"is {programme.course_weeks} weeks. Shares with Wilson intervals (95 %), no effects.",
        table=pd.concat(tables, ignore_index=True),
    )


def _tabulate_one(population: Population, programme: Programme) -> pd.DataFrame:
    marks = mark_indicators(population.effort, programme)
    if population.name == "control":  # whose placements were not meant to last so long
        del marks["placement_ended_early"]
    table = _tabulate(marks, list(population.levels()), 0.95)
    table.insert(1, "population", population.name)
    return table


def count_indicators(
    frame: Any, indicators: Sequence[str], *, by: Sequence[str] = (), conf_level: float = 0.95
) -> pd.DataFrame:
    """The share of persons with each indicator, of everyone and by group, with its denominator.

    What was done is described; without a lottery between the groups, no difference is an effect.

    Parameters
    ----------
    frame
        One row a person: pandas, Polars, PyArrow, DuckDB relation or lazy frame.
    indicators
        Columns of 0 and 1, or false and true. Missing: the person is not in the denominator,
        since the indicator cannot be told yet or does not apply.
    by
        Columns that group persons, such as job centre and cohort. Each makes its own rows.
    conf_level
        Of the Wilson intervals.

    Returns
    -------
    DataFrame
        ``indicator``; ``group`` and ``level`` (``"all"`` and ``""``, or the column and its
        value as text, ascending); ``count`` and ``of`` (persons); ``share``, ``conf_low``,
        ``conf_high`` (0 to 1, ``nan`` where ``of`` is 0).

    Raises
    ------
    DataError
        For every column that is not there, holds other values, or misses a group.
    ValueError
        A text where a sequence of columns belongs, or ``conf_level`` outside 0 to 1.

    Examples
    --------
    >>> persons = pd.DataFrame({"placement": [1, 0, 1, None], "site": ["a", "a", "b", "b"]})
    >>> count_indicators(persons, ["placement"], by=["site"])[["level", "count", "of"]].values
    array([['', 2, 3],
           ['a', 1, 2],
           ['b', 1, 1]], dtype=object)
    """
    for key, listed in (("indicators", indicators), ("by", by)):
        if isinstance(listed, str):
            raise ValueError(f'{key} is a sequence of columns, such as ["{listed}"]')
    names = list(dict.fromkeys(indicators))
    columns = read_columns(frame, [*names, *by])
    problems = [*_find_no_marks(columns, names), *_find_no_levels(columns, by)]
    if problems:
        raise DataError("data frame", problems)
    marks = {name: np.asarray(columns[name], dtype=float) for name in names}
    size = len(next(iter(columns.values()))) if columns else 0
    return _tabulate(marks, list(split_levels({k: columns[k] for k in by}, size)), conf_level)


def _find_no_marks(columns: Mapping[str, NDArray[Any]], names: Iterable[str]) -> list[Problem]:
    rule, mend = "holds other values than 0, 1 and missing.", "Give 1, 0, or nothing."
    return [Problem(f"column {n!r}", rule, mend) for n in names if not _is_mark(columns[n])]


def _is_mark(values: NDArray[Any]) -> bool:
    if values.dtype == object:
        return all(value is None or value in (0, 1) for value in values)
    return bool((np.isin(values, (0, 1)) | np.isnan(values)).all())


def _find_no_levels(columns: Mapping[str, NDArray[Any]], by: Iterable[str]) -> list[Problem]:
    rule, mend = "is missing for some persons.", "Give them a level of their own."
    return [Problem(f"column {n!r}", rule, mend) for n in by if pd.isna(columns[n]).any()]


def _tabulate(
    marks: Mapping[str, Floats], levels: Sequence[Level], conf_level: float
) -> pd.DataFrame:
    rows = [
        (name, group, level, int(np.nansum(mark[inside])), int((~np.isnan(mark[inside])).sum()))
        for name, mark in marks.items()
        for group, level, inside in levels
    ]
    table = pd.DataFrame(rows, columns=COLUMNS[:5])
    return add_shares(table, conf_level)


def add_shares(table: pd.DataFrame, conf_level: float = 0.95) -> pd.DataFrame:
    """Add ``share, conf_low, conf_high`` of ``count`` and ``of``; ``nan`` where nobody is."""
    count, of = (table[name].to_numpy(dtype=float) for name in ("count", "of"))
    low, high = wilson_interval(count, of, conf_level)
    share = count / np.where(of > 0, of, np.nan)
    return table.assign(share=share, conf_low=low, conf_high=high)
