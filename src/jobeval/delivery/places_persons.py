"""The persons of places side by side: outcome, place and case mix as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import DataError, DesignError, Problem
from jobeval.inference.covariates import CovariateColumns, covariate_names, read_covariates
from jobeval.plan.parts import Term

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class PlacePersons:
    """The ``n`` persons whose outcome is known.

    Attributes
    ----------
    outcome
        Shape ``(n,)``, finite.
    code
        Shape ``(n,)``: the person's place among ``places``.
    places
        The places' names in ascending order, at least two, each with persons.
    case_mix
        Their covariates.
    n_missing
        How many more persons there are, whose outcome is not known.
    """

    outcome: Floats
    code: NDArray[np.int64]
    places: tuple[str, ...]
    case_mix: CovariateColumns
    n_missing: int

    @property
    def share(self) -> bool:
        """Whether the outcome is 0 or 1."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    def sum_by_place(self, values: Floats) -> Floats:
        """Sums of ``values``, shape ``(n,)``, over the persons of each place."""
        return np.bincount(self.code, values).astype(np.float64)


def read_place_persons(
    columns: Columns, outcome: str, place: str, covariates: Sequence[str | Term]
) -> PlacePersons:
    """Read the persons from columns as ``read_columns`` gives them.

    Raises
    ------
    DataError
        With all problems at once.
    DesignError
        Fewer than two places have persons whose outcome is known.
    """
    problems = [*_find_problems(columns, outcome, place, covariate_names(covariates))]
    known = np.ones(len(columns[place]), dtype=bool)
    if columns[outcome].dtype != object:
        known = ~np.isnan(columns[outcome].astype(np.float64))
    case_mix = CovariateColumns((), np.empty((int(known.sum()), 0)))
    try:
        if known.any():
            case_mix = read_covariates(columns, covariates, known)
    except DataError as error:
        problems += error.problems
    if problems:
        raise DataError("places", problems)
    labels, code = np.unique(_labels(columns[place][known]), return_inverse=True)
    _require_two(len(labels), place)
    values = columns[outcome][known].astype(np.float64)
    places = tuple(_label(name) for name in labels.tolist())
    return PlacePersons(values, code, places, case_mix, int((~known).sum()))


def _find_problems(
    columns: Columns, outcome: str, place: str, covariates: Sequence[str]
) -> Iterator[Problem]:
    values = columns[outcome]
    if values.dtype == object:
        mend = "Deliver numbers, 0 and 1 for no and yes."
        yield Problem(f"outcome {outcome!r}", "holds text where numbers are needed.", mend)
    elif np.isinf(values.astype(np.float64)).any():
        yield Problem(f"outcome {outcome!r}", "is infinite for some persons.")
    missing = int(pd.isna(columns[place]).sum())
    if missing:
        rule, mend = f"is missing for {missing} persons.", "Deliver it, or leave the persons out."
        yield Problem(f"place {place!r}", rule, mend)
    for name in {outcome, place}.intersection(covariates):
        what = "outcome" if name == outcome else "place"
        yield Problem(f"covariate {name!r}", f"is the {what} itself.", "Leave it out.")


def _labels(places: NDArray[Any]) -> NDArray[Any]:
    """Names of places; numbers stay numbers until they are sorted."""
    return places.astype(str) if places.dtype == object else places


def _label(name: Any) -> str:
    return f"{name:.15g}" if isinstance(name, float) else str(name)


def _require_two(places: int, place: str) -> None:
    if places < 2:
        raise DesignError(
            f"{places} of {place!r} have persons whose outcome is known, and to compare takes "
            "two. Mend: name a column that tells the places apart."
        )
