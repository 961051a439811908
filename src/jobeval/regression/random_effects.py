"""Effects of places as draws from a distribution: its mean, its spread, and each place's share.

Notation: ``yᵢ`` has sampling variance ``vᵢ`` and mean ``xᵢβ + uᵢ``, ``var(uᵢ) = τ²``; the
weights are ``wᵢ = 1 / (vᵢ + τ²)``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jobeval.regression.least_squares import LeastSquaresFit, fit_least_squares

Floats = NDArray[np.float64]
TauMethod = Literal["reml", "paule-mandel"]


@dataclass(frozen=True, slots=True, eq=False)
class RandomEffects:
    """What ``fit_random_effects`` finds about ``k`` places and ``p`` coefficients.

    Attributes
    ----------
    coef, std_error
        Shape ``(p,)``; the error takes ``τ²`` as known.
    scaled_error
        Shape ``(p,)``: the error after Knapp & Hartung (2003), for t with ``df``.
    df
        ``k − p``.
    tau_squared, tau_squared_error
        The variance between places, and its standard error from the REML information.
    q
        Cochran's Q: what is left of the places' distances at ``τ² = 0``.
    fitted
        Shape ``(k,)``, ``xᵢβ``.
    """

    coef: Floats
    std_error: Floats
    scaled_error: Floats
    df: int
    tau_squared: float
    tau_squared_error: float
    q: float
    fitted: Floats


def fit_random_effects(
    estimates: Floats,
    std_errors: Floats,
    design: Floats | None = None,
    *,
    method: TauMethod = "reml",
) -> RandomEffects:
    """Random effects, or mixed effects with a design, by weighted least squares.

    Parameters
    ----------
    estimates, std_errors
        Shape ``(k,)``, finite, errors above zero; more places than coefficients.
    design
        Shape ``(k, p)``; ``None`` for the mean alone.
    method
        How ``τ²`` is found. ``"reml"``: where the restricted likelihood is highest
        (Viechtbauer 2005), searched globally. ``"paule-mandel"``: where
        ``Σ wᵢ (yᵢ − xᵢβ)² = k − p``, or 0 (Paule & Mandel 1982).

    Notes
    -----
    Knapp & Hartung (2003), which for the mean alone is Hartung (1999) and Sidik & Jonkman
    (2002), multiply the variance by ``Σ wᵢ (yᵢ − xᵢβ)² / (k − p)``. The error of ``τ²`` is
    ``√(2 / tr PP)`` with ``P = W − WX(X'WX)⁻¹X'W``.

    Examples
    --------
    >>> found = fit_random_effects(np.array([1.0, 5.0]), np.array([1.0, 1.0]))
    >>> round(found.tau_squared, 9), round(found.q, 9), round(float(found.coef[0]), 9)
    (7.0, 8.0, 3.0)
    """
    design = np.ones((len(estimates), 1)) if design is None else design
    problem = _Problem(estimates, np.square(std_errors), design)
    tau_squared = _reml(problem) if method == "reml" else problem.solve_q(problem.df)
    fit = problem.fit(tau_squared)
    error = np.sqrt(np.square(fit.root).sum(axis=1))
    scale = fit.weights @ np.square(fit.residuals) / problem.df
    return RandomEffects(
        coef=fit.coef,
        std_error=error,
        scaled_error=error * math.sqrt(scale),
        df=problem.df,
        tau_squared=tau_squared,
        tau_squared_error=math.sqrt(2 / _trace_of_square(fit)),
        q=problem.q(0.0),
        fitted=estimates - fit.residuals,
    )


def profile_tau_squared(
    estimates: Floats, std_errors: Floats, conf_level: float = 0.95
) -> tuple[float, float]:
    """Q-profile interval of ``τ²`` (Viechtbauer 2007).

    All ``τ²`` at which ``Σ wᵢ (yᵢ − μ)²`` lies between the quantiles of χ² with ``k − 1``
    degrees of freedom. ``(nan, nan)`` where there is none: then the places are more alike
    than chance allows.

    Examples
    --------
    >>> low, high = profile_tau_squared(np.array([1.0, 5.0]), np.array([1.0, 1.0]))
    >>> round(low, 4), round(high, 0)  # 8 / 5.0239 − 1, 8 / .00098207 − 1
    (0.5924, 8145.0)
    """
    from scipy.special import chdtri

    problem = _Problem(estimates, np.square(std_errors), np.ones((len(estimates), 1)))
    tail = (1 - conf_level) / 2
    upper, lower = (float(chdtri(problem.df, area)) for area in (tail, 1 - tail))
    if problem.q(0.0) < lower:
        return math.nan, math.nan
    return problem.solve_q(upper), problem.solve_q(lower)


def shrink_effects(
    estimates: Floats, std_errors: Floats, found: RandomEffects
) -> tuple[Floats, Floats]:
    """Each place's empirical-Bayes mean and its standard error.

    With ``Bᵢ = vᵢ / (vᵢ + τ²)`` the shrunken effect is ``Bᵢ μ + (1 − Bᵢ) yᵢ``. Its variance is
    ``(1 − Bᵢ) vᵢ + Bᵢ² var(μ)``, which takes ``τ²`` as known (Morris 1983), and
    ``(yᵢ − μ)² vᵢ² / (vᵢ + τ²)⁴ · var(τ²)`` for that it is not (Kass & Steffey 1989,
    to the first order).

    Parameters
    ----------
    estimates, std_errors
        Shape ``(k,)``, those of ``found``, which has no design but the mean.

    Examples
    --------
    >>> y, error = np.array([1.0, 5.0]), np.array([1.0, 1.0])
    >>> shrunken, _ = shrink_effects(y, error, fit_random_effects(y, error))
    >>> shrunken.round(9).tolist()
    [1.25, 4.75]
    """
    v, distance = np.square(std_errors), estimates - found.fitted
    weight = v / (v + found.tau_squared)
    known = (1 - weight) * v + np.square(weight * found.std_error[0])
    moved = distance * v / np.square(v + found.tau_squared) * found.tau_squared_error
    return estimates - weight * distance, np.sqrt(known + np.square(moved))


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Estimates, their variances and the design; functions of ``τ²``."""

    y: Floats
    v: Floats
    design: Floats

    @property
    def df(self) -> int:
        return len(self.y) - self.design.shape[1]

    def fit(self, tau_squared: float) -> LeastSquaresFit:
        return fit_least_squares(self.design, self.y, 1 / (self.v + tau_squared))

    def q(self, tau_squared: float) -> float:
        fit = self.fit(tau_squared)
        return float(fit.weights @ np.square(fit.residuals))

    def solve_q(self, target: float) -> float:
        """The ``τ²`` at which Q falls to ``target``, or 0.

        Newton from 0: Q falls and is convex in ``τ²``, so the steps never overshoot.
        """
        tau_squared = 0.0
        for _ in range(200):
            fit = self.fit(tau_squared)
            excess = float(fit.weights @ np.square(fit.residuals)) - target
            if excess <= 1e-13 * target:
                break
            tau_squared += excess / float(np.square(fit.weights * fit.residuals).sum())
        return tau_squared


def _reml(problem: _Problem) -> float:
    """The highest point of the restricted likelihood: a grid for where, a root for how far."""
    residuals = fit_least_squares(problem.design, problem.y).residuals
    beyond = 10 * float(np.square(residuals).sum()) / problem.df
    if beyond == 0:
        return 0.0
    grid = np.concatenate([[0.0], beyond * np.geomspace(1e-6, 1, 60)])
    best = int(np.argmax([_restricted_likelihood(problem.fit(t)) for t in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return _falling_root(lambda t: _reml_score(problem.fit(t)), float(low), float(high))


def _falling_root(score: Callable[[float], float], low: float, high: float) -> float:
    """Where the score turns from positive to negative; ``low`` where it never is positive."""
    if score(low) <= 0:
        return low
    from scipy.optimize import root_scalar

    found = root_scalar(score, bracket=(low, high), method="brentq", xtol=1e-15 * high, rtol=1e-14)
    return float(found.root)


def _restricted_likelihood(fit: LeastSquaresFit) -> float:
    """Up to a constant: ``½ (Σ log w − log |X'WX| − Σ w r²)``."""
    spread = np.linalg.slogdet(fit.root)[1]
    squares = fit.weights @ np.square(fit.residuals)
    return float(np.log(fit.weights).sum() / 2 + spread - squares / 2)


def _reml_score(fit: LeastSquaresFit) -> float:
    """Twice the slope of the restricted likelihood in ``τ²``: ``y'PPy − tr P``."""
    squares = np.square(fit.weights * fit.residuals).sum()
    return float(squares - fit.weights @ (1 - fit.leverage))


def _trace_of_square(fit: LeastSquaresFit) -> float:
    """``tr PP`` with ``P = W^½ (I − QQ') W^½``."""
    left = np.eye(len(fit.weights)) - fit.basis @ fit.basis.T
    return float(fit.weights @ np.square(left) @ fit.weights)
