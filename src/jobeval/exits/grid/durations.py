"""Weeks until the exit, read from a frame and validated once for every survival estimator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import DataError, DesignError, Problem
from jobeval.exits.grid.grid import ExitGrid, build_grid
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
    entry
        Shape ``(n,)``, the week after which observation began; ``None`` = everybody's at once.
    person
        Shape ``(n,)``, codes ``0 … P−1`` of persons with several rows; ``None`` = one row each.
    """

    weeks: NDArray[np.int64]
    cause: NDArray[np.int64]
    causes: tuple[str, ...]
    assignment: Assignment
    columns: dict[str, NDArray[Any]]
    entry: NDArray[np.int64] | None = None
    person: NDArray[np.int64] | None = None

    def grid(self, lottery: Lottery, counts: NDArray[np.int64] | None = None) -> ExitGrid:
        """Their counts per arm (control, treatment) × stratum × week.

        ``counts`` of shape ``(n,)`` are the persons behind each row, one when left out.
        """
        drawn = self.assignment
        return build_grid(
            self.weeks,
            self.cause,
            drawn.assigned,
            drawn.stratum,
            arms=(str(lottery.control), str(lottery.treatment)),
            strata=drawn.stratum_labels,
            causes=self.causes,
            entry=self.entry,
            counts=counts,
        )


