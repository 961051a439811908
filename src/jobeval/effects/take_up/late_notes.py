"""What must be said beside an effect on those who take part."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Analysed
from jobeval.effects.take_up.anderson_rubin import AcceptedEffects
from jobeval.effects.take_up.instrument import RatioFit
from jobeval.effects.take_up.late_options import LateOptions

Floats = NDArray[np.float64]
WEAK = 10.0
"""First-stage F below which the Wald interval misleads (Staiger & Stock 1997)."""

ERRORS = {
    "classical": "classical, with the small-sample factor n/(n − k)",
    "HC0": "HC0, without a small-sample factor",
    "HC1": "HC1, with the small-sample factor n/(n − k)",
    "HC2": "HC2, corrected for small samples by leverage",
    "HC3": "HC3, corrected for small samples by leverage",
    "CR0": "CR0, without a small-sample factor",
    "CR1": "CR1, with Stata's small-sample factor",
    "CR2": "CR2, corrected for few clusters by leverage",
    "CR3": "CR3, corrected for few clusters by leverage",
}


def check_error(fit: RatioFit, data: Analysed) -> tuple[RatioFit, tuple[str, ...]]:
    """The fit, without a standard error where it has none, and why."""
    scale = np.abs(data.outcome).max()
    if math.isnan(fit.effect):
        reason = "the lottery did not move take-up"
    elif np.ptp(data.outcome) == 0:
        reason = "the outcome is the same for everyone"
    elif math.isnan(fit.std_error):
        reason = "nothing is left to learn an error from"
    elif fit.std_error * abs(fit.first_stage) <= 1e-13 * scale:
        reason = "the outcome varies with take-up alone"
    else:
        return fit, ()
    return replace(fit, std_error=math.nan), (f"not estimable: {reason}",)


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


def describe_caveats(
    data: Analysed, treated: Floats, fit: RatioFit, options: LateOptions
) -> tuple[str, ...]:
    """Kind of non-compliance, weighting of strata, kind of error, and what weakens it."""
    return tuple(_caveats(data, treated, fit, options))


def _caveats(data: Analysed, treated: Floats, fit: RatioFit, options: LateOptions) -> Iterator[str]:
    assignment = data.assignment
    yield describe_compliance(treated, assignment.assigned)
    if assignment.n_strata > 1:
        yield "ratio of averages over everyone drawn: strata count by their compliers"
    vcov = options.itt.vcov or ("HC2" if assignment.cluster is None else "CR2")
    yield f"standard error {ERRORS[vcov]}; " + ("t" if options.small_sample else "normal")
    if assignment.n_clusters is not None and assignment.n_clusters < 10:
        yield "fewer than 10 clusters: confirm by re-drawing the lottery"
    if fit.f_statistic < WEAK:
        yield "weak first stage (F below 10): only the Anderson-Rubin interval can be trusted"
    if fit.first_stage < 0:
        yield "the treatment arm took part less: the compliers are those who stay away when drawn"


def describe_compliance(treated: Floats, assigned: NDArray[np.int64]) -> str:
    """Who did not do as drawn.

    >>> describe_compliance(np.array([0.0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    'one-sided non-compliance: nobody in the control arm took part'
    """
    none_of_control = not treated[assigned == 0].any()
    all_of_treatment = bool(treated[assigned == 1].all())
    if none_of_control and all_of_treatment:
        return "full compliance: the effect is that of the lottery"
    if none_of_control:
        return "one-sided non-compliance: nobody in the control arm took part"
    if all_of_treatment:
        return "one-sided non-compliance: everyone in the treatment arm took part"
    return (
        "two-sided non-compliance: the effect is on compliers, provided that nobody takes "
        "part only when drawn to control"
    )
