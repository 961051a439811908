"""The three ways to a risk difference or ratio: Newcombe, Mantel–Haenszel, g-computation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.adjusters import read_adjusters
from jobeval.effects.itt.analysed import Analysed
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.weighting import allocation_differs, choose_weights
from jobeval.effects.shares.g_computation import (
    arm_designs,
    contrast_risks,
    ge_covariance,
    predict_risks,
    ye_covariance,
)
from jobeval.effects.shares.mantel_haenszel import (
    common_difference,
    common_ratio,
    mantel_haenszel_weights,
)
from jobeval.effects.shares.newcombe import (
    newcombe_arms,
    newcombe_difference,
    newcombe_p_value,
    newcombe_ratio,
)
from jobeval.regression.blocked import stratum_shares
from jobeval.regression.difference import CellMoments, measure_cells
from jobeval.regression.logit import LogitFit, fit_logit
from jobeval.regression.separation import fit_penalised_logit, is_separated
from jobeval.results import Interval

Floats = NDArray[np.float64]
Measure = Literal["difference", "ratio"]
RiskMethod = Literal["newcombe", "mantel-haenszel", "g-computation"]
RiskError = Literal["ye", "ge"]
StratumWeights = Literal["drawn", "mantel-haenszel"]

EMPTY_ARM = "not estimable: nobody in an arm has the outcome"
NO_ERROR = (
    "standard error not estimable: the outcome does not vary, or a person is alone, in the arms "
    "of the strata"
)
NOT_AVERAGE = (
    "strata differ in allocation and are weighted by Mantel and Haenszel: not the average over "
    "everyone drawn where effects differ"
)
SEPARATED = (
    "separation: the covariates or the arm predict the outcome perfectly for some persons; "
    "penalised by Firth's method, with the error given the covariates (Ge)"
)


@dataclass(frozen=True, slots=True)
class RiskOptions:
    """The options of ``estimate_risk_difference``, which says what they mean."""

    measure: Measure
    method: RiskMethod
    std_error: RiskError
    stratum_weights: StratumWeights
    itt: IttOptions

    @property
    def is_ratio(self) -> bool:
        return self.measure == "ratio"


class RiskEffect(NamedTuple):
    """An effect, its error, and its p-value and interval where they are not the normal ones."""

    estimate: float
    std_error: float
    estimator: str
    inference: str = ""
    p_value: float = math.nan
    interval: Interval | None = None
    notes: tuple[str, ...] = ()


def count_events(data: Analysed) -> tuple[Floats, Floats]:
    """Events and persons by stratum and arm, shape ``(S, 2)`` each."""
    cells = risk_cells(data)
    return np.rint(cells.mean * cells.n), cells.n


def risk_cells(data: Analysed) -> CellMoments:
    drawn = data.assignment
    return measure_cells(data.outcome, drawn.assigned, drawn.stratum, drawn.n_strata)


def by_newcombe(data: Analysed, options: RiskOptions) -> RiskEffect:
    events, n = count_events(data)
    drawn = options.stratum_weights == "drawn"
    weights = stratum_shares(n) if drawn else mantel_haenszel_weights(n)
    control, treatment = newcombe_arms(events, n, weights, _quantile(options.itt.conf_level))
    p_value = newcombe_p_value(events, n, weights)
    notes = ("not testable: everyone has the same outcome",) if math.isnan(p_value) else ()
    if not drawn and allocation_differs(data.assignment.stratum_sizes()):
        notes = (NOT_AVERAGE, *notes)
    if options.is_ratio:
        interval = Interval(*(_log(bound) for bound in newcombe_ratio(control, treatment)))
        estimate, error, empty = _log_ratio(control.risk, treatment.risk, _variances(data, weights))
        notes = (*notes, *empty)
    else:
        interval = newcombe_difference(control, treatment)
        estimate = treatment.risk - control.risk
        error = math.sqrt(sum(_variances(data, weights))) or math.nan
    if math.isnan(error) and not math.isnan(estimate):
        notes = (*notes, NO_ERROR)
    name = "Newcombe" if len(n) == 1 else "stratified Newcombe"
    return RiskEffect(estimate, error, name, "Newcombe", p_value, interval, notes)


def _variances(data: Analysed, weights: Floats) -> tuple[float, float]:
    """Neyman's variances of the weighted risks; ``nan`` where an arm has one person."""
    cells = risk_cells(data)
    control, treatment = weights**2 @ (cells.variance / cells.n)
    return float(control), float(treatment)


