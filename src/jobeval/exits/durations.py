"""Weeks until the exit, read from a frame and validated once for every survival estimator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DataError, DesignError, Problem
from jobeval.exits.grid import ExitGrid, build_grid
from jobeval.inference.assignment import Assignment, read_assignment
from jobeval.plan.lottery import Lottery
from jobeval.registers.frames import read_columns

LONGEST = 36_600
"""A hundred years of days; what is longer was counted in another unit."""


@dataclass(frozen=True, slots=True)
class Durations:
    """Weeks and causes of exit of the ``n`` persons in the two arms that are compared.

    Attributes
    ----------
    weeks
        Shape ``(n,)``, whole weeks from randomisation to the exit or to the end of follow-up.
    cause
        Shape ``(n,)``: 0 = censored, ``k`` = left to ``causes[k − 1]``.
    causes
        Names of the ``K`` destinations; one nameless cause when only the exit counts.
    assignment
        The lottery of the same persons.
    columns
        All columns that were read, of shape ``(N,)``.
    """

    weeks: NDArray[np.int64]
    cause: NDArray[np.int64]
    causes: tuple[str, ...]
    assignment: Assignment
    columns: dict[str, NDArray[Any]]

    def grid(self, lottery: Lottery) -> ExitGrid:
        """Their counts per arm (control, treatment) × stratum × week."""
        drawn = self.assignment
        return build_grid(
            self.weeks,
            self.cause,
            drawn.assigned,
            drawn.stratum,
            arms=(str(lottery.control), str(lottery.treatment)),
            strata=drawn.stratum_labels,
            causes=self.causes,
        )


def read_durations(
    frame: Any, duration: str, observed: str, lottery: Lottery, extra: Sequence[str] = ()
) -> Durations:
    """Read durations with one kind of exit; persons of other arms are left out.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person.
    duration
        Column of whole weeks, at least 0.
    observed
        Column of true/false or 1/0: whether the exit was seen (false = censored).
    extra
        Further columns to read along, such as covariates.

    Raises
    ------
    DesignError
        The chance of treatment differs within strata: nothing here carries weights.
    DataError
        Missing, negative or broken weeks, an ``observed`` that is missing or neither true
        nor false, and whatever is wrong with the lottery.
    """
    columns = read_columns(frame, (duration, observed, *lottery.columns, *extra))
    drawn = _read_even_lottery(columns, lottery)
    weeks, seen = columns[duration][drawn.rows], columns[observed][drawn.rows]
    problems = [*_duration_problems(duration, weeks), *_observed_problems(observed, seen)]
    if problems:
        raise DataError("durations", problems)
    return Durations(
        weeks.astype(np.int64), seen.astype(bool).astype(np.int64), ("",), drawn, columns
    )


def read_destinations(frame: Any, duration: str, destination: str, lottery: Lottery) -> Durations:
    """Read durations with competing exits; persons of other arms are left out.

    ``destination`` is a column of texts: where a person went, or missing (``None``, ``nan``)
    for the censored. Empty texts and numbers are refused, because whether they mean
    "censored" or "a destination" cannot be seen. Causes come in alphabetical order.
    """
    columns = read_columns(frame, (duration, destination, *lottery.columns))
    drawn = _read_even_lottery(columns, lottery)
    weeks, went = columns[duration][drawn.rows], columns[destination][drawn.rows]
    seen = ~_is_missing(went)
    places: dict[Any, int] = {}
    codes = np.array([places.setdefault(name, len(places)) for name in went[seen]], dtype=int)
    problems = [
        *_duration_problems(duration, weeks),
        *_destination_problems(destination, list(places), np.bincount(codes)),
    ]
    if problems:
        raise DataError("durations", problems)
    causes = tuple(sorted(places))
    cause = np.zeros(len(went), dtype=np.int64)
    cause[seen] = np.array([causes.index(name) + 1 for name in places], dtype=int)[codes]
    return Durations(weeks.astype(np.int64), cause, causes, drawn, columns)


def _read_even_lottery(columns: Mapping[str, NDArray[Any]], lottery: Lottery) -> Assignment:
    """The lottery; curves, tests and hazards carry no weights, so the odds must agree."""
    drawn = read_assignment(columns, lottery)
    if drawn.probability_varies:
        raise DesignError(
            "The chance of treatment differs within the strata, and survival estimators carry "
            "no weights. Mend: name strata within which it is the same."
        )
    return drawn


def _duration_problems(name: str, weeks: NDArray[Any]) -> list[Problem]:
    place = f"column {name!r}"
    missing = int(_is_missing(weeks).sum())
    if missing:
        mend = "Who was not followed at all is censored at 0."
        return [Problem(place, f"is missing for {missing} persons in the lottery.", mend)]
    if weeks.dtype.kind not in "iuf":
        return [Problem(place, "does not hold numbers.", "Deliver whole weeks.")]
    values = weeks.astype(np.float64)
    rules = {
        "are negative.": values < 0,
        "are not whole weeks.": np.isfinite(values) & (values != np.rint(values)),
        f"are longer than {LONGEST} weeks.": values > LONGEST,
    }
    mend = "Durations are whole weeks since randomisation."
    return [
        Problem(place, f"{int(bad.sum())} values {rule}", mend)
        for rule, bad in rules.items()
        if bad.any()
    ]


def _observed_problems(name: str, seen: NDArray[Any]) -> list[Problem]:
    place = f"column {name!r}"
    missing = int(_is_missing(seen).sum())
    if missing:
        mend = "Censored is false (0), not missing."
        return [Problem(place, f"is missing for {missing} persons in the lottery.", mend)]
    bad = int((~np.isin(seen, (0, 1))).sum())
    mend = "1 = the exit was seen, 0 = censored."
    return [Problem(place, f"{bad} values are neither true/false nor 1/0.", mend)] if bad else []


def _destination_problems(name: str, names: list[Any], counts: NDArray[Any]) -> list[Problem]:
    kinds = ["text" if str(n).strip() else "empty" for n in names]
    kinds = [kind if isinstance(n, str) else "other" for kind, n in zip(kinds, names, strict=True)]
    rules = {"other": "values are not texts.", "empty": "values are empty texts."}
    found = {
        kind: sum(int(c) for c, of in zip(counts, kinds, strict=True) if of == kind)
        for kind in rules
    }
    mend = "Name destinations by texts; leave the censored missing."
    return [
        Problem(f"column {name!r}", f"{count} {rules[kind]}", mend)
        for kind, count in found.items()
        if count
    ]


def _is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype == object:
        return np.array([v is None or v != v for v in values], dtype=bool)
    return np.isnan(values)
