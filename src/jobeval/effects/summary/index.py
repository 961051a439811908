"""One index of several outcomes, weighted by the inverse of their covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.itt import columns_needed, estimate_from_columns
from jobeval.effects.itt.options import Adjustment, validate_options
from jobeval.errors import DataError, DesignError, Problem
from jobeval.inference.assignment import read_assignment
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.least_squares import Vcov
from jobeval.results import Estimate

Floats = NDArray[np.float64]
COLLINEAR = 1e-10
"""Smallest eigenvalue of the correlations, relative to the largest, that counts as above zero."""


class Index(NamedTuple):
    """``values``, shape ``(n,)``, and ``weights``, shape ``(k,)``.

    A value is ``nan`` where the components that are known have no weight above zero together.
    """

    values: Floats
    weights: Floats


def weigh_index(
    outcomes: NDArray[Any], control: NDArray[np.bool_], names: Sequence[str] | None = None
) -> Index:
    """The inverse-covariance-weighted index of Anderson (2008, JASA 103, section 3.2.1).

    Each outcome is standardised by mean and standard deviation of the control arm. Weights
    are the row sums of the inverse covariance of the standardised outcomes, all persons
    taken together, so that what the others already tell counts less. A person's index is
    the weighted mean of the components that are known. With none missing it is the
    generalised least squares estimate of one common mean.

    Parameters
    ----------
    outcomes
        Shape ``(n, k)``, ``nan`` where missing; more of each is better. Covariances are of
        the persons for whom both are known.
    control
        Shape ``(n,)``.
    names
        Of the ``k`` outcomes, for messages; by default their numbers from 1.

    Returns
    -------
    Index
        Weights add up to one; one below zero belongs to an outcome that the others imply.

    Raises
    ------
    DesignError
        When an outcome does not vary in the control arm, or the outcomes are collinear.

    Examples
    --------
    >>> outcomes = np.array([[0.0, 4], [2, 0], [1, 2], [5, 6]])
    >>> index = weigh_index(outcomes, np.array([True, True, False, False]))
    >>> index.weights.round(6).tolist()
    [0.090909, 0.909091]
    """
    outcomes = np.asarray(outcomes, dtype=float)
    names = [str(k + 1) for k in range(outcomes.shape[1])] if names is None else names
    standardised = _standardise(outcomes, control, names)
    covariance = _pairwise_covariance(standardised)
    spread = np.sqrt(np.diag(covariance))
    values = np.linalg.eigvalsh(covariance / np.outer(spread, spread))
    if not values[0] > COLLINEAR * values[-1]:
        raise DesignError(
            "the outcomes of the index are collinear, or too rarely known together. Mend: "
            "leave out an outcome that the others imply."
        )
    weights = np.linalg.solve(covariance, np.ones(len(covariance)))
    weights = weights / weights.sum()
    known = ~np.isnan(standardised)
    total = known @ weights
    present = total > COLLINEAR  # else a person knows only what the others imply
    sums = np.where(known, standardised, 0.0) @ weights
    return Index(np.divide(sums, total, out=np.full(len(sums), np.nan), where=present), weights)


def estimate_index(
    frame: Any,
    outcomes: Sequence[str],
    lottery: Lottery,
    *,
    less_is_better: Sequence[str] = (),
    name: str = "index",
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "none",
    vcov: Vcov | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Estimate the effect on an index over a family of outcomes, in control-arm deviations.

    Parameters
    ----------
    frame, lottery, covariates, adjustment, vcov, conf_level
        As for ``estimate_itt``, whose estimators these are.
    outcomes
        Columns of numbers. With one alone the effect is its own, in standard deviations of
        the control arm, under any lottery.
    less_is_better
        Those of ``outcomes`` whose sign is turned.
    name
        The ``endpoint`` of the result; not a column that the analysis reads.

    Returns
    -------
    Estimate
        In ``"SD"``: the weighted mean of the effects on the standardised outcomes. The
        weights, which ``weigh_index`` gives, are taken as known. A note tells of persons
        with only some of the outcomes, and of weights below zero.

    Raises
    ------
    DataError, DesignError
        As ``estimate_itt`` and ``weigh_index``.
    ValueError
        When the options contradict each other.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 1, 9, 3, 5],
    ...     "weeks_on_benefit": [9, 2, 3, 8, 8, 7, 4, 1]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> effect = estimate_index(frame, ["hours", "weeks_on_benefit"], lottery,
    ...     less_is_better=["weeks_on_benefit"])
    >>> round(effect.estimate, 3), effect.unit
    (0.947, 'SD')
    """
    for listed, words in ((outcomes, "outcomes"), (less_is_better, "less_is_better")):
        if isinstance(listed, str):
            raise ValueError(f'{words} is a sequence of columns, such as ["hours", "weeks"]')
    names = tuple(outcomes)
    _validate_names(names, tuple(less_is_better), name, lottery)
    options = validate_options(name, lottery, covariates, adjustment, vcov, conf_level)
    needed = columns_needed(names[0], lottery, options)
    if name in needed or set(names) & set(needed[1:]):
        raise ValueError(f"an outcome or the name {name!r} is read for another purpose")
    columns = read_columns(frame, (*names, *needed))
    signs = np.array([-1.0 if one in less_is_better else 1.0 for one in names])
    rows = read_assignment(columns, lottery).rows
    components = _read_outcomes(columns, names)[rows] * signs
    index = weigh_index(components, columns[lottery.arm][rows] == lottery.control, names)
    values = np.full(len(rows), np.nan)
    values[rows] = index.values
    effect = estimate_from_columns({**columns, name: values}, name, lottery, options)
    told = (*_partial_note(~np.isnan(components)), *_negative_note(names, index.weights))
    estimator = f"{effect.estimator} of an index"
    return replace(effect, estimator=estimator, unit="SD", notes=(*effect.notes, *told))


