"""The lottery as an instrument for taking part: ratios of effects, on arrays.

Every estimator of the lottery's effect is linear in the outcome: ``L(y)``. The effect of
taking part is ``L(y) / L(d)``, and a hypothesis about it is one about ``L(y − τd)``, so the
error of ``L`` is all that is needed. With one instrument this *is* two-stage least squares:
same estimate, and the same HC and CR errors (Angrist & Pischke 2009, section 4.1).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Effect(NamedTuple):
    """An effect with its standard error and degrees of freedom."""

    estimate: float
    std_error: float
    df: float


Measure = Callable[[Floats], Effect]
"""The lottery's effect on values of shape ``(n,)``, linear in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioFit:
    """The effect of taking part on those who take part because of the lottery.

    Attributes
    ----------
    effect, std_error, df
        ``τ = L(y) / L(d)``; the error is that of ``L(y − τd) / L(d)``, the delta method's.
    first_stage, first_stage_std_error
        ``L(d)``.
    intention_to_treat
        ``L(y)`` with its own error and degrees of freedom.
    correlation
        Of the estimates ``L(y − τd)`` and ``L(d)``.
    """

    effect: float
    std_error: float
    df: float
    first_stage: float
    first_stage_std_error: float
    intention_to_treat: Effect
    correlation: float

    @property
    def f_statistic(self) -> float:
        """Of the first stage; infinite when take-up follows the lottery without error."""
        if not self.first_stage_std_error > 0:
            return math.inf if self.first_stage_std_error == 0 else math.nan
        return (self.first_stage / self.first_stage_std_error) ** 2


def fit_ratio(outcome: NDArray[Any], treated: NDArray[Any], measure: Measure) -> RatioFit:
    """The ratio of the lottery's effects on outcome and take-up, with its error.

    Parameters
    ----------
    outcome, treated
        Shape ``(n,)``; ``treated`` is 0 or 1.
    measure
        The estimator of the lottery's effect.

    Returns
    -------
    A fit; all ``nan`` but the first stage and the intention to treat where the lottery does
    not move take-up at all.

    Examples
    --------
    >>> def measure(values):  # difference in means of the last four and the first four
    ...     low, high = values[:4], values[4:]
    ...     error = np.sqrt((low.var(ddof=1) + high.var(ddof=1)) / 4)
    ...     return Effect(high.mean() - low.mean(), error, 6.0)
    >>> outcome, treated = np.array([1.0, 2, 2, 3, 1, 3, 5, 7]), np.array([0] * 5 + [1] * 3)
    >>> fit = fit_ratio(outcome, treated, measure)
    >>> [round(float(x), 9) for x in (fit.effect, fit.first_stage, fit.f_statistic)]
    [2.666666667, 0.75, 9.0]
    """
    outcome, treated = np.asarray(outcome, dtype=float), np.asarray(treated, dtype=float)
    first, whole = _cleaned(measure(treated)), measure(outcome)
    if first.estimate == 0:
        effect, own, correlation = math.nan, Effect(math.nan, math.nan, math.nan), math.nan
    else:
        effect = whole.estimate / first.estimate
        own = measure(outcome - effect * treated)
        correlation = _correlation(outcome - effect * treated, treated, own, first, measure)
    return RatioFit(
        effect=effect,
        std_error=own.std_error / abs(first.estimate) if first.estimate else math.nan,
        df=own.df,
        first_stage=first.estimate,
        first_stage_std_error=first.std_error,
        intention_to_treat=whole,
        correlation=correlation,
    )


def _cleaned(first: Effect) -> Effect:
    """Rounding is no first stage and no error of one; full compliance has no error."""
    estimate, error = (0.0 if abs(value) < 1e-12 else float(value) for value in first[:2])
    return Effect(estimate, 0.0 if abs(abs(estimate) - 1) < 1e-12 else error, first.df)


def _correlation(
    left: Floats, treated: Floats, own: Effect, first: Effect, measure: Measure
) -> float:
    """From the variances of the sum and the difference of the two standardised estimates."""
    if not (own.std_error > 0 and first.std_error > 0):
        return 0.0
    one, two = left / own.std_error, treated / first.std_error
    errors = (measure(one + sign * two).std_error for sign in (1, -1))
    plus, minus = (0.0 if math.isnan(error) else error for error in errors)  # nan: no variation
    return max(-1.0, min(1.0, (plus**2 - minus**2) / 4))
