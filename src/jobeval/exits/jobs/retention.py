"""Whether a job is kept: among those who started one, and of everyone drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves.curves import FEW_CLUSTERS
from jobeval.exits.destinations.aalen_johansen import aalen_johansen
from jobeval.exits.grid.strata import WeightedStrata, weigh_strata
from jobeval.exits.grid.within_strata import compare_within_strata
from jobeval.exits.jobs.kept_jobs import KEPT, KeptJobs, read_kept_jobs
from jobeval.inference.intervals import normal_quantile
from jobeval.plan.lottery import Lottery
from jobeval.results import EffectTable, Estimate

Floats = NDArray[np.float64]
NOT_CAUSAL = "not causal: compares those who started a job, which the offer itself may change"
COMPLETE = 1e-12
"""What rounding leaves when everybody has kept or lost a job."""


def estimate_retention(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    started: str,
    followed: str,
    weeks: Sequence[int] = (13, 26),
    horizon_weeks: int | None = None,
    conf_level: float = 0.95,
) -> EffectTable:
    """The difference of the arms in jobs kept at least so many weeks, in two ways.

    Among those who started a job, and long enough before the end of follow-up for the answer to
    be known (the eligible), the share that kept it is what a supplier is paid by. But who starts
    a job is itself an outcome: if the offer helps persons into work who would not have found
    any, they may keep it less long, and the arms differ without any effect on keeping. The
    effect of the offer is on the share of everyone drawn who by the horizon has started a job
    and kept it so long.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row for **everyone drawn**, such as
        ``derive_retention`` gives beside the lottery. Persons of other arms are left out.
    duration
        Column of whole weeks that the first job was kept, to its loss or the end of follow-up;
        missing for who did not start.
    observed
        Column of true/false or 1/0: whether the job was lost.
    lottery
        The names of the lottery's columns.
    started
        Column of whole weeks from randomisation to the first job week, missing for never.
    followed
        Column of whole weeks that persons were followed since randomisation.
    weeks
        The numbers of weeks that a job shall be kept.
    horizon_weeks
        Weeks since randomisation at which everyone drawn is looked at. Left out, the last week
        to which the shares of both arms are known in every stratum for all of ``weeks``.
    conf_level
        Level of the intervals.

    Returns
    -------
    EffectTable
        Two estimates for each ``w`` of ``weeks``, in shares.

        ``part="kept>=w, starters"``, ``estimand="among_starters"``: the difference among the
        eligible, whose numbers are ``n_treatment`` and ``n_control``, with weights ``n₁ n₀ / n``
        over strata (see ``compare_within_strata``) and a note that it is not causal.

        ``part="kept>=w, everyone"``, ``estimand="itt"``: the difference in the cumulative
        incidence of having kept the first job ``w`` weeks, at ``horizon_weeks``. The job has been
        kept so long ``w`` weeks after its start; its loss before is a competing exit, because
        only the first job counts; who is not followed far enough is censored. Standardised over
        the strata of everyone drawn.

        ``n_apart_…`` are, among starters, those whose outcome is the rarer one in their arm, and
        of everyone, those seen to have kept their job by the horizon.

    Raises
    ------
    ValueError
        For weeks that are not whole, above 0 and rising.
    DataError
        For broken or contradictory weeks, and a lottery that cannot be read.
    DesignError
        When the chance of treatment differs within strata.

    Notes
    -----
    Curves of both, over all weeks and with jobs that are not old enough yet, are those of
    ``retention_curves``.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttttccccc"), "week": [2, 9, 5, None, 7, 2, 3, 8, 1, 4],
    ...     "kept": [8, 3, 5, None, 3, 6, 2, 2, 1, 6], "lost": [0, 1, 0, None, 0, 1, 1, 0, 1, 0],
    ...     "weeks": [10, 20, 10, 10, 10, 20, 10, 10, 10, 10]})
    >>> table = estimate_retention(frame, "kept", "lost",
    ...     Lottery(arm="arm", treatment="t", control="c"), started="week", followed="weeks",
    ...     weeks=[4], horizon_weeks=10)
    >>> [(e.part, e.mean_treatment, e.mean_control, e.n_treatment, e.n_control) for e in table]
    [('kept>=4, starters', 0.6666666666666666, 0.5, 3, 4), ('kept>=4, everyone', 0.4, 0.4, 5, 5)]
    """
    normal_quantile(conf_level)
    weeks = validate_weeks("weeks", weeks)
    jobs = read_kept_jobs(frame, duration, observed, lottery, started=started, followed=followed)
    grids = {kept: weigh_strata(jobs.until_kept(kept), lottery, None) for kept in weeks}
    if horizon_weeks is None:
        horizon = common_horizon(list(grids.values()))
    else:
        (horizon,) = validate_weeks("horizon_weeks", (horizon_weeks,))
    said: list[Estimate] = []
    for kept, strata in grids.items():
        named = _Named(duration, lottery.contrast, kept, conf_level)
        said += [_among_starters(jobs, named), _of_everyone(jobs, strata, named, horizon)]
    return EffectTable(tuple(said))


class _Named(NamedTuple):
    endpoint: str
    contrast: str
    kept: int
    conf_level: float


def validate_weeks(name: str, weeks: Sequence[Any]) -> tuple[int, ...]:
    """Whole weeks above 0 that rise; ``ValueError`` otherwise.

    >>> validate_weeks("weeks", [13, 26])
    (13, 26)
    """
    if np.ndim(weeks) != 1:
        raise ValueError(f"{name} must be a list such as [13, 26], not {weeks!r}")
    whole = all(isinstance(w, int | np.integer) and not isinstance(w, bool) for w in weeks)
    if not len(weeks) or not whole or min(weeks) < 1 or sorted(set(weeks)) != list(weeks):
        raise ValueError(f"{name} must be whole weeks above 0 that rise, not {list(weeks)!r}")
    return tuple(int(w) for w in weeks)


def common_horizon(grids: Sequence[WeightedStrata]) -> int:
    """The last week to which the incidences of both arms are known in all strata."""
    known = [
        ~np.isnan(aalen_johansen(s.grid.at_risk, s.grid.events).values).any(axis=(0, 1, 3))
        for s in grids
    ]
    return min(int(np.flatnonzero(weeks)[-1]) for weeks in known)


class KeptShares(NamedTuple):
    """Shares of control and treatment, and their errors, each of shape ``(2,)``."""

    values: Floats
    std_error: Floats


def kept_shares(strata: WeightedStrata, horizon: int) -> KeptShares:
    """The share of each arm that has kept the first job so long by the horizon.

    From the counts of ``KeptJobs.until_kept``; ``nan`` where nobody of an arm in a stratum is
    followed to the horizon.
    """
    grid, last = strata.grid, min(horizon, len(strata.grid.weeks) - 1)
    estimate = aalen_johansen(grid.at_risk, grid.events)
    values, variance = estimate.values[:, :, last], strata.as_drawn(estimate.variance)[:, :, last]
    complete = values.sum(axis=-1) > 1 - COMPLETE
    known = (horizon == last) | complete
    shares = np.where(known, values[..., KEPT - 1], np.nan)
    return KeptShares(shares @ strata.weights, np.sqrt(variance[..., KEPT - 1] @ strata.weights**2))


def _of_everyone(jobs: KeptJobs, strata: WeightedStrata, named: _Named, horizon: int) -> Estimate:
    reached = horizon >= named.kept
    shares = kept_shares(strata, horizon) if reached else _unknown()
    error = math.hypot(*shares.std_error)
    seen = strata.grid.events[..., : horizon + 1, KEPT - 1].sum(axis=(1, 2)).tolist()
    notes = [*strata.notes(), *_why_unknown(shares, named, horizon, reached, seen)]
    return Estimate(
        endpoint=named.endpoint,
        estimand="itt",
        estimator="cumulative incidence (Aalen–Johansen)",
        contrast=named.contrast,
        part=f"kept>={named.kept}, everyone",
        estimate=float(shares.values[1] - shares.values[0]),
        std_error=error if error > 0 else math.nan,
        unit="share",
        conf_level=named.conf_level,
        horizon_weeks=horizon,
        mean_treatment=float(shares.values[1]),
        mean_control=float(shares.values[0]),
        n_apart_treatment=seen[1],
        n_apart_control=seen[0],
        notes=tuple(notes),
        **_sizes(jobs, np.ones(len(jobs.started), dtype=bool)),
    )


def _unknown() -> KeptShares:
    return KeptShares(np.full(2, np.nan), np.full(2, np.nan))


def _why_unknown(
    shares: KeptShares, named: _Named, horizon: int, reached: bool, seen: list[int]
) -> Iterator[str]:
    if not reached:
        yield f"not estimable: nobody can have kept a job {named.kept} weeks by week {horizon}"
    elif np.isnan(shares.values).any():
        yield f"not estimable: a stratum has nobody of an arm who is followed to week {horizon}"
    elif not any(seen):
        yield "standard error not estimable: no job was kept so long in either arm"
    elif not math.hypot(*shares.std_error) > 0:
        yield "standard error not estimable: too few drawn, or all of an arm are alike"


def _among_starters(jobs: KeptJobs, named: _Named) -> Estimate:
    mine, drawn = jobs.eligible(named.kept), jobs.assignment
    retained = (jobs.kept >= named.kept)[mine].astype(np.float64)
    assigned = drawn.assigned[mine]
    cluster = None if drawn.cluster is None else drawn.cluster[mine]
    means = compare_within_strata(retained, assigned, drawn.stratum[mine], cluster)
    kept, eligible = (np.bincount(assigned, weights=w, minlength=2) for w in (retained, None))
    apart = np.minimum(kept, eligible - kept).astype(int).tolist()
    error = means.std_error
    return Estimate(
        endpoint=named.endpoint,
        estimand="among_starters",
        estimator="difference of shares within strata",
        contrast=named.contrast,
        part=f"kept>={named.kept}, starters",
        estimate=means.treatment - means.control,
        std_error=error if error > 0 else math.nan,
        unit="share",
        conf_level=named.conf_level,
        mean_treatment=means.treatment,
        mean_control=means.control,
        n_apart_treatment=apart[1],
        n_apart_control=apart[0],
        notes=tuple(_starter_notes(jobs, mine, means.control, error)),
        **_sizes(jobs, mine),
    )


def _starter_notes(
    jobs: KeptJobs, mine: NDArray[np.bool_], share: float, error: float
) -> Iterator[str]:
    drawn = jobs.assignment
    yield NOT_CAUSAL
    yield "only starts old enough for the answer to be known"
    if drawn.n_strata > 1:
        yield f"within {drawn.n_strata} strata, weighted by how much they tell"
    if drawn.cluster is not None:
        clusters = len(np.unique(drawn.cluster[mine]))
        few = ", too few for a normal reference" if clusters < FEW_CLUSTERS else ""
        yield f"standard errors summed over {clusters} clusters{few}"
    if math.isnan(share):
        yield "not estimable: no stratum has eligible starters of both arms"
    elif not error > 0:
        yield "standard error not estimable"


def _sizes(jobs: KeptJobs, mine: NDArray[np.bool_]) -> dict[str, Any]:
    """Persons by arm, and clusters."""
    drawn = jobs.assignment
    treated = int(drawn.assigned[mine].sum())
    clusters = None if drawn.cluster is None else len(np.unique(drawn.cluster[mine]))
    return {
        "n_treatment": treated,
        "n_control": int(mine.sum()) - treated,
        "n_clusters": clusters,
    }
