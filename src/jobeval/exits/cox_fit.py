"""Cox's partial likelihood on the grid: weeks × strata carry everything but one pass a step.

Symbols: within a cell (stratum and event week), ``d`` persons leave; ``S0, S1`` are the sums of
``w = exp(xβ)`` and ``w x`` over those at risk, ``S0d, S1d`` over those who leave. Efron (1977)
replaces ``S`` by ``S − f S_d`` with ``f = l / d``, ``l = 0 … d − 1``; Breslow (1974) has
``f = 0``. With ``e = 1 / (1 − f S0d / S0)``, a cell needs the sums over ``l``
``A = Σ e``, ``B = Σ f e``, ``C = Σ e²``, ``D = Σ f e²``, ``E = Σ f² e²``.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid import remaining

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Ties = Literal["efron", "breslow"]
MAX_STEPS = 100
DECREMENT = 1e-10
"""Newton stops when a step promises less than half of this in log-likelihood."""
LONGEST_STEP = 5.0
"""No step moves anybody's ``xβ`` further, so that the way to infinity is not overrun."""
RUNAWAY = 1e-2
"""A coefficient whose last step still moves somebody's ``xβ`` so far goes to infinity."""


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
        Shape ``(n, p)``: score residuals (derivative by the weight of a person), if wanted.
    converged
        ``False`` when the steps ran out or the information was singular: all is ``nan`` then.
    """

    coef: Floats
    vcov: Floats
    infinite: NDArray[np.bool_]
    loglik_null: float
    loglik: float
    score_statistic: float
    residuals: Floats | None
    converged: bool

    @property
    def likelihood_ratio(self) -> float:
        """Twice the gain in log-likelihood over no covariates."""
        return 2 * (self.loglik - self.loglik_null)

    def robust_vcov(self, cluster: Counts | None = None) -> Floats:
        """Lin & Wei (1989): ``I⁻¹ Σ_g r_g r_g′ I⁻¹``; every person a cluster unless told."""
        if self.residuals is None:
            raise ValueError("the model was fitted without residuals")
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
    event_cell: tuple[Counts, ...]  # stratum and week of the M cells with exits
    deaths: Counts  # (M,)
    at: tuple[Counts, Counts]  # (m,) stratum and week of each sorted person
    leaves: NDArray[np.bool_]  # (m,)
    fractions: Floats  # (Σd,) l / d, cell by cell; 0 for Breslow
    first: Counts  # (M,) where each cell's fractions begin


class _Sums(NamedTuple):
    """All that one value of the coefficients gives; ``weights, g`` are ``(m,)``, the rest M."""

    loglik: float
    weights: Floats
    g: Floats  # w (Σ A up to the own week − B where the person leaves)
    s0: Floats
    means: Floats  # S1 / S0
    dead_means: Floats  # S1d / S0
    a: Floats
    b: Floats
    c: Floats
    d: Floats
    e: Floats


@np.errstate(all="ignore")  # coefficients on their way to infinity: seen by what they give
def fit_cox(
    x: Floats,
    weeks: Counts,
    observed: NDArray[np.bool_],
    stratum: Counts,
    *,
    ties: Ties = "efron",
    residuals: bool = True,
) -> CoxFit:
    """Maximise the stratified partial likelihood by Newton's method with step halving.

    Parameters
    ----------
    x
        Shape ``(n, p)``, linearly independent within the strata.
    weeks, observed, stratum
        Shape ``(n,)``: whole weeks, whether the exit was seen, codes of strata.
    residuals
        Whether score residuals are wanted, for ``robust_vcov``.

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
    if not observed.any():
        raise ValueError("no exit was seen")
    cells = _arrange(weeks, observed, stratum, ties)
    z, scale = _scaled(x[cells.order])
    null = _sum(z, np.zeros(x.shape[1]), cells)
    beta, sums, step = _maximise(z, cells, null)
    converged = bool(np.isfinite(step).all())
    runaway = converged and float(np.abs(z @ step).max()) > RUNAWAY
    infinite = runaway & (np.abs(z * step).max(axis=0) > RUNAWAY)
    finite = ~infinite & converged
    vcov = _inverse(_information(z, sums), finite) / np.outer(scale, scale)
    scores = np.zeros(x.shape) if residuals else None
    if scores is not None:
        scores[cells.order] = _score_residuals(z, cells, sums) * scale
    return CoxFit(
        coef=np.where(finite, beta, np.nan) / scale,
        vcov=vcov,
        infinite=infinite,
        loglik_null=null.loglik,
        loglik=sums.loglik,
        score_statistic=_newton(z, cells, null)[1],
        residuals=scores,
        converged=converged,
    )


def _scaled(x: Floats) -> tuple[Floats, Floats]:
    """Columns with mean 0 and spread 1, and the spreads; the likelihood does not mind."""
    scale = x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    return (x - x.mean(axis=0)) / scale, scale


def _arrange(weeks: Counts, observed: NDArray[np.bool_], stratum: Counts, ties: Ties) -> _Cells:
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


