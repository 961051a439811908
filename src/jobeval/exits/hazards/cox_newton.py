"""Cox's likelihood climbed by Newton's method; its maximum may be at infinity."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.models import likelihood

Floats = NDArray[np.float64]


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
        if not self.converged or np.abs(self.step @ z).max() <= likelihood.RUNAWAY:
            return np.zeros(len(z), dtype=bool)
        return np.abs(self.step) * np.abs(z).max(axis=1) > likelihood.RUNAWAY


@np.errstate(all="ignore")  # coefficients on their way to infinity: seen by what they give
def maximise(
    evaluate: Callable[[Floats], Point],
    z: Floats,
    start: Floats,
    point: Point | None = None,
    *,
    fixed: NDArray[np.bool_] | None = None,
    decrement: float = likelihood.DECREMENT,
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
    decrement
        Newton stops when a step promises less than half of this in log-likelihood.
    """
    free = np.ones(len(z), dtype=bool) if fixed is None else ~fixed
    known = None if point is None else _Look(point, z, free)
    top = likelihood.maximise(lambda beta: _Look(evaluate(beta), z, free), start, known, decrement)
    return Maximum(top.theta, top.look.point, top.step)


class _Look(NamedTuple):
    """A point, from which only the ``free`` coefficients move."""

    point: Point
    z: Floats
    free: NDArray[np.bool_]

    @property
    def loglik(self) -> float:
        return self.point.loglik

    def newton(self) -> tuple[Floats, float]:
        return newton_step(self.point, self.free)

    def reach(self, step: Floats) -> float:
        return float(np.abs(step @ self.z).max())


def newton_step(point: Point, free: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Newton's step and ``U′ I⁻¹ U``; ``nan`` where the information is singular."""
    step = np.zeros(len(free))
    score = point.score[free]
    try:
        step[free] = np.linalg.solve(point.information[np.ix_(free, free)], score)
    except np.linalg.LinAlgError:
        step[free] = np.nan
    return step, float(score @ step[free])
