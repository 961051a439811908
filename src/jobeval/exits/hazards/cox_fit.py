"""Cox's model fitted to arrays."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.hazards.cox_arrange import Counts, Floats, RiskCells, Ties, arrange
from jobeval.exits.hazards.cox_exact import exact_point, risk_sets
from jobeval.exits.hazards.cox_firth import penalised_point
from jobeval.exits.hazards.cox_likelihood import PartialLikelihood, build_likelihood
from jobeval.exits.hazards.cox_newton import Maximum, Point, maximise, newton_step
from jobeval.exits.models.likelihood import DECREMENT

Penalty = Literal["firth"]
UNSEEN = 1e-10
"""Information an exit on a column of spread 1, below which the column does not vary."""
LATE_DECREMENT = 1e-7
"""Where Newton stops when rows enter late: they are subtracted from those at risk, so a
coefficient on its way to infinity soon leaves only rounding of everybody else."""
FLAT = 1e-12
"""Least curvature of the likelihood, of its greatest, that is not rounding."""


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
    seen
        Shape ``(p,)``, boolean: the column varies among those at risk at some exit; the others
        take no part and are ``nan``.
    loglik_null, loglik
        Log partial likelihood at 0 and at the maximum (its limit where infinite).
    score_statistic
        ``U′ I⁻¹ U`` at 0, chi-square with ``p`` degrees of freedom.
    converged
        ``False`` when the steps ran out, or columns cannot be told apart: all is ``nan`` then.
    model
        The likelihood of the columns that are seen, and where its maximum was found.
    """

    coef: Floats
    vcov: Floats
    infinite: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    loglik_null: float
    loglik: float
    score_statistic: float
    converged: bool
    model: "MaximisedCox"

    @property
    def likelihood_ratio(self) -> float:
        """Twice the gain in log-likelihood over no covariates."""
        return 2 * (self.loglik - self.loglik_null)

    def robust_vcov(self, cluster: Counts | None = None) -> Floats:
        """Lin & Wei (1989): ``I⁻¹ Σ_g r_g r_g′ I⁻¹``; every row a cluster unless told."""
        known = np.isfinite(self.coef)
        residuals, order = self.model.score_residuals()
        residuals = residuals[known[self.seen]]
        sums = residuals if cluster is None else sum_by(cluster[order], residuals)
        bread = self.vcov[np.ix_(known, known)]
        return _embedded(bread @ (sums @ sums.T) @ bread, known)


@dataclass(frozen=True, slots=True, eq=False)
class MaximisedCox:
    """A likelihood of scaled covariates and its maximum."""

    likelihood: PartialLikelihood
    evaluate: Callable[[Floats], Point]
    maximum: Maximum
    tied: bool  # whether the likelihood is of tied exits one by one, which has residuals

    def score_residuals(self) -> tuple[Floats, Counts]:
        """Derivatives by the weight of a row, shape ``(p, m)``, and which rows they are of.

        Rows that were at risk at no exit have none.
        """
        if not self.tied:
            raise ValueError("the exact likelihood has no residuals of single persons")
        sums = self.likelihood.sums(self.maximum.beta)
        residuals = self.likelihood.score_residuals(sums)
        residuals *= self.likelihood.scale[:, None]
        return residuals, self.likelihood.cells.order


