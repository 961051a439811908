"""Models of durations: accelerated failure times, constant hazards by period, weekly hazards."""

from collections.abc import Sequence
from typing import Any

from jobeval.exits.grid.durations import Durations, read_durations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.models.model_choice import Distribution, StrataAs, choose_model
from jobeval.exits.models.model_fit import describe_model, fit_model
from jobeval.exits.models.model_sample import Sample, sample_counts, sample_persons
from jobeval.exits.models.week_baselines import BaselineName
from jobeval.inference.covariates import covariate_names
from jobeval.inference.intervals import normal_quantile
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import DurationModel


def fit_parametric(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    distribution: Distribution = "weibull",
    covariates: Sequence[str | Term] = (),
    grouped: bool = False,
    baseline: BaselineName | None = None,
    breaks: Sequence[int] | None = None,
    strata: StrataAs = "indicators",
    entry: str | None = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
) -> DurationModel:
    """Fit a parametric or discrete-time model of durations.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person. Persons of other arms are left out.
    duration
        Column of whole weeks since randomisation.
    observed
        Column of true/false or 1/0; false is censored at ``duration``.
    lottery
        The names of the lottery's columns.
    distribution
        Accelerated failure times ``log T = xβ + σ ε``: ``"exponential"`` (σ = 1),
        ``"weibull"``, ``"log-normal"``, ``"log-logistic"``. The effect is a log time ratio:
        above 0, the treatment arm stays longer.
        ``"piecewise-exponential"``: a hazard for each period, and a log hazard ratio.
        Hazards by the week, from the likelihood of person-weeks: ``"cloglog"`` (the log hazard
        ratio of a proportional hazard seen weekly) and ``"logit"`` (a log odds ratio).
    covariates
        Baseline columns to adjust for: names, or ``Term`` to say how they are coded.
    grouped
        Whether an exit in week ``t`` is taken to lie anywhere in ``(t − 1, t]``, and not at
        ``t`` exactly. ``"cloglog"`` and ``"logit"`` always take it so.
    baseline
        Of ``"cloglog"`` and ``"logit"``: ``"free"`` (a level for each week, unless told),
        ``"periods"``, or a trend: ``"linear"``, ``"quadratic"``, ``"log"`` in weeks.
    breaks
        Last weeks of the periods, as ``(13, 26)`` for 1–13, 14–26 and 27 on; every 13 weeks
        unless told. Given to ``"cloglog"`` or ``"logit"``, they choose ``"periods"``.
    strata
        The lottery's strata as ``"indicators"`` beside the treatment, or each with a
        ``"baseline"`` of its own: levels of each week or period.
    entry
        Column of the week after which observation began, where entry was late.
    robust
        Whether standard errors are sandwiches summed over clusters, or over persons, and not
        the model's. Left out, they are so exactly when clusters were drawn.
    conf_level
        Level of the effect's interval.

    Returns
    -------
    DurationModel
        Coefficients are ``"treatment"``, covariates, ``"stratum[…]"``, then what the baseline
        has: ``"intercept"`` and ``"log_scale"`` (log σ), ``"baseline[1-13]"`` (log hazard), or
        the trend. Levels of single weeks, or of strata, are counted in ``n_parameters`` but not
        told. ``loglik_null`` keeps the baseline only. ``nan`` with a note when nobody left, or
        when the likelihood has no maximum.

    Raises
    ------
    ValueError
        For unknown options, or such as do not go together.
    DataError
        For missing or broken durations or covariates, a lottery that cannot be read, and
        exits in week 0 when the model has no probability for them.
    DesignError
        When the covariates tell the arm of everybody.

    Notes
    -----
    ``"cloglog"`` and ``"logit"`` have the standard errors of a generalised linear model on
    person-weeks (expected information), which is never built: memory does not grow with
    weeks. Week 0 counts as a week at risk only when somebody left in it. Weeks without an
    exit say nothing under a free baseline, nor do weeks in which everybody left: both are
    left out, exactly. The accelerated models have observed information, as in R's ``survreg``.

    References
    ----------
    Kalbfleisch & Prentice (2002), chapter 3; Burridge (1981) on the single maximum; Prentice &
    Gloeckler (1978) on the complementary log-log; Allison (1982) on the logit; Holford (1980)
    on constant hazards by period.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> model = fit_parametric(frame, "week", "left", lottery, distribution="exponential")
    >>> round(model.effect.ratio, 6)  # (8 weeks / 2 exits) / (23 weeks / 2 exits)
    0.347826
    >>> round(model["intercept"].estimate, 6)  # log(23 / 2)
    2.442347
    """
    choice = choose_model(
        distribution, grouped=grouped, baseline=baseline, breaks=breaks, strata=strata
    )
    normal_quantile(conf_level)
    extra = covariate_names(covariates)
    durations = read_durations(frame, duration, observed, lottery, extra, entry=entry)
    sample = read_sample(durations, lottery, covariates, robust)
    return describe_model(
        choice,
        sample,
        fit_model(choice, sample, duration),
        endpoint=duration,
        contrast=lottery.contrast,
        conf_level=conf_level,
        n_clusters=durations.assignment.n_clusters,
    )


def read_sample(
    durations: Durations, lottery: Lottery, covariates: Sequence[str | Term], robust: bool | None
) -> Sample:
    """Counts where counts are enough, else persons."""
    summed = durations.assignment.cluster is not None if robust is None else robust
    if summed or covariates:
        return sample_persons(durations, covariates, summed=summed)
    return sample_counts(durations.grid(lottery))


def parametric_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    distribution: Distribution = "weibull",
    grouped: bool = False,
    baseline: BaselineName | None = None,
    breaks: Sequence[int] | None = None,
    strata: StrataAs = "indicators",
    conf_level: float = 0.95,
) -> DurationModel:
    """``fit_parametric`` from counts alone: exits of any cause, control and treatment.

    Nothing is known of covariates or clusters.
    """
    choice = choose_model(
        distribution, grouped=grouped, baseline=baseline, breaks=breaks, strata=strata
    )
    sample = sample_counts(grid)
    return describe_model(
        choice,
        sample,
        fit_model(choice, sample, endpoint),
        endpoint=endpoint,
        contrast=f"{grid.arms[1]} - {grid.arms[0]}",
        conf_level=conf_level,
    )
