"""Incidence of exits among those who take part because of the lottery, week by week."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves.simultaneous import sup_t
from jobeval.exits.grid.durations import validate_horizon
from jobeval.exits.grid.grid import remaining
from jobeval.exits.take_up.complier_influence import GroupInfluence, Moves
from jobeval.exits.take_up.take_up_data import read_take_up
from jobeval.inference.intervals import normal_quantile
from jobeval.inference.redraw import SEED, require_seed
from jobeval.inference.take_up import WEAK
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, CurveTable

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
CONTROL, TREATMENT, EFFECT = 0, 1, 2
ROUNDING = 1e-12


class ComplierCurves(NamedTuple):
    """Curves of the compliers without and with taking part, and their difference.

    ``values`` has shape ``(3, T)``, ``covariance`` ``(3, T, T)``.
    """

    values: Floats
    covariance: Floats


def estimate_complier_incidence(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    treated: str,
    horizon_weeks: int | None = None,
    standardise: bool | None = None,
    conf_level: float = 0.95,
    seed: int = SEED,
) -> CurveTable:
    """The share that has left, by week, among those who take part because of the lottery.

    With ``Z`` the arm and ``D`` taking part, the incidence of the compliers under treatment is
    ``[P(T ≤ t, D = 1 | Z = 1) − P(T ≤ t, D = 1 | Z = 0)] / [P(D = 1 | Z = 1) − P(D = 1 | Z = 0)]``,
    and under control the same with ``D = 0`` and the sign turned (Imbens & Rubin 1997; Abadie
    2002; with censoring Abbring & Van den Berg 2005). Their difference is the effect of the
    lottery on the incidence of everybody over its effect on take-up.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person. Persons of other arms are left out.
    duration, observed, lottery
        As for ``survival_curve``.
    treated
        Column of 1/0 or true/false: who took part, in both arms.
    horizon_weeks
        The last week of the curves; the longest duration when left out.
    standardise
        As in ``survival_curve``: effects are averaged over the strata of everybody drawn
        before their ratio is taken, exactly when the lottery has strata.
    conf_level
        Level of the pointwise intervals and of the bands for all weeks at once.
    seed
        Of the simulation behind the bands.

    Returns
    -------
    CurveTable
        Of the measure ``"complier_incidence"``: control, treatment, and their difference
        (``lottery.contrast``). Intervals are symmetric (delta method on influence functions),
        bands sup-t. Where a curve falls or leaves 0–1, a note says so and nothing is changed:
        that is noise, or an assumption that fails. ``at_risk`` and ``events`` are persons who
        did as the curve says, of both arms. ``nan`` where an arm or stratum has nobody at risk,
        and everywhere with a note when the lottery did not move take-up.

    Raises
    ------
    DataError, DesignError
        As ``survival_curve``; also when take-up is missing for anybody, or not 0 and 1.

    Notes
    -----
    It needs that the lottery changes exits through taking part alone (also not by waiting for
    it), that nobody takes part only when drawn to control, and that censoring is unrelated to
    exits and take-up within arm and stratum. Take-up must be known of everybody as a fact of
    the whole follow-up: who leaves before a start that would have come counts as not taking
    part, so the compliers are those who stay long enough to start; but take-up that is missed
    because follow-up ended biases all curves. Taking part is no group to compare by: who
    started has survived until then (immortal time), and the lottery is what mends it.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("cccctttt"), "started": [0] * 5 + [1] * 3,
    ...     "week": [2, 3, 3, 4, 4, 1, 1, 2], "left": [1] * 8})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> curves = estimate_complier_incidence(frame, "week", "left", lottery, treated="started")
    >>> curves["t"].values.round(3).tolist(), curves["c"].values.round(3).tolist()
    ([0.0, 0.667, 1.0, 1.0, 1.0], [0.0, 0.0, 0.333, 1.0, 1.0])
    """
    z = normal_quantile(conf_level)
    require_seed(seed)
    data = read_take_up(frame, duration, observed, lottery, treated, standardise)
    last = len(data.strata.grid.weeks) - 1
    if horizon_weeks is not None:
        last = min(last, validate_horizon(horizon_weeks))
    moves = data.moves(last)
    if abs(moves.take_up) < ROUNDING:
        curves, notes = _unknown(last + 1), ["not estimable: the lottery did not move take-up"]
    else:
        parts = data.influences(last)
        curves, notes = complier_curves(moves, parts), _strength_notes(moves, parts)
    arms = (str(lottery.control), str(lottery.treatment), lottery.contrast)
    counts = _counts(data.ends(last))
    return CurveTable(
        tuple(
            _curve(duration, arms[which], which, curves, counts, (z, conf_level, seed),
                   [*data.notes(), *notes])
            for which in (CONTROL, TREATMENT, EFFECT)
        )
    )  # fmt: skip


def complier_curves(moves: Moves, parts: list[GroupInfluence]) -> ComplierCurves:
    """The curves with their covariances, by the delta method for ratios."""
    share = moves.take_up
    under = moves.incidence.T * np.array([[-1.0], [1.0]]) / share
    values = np.stack([*under, under[1] - under[0]]) + 0.0  # no negative zeros
    covariance = np.zeros((3, values.shape[1], values.shape[1]))
    for part in parts:
        own = np.moveaxis(part.incidence, 2, 0) * np.array([-1.0, 1.0])[:, None, None]
        own = (own - under[:, None] * part.take_up[:, None]) / share
        for which, influence in enumerate((*own, own[1] - own[0])):
            covariance[which] += (influence * part.times[:, None]).T @ influence
    unknown = np.isnan(values)
    covariance[unknown[:, :, None] | unknown[:, None, :]] = np.nan
    return ComplierCurves(values, covariance)


def _unknown(n_weeks: int) -> ComplierCurves:
    return ComplierCurves(np.full((3, n_weeks), np.nan), np.full((3, n_weeks, n_weeks), np.nan))


def _strength_notes(moves: Moves, parts: list[GroupInfluence]) -> list[str]:
    variance = sum(float((part.times * part.take_up**2).sum()) for part in parts)
    notes: list[str] = []
    if math.isnan(variance):
        notes.append("standard errors not estimable: too few drawn in an arm of a stratum")
    if moves.take_up**2 < WEAK * variance:
        notes.append("weak first stage (F below 10): intervals and bands are too optimistic")
    if moves.take_up < 0:
        notes.append("the treatment arm took part less: the compliers stay away when drawn")
    return notes


def _counts(ends: Counts) -> tuple[Counts, Counts]:
    """At risk and exits by week of those who did not and did take part: shapes ``(2, T)``."""
    by_take_up = np.moveaxis(ends.sum(axis=(0, 1)), 2, 0)
    return remaining(by_take_up.sum(axis=2)), by_take_up[:, :, 1]


def _curve(
    endpoint: str,
    arm: str,
    which: int,
    curves: ComplierCurves,
    counts: tuple[Counts, Counts],
    level: tuple[float, float, int],
    notes: list[str],
) -> Curve:
    z, conf_level, seed = level
    values, covariance = curves.values[which], curves.covariance[which]
    at_risk, events = counts
    std_error = np.sqrt(np.diag(covariance))
    known = np.flatnonzero(std_error > ROUNDING)
    half, band = (np.full(len(values), np.nan) for _ in range(2))
    half[known] = z * std_error[known]
    if len(known):
        largest = sup_t(covariance[np.ix_(known, known)], seed)
        band[known] = largest.critical_value(conf_level) * std_error[known]
    return Curve(
        endpoint=endpoint,
        measure="complier_incidence",
        arm=arm,
        times=np.arange(len(values)),
        values=values,
        at_risk=at_risk.min(axis=0) if which == EFFECT else at_risk[which],
        events=events.sum(axis=0) if which == EFFECT else events[which],
        std_error=std_error,
        conf_low=values - half,
        conf_high=values + half,
        band_low=values - band,
        band_high=values + band,
        unit="share",
        conf_level=conf_level,
        notes=(*notes, *_shape_notes(values, which)),
    )


def _shape_notes(values: Floats, which: int) -> Iterator[str]:
    """What no incidence does, and where the curve is unknown."""
    known = values[~np.isnan(values)]
    if len(known) and which != EFFECT:
        outside = int(((known < -ROUNDING) | (known > 1 + ROUNDING)).sum())
        falls = int((np.diff(known) < -ROUNDING).sum())
        if outside:
            yield f"outside 0–1 in {outside} weeks: noise, or an assumption fails; left as it is"
        if falls:
            yield f"falls in {falls} weeks: noise, or an assumption fails; left as it is"
    if 0 < len(known) < len(values):
        yield f"unknown from week {len(known)} on: nobody is at risk in an arm of a stratum"
