"""Baseline covariates of a data frame as the columns of a design, coded once for all rooms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem
from jobeval.plan.parts import Term

Columns = Mapping[str, NDArray[Any]]
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CovariateColumns:
    """Covariates as numbers, without a constant and neither centred nor scaled.

    Attributes
    ----------
    names
        ``p`` names: ``"age"`` for a number, ``"benefit[sickness]"`` for a level of a category.
    values
        Shape ``(n, p)``, finite.
    notes
        One sentence for each covariate that was dropped because it does not vary.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    notes: tuple[str, ...] = ()


def covariate_names(terms: Sequence[str | Term]) -> tuple[str, ...]:
    """The columns that the terms need, in their order.

    >>> covariate_names(["age", Term(column="benefit", type="category")])
    ('age', 'benefit')
    """
    return tuple(term if isinstance(term, str) else term.column for term in terms)


def read_covariates(
    columns: Columns,
    terms: Sequence[str | Term],
    rows: NDArray[np.bool_],
    *,
    order: Literal["C", "F"] = "C",
) -> CovariateColumns:
    """Code covariates as design columns.

    Parameters
    ----------
    columns
        Arrays of shape ``(N,)`` as ``registers.frames.read_columns`` gives them.
    terms
        A bare column name is coded by what it holds: numbers and booleans as numbers, all
        else as a category. A ``Term`` says it: ``"number"`` or ``"category"``. The first
        level of a category, in sorted order, is the reference.
    rows
        Shape ``(N,)``: the ``n`` rows to use.
    order
        ``"F"`` for values whose columns are contiguous.

    Raises
    ------
    DataError
        With all problems at once: a column named twice, missing or infinite values, text
        where a number was asked for.

    Notes
    -----
    What does not vary in ``rows`` is dropped with a note. Collinear columns are kept: how
    to treat them belongs to the estimator.

    Examples
    --------
    >>> benefit = np.array(["cash", "sickness", "cash"], dtype=object)
    >>> columns = {"age": np.array([40, 51, 38]), "benefit": benefit}
    >>> coded = read_covariates(columns, ["age", "benefit"], np.full(3, True))
    >>> coded.names
    ('age', 'benefit[sickness]')
    >>> coded.values.tolist()
    [[40.0, 0.0], [51.0, 1.0], [38.0, 0.0]]
    """
    names = covariate_names(terms)
    problems = [
        Problem(f"covariate {name!r}", "is named twice.", "Name each column once.")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    everyone = bool(rows.all())
    typed = [
        (
            name,
            columns[name] if everyone else columns[name][rows],
            None if isinstance(term, str) else term,
        )
        for name, term in zip(names, terms, strict=True)
    ]
    problems += [problem for item in typed for problem in _problems(*item)]
    if problems:
        raise DataError("covariates", problems)
    coded = [_code_known(*item) for item in typed]
    blocks = [np.empty((int(rows.sum()), 0)), *(block for _, block in coded)]
    values = np.hstack(blocks) if order == "C" else np.vstack([block.T for block in blocks]).T
    notes = [
        f"covariate {name!r} does not vary and is left out"
        for name, (_, block) in zip(names, coded, strict=True)
        if not block.shape[1]
    ]
    kept = tuple(label for labels, _ in coded for label in labels)
    return CovariateColumns(kept, values, tuple(notes))


def _problems(name: str, values: NDArray[Any], term: Term | None) -> list[Problem]:
    place = f"covariate {name!r}"
    if term is not None and term.type == "number" and values.dtype == object:
        mend = 'Declare it with type = "category", or deliver numbers.'
        return [Problem(place, "holds text where numbers were declared.", mend)]
    missing = int(_is_missing(values).sum())
    if missing == len(values) or (missing and (term is None or term.unknown == "refuse")):
        mend = 'Deliver the value, or declare unknown = "indicator" for the covariate.'
        return [Problem(place, f"is missing for {missing} persons in the analysis.", mend)]
    infinite = 0 if values.dtype == object else int(np.isinf(values).sum())
    return [Problem(place, f"is infinite for {infinite} persons.")] if infinite else []


def _is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype == object:
        return np.array([v is None or v != v for v in values], dtype=bool)
    return np.isnan(values)


def _code_known(
    name: str, values: NDArray[Any], term: Term | None
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """``_code``, with the mean in place of unknown numbers and an indicator beside it.

    The effect does not depend on the value put in, since the indicator absorbs it (Zhao &
    Ding 2024, JASA 119).
    """
    type_ = None if term is None else term.type
    unknown = _is_missing(values)
    if not unknown.any():
        return _code(name, values, type_)
    if type_ == "category" or values.dtype == object:
        texts = [UNKNOWN if gone else _label(v) for v, gone in zip(values, unknown, strict=True)]
        return _code(name, np.array(texts, dtype=object), "category")
    filled = np.where(unknown, values[~unknown].mean(), values)
    labels, block = _code(name, filled, type_)
    return (*labels, f"{name}[{UNKNOWN}]"), np.column_stack([block, unknown.astype(np.float64)])


def _code(
    name: str, values: NDArray[Any], type_: str | None
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Names and values, shape ``(n, p)``, of one covariate; ``p`` is 0 when it does not vary."""
    if type_ == "category" or values.dtype == object:
        texts = values.astype(str) if values.dtype == object else values
        levels, codes = np.unique(texts, return_inverse=True)
        labels = tuple(f"{name}[{_label(level)}]" for level in levels[1:])
        return labels, (codes[:, None] == np.arange(1, len(levels))).astype(np.float64)
    numbers = values.astype(np.float64, copy=False)[:, None]
    if not len(numbers) or np.ptp(numbers) == 0:
        return (), numbers[:, :0]
    return (name,), numbers


def _label(level: Any) -> str:
    return f"{level:.15g}" if isinstance(level, np.number) else str(level)
