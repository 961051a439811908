"""The difference in means with Neyman's variance and Welch's degrees of freedom."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CellMoments:
    """Sizes, means and variances of the cells stratum × arm.

    All arrays have shape ``(S, 2, …)``: stratum, arm (control, treatment), and possibly more
    axes such as weeks. Means are ``nan`` in empty cells, variances (divisor ``n − 1``) where
    there are fewer than two persons.
    """

    n: Floats
    mean: Floats
    variance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class MeanContrast:
    """Treatment minus control, and the two means whose difference it is.

    Each array has the shape of the cells without stratum and arm: ``()`` for one outcome.
    """

    estimate: Floats
    std_error: Floats
    df: Floats
    mean_treatment: Floats
    mean_control: Floats


def measure_cells(
    outcome: NDArray[Any],
    assigned: NDArray[np.int64],
    stratum: NDArray[np.int64],
    n_strata: int,
) -> CellMoments:
    """The moments of one outcome, in two passes.

    Parameters
    ----------
    outcome, assigned, stratum
        Shape ``(n,)``; ``assigned`` is 0 or 1, ``stratum`` a code below ``n_strata``.

    Examples
    --------
    >>> cells = measure_cells(np.array([1.0, 3, 5]), np.array([0, 0, 1]), np.zeros(3, int), 1)
    >>> cells.mean.tolist(), cells.variance.tolist()
    ([[2.0, 5.0]], [[2.0, nan]])
    """
    outcome = np.asarray(outcome, dtype=float)
    cell, size = stratum * 2 + assigned, 2 * n_strata
    n = np.bincount(cell, minlength=size).astype(float)
    mean = np.bincount(cell, outcome, size) / np.where(n > 0, n, np.nan)
    squares = np.bincount(cell, np.square(outcome - mean[cell]), size)
    variance = squares / np.where(n > 1, n - 1, np.nan)
    return CellMoments(*(values.reshape(n_strata, 2) for values in (n, mean, variance)))


def difference_in_means(cells: CellMoments) -> MeanContrast:
    """Neyman's estimator for one lottery without strata.

    Variance ``s₁²/n₁ + s₀²/n₀`` (Imbens & Rubin 2015, chapter 6), which is HC2; degrees of
    freedom by Welch and Satterthwaite.

    Parameters
    ----------
    cells
        Of one stratum, shape ``(1, 2, …)``.

    Examples
    --------
    >>> outcome, assigned = np.array([1.0, 3, 5, 9]), np.array([0, 0, 1, 1])
    >>> found = difference_in_means(measure_cells(outcome, assigned, np.zeros(4, int), 1))
    >>> float(found.estimate), round(float(found.std_error), 4), round(float(found.df), 4)
    (5.0, 2.2361, 1.4706)
    """
    parts = (cells.variance / cells.n)[0]
    total = parts.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = np.square(total) / (np.square(parts) / (cells.n[0] - 1)).sum(axis=0)
    control, treatment = cells.mean[0]
    return MeanContrast(treatment - control, np.sqrt(total), df, treatment, control)
