"""Dates, ISO weeks and months as integers.

Week ``w`` is the ISO week whose Thursday lies ``7 w`` days after 1 January 1970, which was
a Thursday; so a week belongs to the month of its Thursday without any table. Month ``m`` is
``12 × year + month − 1``.
"""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

EPOCH = dt.date(1970, 1, 1)


def week_of(date: dt.date) -> int:
    """The integer week of a date.

    >>> week_of(dt.date(1970, 1, 1)), week_of(dt.date(2016, 1, 3)), week_of(dt.date(2016, 1, 4))
    (0, 2400, 2401)
    """
    return ((date - EPOCH).days + 3) // 7


def weeks_of(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """The integer weeks of an array of dates, shape ``(n,)``; ``NaT`` is not allowed."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) // 7


def monday_of(week: int) -> dt.date:
    """The Monday of an integer week.

    >>> monday_of(2400)
    datetime.date(2015, 12, 28)
    """
    return EPOCH + dt.timedelta(days=7 * week - 3)


def iso_week(year: int, number: int) -> int:
    """The integer week of an ISO year and week; ``ValueError`` where there is no such week.

    >>> iso_week(2015, 53), iso_week(2016, 1)
    (2400, 2401)
    """
    return week_of(dt.date.fromisocalendar(year, number, 1))


def month_of(date: dt.date) -> int:
    """The integer month of a date.

    >>> month_of(dt.date(2016, 3, 31)) == 12 * 2016 + 2
    True
    """
    return 12 * date.year + date.month - 1


def month_of_week(week: int) -> int:
    """The integer month to which a week belongs: that of its Thursday.

    >>> month_of_week(week_of(dt.date(2015, 12, 31))) == 12 * 2015 + 11
    True
    """
    return month_of(EPOCH + dt.timedelta(days=7 * week))


def first_week_of_month(month: int) -> int:
    """The first integer week that belongs to an integer month.

    >>> week = first_week_of_month(12 * 2016)
    >>> month_of_week(week) - 12 * 2016, month_of_week(week - 1) - 12 * 2016
    (0, -1)
    """
    first = dt.date(month // 12, month % 12 + 1, 1)
    return -(-(first - EPOCH).days // 7)
