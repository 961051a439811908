"""Weeks until the exit among those who take part because of the lottery."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import require_one_of
from jobeval.exits.grid.durations import validate_horizon
from jobeval.exits.means.restricted_mean import restricted_mean
from jobeval.exits.take_up.complier_influence import GroupInfluence, Moves
from jobeval.exits.take_up.take_up_data import read_take_up
from jobeval.inference.anderson_rubin import anderson_rubin_p, describe_hole, invert_anderson_rubin
from jobeval.inference.instrument import Effect, RatioFit
from jobeval.inference.intervals import normal_quantile
from jobeval.inference.take_up import describe_first_stage
from jobeval.plan.lottery import Lottery
from jobeval.results import Estimate, TakeUp

Floats = NDArray[np.float64]
NOTHING = 1e-12
IntervalKind = Literal["anderson-rubin", "wald"]


def estimate_late_rmst(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    treated: str,
    horizon_weeks: int,
    interval: IntervalKind = "anderson-rubin",
    standardise: bool | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Estimate by how many weeks taking part changed the time until the exit, up to a horizon.

    Among those who take part because of the lottery (compliers): the effect of the lottery on
    the restricted mean, as ``estimate_rmst`` has it, over its effect on take-up.

    Parameters
    ----------
    frame, duration, observed, lottery, standardise, conf_level
        As for ``estimate_rmst``.
    treated
        Column of 1/0 or true/false: who took part, in both arms.
    horizon_weeks
        ``τ``, at least 1.
    interval
        ``"anderson-rubin"`` (Fieller's set): right whatever the strength of the first stage; it
        may be infinite. ``"wald"``: estimate ± quantile × standard error.

    Returns
    -------
    Estimate
        In ``"weeks"``. ``mean_control`` and ``mean_treatment`` are mean weeks of the compliers
        without and with taking part, the areas over the curves of
        ``estimate_complier_incidence``. ``take_up`` holds the first stage. The standard error
        is the delta method's. With full compliance all is that of ``estimate_rmst``; where
        persons were drawn one by one, its p-value always is the Anderson–Rubin one. ``nan``
        with a note when an arm is not followed to the horizon, or when the lottery did not
        move take-up.

    Raises
    ------
    DataError, DesignError
        As ``estimate_rmst``; also when take-up is missing for anybody, or not 0 and 1.
    ValueError
        For options that are unknown.

    Notes
    -----
    The assumptions are those of ``estimate_complier_incidence``: exclusion, monotonicity,
    take-up known of the censored too. Abbring & Van den Berg (2005); Anderson & Rubin (1949).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("cccctttt"), "started": [0] * 5 + [1] * 3,
    ...     "week": [2, 3, 3, 4, 4, 1, 1, 2], "left": [1] * 8})
    >>> effect = estimate_late_rmst(frame, "week", "left",
    ...     Lottery(arm="arm", treatment="t", control="c"), treated="started", horizon_weeks=4)
    >>> round(effect.mean_treatment, 3), round(effect.mean_control, 3)
    (1.333, 2.667)
    >>> round(effect.estimate, 3), effect.take_up.first_stage  # (2 − 3) / .75
    (-1.333, 0.75)
    """
    horizon = validate_horizon(horizon_weeks)
    normal_quantile(conf_level)
    require_one_of("interval", interval, get_args(IntervalKind))
    data = read_take_up(frame, duration, observed, lottery, treated, standardise)
    grid = data.strata.grid
    longest = restricted_mean(grid.at_risk, grid.leavers, horizon).longest.min()
    moves, parts = data.moves(horizon - 1), data.influences(horizon - 1)
    fit = fit_late(moves, parts)
    control, treatment = complier_weeks(moves, horizon)
    notes = (*data.notes(), *_gaps(fit, horizon, float(longest)), *describe_first_stage(fit))
    sizes = grid.sizes.sum(axis=1).tolist()
    exits = grid.leavers[..., :horizon].sum(axis=(1, 2)).tolist()
    wald = Estimate(
        endpoint=duration,
        estimand="late",
        estimator="ratio of effects on the restricted mean and on take-up",
        contrast=lottery.contrast,
        estimate=fit.effect,
        std_error=fit.std_error,
        df=fit.df,
        unit="weeks",
        conf_level=conf_level,
        horizon_weeks=horizon,
        n_treatment=sizes[1],
        n_control=sizes[0],
        n_clusters=data.strata.n_clusters,
        n_apart_treatment=exits[1],
        n_apart_control=exits[0],
        mean_treatment=treatment,
        mean_control=control,
        take_up=TakeUp(
            first_stage=fit.first_stage,
            first_stage_std_error=fit.first_stage_std_error,
            f_statistic=fit.f_statistic,
            share_treatment=float(moves.shares[1]),
            share_control=float(moves.shares[0]),
        ),
        notes=notes,
    )
    unknown = math.isfinite(fit.effect) and math.isnan(fit.std_error)
    return wald if interval == "wald" or unknown else _with_anderson_rubin(wald, fit)


