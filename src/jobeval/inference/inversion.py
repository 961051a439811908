"""Intervals by test inversion: the constant effects that the lottery does not reject.

Under a constant effect ``τ`` the outcomes without treatment are ``y − τz``. A statistic that
is linear in the outcomes has, in a draw, the value ``b(y) − τ b(z)`` and the variance
``V(y, y) − 2τ V(y, z) + τ² V(z, z)``; under the real lottery ``b(z) = 1`` and the residuals of
``z`` are zero. So three columns, drawn once, tell the p-value of every ``τ``:
``y``, ``z`` and ``y − cz`` (from which the cross term follows).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.redrawn import Redrawn, p_values, studentise
from jobeval.results import Interval

Floats = NDArray[np.float64]

MAX_DOUBLINGS = 30
_VANISHED = 1e-10


def probe_columns(outcome: Floats, assigned: NDArray[np.int64]) -> tuple[Floats, float]:
    """The columns ``y``, ``z`` and ``y − cz``, shape ``(n, 3)``, and ``c``.

    All are missing where the outcome (shape ``(n,)``) is.
    """
    scale = 2 * float(np.nanstd(outcome)) or 1.0
    drawn = np.where(np.isnan(outcome), np.nan, assigned.astype(float))
    return np.column_stack([outcome, drawn, outcome - scale * drawn]), scale


@dataclass(frozen=True, slots=True, eq=False)
class ShiftedTest:
    """The test of every constant effect, from one set of draws.

    Attributes
    ----------
    estimate, std_error
        Under the real lottery.
    slope, intercept
        Shape ``(R,)``: in a draw, the estimate is ``intercept − τ slope``.
    variance
        Shape ``(3, R)``: V(y, y), V(y, z), V(z, z); ``None`` when not studentised.
    exact
        Whether the draws are all possible lotteries.
    """

    estimate: float
    std_error: float
    intercept: Floats
    slope: Floats
    variance: Floats | None
    exact: bool

    def p_value(self, effect: float) -> float:
        """Two-sided p-value of the hypothesis that everyone's effect is ``effect``."""
        observed = np.array([self.estimate - effect])
        drawn = (self.intercept - effect * self.slope)[:, None]
        if self.variance is not None:
            straight, cross, square = self.variance
            variance = straight - 2 * effect * cross + effect**2 * square
            drawn = studentise(drawn, np.sqrt(np.maximum(variance, 0))[:, None])
            observed = studentise(observed, np.array([self.std_error]))
        return float(p_values(observed, drawn, self.exact)[0])

    @property
    def step(self) -> float:
        """A length on the scale of the estimate's error."""
        spread = self.std_error if self.variance is not None else np.nanstd(self.intercept)
        return float(spread)


def shifted_test(probes: Redrawn, scale: float) -> ShiftedTest:
    """Read the test of every effect from the re-drawn ``probe_columns``."""
    intercept, slope = probes.drawn_estimate[:, 0], probes.drawn_estimate[:, 1]
    variance = None
    if probes.studentised:
        straight, square, mixed = np.square(probes.drawn_std_error).T
        cross = (straight + scale**2 * square - mixed) / (2 * scale)
        # in the real lottery itself, and in its mirror image, the residuals of z vanish
        gone = square < _VANISHED * np.nanmax(square, initial=0)
        variance = np.stack([straight, np.where(gone, 0, cross), np.where(gone, 0, square)])
    return ShiftedTest(
        estimate=float(probes.estimate[0]),
        std_error=float(probes.std_error[0]),
        intercept=intercept,
        slope=slope,
        variance=variance,
        exact=probes.exact,
    )


def invert_test(
    p_value: Callable[[float], float],
    centre: float,
    step: float,
    conf_level: float,
    tolerance: float = 1e-11,
) -> Interval:
    """The effects around ``centre`` with a p-value above ``1 − conf_level``, by bisection.

    Parameters
    ----------
    p_value
        Two-sided p-value of a constant effect.
    centre
        An effect that is not rejected. Where it is, both bounds are ``nan``.
    step
        A length of the order of the standard error. Bounds are found to ``tolerance`` steps,
        and infinite beyond ``2³⁰`` steps.
    conf_level
        Level of the interval. It holds 0 exactly when the p-value of 0 is above
        ``1 − conf_level``.

    Examples
    --------
    >>> low, high = invert_test(lambda effect: float(abs(effect - 1) <= 2), 0.5, 1.0, 0.95)
    >>> round(low, 6), round(high, 6)
    (-1.0, 3.0)
    """
    alpha = 1 - conf_level
    if not (math.isfinite(centre) and step > 0 and p_value(centre) > alpha + 1e-12):
        return Interval(math.nan, math.nan)

    def accepted(effect: float) -> bool:
        return p_value(effect) > alpha + 1e-12

    low = centre - _reach(lambda far: accepted(centre - far), centre, step, tolerance)
    high = centre + _reach(lambda far: accepted(centre + far), -centre, step, tolerance)
    return Interval(low, high)


def _reach(accepted: Callable[[float], bool], zero: float, step: float, tolerance: float) -> float:
    """How far from the centre effects are accepted; ``zero`` is the way to no effect."""
    inner, outer = 0.0, step
    if zero > 0:
        inner, outer = (zero, zero + step) if accepted(zero) else (0.0, zero)
    for _ in range(MAX_DOUBLINGS):
        if not accepted(outer):
            break
        inner, outer = outer, 2 * outer
    else:
        return math.inf
    while outer - inner > tolerance * step:
        middle = (inner + outer) / 2
        if middle in (inner, outer):
            break
        inner, outer = (middle, outer) if accepted(middle) else (inner, middle)
    return inner
