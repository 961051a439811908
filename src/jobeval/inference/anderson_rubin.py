"""The effects of taking part that the data do not reject, whatever the first stage."""

import math
from typing import NamedTuple

from jobeval.inference.instrument import RatioFit
from jobeval.results import Interval


class AcceptedEffects(NamedTuple):
    """The effects that are not rejected: those of ``hull`` that do not lie within ``hole``."""

    hull: Interval
    hole: Interval | None = None


def invert_anderson_rubin(fit: RatioFit, conf_level: float) -> AcceptedEffects:
    """All effects ``τ₀`` for which no effect of the lottery on ``y − τ₀d`` is not rejected.

    With ``s = (τ₀ − τ) / se``, ``g = c² / F`` and the correlation ``ρ`` of the fit, the test
    accepts where ``(1 − g) s² + 2 c ρ √g s − c² ≤ 0`` (Anderson & Rubin 1949; Fieller 1954),
    ``c`` being the t quantile at ``fit.df``. The set is

    - an interval where ``F > c²``, that is where the first stage is significant,
    - else everything, or everything but an interval (``hole``); at ``F = c²`` a half-line.

    Its coverage does not depend on the strength of the first stage.

    Examples
    --------
    >>> from jobeval.inference.instrument import Effect
    >>> fit = RatioFit(effect=2.0, std_error=1.0, df=math.inf, first_stage=0.5,
    ...     first_stage_std_error=0.1, intention_to_treat=Effect(1.0, 0.5, 9.0), correlation=0.0)
    >>> [round(bound, 4) for bound in invert_anderson_rubin(fit, 0.95).hull]
    [-0.1305, 4.1305]
    """
    if not fit.std_error > 0 or math.isnan(fit.f_statistic):
        return AcceptedEffects(Interval(math.nan, math.nan))
    c = _quantile_t(0.5 + conf_level / 2, fit.df)
    g = c * c / fit.f_statistic
    roots = _solve(1 - g, c * fit.correlation * math.sqrt(g), c)
    everything = Interval(-math.inf, math.inf)
    if roots is None:
        return AcceptedEffects(everything)
    low, high = sorted(fit.effect + root * fit.std_error for root in roots)
    if g <= 1:
        return AcceptedEffects(Interval(low, high))
    return AcceptedEffects(everything, Interval(low, high))


def anderson_rubin_p(fit: RatioFit) -> float:
    """The two-sided p-value of no effect on anybody: of no effect of the lottery.

    It agrees with the interval: both use the degrees of freedom of the fit.
    """
    from scipy.special import ndtr, stdtr

    whole = fit.intention_to_treat
    known = whole.std_error > 1e-13 * abs(whole.estimate)  # else rounding is the error
    if not (known and fit.std_error > 0):
        return math.nan
    tail = -abs(whole.estimate / whole.std_error)
    return float(2 * (ndtr(tail) if math.isinf(fit.df) else stdtr(fit.df, tail)))


def describe_hole(accepted: AcceptedEffects) -> tuple[str, ...]:
    """A note where the Anderson–Rubin set is no bounded interval.

    >>> from jobeval.results import Interval
    >>> everything = Interval(-math.inf, math.inf)
    >>> describe_hole(AcceptedEffects(everything, Interval(-1.0, 2.5)))
    ('the accepted effects are not connected: all but those between -1 and 2.5',)
    """
    if accepted.hole is not None:
        low, high = accepted.hole
        return (
            f"the accepted effects are not connected: all but those between {low:.4g} "
            f"and {high:.4g}",
        )
    if any(math.isinf(bound) for bound in accepted.hull):
        return ("the interval is unbounded: the data do not tell that the lottery moved take-up",)
    return ()


def _solve(a: float, b: float, c: float) -> tuple[float, float] | None:
    """The roots of ``a s² + 2 b s − c²``, one of them infinite where ``a`` is 0."""
    inside = b * b + a * c * c
    if inside < 0 or a == b == 0:
        return None
    q = -(b + math.copysign(math.sqrt(inside), b))
    far = q / a if a else math.copysign(math.inf, q)
    return far, -c * c / q


def _quantile_t(probability: float, df: float) -> float:
    from scipy.special import ndtri, stdtrit

    return float(ndtri(probability) if math.isinf(df) else stdtrit(df, probability))
