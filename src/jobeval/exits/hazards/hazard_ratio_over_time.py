"""The log hazard ratio of treatment as a smooth function of the week."""

import math
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np

from jobeval.errors import require_one_of
from jobeval.exits.hazards.cox_arrange import Counts, Floats, RiskCells, SplitTies
from jobeval.exits.hazards.cox_model import CoxModel, read_model
from jobeval.exits.hazards.cox_options import CoxOptions
from jobeval.exits.hazards.cox_time import added_over_time
from jobeval.inference.bands import largest_normal
from jobeval.inference.intervals import normal_quantile
from jobeval.inference.redraw import SEED, require_seed
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Curve

BAND_WEEKS = 40
"""Evenly spaced weeks that stand for all in the band: between them a spline hardly turns."""


def hazard_ratio_over_time(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    ties: SplitTies = "efron",
    entry: str | None = None,
    person: str | None = None,
    robust: bool | None = None,
    df: int = 4,
    conf_level: float = 0.95,
    seed: int = SEED,
) -> Curve:
    """The log hazard ratio of treatment week by week, Schoenfeld's residuals made smooth.

    Parameters
    ----------
    frame, duration, observed, lottery, covariates, ties, entry, person, robust
        As for ``estimate_hazard_ratio``; ``ties`` is ``"efron"`` or ``"breslow"``.
    df
        Degrees of freedom of the natural cubic spline, at least 2 (a straight line). Its knots
        lie at the first and last exit and at equal shares of the exits between them.
    conf_level
        Of the pointwise interval and of the band for all weeks at once.
    seed
        Of the band's simulation.

    Returns
    -------
    Curve
        ``measure="log_hazard_ratio"`` from the first to the last week with an exit; ``nan``
        with a note where the model has no finite fit or the exits lie in too few weeks.
        ``at_risk`` are persons of both arms, ``events`` their exits.

    Notes
    -----
    One Newton step from the constant ratio ``β`` to a spline ``β(t)``, the other coefficients
    free: the scaled Schoenfeld residuals regressed on the spline, each week with the variance of
    its own (Grambsch & Therneau 1994, eq. 5). R's ``plot.cox.zph`` takes the average variance.
    The step is short when the ratio changes little; where it changes much, believe its
    direction and take ``estimate_piecewise_hazard_ratios`` for the size.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"arm": np.arange(400) % 2, "left": 1})
    >>> frame["week"] = np.ceil(rng.exponential(20 - 8 * frame["arm"])).astype(int)
    >>> lottery = Lottery(arm="arm", treatment=1, control=0)
    >>> curve = hazard_ratio_over_time(frame, "week", "left", lottery)
    >>> curve.measure, bool((curve.band_low < curve.conf_low).all())
    ('log_hazard_ratio', True)
    """
    require_one_of("ties", ties, get_args(SplitTies))
    if df < 2:
        raise ValueError(f"df must be at least 2, not {df!r}")
    require_seed(seed)
    options = CoxOptions(ties, robust, conf_level=conf_level)
    model = read_model(
        frame, duration, observed, lottery, covariates, options, entry=entry, person=person
    )
    grid = model.durations.grid(lottery)
    leavers, notes = grid.leavers.sum(axis=(0, 1)), [*model.design.notes, *model.groups.notes]
    weeks = _exit_span(leavers)
    values, covariance, note = _smooth(model, weeks, df)
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    half = normal_quantile(conf_level) * error
    few = np.unique(np.linspace(0, len(weeks) - 1, BAND_WEEKS).round().astype(np.int64))
    largest = largest_normal(covariance[np.ix_(few, few)], seed=seed)
    wide = largest.critical_value(conf_level) * error
    return Curve(
        endpoint=duration,
        measure="log_hazard_ratio",
        arm=lottery.contrast,
        times=weeks,
        values=values,
        std_error=error,
        at_risk=grid.at_risk.sum(axis=(0, 1))[weeks],
        events=leavers[weeks],
        unit="hazard_ratio",
        conf_level=conf_level,
        notes=(*notes, *note),
        conf_low=values - half,
        conf_high=values + half,
        band_low=values - wide,
        band_high=values + wide,
    )


def natural_spline(weeks: Floats, knots: Floats) -> Floats:
    """Natural cubic splines, linear beyond the outer knots: shape ``(len(knots), T)``.

    Hastie, Tibshirani & Friedman (2009), eq. 5.4 and 5.5, with weeks and knots taken to (0, 1).

    >>> basis = natural_spline(np.array([0.0, 1, 2, 3]), np.array([0.0, 1, 3]))
    >>> basis.shape, basis[0].tolist()
    ((3, 4), [1.0, 1.0, 1.0, 1.0])
    """
    width = knots[-1] - knots[0]
    t, at = (weeks - knots[0]) / width, (knots - knots[0]) / width
    cubes = np.maximum(t - at[:, None], 0) ** 3
    slopes = (cubes[:-1] - cubes[-1]) / (at[-1] - at[:-1])[:, None]
    return np.vstack([np.ones_like(t), t, slopes[:-1] - slopes[-1]])


def spline_knots(cells: RiskCells, df: int) -> Floats:
    """Quantiles of the exits; fewer than ``df`` where exits crowd into few weeks."""
    exits = np.repeat(cells.weeks, cells.deaths)
    return np.unique(np.quantile(exits, np.linspace(0, 1, df)))


def _exit_span(leavers: Counts) -> Counts:
    """From the first to the last week with an exit; week 0 alone when there is none."""
    exits = np.flatnonzero(leavers)
    return np.arange(exits[0], exits[-1] + 1) if len(exits) else np.zeros(1, dtype=np.int64)


def _smooth(model: CoxModel, weeks: Counts, df: int) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Values, their covariance, and what is to be said of them."""
    size = len(weeks)
    unknown = np.full(size, math.nan), np.full((size, size), math.nan)
    if model.fit is None or model.obstacle:
        return *unknown, (model.obstacle,)
    cells, groups = model.fit.model.likelihood.cells, model.groups
    knots = spline_knots(cells, df)
    if len(knots) < df:
        return *unknown, (f"not estimable: exits lie in too few weeks for {df} knots",)
    basis = natural_spline(cells.weeks.astype(np.float64), knots)[1:]
    columns = np.zeros(df - 1, dtype=np.int64)
    fitted = model.fit.model
    added = added_over_time(fitted, basis, columns, robust=groups.robust, groups=groups.codes)
    path = natural_spline(weeks.astype(np.float64), knots)[1:] - added.taken[0][:, None]
    try:
        steps = np.linalg.solve(added.information, path).T  # (T, K)
    except np.linalg.LinAlgError:
        return *unknown, ("not estimable: too few exits to tell",)
    first = np.tile(np.linalg.inv(added.fitted)[0], (size, 1))
    by_score = np.hstack([first, steps])
    scale = float(fitted.likelihood.scale[0])
    values = (fitted.maximum.beta[0] + steps @ added.score) / scale
    return values, by_score @ added.spread @ by_score.T / scale**2, ()