def _validate_names(
    names: tuple[str, ...], less_is_better: tuple[str, ...], name: str, lottery: Lottery
) -> None:
    if not names or len(set(names)) < len(names):
        raise ValueError("outcomes is a sequence of one or more columns, each named once")
    strange = [one for one in less_is_better if one not in names]
    if strange:
        raise ValueError(f"less_is_better names {strange[0]!r}, which is none of the outcomes")
    if name in names or name in lottery.columns:
        raise ValueError(f"the index cannot be named {name!r}, which is a column it reads")


def _read_outcomes(columns: Any, names: tuple[str, ...]) -> Floats:
    problems: list[Problem] = []
    for name in names:
        values = columns[name]
        if values.dtype.kind not in "biuf":
            mend = "Deliver it as numbers."
            problems.append(Problem(f"outcome {name!r}", "is not a column of numbers.", mend))
        elif np.isinf(values.astype(float)).any():
            problems.append(Problem(f"outcome {name!r}", "is infinite for some persons."))
    if problems:
        raise DataError("index", problems)
    return np.column_stack([columns[name].astype(float) for name in names])


def _standardise(outcomes: Floats, control: NDArray[np.bool_], names: Sequence[str]) -> Floats:
    theirs = outcomes[control]
    known = ~np.isnan(theirs)
    flat = [
        column
        for column in range(outcomes.shape[1])
        if known[:, column].sum() < 2 or np.ptp(theirs[known[:, column], column]) == 0
    ]
    if flat:
        raise DesignError(
            f"outcome {names[flat[0]]!r} of the index does not vary in the control arm, so it has "
            "no standard deviation there. Mend: leave it out of the index."
        )
    return (outcomes - np.nanmean(theirs, axis=0)) / np.nanstd(theirs, axis=0, ddof=1)


def _pairwise_covariance(values: Floats) -> Floats:
    """Covariances of those known in both columns, shape ``(k, k)``; ``nan`` for fewer than two."""
    known = (~np.isnan(values)).astype(float)
    filled = np.where(known > 0, values, 0.0)
    count = known.T @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (filled.T @ known) / count
        return np.where(
            count > 1, (filled.T @ filled - count * means * means.T) / (count - 1), np.nan
        )


def _partial_note(known: NDArray[np.bool_]) -> tuple[str, ...]:
    partial = int((known.any(axis=1) & ~known.all(axis=1)).sum())
    if not partial:
        return ()
    return (f"index of the outcomes that are known: {partial} persons lack some of them",)


def _negative_note(names: tuple[str, ...], weights: Floats) -> tuple[str, ...]:
    below = [name for name, weight in zip(names, weights, strict=True) if weight < 0]
    return tuple(f"index weight below zero: {name!r} is implied by the others" for name in below)
