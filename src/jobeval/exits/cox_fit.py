"""Cox's partial likelihood on the grid: weeks × strata carry everything but one pass a step.

Symbols: within a cell (stratum and event week), ``d`` persons leave; ``S0, S1`` are the sums of
``w = exp(xβ)`` and ``w x`` over those at risk, ``S0d, S1d`` over those who leave. Efron (1977)
replaces ``S`` by ``S − f S_d`` with ``f = l / d``, ``l = 0 … d − 1``; Breslow (1974) has
``f = 0``. With ``e = 1 / (S0 − f S0d)``, a cell needs the sums over ``l``
``A = Σ e``, ``B = Σ f e``, ``C = Σ e²``, ``D = Σ f e²``, ``E = Σ f² e²``.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid import remaining

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Ties = Literal["efron", "breslow"]
MAX_STEPS = 100
DECREMENT = 1e-12
"""Newton stops when a step promises less than half of this in log-likelihood."""
RUNAWAY = 1e-3
"""A coefficient that still moves by this many standard deviations is on its way to infinity."""


@dataclass(frozen=True, slots=True, eq=False)
class CoxFit:
    """A fitted Cox model with ``p`` covariates.

    Attributes
    ----------
    coef
        Shape ``(p,)``, log hazard ratios; ``nan`` where the likelihood has no maximum.
    vcov
        Shape ``(p, p)``, the inverse of the observed information; ``nan`` likewise.
    infinite
        Shape ``(p,)``, boolean: the likelihood grows as this coefficient goes to ±∞.
    loglik_null, loglik
        Log partial likelihood at 0 and at the maximum (its limit where infinite).
    score_statistic
        ``U′ I⁻¹ U`` at 0, chi-square with ``p`` degrees of freedom.
    residuals
        Shape ``(n, p)``: score residuals (derivative by the weight of a person).
    converged
        ``False`` when the steps ran out or the information was singular: all is ``nan`` then.
    """

    coef: Floats
    vcov: Floats
    infinite: NDArray[np.bool_]
    loglik_null: float
    loglik: float
    score_statistic: float
    residuals: Floats
    converged: bool

    @property
    def likelihood_ratio(self) -> float:
        """Twice the gain in log-likelihood over no covariates."""
        return 2 * (self.loglik - self.loglik_null)

    def robust_vcov(self, cluster: Counts | None = None) -> Floats:
        """Lin & Wei (1989): ``I⁻¹ Σ_g r_g r_g′ I⁻¹``; every person a cluster unless told."""
        sums = self.residuals
        if cluster is not None:
            columns = [np.bincount(cluster, weights=column) for column in sums.T]
            sums = np.stack(columns, axis=1)
        return self.vcov @ (sums.T @ sums) @ self.vcov


class _Cells(NamedTuple):
    """Who is where: persons sorted by stratum, event week and whether they leave in it."""

    order: Counts  # (m,) rows of those at risk at some exit of their stratum
    starts: Counts  # first of each occupied cell
    flat: Counts  # its place in (S, T, 2)
    shape: tuple[int, int, int]
    event_cell: tuple[Counts, Counts]  # stratum and week of the M cells with exits
    deaths: Counts  # (M,)
    at: tuple[Counts, Counts]  # (m,) stratum and week of each sorted person
    leaves: NDArray[np.bool_]  # (m,)
    fractions: Floats  # (Σd,) l / d, cell by cell; 0 for Breslow
    first: Counts  # (M,) where each cell's fractions begin


class _Sums(NamedTuple):
    """What a Newton step needs; ``g`` has shape ``(m,)``, all else lives on the M cells."""

    loglik: float
    weights: Floats
    s1: Floats
    s1d: Floats
    a: Floats
    b: Floats
    c: Floats
    d: Floats
    e: Floats
    g: Floats


def fit_cox(
    x: Floats,
    weeks: Counts,
    observed: NDArray[np.bool_],
    stratum: Counts,
    *,
    ties: Ties = "efron",
) -> CoxFit:
    """Maximise the stratified partial likelihood by Newton's method with step halving.

    Parameters
    ----------
    x
        Shape ``(n, p)``, linearly independent within the strata.
    weeks, observed, stratum
        Shape ``(n,)``: whole weeks, whether the exit was seen, codes of strata.

    Notes
    -----
    Whatever is censored before the first exit of its stratum is not needed, and weeks without
    exits are not either: only the order of weeks matters.

    Examples
    --------
    Six persons worked by hand in Therneau & Grambsch (2000), appendix E:

    >>> x = np.array([[1.0], [1], [1], [0], [0], [0]])
    >>> weeks, observed = np.array([1, 1, 6, 6, 8, 9]), np.array([1, 0, 1, 1, 0, 1]) > 0
    >>> fit = fit_cox(x, weeks, observed, np.zeros(6, dtype=int), ties="breslow")
    >>> bool(np.isclose(fit.coef[0], np.log((3 + np.sqrt(33)) / 2)))
    True
    """
    cells = _arrange(weeks, observed, stratum, ties)
    kept = x[cells.order]
    scale = kept.std(axis=0) if len(kept) else np.ones(x.shape[1])
    scale = np.where(scale > 0, scale, 1.0)
    z = (kept - (kept.mean(axis=0) if len(kept) else 0.0)) / scale
    beta, sums, null, step, converged = _maximise(z, cells)
    infinite = converged & (np.abs(step) > RUNAWAY)
    information = _information(z, sums)
    vcov = _inverse(information) if converged else np.full_like(information, np.nan)
    vcov = np.where(infinite[:, None] | infinite, np.nan, vcov)
    residuals = np.zeros_like(x, dtype=float)
    residuals[cells.order] = _score_residuals(z, cells, sums) * scale
    return CoxFit(
        coef=np.where(infinite | ~np.array(converged), np.nan, beta) / scale,
        vcov=vcov / np.outer(scale, scale),
        infinite=infinite,
        loglik_null=null.loglik,
        loglik=sums.loglik,
        score_statistic=float(_score(z, cells, null) @ _newton(z, cells, null)),
        residuals=residuals,
        converged=converged,
    )


def _arrange(
    weeks: Counts, observed: NDArray[np.bool_], stratum: Counts, ties: Ties
) -> _Cells:
    """Sort persons into cells; weeks become the number of the last event week reached."""
    event_weeks = np.unique(weeks[observed])
    n_strata = int(stratum.max(initial=-1)) + 1
    first_exit = np.full(n_strata, np.iinfo(np.int64).max)
    np.minimum.at(first_exit, stratum[observed], weeks[observed])
    rows = np.flatnonzero(weeks >= first_exit[stratum])
    week = np.searchsorted(event_weeks, weeks[rows], side="right") - 1
    shape = (n_strata, len(event_weeks), 2)
    key = np.ravel_multi_index((stratum[rows], week, observed[rows].astype(int)), shape)
    turn = np.argsort(key, kind="stable")
    key = key[turn]
    flat, starts = np.unique(key, return_index=True)
    deaths = np.bincount(key, minlength=int(np.prod(shape))).reshape(shape)[..., 1]
    event_cell = np.nonzero(deaths)
    d = deaths[event_cell]
    first = np.cumsum(d) - d
    rank = np.arange(d.sum()) - np.repeat(first, d)
    fractions = rank / np.repeat(d, d) if ties == "efron" else np.zeros(len(rank))
    at = (stratum[rows][turn], week[turn])
    return _Cells(
        rows[turn], starts, flat, shape, event_cell, d, at, observed[rows][turn], fractions, first
    )