def _sum(z: Floats, beta: Floats, cells: _Cells) -> _Sums:
    """One pass over the persons (``exp`` and a sum per cell), then weeks × strata only."""
    eta = z @ beta
    eta -= eta.max()
    weights = np.exp(eta)
    table = np.zeros((int(np.prod(cells.shape)), 1 + z.shape[1]))
    weighted = np.column_stack([weights, weights[:, None] * z])
    table[cells.flat] = np.add.reduceat(weighted, cells.starts, axis=0)
    table = table.T.reshape(-1, *cells.shape)
    risk = remaining(table.sum(axis=-1))[:, *cells.event_cell]
    dead = table[..., 1][:, *cells.event_cell]
    f, s0 = cells.fractions, risk[0]
    means, dead_means = risk[1:].T / s0[:, None], dead[1:].T / s0[:, None]
    e = 1 / (1 - f * np.repeat(dead[0] / s0, cells.deaths))
    moments = [e, f * e, e * e, f * e * e, (f * e) ** 2]
    a, b, c, d, e2 = np.add.reduceat(moments, cells.first, axis=1)
    own = cells.leaves * _spread(b / s0, cells)[cells.at]
    g = weights * (_up_to(a / s0, cells)[cells.at] - own)
    loglik = eta[cells.leaves].sum() - cells.deaths @ np.log(s0) + np.log(e).sum()
    return _Sums(float(loglik), weights, g, s0, means, dead_means, a, b, c, d, e2)


def _spread(values: Floats, cells: _Cells) -> Floats:
    """Values of the M cells on all strata × weeks: shape ``(S, T, …)``, 0 elsewhere."""
    spread = np.zeros((*cells.shape[:2], *values.shape[1:]))
    spread[cells.event_cell] = values
    return spread


def _up_to(values: Floats, cells: _Cells) -> Floats:
    """Running sums over the weeks of each stratum."""
    spread = _spread(values, cells)
    np.cumsum(spread, axis=1, out=spread)
    return spread


def _information(z: Floats, sums: _Sums) -> Floats:
    """``Σ (A S2 − B S2d) / S0`` as one Gram matrix, minus the products of the means."""
    m, md = sums.means, sums.dead_means
    cross = (sums.d[:, None] * m).T @ md
    within = (sums.c[:, None] * m).T @ m + (sums.e[:, None] * md).T @ md
    return (z * sums.g[:, None]).T @ z - within + cross + cross.T


def _newton(z: Floats, cells: _Cells, sums: _Sums) -> tuple[Floats, float]:
    """Newton's step and ``U′ I⁻¹ U``; ``nan`` where the information is singular."""
    score = z.T @ (cells.leaves.astype(np.float64) - sums.g)
    try:
        step = np.linalg.solve(_information(z, sums), score)
    except np.linalg.LinAlgError:
        step = np.full_like(score, np.nan)
    return step.astype(np.float64), float(score @ step)


def _maximise(z: Floats, cells: _Cells, sums: _Sums) -> tuple[Floats, _Sums, Floats]:
    """Coefficients, their sums and the last step, which is ``nan`` after a failure."""
    beta = np.zeros(z.shape[1])
    for _ in range(MAX_STEPS):
        step, promise = _newton(z, cells, sums)
        shortened = step * min(1.0, LONGEST_STEP / np.abs(z @ step).max())
        better = _halve_until_better(z, cells, beta, shortened, sums)
        if better is None:
            break
        beta, sums = better
        if promise < DECREMENT:
            return beta, sums, step
    return beta, sums, np.full_like(beta, np.nan)


def _halve_until_better(
    z: Floats, cells: _Cells, beta: Floats, step: Floats, sums: _Sums
) -> tuple[Floats, _Sums] | None:
    slack = 1e-10 * max(1.0, abs(sums.loglik))
    for _ in range(30):
        if not np.isfinite(step).all():
            return None
        tried = _sum(z, beta + step, cells)
        if tried.loglik >= sums.loglik - slack:
            return beta + step, tried
        step = step / 2
    return None


def _inverse(information: Floats, finite: NDArray[np.bool_]) -> Floats:
    """The inverse for the finite coefficients, ``nan`` for the others."""
    inverse = np.full_like(information, np.nan)
    block = np.ix_(finite, finite)
    with suppress(np.linalg.LinAlgError):
        inverse[block] = np.linalg.inv(information[block])
    return inverse


def _score_residuals(z: Floats, cells: _Cells, sums: _Sums) -> Floats:
    """Lin & Wei's residuals with Efron's ties exactly, shape ``(m, p)``.

    ``d (x − E₁) − w [x (ΣA − d B) / S0 − (ΣP − d Q)]`` with ``E₁ = (A m − B m_d) / d``,
    ``P = (C m − D m_d) / S0``, ``Q = (D m − E m_d) / S0``, where ``m = S1 / S0`` and
    ``m_d = S1d / S0``; sums run up to the own week.
    """

    def mixed(first: Floats, second: Floats, by: NDArray[Any]) -> Floats:
        return (first[:, None] * sums.means - second[:, None] * sums.dead_means) / by[:, None]

    leaves = cells.leaves[:, None]
    expected = _spread(mixed(sums.a, sums.b, cells.deaths), cells)[cells.at]
    p = _up_to(mixed(sums.c, sums.d, sums.s0), cells)[cells.at]
    q = _spread(mixed(sums.d, sums.e, sums.s0), cells)[cells.at]
    drift = sums.weights[:, None] * (p - leaves * q)
    return leaves * (z - expected) - sums.g[:, None] * z + drift
