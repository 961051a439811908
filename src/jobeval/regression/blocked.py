"""The stratified (blocked) difference in means, valid under any allocation in the strata."""

import numpy as np
from numpy.typing import NDArray

from jobeval.regression.difference import CellMoments, MeanContrast, difference_in_means


def blocked_difference(cells: CellMoments) -> MeanContrast:
    """Strata differences, weighted by the strata's shares of everyone drawn.

    Estimate ``Σ (nₛ/N)(ȳ₁ₛ − ȳ₀ₛ)``, variance ``Σ (nₛ/N)² (s²₁ₛ/n₁ₛ + s²₀ₛ/n₀ₛ)``, degrees
    of freedom ``N − 2S`` (Schochet 2015, eq. 6.25; Imbens & Rubin 2015, chapter 9). With
    one stratum it is ``difference_in_means``, with Welch's degrees of freedom.

    Parameters
    ----------
    cells
        Shape ``(S, 2, …)``. A cell of fewer than two persons makes the error ``nan``.

    Examples
    --------
    >>> from jobeval.regression.difference import measure_cells
    >>> outcome = np.array([0.0, 2, 4, 6, 1, 3, 1, 7])
    >>> assigned, stratum = np.array([0, 0, 1, 1] * 2), np.repeat([0, 1], 4)
    >>> found = blocked_difference(measure_cells(outcome, assigned, stratum, 2))
    >>> float(found.estimate), float(found.df)  # (4 + 2) / 2
    (3.0, 4.0)
    """
    if len(cells.n) == 1:
        return difference_in_means(cells)
    share = stratum_shares(cells.n)
    control, treatment = stratified_means(cells)
    variance = (np.square(share)[:, None] * cells.variance / cells.n).sum(axis=(0, 1))
    df = cells.n.sum(axis=(0, 1)) - 2 * len(cells.n)
    return MeanContrast(treatment - control, np.sqrt(variance), df, treatment, control)


def stratified_means(cells: CellMoments) -> NDArray[np.float64]:
    """The means of control and treatment over the strata's shares, shape ``(2, …)``.

    Examples
    --------
    >>> n, mean = np.array([[1.0, 1], [3, 3]]), np.array([[0.0, 1], [4, 9]])
    >>> cells = CellMoments(n, mean, variance=np.ones((2, 2)))
    >>> stratified_means(cells).tolist()
    [3.0, 7.0]
    """
    return (stratum_shares(cells.n)[:, None] * cells.mean).sum(axis=0)


def stratum_shares(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """The strata's shares of everyone, shape ``(S, …)``, from sizes of shape ``(S, 2, …)``."""
    drawn = n.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return drawn / drawn.sum(axis=0)