def fit_late(moves: Moves, parts: list[GroupInfluence]) -> RatioFit:
    """The ratio of the effects on weeks and on take-up, with the errors of both.

    The weeks are those of all incidences in ``moves``.
    """
    share = moves.take_up if abs(moves.take_up) > NOTHING else 0.0
    weeks = -float(moves.incidence.sum())
    effect = weeks / share if share else math.nan
    whole = [(-part.incidence.sum(axis=(1, 2)), part) for part in parts]
    taken = _variance([(part.take_up, part) for part in parts])[0]
    itt, itt_df = _variance(whole)
    own = [(one - effect * part.take_up, part) for one, part in whole]
    residual, df = _variance(own)
    both = _variance([(one + part.take_up, part) for one, part in own])[0]
    known = math.sqrt(residual) > NOTHING
    scale = 2 * math.sqrt(residual * taken)
    return RatioFit(
        effect=effect,
        std_error=math.sqrt(residual) / abs(share) if share and known else math.nan,
        df=df,
        first_stage=share,
        first_stage_std_error=math.sqrt(taken),
        intention_to_treat=Effect(weeks, math.sqrt(itt), itt_df),
        correlation=(both - residual - taken) / scale if scale > 0 else 0.0,
    )


def _variance(parts: list[tuple[Floats, GroupInfluence]]) -> tuple[float, float]:
    """Of what groups add, with degrees of freedom after Satterthwaite (1946)."""
    shares = np.array([float(one**2 @ part.times) for one, part in parts])
    lost = float((shares**2 / np.array([part.df for _, part in parts])).sum())
    total = float(shares.sum())
    return total, total**2 / lost if lost else math.inf


def complier_weeks(moves: Moves, horizon: int) -> tuple[float, float]:
    """Mean weeks of the compliers without and with taking part; ``nan`` where nobody complies."""
    if abs(moves.take_up) <= NOTHING:
        return math.nan, math.nan
    without, taking = (moves.incidence.sum(axis=0) / moves.take_up).tolist()
    return horizon + without, horizon - taking


def _gaps(fit: RatioFit, horizon: int, longest: float) -> Iterator[str]:
    """Why there is no estimate, or no error of it."""
    if longest < horizon:
        yield (
            f"not estimable: an arm or stratum is not followed for {horizon} weeks; the largest "
            f"usable horizon is {longest:g}"
        )
    elif math.isnan(fit.effect):
        yield "not estimable: the lottery did not move take-up"
    elif not fit.std_error > 0:
        yield "standard error not estimable: too few drawn, or weeks that do not vary"


def _with_anderson_rubin(wald: Estimate, fit: RatioFit) -> Estimate:
    accepted = invert_anderson_rubin(fit, wald.conf_level)
    return replace(
        wald,
        inference="Anderson-Rubin",
        given_p_value=anderson_rubin_p(fit),
        given_interval=accepted.hull,
        notes=(*wald.notes, *describe_hole(accepted)),
    )
