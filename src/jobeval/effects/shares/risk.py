"""Effects on a yes-or-no outcome: the risk difference and the risk ratio."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Analysed, read_analysed, require_comparable
from jobeval.effects.itt.itt import columns_needed, count_apart, count_sides
from jobeval.effects.itt.options import IttOptions, validate_options
from jobeval.effects.shares.mantel_haenszel import cochran_mantel_haenszel
from jobeval.effects.shares.risk_methods import (
    Measure,
    RiskEffect,
    RiskError,
    RiskMethod,
    RiskOptions,
    StratumWeights,
    by_g_computation,
    by_mantel_haenszel,
    by_newcombe,
    count_events,
    risk_cells,
)
from jobeval.errors import DataError, DesignError, Problem, did_you_mean
from jobeval.inference.assignment import Assignment
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.blocked import blocked_difference
from jobeval.results import Estimate, HypothesisTest

Floats = NDArray[np.float64]


def estimate_risk_difference(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    measure: Measure = "difference",
    method: RiskMethod = "newcombe",
    covariates: Sequence[str | Term] = (),
    std_error: RiskError = "ye",
    stratum_weights: StratumWeights = "drawn",
    conf_level: float = 0.95,
) -> Estimate:
    """Estimate the effect of being drawn to treatment on a yes-or-no outcome.

    Parameters
    ----------
    frame
        One row a person; any data frame that narwhals takes.
    outcome
        Column of 0 and 1 (or booleans). Persons whose outcome is missing are left out, with
        a note.
    lottery
        The columns in which the lottery stands. Drawn clusters, and probabilities that vary
        within strata, are refused: ``estimate_itt`` gives the risk difference there.
    measure
        ``"difference"`` of the risks, a share; or their ``"ratio"``, as a logarithm.
    method
        ``"newcombe"``: the hybrid score interval (Newcombe 1998, method 10), stratified (Yan
        & Su 2010) under strata, and for the ratio from the same limits (Donner & Zou 2012).
        ``"mantel-haenszel"``: the common difference (Sato 1989; interval of Klingenberg 2014)
        or ratio (Greenland & Robins 1985), also for many small strata.
        ``"g-computation"``: both risks of everyone by a logistic regression on treatment,
        strata and covariates, averaged. This is also the average marginal effect of
        treatment, which takes two values and so has no derivative to average.
    covariates
        For g-computation: columns known before the draw, or ``Term`` objects.
    std_error
        For g-computation. ``"ye"``: for new persons and whatever the true model (Ye et al.
        2023). ``"ge"``: given the covariates, if the model is true (Ge et al. 2011).
    stratum_weights
        For Newcombe. ``"drawn"``: the strata's shares of everyone drawn, as in
        ``estimate_itt``. ``"mantel-haenszel"``: ``n₁n₀/n``, as in SAS.
    conf_level
        Level of the interval.

    Returns
    -------
    Estimate
        A share, or for the ratio a log ratio. Newcombe's interval and the interval of the
        common difference are given ones, with the p-value that belongs to them; the error
        beside Newcombe's is Neyman's. A ratio with an empty arm is ``nan``, with the bound
        that can be had. Separation is told in a note, with a penalised answer.

    Raises
    ------
    DataError, DesignError
        When the data or the lottery do not allow the analysis; the message says the mend.
    ValueError
        When the options contradict each other.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": ["t"] * 70 + ["c"] * 80,
    ...     "any_hours": [1] * 56 + [0] * 14 + [1] * 48 + [0] * 32})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> effect = estimate_risk_difference(frame, "any_hours", lottery)
    >>> round(effect.estimate, 4), [round(bound, 4) for bound in effect.confidence_interval()]
    (0.2, [0.0524, 0.3339])
    """
    options = _validate(
        outcome, lottery, covariates, conf_level, measure, method, std_error, stratum_weights
    )
    data = _read(frame, outcome, lottery, options.itt, _comparable(options))
    estimators = {
        "newcombe": by_newcombe,
        "mantel-haenszel": by_mantel_haenszel,
        "g-computation": by_g_computation,
    }
    return _report(data, outcome, lottery, options, estimators[options.method](data, options))


def mantel_haenszel_test(frame: Any, outcome: str, lottery: Lottery) -> HypothesisTest:
    """Test by Cochran, Mantel and Haenszel that treatment has no effect in any stratum.

    Parameters
    ----------
    frame, outcome, lottery
        As for ``estimate_risk_difference``.

    Returns
    -------
    HypothesisTest
        Chi-squared with one degree of freedom, without continuity correction; ``nan`` where
        no stratum has both outcomes.

    Raises
    ------
    DataError, DesignError
        As ``estimate_risk_difference``.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ttttcccc"), "any_hours": [1, 1, 1, 0, 0, 0, 0, 1]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> round(mantel_haenszel_test(frame, "any_hours", lottery).p_value, 4)
    0.1859
    """
    options = IttOptions(adjustment="ancova")
    data = _read(frame, outcome, lottery, options, options)
    found = cochran_mantel_haenszel(*count_events(data))
    apart = count_apart(data.outcome, data.assignment.assigned)
    missing = ("not estimable: no stratum has both outcomes",)
    return HypothesisTest(
        name="Cochran-Mantel-Haenszel",
        endpoint=outcome,
        statistic=found.statistic,
        df=1.0,
        p_value=found.p_value,
        n_apart_treatment=apart[1],
        n_apart_control=apart[0],
        notes=data.notes + (missing if math.isnan(found.p_value) else ()),
    )


def _validate(
    outcome: str,
    lottery: Lottery,
    covariates: Sequence[str | Term],
    conf_level: float,
    measure: Measure,
    method: RiskMethod,
    std_error: RiskError,
    stratum_weights: StratumWeights,
) -> RiskOptions:
    for name, value, kind in (
        ("measure", measure, Measure),
        ("method", method, RiskMethod),
        ("std_error", std_error, RiskError),
        ("stratum_weights", stratum_weights, StratumWeights),
    ):
        known = get_args(kind)
        if value not in known:
            raise ValueError(f"{name} {value!r} is unknown; {did_you_mean(str(value), known)}")
    if covariates and method != "g-computation":
        raise ValueError('covariates need method="g-computation"; the others use none')
    adjusted = bool(covariates) or bool(lottery.strata)
    plain = validate_options(
        outcome, lottery, covariates, "ancova" if adjusted else "none", None, conf_level
    )
    itt = IttOptions(plain.covariates, "ancova", None, conf_level)
    return RiskOptions(measure, method, std_error, stratum_weights, itt)


def _comparable(options: RiskOptions) -> IttOptions:
    """Ye's error needs two persons an arm in each stratum, all else one."""
    if options.method == "g-computation" and options.std_error == "ye":
        return IttOptions(conf_level=options.itt.conf_level)
    return options.itt


def _read(
    frame: Any, outcome: str, lottery: Lottery, options: IttOptions, comparable: IttOptions
) -> Analysed:
    columns = read_columns(frame, columns_needed(outcome, lottery, options))
    data = read_analysed(columns, outcome, lottery, options)
    _require_binary(data.outcome, outcome)
    _require_persons(data.assignment)
    require_comparable(data, comparable)
    return data


def _require_binary(values: Floats, name: str) -> None:
    others = int((~np.isin(values, (0.0, 1.0))).sum())
    if others:
        rule = f"is neither 0 nor 1 for {others} persons."
        mend = "Deliver a yes-or-no outcome, or use estimate_itt for a number."
        raise DataError("outcome", [Problem(f"outcome {name!r}", rule, mend)])


def _require_persons(assignment: Assignment) -> None:
    """These methods count persons that were drawn one by one."""
    if assignment.cluster is not None:
        raise DesignError(
            "the lottery drew clusters, and these intervals take persons as drawn one by one. "
            "Mend: estimate_itt on the same outcome gives the risk difference with CR2."
        )
    if assignment.probability_varies:
        raise DesignError(
            "the probability of treatment varies within strata, which these methods do not "
            "weigh. Mend: estimate_itt on the same outcome gives the weighted risk difference."
        )


def _report(
    data: Analysed, outcome: str, lottery: Lottery, options: RiskOptions, effect: RiskEffect
) -> Estimate:
    means = blocked_difference(risk_cells(data))
    return Estimate(
        endpoint=outcome,
        estimand="itt",
        estimator=effect.estimator,
        contrast=lottery.contrast,
        estimate=effect.estimate,
        std_error=effect.std_error,
        scale="log_ratio" if options.is_ratio else "difference",
        unit="share",
        **count_sides(data.outcome, data.assignment.assigned),
        conf_level=options.itt.conf_level,
        mean_treatment=float(means.mean_treatment),
        mean_control=float(means.mean_control),
        inference=effect.inference,
        given_p_value=effect.p_value,
        given_interval=effect.interval,
        notes=(*data.notes, *effect.notes),
    )
