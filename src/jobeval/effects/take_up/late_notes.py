"""What must be said beside an effect on those who take part."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Analysed
from jobeval.effects.take_up.late_options import LateOptions
from jobeval.inference.instrument import RatioFit
from jobeval.inference.take_up import describe_compliance, describe_first_stage

Floats = NDArray[np.float64]
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
    yield from describe_first_stage(fit)
