"""The columns of a Cox model: treatment first, then what can be told apart within strata."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.exits.grid.durations import Durations
from jobeval.exits.hazards.cox_likelihood import BLOCK
from jobeval.inference.covariates import covariate_names, read_covariates
from jobeval.plan.parts import Term

Floats = NDArray[np.float64]
TREATMENT = "treatment"
COLLINEAR = 1e-9
"""A column is a combination of others when less than this share of its squares is its own."""


@dataclass(frozen=True, slots=True, eq=False)
class CoxDesign:
    """The columns of a Cox model.

    Attributes
    ----------
    names
        ``p`` names, ``"treatment"`` first.
    terms
        The covariate that each column codes: several columns for a category.
    x
        Shape ``(n, p)``, columns contiguous.
    notes
        What was left out.
    """

    names: tuple[str, ...]
    terms: tuple[str, ...]
    x: Floats
    notes: tuple[str, ...]


def build_design(durations: Durations, covariates: Sequence[str | Term]) -> CoxDesign:
    """Treatment and covariates; what cannot be told apart within strata is dropped with a note.

    Raises
    ------
    DataError
        For missing or broken covariates.
    DesignError
        When the covariates tell the arm of everybody.
    """
    drawn = durations.assignment
    read = read_covariates(durations.columns, covariates, drawn.rows, order="F")
    x = np.vstack([drawn.assigned.astype(np.float64), read.values.T]).T
    own = independent_columns(x, drawn.stratum, last=0)
    if not own[0]:
        raise DesignError("the covariates tell the arm of everybody: no effect can be told apart")
    pairs = list(zip(read.names, own[1:], strict=True))
    dropped = [
        f"covariate {name!r} adds nothing within the strata and is left out"
        for name, keep in pairs
        if not keep
    ]
    kept = [name for name, keep in pairs if keep]
    known = covariate_names(covariates)
    terms = (TREATMENT, *(_term_of(name, known) for name in kept))
    x = x if own.all() else x[:, own]
    return CoxDesign((TREATMENT, *kept), terms, x, (*read.notes, *dropped))


def independent_columns(
    x: Floats, stratum: NDArray[np.int64], last: int | None = None
) -> NDArray[np.bool_]:
    """Which columns vary within strata beyond those before them, shape ``(p,)``.

    The column ``last`` is judged after all others.

    >>> x = np.array([[1.0, 2.0, 5.0], [2.0, 4.0, 5.0], [4.0, 8.0, 5.0]])
    >>> independent_columns(x, np.zeros(3, dtype=int)).tolist()
    [True, False, False]
    >>> independent_columns(x, np.zeros(3, dtype=int), last=0).tolist()
    [False, True, False]
    """
    squares, within = _products(x, stratum)
    own = np.zeros(len(squares), dtype=bool)
    for k in sorted(range(len(squares)), key=lambda k: k == last):
        own[k] = within[k, k] > COLLINEAR * squares[k]
        if own[k]:  # what the others share with this column is taken out of them
            within -= np.outer(within[k], within[k]) / within[k, k]
    return own


def _products(x: Floats, stratum: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Squares of the columns around their means, and their products within strata."""
    mean, size = x.mean(axis=0), np.bincount(stratum)
    products = np.zeros((x.shape[1], x.shape[1]))
    for start in range(0, len(x), BLOCK):
        block = x[start : start + BLOCK].T - mean[:, None]
        products += block @ block.T
    sums = np.empty((len(mean), len(size)))
    for total, column in zip(sums, x.T, strict=True):
        total[:] = np.bincount(stratum, weights=column)
    sums -= mean[:, None] * size
    return np.diag(products), products - (sums / np.maximum(size, 1)) @ sums.T


def _term_of(label: str, names: tuple[str, ...]) -> str:
    found = [name for name in names if label == name or label.startswith(f"{name}[")]
    return max(found, key=len)


def coded(names: tuple[str, ...], term: str) -> NDArray[np.int64]:
    """Where the columns of a term are.

    >>> coded(("treatment", "age", "benefit", "benefit"), "benefit").tolist()
    [2, 3]
    """
    return np.flatnonzero([name == term for name in names])
