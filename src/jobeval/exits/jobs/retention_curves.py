"""Jobs kept by weeks since their start, and by weeks since randomisation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from jobeval.exits.curves.curves import end_notes
from jobeval.exits.curves.standardised import standardise_curves
from jobeval.exits.curves.survival import say_curves, validate_options
from jobeval.exits.destinations.aalen_johansen import aalen_johansen
from jobeval.exits.grid.durations import Durations
from jobeval.exits.grid.strata import WeightedStrata, weigh_strata
from jobeval.exits.jobs.kept_jobs import KEPT, read_kept_jobs
from jobeval.exits.jobs.retention import NOT_CAUSAL, validate_weeks
from jobeval.inference.intervals import log_log_interval
from jobeval.inference.redraw import SEED
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, CurveTable


def retention_curves(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    started: str,
    followed: str,
    weeks: Sequence[int] = (13, 26),
    conf_level: float = 0.95,
) -> CurveTable:
    """The curves behind ``estimate_retention``.

    Parameters
    ----------
    frame, duration, observed, lottery, started, followed, weeks, conf_level
        As in ``estimate_retention``.

    Returns
    -------
    CurveTable
        ``measure="survival"``, one an arm: of those who started a job, the share that kept it
        at least ``t`` weeks, by weeks **since the start** (Kaplan & Meier 1958). Jobs that are
        not old enough are censored. Plain over strata, with a note that arms are not comparable;
        left out when nobody started.

        ``measure="cumulative_incidence"``, one an arm and ``w`` of ``weeks`` with
        ``cause="kept>=w"``: of everyone drawn, the share that has kept its first job ``w``
        weeks, by weeks **since randomisation** (Aalen & Johansen 1978), standardised over the
        strata. Their difference is the effect at each week.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("ttcc"), "week": [2, 1, 0, None],
    ...     "kept": [3, 1, 2, None], "lost": [0, 1, 1, None], "weeks": [5, 5, 5, 5]})
    >>> curves = retention_curves(frame, "kept", "lost",
    ...     Lottery(arm="arm", treatment="t", control="c"), started="week", followed="weeks",
    ...     weeks=[2])
    >>> curves.one(measure="survival", arm="t").values.tolist()
    [1.0, 1.0, 0.5, 0.5]
    >>> curves.one(cause="kept>=2", arm="c").values.tolist()
    [0.0, 0.0, 0.5, 0.5, 0.5, 0.5]
    """
    weeks = validate_weeks("weeks", weeks)
    jobs = read_kept_jobs(frame, duration, observed, lottery, started=started, followed=followed)
    curves: list[Curve] = []
    if jobs.starters.any():
        curves += _kept(jobs.until_lost(), duration, lottery, conf_level)
    for kept in weeks:
        strata = weigh_strata(jobs.until_kept(kept), lottery, None)
        curves += _reached(strata, duration, conf_level)
    return CurveTable(tuple(curves))


def _kept(jobs: Durations, endpoint: str, lottery: Lottery, conf_level: float) -> Iterator[Curve]:
    """Survival of the jobs of each arm, over all strata together."""
    options = validate_options("survival", None, None, conf_level, SEED)
    strata = weigh_strata(jobs, lottery, standardise=False)
    for curve in say_curves(standardise_curves(strata, "survival"), endpoint, options):
        yield replace(curve, notes=("weeks since the start of the job", NOT_CAUSAL, *curve.notes))


def _reached(strata: WeightedStrata, endpoint: str, conf_level: float) -> Iterator[Curve]:
    """The share of everyone drawn that has kept the first job so long."""
    grid, estimate = strata.grid, aalen_johansen(strata.grid.at_risk, strata.grid.events)
    variance = strata.as_drawn(estimate.variance)[..., KEPT - 1]
    for arm, name in enumerate(grid.arms):
        values = strata.combine(estimate.values[arm, ..., KEPT - 1])
        std_error = strata.combine_errors(variance[arm])
        low, high = log_log_interval(values, std_error, conf_level)
        ends = end_notes(grid.weeks, values, name, len(strata.weights))
        yield Curve(
            endpoint=endpoint,
            measure="cumulative_incidence",
            arm=name,
            cause=grid.causes[KEPT - 1],
            times=grid.weeks,
            values=values,
            at_risk=grid.at_risk[arm].sum(axis=0),
            events=grid.events[arm, ..., KEPT - 1].sum(axis=0),
            std_error=std_error,
            conf_low=low,
            conf_high=high,
            unit="share",
            conf_level=conf_level,
            notes=(*strata.notes(), *ends),
        )