def _log_ratio(
    control: float, treatment: float, variances: tuple[float, float]
) -> tuple[float, float, tuple[str, ...]]:
    if not (control and treatment):
        return math.nan, math.nan, (EMPTY_ARM,)
    error = math.sqrt(variances[0] / control**2 + variances[1] / treatment**2)
    return math.log(treatment / control), error or math.nan, ()


def by_mantel_haenszel(data: Analysed, options: RiskOptions) -> RiskEffect:
    events, n = count_events(data)
    differs = allocation_differs(data.assignment.stratum_sizes())
    notes = (NOT_AVERAGE,) if differs else ()
    if options.is_ratio:
        ratio = common_ratio(events, n)
        if math.isnan(ratio.estimate):
            notes = (*notes, EMPTY_ARM)
        elif math.isnan(ratio.std_error):
            notes = (*notes, NO_ERROR)
        return RiskEffect(ratio.estimate, ratio.std_error, "Mantel-Haenszel", notes=notes)
    found = common_difference(events, n)
    if not found.spread > 0:
        notes = (*notes, NO_ERROR)
    return RiskEffect(
        found.estimate,
        found.std_error,
        "Mantel-Haenszel",
        "Klingenberg",
        found.p_value,
        found.interval(_quantile(options.itt.conf_level)),
        notes,
    )


def by_g_computation(data: Analysed, options: RiskOptions) -> RiskEffect:
    if np.ptp(data.outcome) == 0:
        note = "not estimable: the outcome is the same for everyone"
        return RiskEffect(math.nan, math.nan, "g-computation", notes=(note,))
    drawn = data.assignment
    adjusters = read_adjusters(data, "ancova")
    weights, weight_notes = choose_weights(data, options.itt)
    design, nobody, everybody = arm_designs(drawn.assigned, adjusters.values)
    model = _fit_risk_model(design, data.outcome, weights, options.std_error)
    risks = predict_risks(model.fit, nobody, everybody)
    covariance = (
        ge_covariance(model.fit, nobody, everybody)
        if model.std_error == "ge"
        else ye_covariance(data.outcome, drawn.assigned, drawn.stratum, risks)
    )
    found = contrast_risks(risks.mean(axis=0), covariance, options.is_ratio)
    told = (*data.covariates.notes, *adjusters.notes, *weight_notes, *model.notes)
    if not model.fit.converged:
        return RiskEffect(math.nan, math.nan, model.name, notes=told)
    missing: tuple[str, ...] = ()
    if math.isnan(found.estimate):
        missing = ("not estimable: the fitted risk of an arm is not above zero",)
    elif math.isnan(found.std_error):
        missing = (NO_ERROR,)
    return RiskEffect(*found, model.name, notes=(*told, *missing))


class _RiskModel(NamedTuple):
    """A logistic regression and the error that goes with it."""

    fit: LogitFit
    std_error: RiskError
    name: str
    notes: tuple[str, ...] = ()


def _fit_risk_model(
    design: Floats, outcome: Floats, weights: Floats | None, std_error: RiskError
) -> _RiskModel:
    """By maximum likelihood, or penalised where the likelihood has no maximum."""
    fit = fit_logit(design, outcome, weights)
    name = f"g-computation ({std_error.title()})"
    if fit.converged:
        return _RiskModel(fit, std_error, name)
    if is_separated(design, outcome):
        penalised = fit_penalised_logit(design, outcome, weights)
        return _RiskModel(penalised, "ge", "g-computation (Firth, Ge)", (SEPARATED,))
    notes = ("not estimable: the logistic regression does not converge",)
    return _RiskModel(fit, std_error, name, notes)


def _quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf
