"""The hazard ratio of treatment: Cox's model, stratified as the lottery drew."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jobeval.exits.hazards.cox_arrange import Ties
from jobeval.exits.hazards.cox_design import CoxDesign
from jobeval.exits.hazards.cox_errors import ErrorGroups, sizes_by_arm, standard_errors
from jobeval.exits.hazards.cox_fit import CoxFit, Penalty
from jobeval.exits.hazards.cox_model import INFINITE, NO_EXIT, NO_MAXIMUM, ONE_ARM, read_model
from jobeval.exits.hazards.cox_options import CoxOptions, IntervalBy
from jobeval.exits.hazards.cox_profile import profile_interval
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Coefficient, DurationModel, Estimate, Interval


def estimate_hazard_ratio(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    ties: Ties = "efron",
    entry: str | None = None,
    person: str | None = None,
    robust: bool | None = None,
    penalty: Penalty | None = None,
    interval: IntervalBy | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """How many times faster the treatment arm leaves, as a log hazard ratio.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person (or several: ``person``). Persons of
        other arms are left out.
    duration
        Column of whole weeks since randomisation.
    observed
        Column of true/false or 1/0; false is censored at ``duration``.
    lottery
        The names of the lottery's columns. Each stratum has its own baseline hazard.
    covariates
        Columns to adjust for: names, or ``Term`` to say how they are coded. The hazard ratio
        is then conditional on them. What does not vary within strata, or is a combination of
        others, is dropped with a note.
    ties
        ``"efron"``, ``"breslow"`` or ``"exact"``, which is Cox's discrete likelihood.
    entry
        Column of the whole week after which a row is at risk: its exit lies in the weeks
        ``entry + 1 … duration``, as with ``Surv(start, stop]`` in R. Left out, everybody is at
        risk from week 0 on.
    person
        Column of persons' ids, where a person has several rows with an ``entry`` each: for
        covariates that vary over time, or for exits that recur. Sizes are those of persons.
    robust
        Whether the standard error is Lin & Wei's, summed over clusters or persons, instead
        of the model's. Left out, it is so exactly when clusters were drawn or a person left
        several times.
    penalty
        ``"firth"`` for Firth's penalised likelihood, finite also when nobody of an arm left.
    interval
        ``"wald"``, or ``"profile"`` for the interval and p-value of the likelihood ratio, which
        is the default with a penalty.
    conf_level
        Level of the interval.

    Returns
    -------
    Estimate
        On the log scale (``scale="log_ratio"``), with a normal reference. ``nan`` with a note
        when no exit was seen, or when the likelihood is monotone and the ratio infinite.
        ``n_apart_treatment`` and ``n_apart_control`` are the persons who left.

    Raises
    ------
    DataError
        For missing or broken durations or covariates, and a lottery that cannot be read.
    DesignError
        When the covariates tell the arm of everybody, when the exact likelihood would take
        too long, and when clusters were drawn but an option has no errors over clusters.

    References
    ----------
    Cox (1972); Efron (1977); Gail, Lubin & Rubinstein (1981); Lin & Wei (1989); Heinze &
    Schemper (2001).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> effect = estimate_hazard_ratio(frame, "week", "left", lottery)
    >>> round(effect.estimate, 6), round(effect.std_error, 6), round(effect.ratio, 3)
    (1.676857, 1.277616, 5.349)
    >>> exact = estimate_hazard_ratio(frame, "week", "left", lottery, ties="exact")
    >>> exact.notes[0].split(":")[0]
    'not estimable (infinite)'
    """
    model = fit_cox(
        frame,
        duration,
        observed,
        lottery,
        covariates=covariates,
        ties=ties,
        entry=entry,
        person=person,
        robust=robust,
        penalty=penalty,
        interval=interval,
        conf_level=conf_level,
    )
    return model.effect


def fit_cox(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    ties: Ties = "efron",
    entry: str | None = None,
    person: str | None = None,
    robust: bool | None = None,
    penalty: Penalty | None = None,
    interval: IntervalBy | None = None,
    conf_level: float = 0.95,
) -> DurationModel:
    """Fit Cox's model and keep all of it: coefficients of covariates and log likelihoods.

    Parameters
    ----------
    frame, duration, observed, lottery, covariates, ties, entry, person, robust, penalty
        As for ``estimate_hazard_ratio``, whose answer is ``effect``.
    interval, conf_level
        Of ``effect``.

    Returns
    -------
    DurationModel
        Log hazard ratios and their standard errors, ``"treatment"`` first. What goes to
        infinity is ``nan`` with a note. ``n`` counts rows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> model = fit_cox(frame, "week", "left", Lottery(arm="arm", treatment="t", control="c"))
    >>> model
    DurationModel(Cox (Efron), week: 1 coefficients, log likelihood -3.35897, 4 exits of 6)
    >>> round(model.loglik_null, 6), round(model["treatment"].std_error, 6)
    (-4.276666, 1.277616)
    """
    options = CoxOptions(ties, robust, penalty, interval, conf_level)
    model = read_model(
        frame, duration, observed, lottery, covariates, options, entry=entry, person=person
    )
    design, fit = model.design, model.fit
    rows = _coefficients(design, fit, model.groups)
    effect = Estimate(
        endpoint=duration,
        estimand="itt",
        estimator=options.model,
        contrast=lottery.contrast,
        estimate=rows[0].estimate,
        std_error=rows[0].std_error,
        scale="log_ratio",
        unit="hazard_ratio",
        conf_level=conf_level,
        notes=(*design.notes, *_fit_notes(design, rows[0], fit), *model.groups.notes),
        **sizes_by_arm(model.durations),
    )
    if options.by_profile and fit is not None and rows[0].std_error > 0:
        effect = _with_profile(effect, fit, options)
    return DurationModel(
        model=options.model,
        effect=effect,
        coefficients=rows,
        loglik=math.nan if fit is None else fit.loglik,
        loglik_null=math.nan if fit is None else fit.loglik_null,
        n_parameters=len(rows),
        n=len(model.durations.weeks),
        n_exits=int((model.durations.cause > 0).sum()),
        notes=effect.notes,
    )


def _coefficients(
    design: CoxDesign, fit: CoxFit | None, groups: ErrorGroups
) -> tuple[Coefficient, ...]:
    if fit is None:
        return tuple(Coefficient(name, math.nan, math.nan) for name in design.names)
    vcov = fit.robust_vcov(groups.codes) if groups.robust else fit.vcov
    errors = standard_errors(vcov, fit.vcov)
    rows = zip(design.names, fit.coef.tolist(), errors, strict=True)
    return tuple(Coefficient(*row) for row in rows)


def _with_profile(effect: Estimate, fit: CoxFit, options: CoxOptions) -> Estimate:
    low, high, p_value = profile_interval(fit, options.conf_level)
    inference = "penalised profile likelihood" if options.penalty else "profile likelihood"
    interval = Interval(low, high)
    return replace(effect, inference=inference, given_interval=interval, given_p_value=p_value)


def _fit_notes(design: CoxDesign, treatment: Coefficient, fit: CoxFit | None) -> list[str]:
    if fit is None:
        return [NO_EXIT]
    if not fit.converged:
        return [NO_MAXIMUM]
    if not fit.seen[0]:
        return [ONE_ARM]
    if fit.infinite[0]:
        return [f'{INFINITE}; penalty="firth" gives a finite ratio']
    notes = [
        f"coefficient of covariate {name!r} is infinite"
        for name, infinite in zip(design.names, fit.infinite, strict=True)
        if infinite
    ]
    notes += [
        f"covariate {name!r} does not vary at any exit and is left out"
        for name, seen in zip(design.names, fit.seen, strict=True)
        if not seen
    ]
    if math.isnan(treatment.std_error):
        notes.append("standard error not estimable")
    return notes
