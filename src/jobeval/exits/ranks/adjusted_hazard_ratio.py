"""The marginal hazard ratio, more precisely by covariates (Ye, Shao & Yi 2024)."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.ranks.adjusted_logrank import correct, read_baseline
from jobeval.inference.covariates import covariate_names
from jobeval.inference.intervals import normal_quantile
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Estimate

Counts = NDArray[np.int64]
FAR = 30.0
"""A log hazard ratio beyond this is taken for infinite."""


class Score(NamedTuple):
    """``O − E`` at a log hazard ratio, and its derivative with the sign turned."""

    value: float
    information: float


def score_at(at_risk: Counts, events: Counts, log_ratio: float) -> Score:
    """The score of Cox's model with treatment alone (Breslow), from counts ``(2, S, T)``.

    >>> score_at(np.array([[[2, 1]], [[2, 1]]]), np.array([[[1, 0]], [[0, 1]]]), 0.0)
    Score(value=0.0, information=0.5)
    """
    treated, d = math.exp(log_ratio) * at_risk[1], events.sum(axis=0)
    share = treated / np.maximum(at_risk[0] + treated, np.finfo(float).tiny)
    expected, information = (share * d).sum(), (share * (1 - share) * d).sum()
    return Score(float(events[1].sum() - expected), float(information))


def solve_score(at_risk: Counts, events: Counts, shift: float = 0.0) -> float:
    """The log hazard ratio at which ``O − E`` is ``shift``; infinite or ``nan`` when none is."""
    from scipy.optimize import brentq

    def beyond(log_ratio: float) -> float:
        return score_at(at_risk, events, log_ratio).value - shift

    low, high = beyond(-FAR), beyond(FAR)
    if low - high < 1e-9:
        return math.nan
    if low <= 1e-9 or high >= -1e-9:
        return -math.inf if low <= 1e-9 else math.inf
    root: Any = brentq(beyond, -FAR, FAR, xtol=1e-12)
    return float(root)


def estimate_adjusted_hazard_ratio(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term],
    entry: str | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """How many times faster the treatment arm leaves, over everybody, using covariates.

    A hazard ratio that a Cox model adjusts for covariates is one among persons alike in them,
    and lies farther from 1. This one is that of Cox's model with treatment alone, within the
    strata of the lottery; covariates only take out what chance in the draw did to it.

    Parameters
    ----------
    frame, duration, observed, lottery, entry
        As for ``logrank_test``. Each stratum has its own baseline hazard.
    covariates
        Baseline columns: names, or ``Term`` to say how they are coded. What does not vary
        within strata, or is a combination of others, is dropped with a note.
    conf_level
        Level of the interval.

    Returns
    -------
    Estimate
        On the log scale (``scale="log_ratio"``), with a normal reference. ``nan`` with a note
        when no exit was seen, or when the ratio is infinite.

    Raises
    ------
    DataError
        For missing or broken durations or covariates, and a lottery that cannot be read.
    DesignError
        When clusters were drawn.

    References
    ----------
    Ye, Shao & Yi (2024), Biometrika 111, section 4; Breslow's handling of ties.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 4, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1], "age": [30, 51, 42, 33, 50, 24]})
    >>> effect = estimate_adjusted_hazard_ratio(frame, "week", "left",
    ...     Lottery(arm="arm", treatment="t", control="c"), covariates=["age"])
    >>> round(effect.estimate, 3), round(effect.std_error, 3)
    (1.658, 1.254)
    """
    normal_quantile(conf_level)
    if lottery.clusters:
        raise DesignError(
            "The adjusted hazard ratio has no error for clusters that were drawn as a whole. "
            "Mend: use estimate_hazard_ratio with covariates."
        )
    names = covariate_names(covariates)
    durations = read_durations(frame, duration, observed, lottery, names, entry=entry)
    grid, baseline = durations.grid(lottery), read_baseline(durations, covariates)
    plain = solve_score(grid.at_risk, grid.leavers)
    found = (math.nan, math.nan, _why(plain, grid)) if not math.isfinite(plain) else None
    if found is None:
        correction = correct(durations, grid, baseline, plain)
        found = _solve(grid, correction.shift, correction.variance)
    estimate, std_error, notes = found
    sizes, exits = grid.sizes.sum(axis=1), grid.leavers.sum(axis=(1, 2))
    return Estimate(
        endpoint=duration,
        estimand="itt",
        estimator="marginal Cox, covariate-adjusted",
        contrast=lottery.contrast,
        estimate=estimate,
        std_error=std_error,
        scale="log_ratio",
        unit="hazard_ratio",
        conf_level=conf_level,
        n_treatment=int(sizes[1]),
        n_control=int(sizes[0]),
        n_apart_treatment=int(exits[1]),
        n_apart_control=int(exits[0]),
        notes=(*baseline.notes, *notes),
    )


def _solve(grid: ExitGrid, shift: float, saved: float) -> tuple[float, float, tuple[str, ...]]:
    """Estimate and error, ``√(G − V) / G`` with ``G`` the information at the estimate."""
    estimate = solve_score(grid.at_risk, grid.leavers, shift)
    if not math.isfinite(estimate):
        return math.nan, math.nan, _why(estimate, grid)
    information = score_at(grid.at_risk, grid.leavers, estimate).information
    if information <= saved:
        return estimate, math.nan, ("standard error not estimable",)
    return estimate, math.sqrt(information - saved) / information, ()


def _why(log_ratio: float, grid: ExitGrid) -> tuple[str, ...]:
    if not grid.leavers.any():
        return ("not estimable: no exit was seen",)
    if math.isnan(log_ratio):
        return ("not estimable: no exit with both arms at risk",)
    return ("not estimable (infinite): one arm alone leaves while both are at risk",)
