"""Columns of the frames that a ledger is made of, as arrays; every problem is noted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem, did_you_mean

Days = NDArray[np.int64]
FOREVER = np.iinfo(np.int32).max
"""The day after the last of what has no end."""
LONG_AGO = -FOREVER
"""The day on which something was known whose registration is not dated."""


class FrameReader:
    """Takes columns of one frame; what is wrong is added to ``problems``, never raised here."""

    def __init__(self, name: str, frame: Any, problems: list[Problem]) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(f"{name} must be a pandas frame; convert it with .to_pandas()")
        self.name = name
        self.frame = frame
        self.problems = problems

    def has(self, column: str) -> bool:
        return column in self.frame.columns

    def require(self, columns: Sequence[str]) -> bool:
        """Whether all columns are there; each that is missing is a problem."""
        for column in columns:
            if not self.has(column):
                self._say(column, "the column is missing.", f"Deliver {column} in {self.name}.")
        return all(self.has(column) for column in columns)

    def texts(self, column: str, *, empty: bool = False) -> NDArray[np.object_]:
        """Texts; missing ones are a problem unless ``empty``, where they are ``""``."""
        if not self.has(column):
            return np.full(len(self.frame), "", dtype=object)
        values = self.frame[column]
        missing = values.isna()
        if not empty:
            self._count(column, missing, "empty", "Fill the column, or leave the rows out.")
        return np.where(missing, "", values.astype(object)).astype(str).astype(object)

    def choices(self, column: str, known: Sequence[str]) -> NDArray[np.object_]:
        """Texts that are one of those known."""
        values = self.texts(column)
        strange = sorted(set(values.tolist()) - {*known, ""})
        hint = "Write one of " + ", ".join(known) + "."
        if len(strange) == 1:
            hint = did_you_mean(strange[0], known)
        self._count(column, ~np.isin(values, [*known, ""]), "of a kind that is not known", hint)
        return values

    def days(self, column: str, missing: int | None = None) -> Days:
        """Dates as days since 1970; a missing one is ``missing``, or a problem when ``None``.

        Texts are ISO dates, so that no day is taken for a month; of a moment with a time zone
        the local day is meant.
        """
        if not self.has(column):
            return np.full(len(self.frame), 0 if missing is None else missing, dtype=np.int64)
        given = self.frame[column]
        dates = _read_dates(given)
        broken = dates.isna() & given.notna()
        self._count(column, broken, "not a date", "Deliver dates as YYYY-MM-DD.")
        if missing is None:
            self._count(column, given.isna(), "empty", "Fill the column, or leave the rows out.")
        days = dates.to_numpy().astype("datetime64[D]").astype(np.int64)
        return np.where(dates.isna(), 0 if missing is None else missing, days)

    def numbers(self, column: str, *, missing: bool = True) -> NDArray[np.float64]:
        """Numbers from 0, ``nan`` where missing; that is a problem unless ``missing``."""
        if not self.has(column):
            return np.full(len(self.frame), np.nan)
        given = self.frame[column]
        values = pd.to_numeric(given, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        broken = (np.isnan(values) & given.notna().to_numpy()) | np.isinf(values)
        self._count(column, broken, "not a number", "Deliver plain numbers.")
        self._count(column, values < 0, "below 0", "Correct the rows before they are delivered.")
        if not missing:
            self._count(column, given.isna(), "empty", "Fill the column, or leave the rows out.")
        return values

    def refuse(self, column: str, wrong: NDArray[np.bool_], rule: str, mend: str) -> None:
        """Note the rows that do not keep a rule of two columns."""
        self._count(column, wrong, rule, mend)

    def refuse_copies(self) -> None:
        """Note rows that are equal in every column: delivered twice, they would count twice."""
        copies = int(self.frame.duplicated().sum())
        if copies:
            rule = f"{rows_are(copies)} a copy of another row."
            self.problems.append(Problem(self.name, rule, "Remove the copies."))

    def _count(self, column: str, wrong: object, what: str, mend: str) -> None:
        count = int(np.sum(np.asarray(wrong, dtype=bool)))
        if count:
            self._say(column, f"{rows_are(count)} {what}.", mend)

    def _say(self, column: str, rule: str, mend: str) -> None:
        self.problems.append(Problem(f"{self.name}.{column}", rule, mend))


def _read_dates(given: pd.Series[Any]) -> pd.Series[pd.Timestamp]:
    """Dates without a time zone; what is none is missing."""
    if pd.api.types.is_numeric_dtype(given.dtype):
        return pd.Series(pd.NaT, index=given.index, dtype="datetime64[ns]")
    dates = pd.to_datetime(given, format="ISO8601", errors="coerce")
    return dates.dt.tz_localize(None)


def raise_problems(what: str, problems: Sequence[Problem]) -> None:
    """Raise one ``DataError`` with all problems, when there are any."""
    if problems:
        raise DataError(what, problems)


def keys_written_otherwise(persons: set[str], known: set[str]) -> int:
    """How many keys are the same only without zeros in front, spaces, case or ``.0``.

    >>> keys_written_otherwise({"12.0", "a"}, {"0012", "a", "b"})
    1
    """
    folded = {_fold_key(person) for person in persons} & {_fold_key(person) for person in known}
    return max(len(folded) - len(persons & known), 0)


def _fold_key(person: str) -> str:
    return person.strip().lower().removesuffix(".0").lstrip("0")


def rows_are(count: int) -> str:
    """
    >>> rows_are(1), rows_are(2)
    ('1 row is', '2 rows are')
    """
    return "1 row is" if count == 1 else f"{count} rows are"


def dates_of(days: Sequence[int | None]) -> pd.Series[Any]:
    """Days since 1970 as dates, ``None`` as missing.

    >>> dates_of([0, None]).tolist()
    [Timestamp('1970-01-01 00:00:00'), NaT]
    """
    values = [np.datetime64("NaT") if day is None else np.datetime64(day, "D") for day in days]
    return pd.Series(np.array(values, dtype="datetime64[ns]"))


def day_number(day: dt.date) -> int:
    """Days since 1 January 1970.

    >>> day_number(dt.date(1970, 1, 2))
    1
    """
    return (day - dt.date(1970, 1, 1)).days


def day_numbers(dates: pd.Series[pd.Timestamp]) -> Days:
    """Dates as days since 1970; a missing one is long ago."""
    days = dates.to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.where(dates.isna(), LONG_AGO, days)
