"""Logistic regression on arrays, by maximum likelihood or with Firth's penalty."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import expit

from jobeval.errors import DesignError

Floats = NDArray[np.float64]

MAX_STEPS = 200
FAR = 30.0
"""A linear predictor beyond this is on its way to infinity."""


@dataclass(frozen=True, slots=True, eq=False)
class LogitFit:
    """What a logistic regression leaves behind.

    Attributes
    ----------
    coef
        Shape ``(k,)``.
    vcov
        Shape ``(k, k)``: model-based, ``M (X'W²VX) M`` with ``M = (X'WVX)⁻¹`` and ``V`` the
        binomial variances; the inverse information when no weights differ.
    probability
        Shape ``(n,)``.
    converged
        False where the likelihood has no maximum: a linear predictor runs off to infinity.
    """

    coef: Floats
    vcov: Floats
    probability: Floats
    converged: bool


class _State(NamedTuple):
    """One point of the search: its (penalised) log-likelihood, and ``√(WV)·X = QR``."""

    coef: Floats
    probability: Floats
    objective: float
    basis: Floats
    triangle: Floats


def fit_logit(
    design: NDArray[Any],
    outcome: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    penalised: bool = False,
) -> LogitFit:
    """Fit by Newton's steps on a QR of the weighted design, halved where they overshoot.

    Parameters
    ----------
    design
        Shape ``(n, k)``, of full rank, with its own column of ones. Any scale will do.
    outcome
        Shape ``(n,)``, 0 or 1.
    weights
        Shape ``(n,)``, positive, or ``None``.
    penalised
        Add half the log determinant of the information (Firth 1993, Biometrika 80, eq. 3),
        which gives finite coefficients whatever the data.

    Raises
    ------
    DesignError
        When the columns are linearly dependent.

    Examples
    --------
    >>> design = np.array([[1, 0]] * 4 + [[1, 1]] * 4)
    >>> fit = fit_logit(design, np.array([0, 0, 0, 1, 0, 1, 1, 1]))
    >>> fit.probability[[0, 7]].round(9).tolist()
    [0.25, 0.75]
    >>> fit = fit_logit(design, np.array([0, 0, 0, 0, 0, 1, 1, 1]), penalised=True)
    >>> fit.probability[[0, 7]].round(9).tolist()  # one half more in each of the four cells
    [0.1, 0.7]
    """
    outcome = np.asarray(outcome, dtype=float)
    weights = np.ones(len(outcome)) if weights is None else np.asarray(weights, dtype=float)
    design = np.asarray(design, dtype=float)
    lengths = np.sqrt(np.square(design).mean(axis=0))
    if not lengths.all():
        raise DesignError("a column of the design is zero. Mend: leave it out.")
    scaled = design / lengths
    state, converged = _climb(scaled, outcome, weights, penalised)
    coef = state.coef / lengths
    vcov = _model_vcov(state, weights) / np.outer(lengths, lengths)
    return LogitFit(coef, vcov, state.probability, converged)


def _climb(
    design: Floats, outcome: Floats, weights: Floats, penalised: bool
) -> tuple[_State, bool]:
    def evaluate(coef: Floats) -> _State:
        return _evaluate(design, outcome, weights, coef, penalised)

    state = evaluate(np.zeros(design.shape[1]))
    if np.abs(np.diag(state.triangle)).min() < 1e-11 * np.abs(state.triangle).max():
        raise DesignError("columns of the design are dependent. Mend: leave some out.")
    before = np.zeros(len(outcome))
    for _ in range(MAX_STEPS):
        residual = weights * (outcome - state.probability)
        if penalised:
            residual += np.square(state.basis).sum(axis=1) * (0.5 - state.probability)
        half = solve_triangular(state.triangle, design.T @ residual, trans=1)
        step = solve_triangular(state.triangle, half)
        reach = float(np.abs(design @ step).max())
        step *= min(1.0, 5.0 / reach) if reach else 1.0
        if penalised:
            step *= _shortening(before, design @ step)
        found = _take_step(state, step, evaluate)
        before, state = design @ (found.coef - state.coef), found
        if reach < 1e-10:
            return state, True
        if not penalised and np.abs(design @ state.coef).max() > FAR:
            break
    return state, False


def _shortening(before: Floats, change: Floats) -> float:
    """The secant's share of a step back over the last one, else 1.

    The information is not the slope of Firth's score: full steps may swing for ever.
    """
    back, length = float(before @ change), float(before @ before)
    return length / (length - back) if back < 0 else 1.0


def _take_step(state: _State, step: Floats, evaluate: Any) -> _State:
    for _ in range(30):
        found = evaluate(state.coef + step)
        if found.objective >= state.objective - 1e-12 * (1 + abs(state.objective)):
            return found
        step = step / 2
    return state


def _evaluate(
    design: Floats, outcome: Floats, weights: Floats, coef: Floats, penalised: bool
) -> _State:
    predictor = design @ coef
    probability = expit(predictor)
    root = np.sqrt(weights * probability * (1 - probability))
    basis, triangle = np.linalg.qr(root[:, None] * design)
    objective = float(weights @ (outcome * predictor - np.logaddexp(0, predictor)))
    if penalised:
        with np.errstate(divide="ignore"):
            objective += float(np.log(np.abs(np.diag(triangle))).sum())
    return _State(coef, probability, objective, basis, triangle)


def _model_vcov(state: _State, weights: Floats) -> Floats:
    """``M (X'W²VX) M``, from ``M = R⁻¹R⁻ᵀ`` and ``√(WV)X = QR``."""
    size = len(state.coef)
    if np.abs(np.diag(state.triangle)).min() == 0:
        return np.full((size, size), np.nan)
    root = solve_triangular(state.triangle, np.eye(size))
    middle = state.basis.T @ (weights[:, None] * state.basis)
    return root @ middle @ root.T