def read_durations(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    extra: Sequence[str] = (),
    *,
    entry: str | None = None,
    person: str | None = None,
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
    entry
        Column of whole weeks after which observation began, below ``duration``.
    person
        Column of persons' ids, where a person has several rows, each from its entry to its
        duration; the rows of a person may not overlap and have one arm, stratum and
        cluster.

    Raises
    ------
    DesignError
        The chance of treatment differs within strata: nothing here carries weights.
    DataError
        Missing, negative or broken weeks, an ``observed`` that is missing or neither true
        nor false, and whatever is wrong with the lottery.
    """
    _require_other_columns((duration, observed), extra)
    if person is not None and entry is None:
        raise ValueError("several rows a person need the column of their entry")
    names = [name for name in (entry, person) if name is not None]
    columns = read_columns(frame, (duration, observed, *lottery.columns, *extra, *names))
    drawn = read_even_lottery(columns, lottery)
    weeks, seen = drawn.select(columns[duration]), drawn.select(columns[observed])
    problems = [*duration_problems(duration, weeks), *observed_problems(observed, seen)]
    _raise(problems)
    weeks = weeks.astype(np.int64, copy=False)
    began = None if entry is None else _read_entry(entry, drawn.select(columns[entry]), weeks)
    codes = None
    if person is not None and began is not None:
        codes = _read_persons(person, columns[person][drawn.rows], began, weeks, drawn)
    return Durations(weeks, seen.astype(np.int64), ("",), drawn, columns, began, codes)


def read_destinations(
    frame: Any,
    duration: str,
    destination: str,
    lottery: Lottery,
    extra: Sequence[str] = (),
    *,
    entry: str | None = None,
) -> Durations:
    """Read durations with competing exits; persons of other arms are left out.

    ``destination`` is a column of texts: where a person went, or missing (``None``, ``nan``)
    for the censored. Empty texts and numbers are refused, because whether they mean
    "censored" or "a destination" cannot be seen. Causes come in alphabetical order.
    """
    _require_other_columns((duration, destination), extra)
    names = [entry] if entry is not None else []
    columns = read_columns(frame, (duration, destination, *lottery.columns, *extra, *names))
    drawn = read_even_lottery(columns, lottery)
    weeks, went = drawn.select(columns[duration]), drawn.select(columns[destination])
    codes, places = pd.factorize(went)  # −1 where missing
    problems = [
        *duration_problems(duration, weeks),
        *_destination_problems(destination, places.tolist(), np.bincount(codes + 1)[1:]),
    ]
    _raise(problems)
    weeks = weeks.astype(np.int64, copy=False)
    began = None if entry is None else _read_entry(entry, drawn.select(columns[entry]), weeks)
    causes = tuple(sorted(places.tolist()))
    cause = np.array([*(causes.index(name) + 1 for name in places), 0], dtype=np.int64)[codes]
    return Durations(weeks, cause, causes, drawn, columns, began)


def _require_other_columns(exits: tuple[str, ...], extra: Sequence[str]) -> None:
    """What the exit itself is told by explains no exit, whatever it would do to the numbers."""
    for name in exits:
        if name in extra:
            raise DesignError(
                f"Column {name!r} tells the exit and cannot be adjusted for or grouped by. "
                "Mend: name columns that were known at the draw."
            )


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise DataError("durations", problems)


def _read_entry(name: str, began: NDArray[Any], weeks: NDArray[np.int64]) -> NDArray[np.int64]:
    problems = duration_problems(name, began)
    if not problems and (late := int((began >= weeks).sum())):
        mend = "An interval runs from its entry to a later week; leave out who is never at risk."
        problems = [Problem(f"column {name!r}", f"{late} values are not below the end.", mend)]
    _raise(problems)
    return began.astype(np.int64)


def _read_persons(
    name: str,
    ids: NDArray[Any],
    began: NDArray[np.int64],
    weeks: NDArray[np.int64],
    drawn: Assignment,
) -> NDArray[np.int64]:
    """Codes of persons, in the order in which they first appear."""
    place, missing = f"column {name!r}", int(is_missing(ids).sum())
    if missing:
        _raise([Problem(place, f"is missing in {missing} rows.", "Every row has a person.")])
    codes = pd.factorize(ids)[0].astype(np.int64, copy=False)
    order = np.lexsort((began, codes))
    same = np.diff(codes[order]) == 0
    overlaps = int((same & (began[order][1:] < weeks[order][:-1])).sum())
    drawn_as = {"arm": drawn.assigned, "stratum": drawn.stratum, "cluster": drawn.cluster}
    rules = {"rows overlap an earlier row of their person.": overlaps} | {
        f"persons change their {what} between rows.": int((same & (np.diff(own[order]) != 0)).sum())
        for what, own in drawn_as.items()
        if own is not None
    }
    mend = "The rows of a person follow one another, as they were drawn."
    _raise([Problem(place, f"{count} {rule}", mend) for rule, count in rules.items() if count])
    return codes


def read_even_lottery(columns: Mapping[str, NDArray[Any]], lottery: Lottery) -> Assignment:
    """The lottery; curves, tests and hazards carry no weights, so the odds must agree."""
    drawn = read_assignment(columns, lottery)
    if drawn.probability_varies:
        raise DesignError(
            "The chance of treatment differs within the strata, and survival estimators carry "
            "no weights. Mend: name strata within which it is the same."
        )
    return drawn


def is_whole(number: object) -> bool:
    """Whether it is a whole number by its type; true and false are none."""
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def validate_horizon(weeks: Any) -> int:
    """The horizon as a number; ``ValueError`` unless it is whole and above 0."""
    if is_whole(weeks) and 1 <= weeks <= LONGEST:
        return int(weeks)
    raise ValueError(f"horizon_weeks must be a whole number from 1 to {LONGEST}, not {weeks!r}")


def duration_problems(name: str, weeks: NDArray[Any]) -> list[Problem]:
    place = f"column {name!r}"
    missing = int(is_missing(weeks).sum())
    if missing:
        mend = "Who was not followed at all is censored at 0."
        return [Problem(place, f"is missing for {missing} persons in the lottery.", mend)]
    if weeks.dtype.kind not in "iuf":
        return [Problem(place, "does not hold numbers.", "Deliver whole weeks.")]
    if weeks.dtype.kind in "iu" and (not len(weeks) or 0 <= weeks.min() <= weeks.max() <= LONGEST):
        return []
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


def observed_problems(name: str, seen: NDArray[Any]) -> list[Problem]:
    if seen.dtype.kind in "iub" and len(seen) and 0 <= seen.min() <= seen.max() <= 1:
        return []
    place = f"column {name!r}"
    missing = int(is_missing(seen).sum())
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


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind in "iub":
        return np.zeros(len(values), dtype=bool)
    return np.asarray(pd.isna(values), dtype=bool)
