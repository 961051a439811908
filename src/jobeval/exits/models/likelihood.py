"""Likelihoods climbed by Newton's method, and what a fitted one says."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
MAX_STEPS = 100
BLOCK = 8192
"""Rows whose products stay in the cache."""
DECREMENT = 1e-10
"""Newton stops when a step promises less than half of this in log-likelihood."""
LONGEST_STEP = 5.0
"""No step moves any linear predictor further, so that the way to infinity is not overrun."""
RUNAWAY = 1e-2
"""A coefficient whose last step still moves a linear predictor so far goes to infinity."""


class Look(Protocol):
    """A log-likelihood and its slopes at one place."""

    @property
    def loglik(self) -> float: ...

    def newton(self) -> tuple[Floats, float]:
        """The step and what it promises, ``U′ step``."""
        ...

    def reach(self, step: Floats) -> float:
        """How far a step moves the linear predictor of anybody."""
        ...


L = TypeVar("L", bound=Look)


@dataclass(frozen=True, slots=True, eq=False)
class Maximum(Generic[L]):
    """Where the climb ended, and the last step; not ``converged`` when the steps ran out."""

    theta: Floats
    look: L
    step: Floats
    converged: bool


@dataclass(frozen=True, slots=True, eq=False)
class ModelFit:
    """A fitted model with ``q`` coefficients.

    Attributes
    ----------
    coef
        Shape ``(q,)``; ``nan`` where infinite or without a maximum.
    vcov
        Shape ``(q, q)``, the inverse of the observed information; ``nan`` likewise.
    infinite
        Shape ``(q,)``, boolean: the likelihood grows as this coefficient goes to ±∞.
    loglik
        At the maximum (its limit where infinite); ``nan`` when there is none.
    n_parameters
        Everything that was maximised over.
    influence
        Shape ``(m, q)``: what each row adds to the coefficients, ``I⁻¹ u``; if wanted, for
        ``robust_vcov``.
    """

    coef: Floats
    vcov: Floats
    infinite: NDArray[np.bool_]
    loglik: float
    n_parameters: int
    influence: Floats | None

    @property
    def converged(self) -> bool:
        return bool(np.isfinite(self.coef[~self.infinite]).all())

    def robust_vcov(self, unit: Counts) -> Floats:
        """``I⁻¹ Σ_g u_g u_g′ I⁻¹`` (Huber 1967; White 1982) over units, codes of shape ``(m,)``."""
        if self.influence is None:
            raise ValueError("the model was fitted without influences")
        sums = [np.bincount(unit, weights=column) for column in self.influence.T]
        return np.asarray(np.stack(sums) @ np.stack(sums, axis=1), dtype=np.float64)


def maximise(
    look: Callable[[Floats], L],
    start: Floats,
    here: L | None = None,
    decrement: float = DECREMENT,
) -> Maximum[L]:
    """Climb from ``start`` by Newton's method with step halving; ``here`` is the look there."""
    theta, here = start, look(start) if here is None else here
    for _ in range(MAX_STEPS):
        step, promise = here.newton()
        shortened = step * min(1.0, LONGEST_STEP / max(here.reach(step), 1e-300))
        better = _halve_until_better(look, theta, shortened, here.loglik)
        if better is None:
            break
        theta, here = better
        if promise < decrement:
            return Maximum(theta, here, step, True)
    return Maximum(theta, here, np.full_like(theta, np.nan), False)


def _halve_until_better(
    look: Callable[[Floats], L], theta: Floats, step: Floats, loglik: float
) -> tuple[Floats, L] | None:
    slack = 1e-10 * max(1.0, abs(loglik))
    for _ in range(30):
        if not np.isfinite(step).all():
            return None
        tried = look(theta + step)
        if tried.loglik >= loglik - slack:
            return theta + step, tried
        step = step / 2
    return None


def solve_uphill(information: Floats, score: Floats) -> Floats:
    """``I⁻¹ U``, with the sign of the curvature turned where the likelihood is not concave.

    ``nan`` where the information is singular.

    >>> solve_uphill(np.diag([2.0, -4.0]), np.array([2.0, 2.0])).tolist()
    [1.0, 0.5]
    """
    try:
        np.linalg.cholesky(information)
        return np.asarray(np.linalg.solve(information, score), dtype=np.float64)
    except np.linalg.LinAlgError:
        return _solve_turned(information, score)


def _solve_turned(information: Floats, score: Floats) -> Floats:
    if not np.isfinite(information).all():
        return np.full_like(score, np.nan)
    values, vectors = np.linalg.eigh(information)
    if np.abs(values).min() <= np.finfo(float).eps * np.abs(values).max():
        return np.full_like(score, np.nan)
    return vectors @ ((vectors.T @ score) / np.abs(values))


def standardised(x: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Columns with mean 0 and spread 1, the means and the spreads.

    Rows with a negative weight take their part of the likelihood away again and do not count.
    """
    own = np.maximum(weight, 0)
    mean = own @ x / own.sum()
    z = x - mean
    spread = np.sqrt(own @ z**2 / own.sum())
    spread = np.where(spread > 0, spread, 1.0)
    z /= spread
    return z, mean, spread


def weighted_gram(z: Floats, weight: Floats) -> Floats:
    """``Σ w z z′`` over rows ``(m, p)``, in blocks that stay in the cache.

    >>> weighted_gram(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([1.0, 3.0])).tolist()
    [[1.0, 2.0], [2.0, 7.0]]
    """
    gram = np.zeros((z.shape[1], z.shape[1]))
    for start in range(0, len(z), BLOCK):
        rows = slice(start, start + BLOCK)
        block = z[rows].T
        gram += (block * weight[rows]) @ block.T
    return gram


def invert(information: Floats, known: NDArray[np.bool_]) -> Floats:
    """The inverse for the ``known`` parameters, ``nan`` for the others or when singular."""
    inverse = np.full_like(information, np.nan)
    block = np.ix_(known, known)
    with suppress(np.linalg.LinAlgError):
        inverse[block] = np.linalg.inv(information[block])
    return inverse


def transform(values: Floats, jacobian: Floats) -> Floats:
    """``values J′`` for ``values`` of shape ``(…, k)``, ``nan`` only where a ``nan`` is touched."""
    unknown = np.isnan(values)
    touched = (unknown[..., None, :] & (jacobian != 0)).any(axis=-1)
    known: Floats = np.where(unknown, 0.0, values) @ jacobian.T
    return np.where(touched, np.nan, known)


def runs_away(moves: Floats, constant: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Parameters that go to infinity, by how far their last step ``moves`` anybody.

    With columns centred, constants move along with a column that runs away: those who do not
    have it stay where they are. So constants run only when nothing else does.

    >>> runs_away(np.array([1.0, 1.0, 0.0]), np.array([True, False, False])).tolist()
    [False, True, False]
    """
    runaway = moves > RUNAWAY
    return runaway & ~(constant & runaway[~constant].any())


def through_information(scores: Floats, vcov: Floats) -> Floats:
    """``u I⁻¹`` for rows of scores, shape ``(m, k)``; ``nan`` where ``I⁻¹`` is."""
    known = ~np.isnan(np.diag(vcov))
    through = np.full_like(scores, np.nan)
    through[:, known] = scores[:, known] @ vcov[np.ix_(known, known)]
    return through