def fit_partial_likelihood(
    x: Floats,
    weeks: Counts,
    observed: NDArray[np.bool_],
    stratum: Counts,
    *,
    entry: Counts | None = None,
    ties: Ties = "efron",
    penalty: Penalty | None = None,
) -> CoxFit:
    """Maximise the stratified partial likelihood by Newton's method with step halving.

    Parameters
    ----------
    x
        Shape ``(n, p)``, linearly independent within the strata; fastest with contiguous columns.
    weeks, observed, stratum
        Shape ``(n,)``: whole weeks, whether the exit was seen, codes of strata.
    entry
        Shape ``(n,)``: the week after which a row is at risk, −1 = from the start; left out,
        all are.
    ties
        ``"efron"``, ``"breslow"`` or ``"exact"``.
    penalty
        ``"firth"`` adds half the logarithm of the determinant of the information.

    Raises
    ------
    DesignError
        When the exact likelihood would take too long.

    Notes
    -----
    Rows that are at risk at no exit of their stratum are not needed, and weeks without exits
    are not either: only the order of weeks matters.

    Examples
    --------
    Six persons worked by hand in Therneau & Grambsch (2000), appendix E:

    >>> x = np.array([[1.0], [1], [1], [0], [0], [0]])
    >>> weeks, observed = np.array([1, 1, 6, 6, 8, 9]), np.array([1, 0, 1, 1, 0, 1]) > 0
    >>> fit = fit_partial_likelihood(x, weeks, observed, np.zeros(6, dtype=int), ties="breslow")
    >>> bool(np.isclose(fit.coef[0], np.log((3 + np.sqrt(33)) / 2)))
    True
    """
    if not observed.any():
        raise ValueError("no exit was seen")
    cells = arrange(weeks, observed, stratum, entry, ties=ties)
    likelihood, null, seen = _of_seen_columns(x, cells)
    z, scale, origin = likelihood.z, likelihood.scale, np.zeros(len(likelihood.z))
    evaluate = _evaluator(likelihood, ties, penalty)
    if evaluate != likelihood.point:
        null = evaluate(origin)
    decrement = LATE_DECREMENT if len(cells.late) else DECREMENT
    maximum = maximise(evaluate, z, origin, null, decrement=decrement)
    infinite = maximum.infinite(z)
    information = maximum.point.information
    if penalty:
        information = likelihood.point(maximum.beta).information
    converged = maximum.converged and _identified(information, ~infinite)
    finite = ~infinite & converged
    coef, went = np.full(len(seen), np.nan), np.zeros(len(seen), dtype=bool)
    coef[seen], went[seen] = np.where(finite, maximum.beta, np.nan) / scale, infinite
    volume = float(np.log(scale).sum()) if penalty else 0.0  # of the information in units of x
    vcov = _inverse(information, finite) / np.outer(scale, scale)
    return CoxFit(
        coef=coef,
        vcov=_embedded(vcov, seen),
        infinite=went,
        seen=seen,
        loglik_null=null.loglik + volume,
        loglik=maximum.point.loglik + volume,
        score_statistic=newton_step(null, np.ones(len(z), dtype=bool))[1],
        converged=converged,
        model=MaximisedCox(likelihood, evaluate, maximum, ties != "exact"),
    )


def sum_by(code: Counts, rows: Floats) -> Floats:
    """Sums of ``rows`` of shape ``(p, m)`` over the rows of each code: ``(p, G)``."""
    sums = np.empty((len(rows), int(code.max(initial=-1)) + 1))
    for own, row in zip(sums, rows, strict=True):
        own[:] = np.bincount(code, weights=row)
    return sums


def _of_seen_columns(
    x: Floats, cells: RiskCells
) -> tuple[PartialLikelihood, Point, NDArray[np.bool_]]:
    """The likelihood of the columns with information, its value at 0, and which these are."""
    likelihood = build_likelihood(x, cells)
    null = likelihood.point(np.zeros(len(likelihood.z)))
    seen = np.diag(null.information) > UNSEEN * cells.deaths.sum()
    if not seen.all():
        likelihood = build_likelihood(x[:, seen], cells)
        null = likelihood.point(np.zeros(len(likelihood.z)))
    return likelihood, null, seen


def _embedded(block: Floats, rows: NDArray[np.bool_]) -> Floats:
    """A matrix of all coefficients, ``nan`` but for the block of some."""
    matrix = np.full((len(rows), len(rows)), np.nan)
    matrix[np.ix_(rows, rows)] = block
    return matrix


def _evaluator(
    likelihood: PartialLikelihood, ties: Ties, penalty: Penalty | None
) -> Callable[[Floats], Point]:
    if ties == "exact":
        sets = risk_sets(likelihood.cells, len(likelihood.z))
        return lambda beta: exact_point(likelihood.z, beta, sets)
    if penalty == "firth":
        return partial(penalised_point, likelihood)
    return likelihood.point


def _identified(information: Floats, finite: NDArray[np.bool_]) -> bool:
    """Whether those at risk tell all finite coefficients apart."""
    curvature = np.linalg.eigvalsh(information[np.ix_(finite, finite)])
    return not len(curvature) or bool(curvature[0] > FLAT * curvature[-1])


def _inverse(information: Floats, finite: NDArray[np.bool_]) -> Floats:
    """The inverse for the finite coefficients, ``nan`` for the others."""
    inverse = np.full_like(information, np.nan)
    block = np.ix_(finite, finite)
    with suppress(np.linalg.LinAlgError):
        inverse[block] = np.linalg.inv(information[block])
    return inverse
