"""The calendar period in which persons began."""

import numpy as np
from numpy.typing import NDArray

from jobeval.plan.programme import Cohort

MONTHS: dict[Cohort, tuple[int, str]] = {
    "month": (1, "{year}-{part:02d}"),
    "quarter": (3, "{year}-Q{part}"),
    "half_year": (6, "{year}-H{part}"),
}
"""Months of each period, and how it is written."""


def months_of(weeks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The integer months of integer weeks: a week belongs to the month of its Thursday."""
    thursdays = (7 * weeks).astype("datetime64[D]")
    return thursdays.astype("datetime64[M]").astype(np.int64) + 12 * 1970


def name_cohorts(weeks: NDArray[np.int64], period: Cohort) -> NDArray[np.str_]:
    """The period of each integer week, shape as given; the names ascend with time.

    A week belongs to the month of its Thursday: week 53 of 2015, which ends on 3 January
    2016, belongs to 2015.

    >>> name_cohorts(np.array([2400, 2401]), "quarter").tolist()
    ['2015-Q4', '2016-Q1']
    """
    size, form = MONTHS[period]
    months = months_of(weeks)
    years, parts = months // 12, months % 12 // size + 1
    names = [form.format(year=y, part=p) for y, p in zip(years.flat, parts.flat, strict=True)]
    return np.array(names, dtype=np.str_).reshape(weeks.shape)
