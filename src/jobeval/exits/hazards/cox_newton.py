"""Newton's method with step halving, for likelihoods that may have their maximum at infinity."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MAX_STEPS = 100
DECREMENT = 1e-10
"""Newton stops when a step promises less than half of this in log-likelihood."""
LONGEST_STEP = 5.0
"""No step moves anybody's ``xβ`` further, so that the way to infinity is not overrun."""
RUNAWAY = 1e-2
"""A coefficient whose last step still moves somebody's ``xβ`` so far goes to infinity."""


class Point(NamedTuple):
    """Log-likelihood, its gradient ``(p,)`` and minus its second derivative ``(p, p)``."""

    loglik: float
    score: Floats
    information: Floats


class Maximum(NamedTuple):
    """Where Newton ended; ``step`` is the last one, ``nan`` after a failure."""

    beta: Floats
    point: Point
    step: Floats

    @property
    def converged(self) -> bool:
        return bool(np.isfinite(self.step).all())

    def infinite(self, z: Floats) -> NDArray[np.bool_]:
        """Which coefficients go to infinity, with covariates ``z`` of shape ``(p, m)``."""
        if not self.converged or np.abs(self.step @ z).max() <= RUNAWAY:
            return np.zeros(len(z), dtype=bool)
        return np.abs(self.step) * np.abs(z).max(axis=1) > RUNAWAY


@np.errstate(all="ignore")  # coefficients on their way to infinity: seen by what they give
def maximise(
    evaluate: Callable[[Floats], Point],
    z: Floats,
    start: Floats,
    point: Point | None = None,
    *,
    fixed: NDArray[np.bool_] | None = None,
) -> Maximum:
    """Maximise a log-likelihood of ``p`` coefficients.

    Parameters
    ----------
    evaluate
        The likelihood and its derivatives at a value.
    z
        Shape ``(p, m)``: the covariates, which tell how far a step moves anybody.
    start
        Shape ``(p,)``.
    point
        The likelihood there, where it is known already.
    fixed
        Shape ``(p,)``, boolean: coefficients that stay where they start.
    """
    free = np.ones(len(z), dtype=bool) if fixed is None else ~fixed
    beta, point = start, evaluate(start) if point is None else point
    for _ in range(MAX_STEPS):
        step, promise = newton_step(point, free)
        shortened = step * min(1.0, LONGEST_STEP / max(np.abs(step @ z).max(), 1e-300))
        better = _halve_until_better(evaluate, beta, shortened, point)
        if better is None:
            break
        beta, point = better
        if promise < DECREMENT:
            return Maximum(beta, point, step)
    return Maximum(beta, point, np.full_like(beta, np.nan))


def newton_step(point: Point, free: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Newton's step and ``U′ I⁻¹ U``; ``nan`` where the information is singular."""
    step = np.zeros(len(free))
    score = point.score[free]
    try:
        step[free] = np.linalg.solve(point.information[np.ix_(free, free)], score)
    except np.linalg.LinAlgError:
        step[free] = np.nan
    return step, float(score @ step[free])


def _halve_until_better(
    evaluate: Callable[[Floats], Point], beta: Floats, step: Floats, point: Point
) -> tuple[Floats, Point] | None:
    slack = 1e-10 * max(1.0, abs(point.loglik))
    for _ in range(30):
        if not np.isfinite(step).all():
            return None
        tried = evaluate(beta + step)
        if tried.loglik >= point.loglik - slack:
            return beta + step, tried
        step = step / 2
    return None
