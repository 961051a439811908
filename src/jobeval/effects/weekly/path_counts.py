"""Outcomes week by week since randomisation, from counts per stratum × arm × week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jobeval.regression.blocked import blocked_difference, stratified_means, stratum_shares
from jobeval.regression.difference import CellMoments
from jobeval.results import Curve, CurveTable

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PathCounts:
    """What an engine counts of a weekly outcome.

    Attributes
    ----------
    weeks
        Shape ``(T,)``, ascending; week 0 is the week of randomisation.
    n, total, total_sq
        Shape ``(S, 2, T)``, by stratum, arm (control, treatment) and week: persons observed,
        the sum of their outcome, and the sum of its squares.
    arms
        The names of control and treatment.
    """

    weeks: NDArray[np.int64]
    n: NDArray[Any]
    total: NDArray[Any]
    total_sq: NDArray[Any]
    arms: tuple[str, str] = ("control", "treatment")

    def __post_init__(self) -> None:
        shape = (len(self.n), 2, len(self.weeks))
        if any(array.shape != shape for array in (self.n, self.total, self.total_sq)):
            raise ValueError(f"n, total and total_sq must all have shape {shape}")
        if (np.diff(self.weeks) <= 0).any():
            raise ValueError("weeks must ascend")


@dataclass(frozen=True, slots=True, eq=False)
class PathValues:
    """A path as arrays of shape ``(3, T)``: control, treatment, treatment − control."""

    values: Floats
    std_error: Floats
    df: Floats
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]


def estimate_path_from_counts(
    counts: PathCounts,
    *,
    endpoint: str,
    measure: Literal["share", "mean"] | None = None,
    unit: str = "",
    conf_level: float = 0.95,
) -> CurveTable:
    """Estimate the mean of each arm and their difference, week by week.

    In every week the arms' means are means over the strata's shares of the persons observed
    in that week, so their difference is the blocked difference of that week, valid under
    unequal allocation. Intervals are pointwise, from t with ``N − 2S`` degrees of freedom
    for the difference (Welch with one stratum) and ``Nₐ − S`` for an arm.

    Parameters
    ----------
    counts
        Sums per stratum × arm × week.
    endpoint, measure, unit
        What the curves carry. ``measure`` is ``"share"`` for an outcome that is 0 or 1;
        ``None`` for ``"share"`` where that is the unit, else ``"mean"``.
    conf_level
        Level of the pointwise intervals.

    Returns
    -------
    CurveTable
        Control, treatment and ``"treatment - control"``; ``at_risk`` counts the persons
        observed in the week, ``events`` those of them with a 1 (0 throughout for an outcome
        that is not 0 or 1). A week in which some stratum has fewer than two observed
        persons in an arm is ``nan``; from week 0 on, the first such week ends the curves,
        because what remains would be another population. Where nothing varies the interval
        is ``nan``. Notes say so.

    Examples
    --------
    >>> n = np.array([[[4, 4], [4, 4]]])
    >>> hours = np.array([[[0.0, 4], [0, 12]]])
    >>> counts = PathCounts(np.array([0, 1]), n, hours, np.array([[[0.0, 10], [0, 50]]]))
    >>> path = estimate_path_from_counts(counts, endpoint="hours", unit="hours a week")
    >>> path["treatment - control"].values.tolist()
    [0.0, 2.0]
    """
    from scipy.special import stdtrit

    path = path_values(counts)
    flat = ~(path.std_error > 0)
    std_error = np.where(flat, np.nan, path.std_error)
    half = stdtrit(path.df, 0.5 + conf_level / 2) * std_error
    control, treatment = counts.arms
    notes = _notes(counts.weeks, path)
    curves = [
        Curve(
            endpoint=endpoint,
            measure=measure or ("share" if unit == "share" else "mean"),
            arm=arm,
            times=np.asarray(counts.weeks, dtype=np.int64),
            values=path.values[row],
            at_risk=path.at_risk[row],
            events=path.events[row],
            std_error=std_error[row],
            conf_low=path.values[row] - half[row],
            conf_high=path.values[row] + half[row],
            unit=unit,
            conf_level=conf_level,
            notes=notes,
        )
        for row, arm in enumerate((control, treatment, f"{treatment} - {control}"))
    ]
    return CurveTable(tuple(curves))


def path_values(counts: PathCounts) -> PathValues:
    """The numbers of a path; ``nan`` in the weeks that ``estimate_path_from_counts`` leaves out."""
    cells = _cells(counts)
    kept = ~_ended(counts)
    share = stratum_shares(cells.n)
    arm_variance = (np.square(share)[:, None] * cells.variance / cells.n).sum(axis=0)
    difference = blocked_difference(cells)
    persons = np.asarray(counts.n).sum(axis=0)
    parts = (
        np.vstack([stratified_means(cells), difference.estimate]),
        np.vstack([np.sqrt(arm_variance), difference.std_error]),
        np.vstack([persons - len(cells.n), difference.df]),
    )
    values, std_error, df = (np.where(kept, part, np.nan) for part in parts)
    at_risk = np.vstack([persons, persons.sum(axis=0)]).astype(np.int64)
    positive = _positive(counts).sum(axis=0)
    events = np.vstack([positive, positive.sum(axis=0)]).astype(np.int64)
    return PathValues(values, std_error, df, at_risk, events)


def _positive(counts: PathCounts) -> NDArray[Any]:
    binary = np.array_equal(counts.total, counts.total_sq)
    return np.rint(counts.total) if binary else np.zeros_like(counts.total)


def _cells(counts: PathCounts) -> CellMoments:
    n = np.asarray(counts.n, dtype=float)
    some, several = np.where(n > 0, n, np.nan), np.where(n > 1, n, np.nan)
    mean = counts.total / some
    squares = np.maximum(counts.total_sq - counts.total * mean, 0)
    squares[squares <= 1e-12 * np.asarray(counts.total_sq)] = 0  # rounding, not variation
    return CellMoments(some, mean, squares / (several - 1))


def _ended(counts: PathCounts) -> NDArray[np.bool_]:
    """The weeks without a value, shape ``(T,)``."""
    small = (np.asarray(counts.n) < 2).any(axis=(0, 1))
    after = np.logical_or.accumulate(small & (counts.weeks >= 0))
    return small | after


def _notes(weeks: NDArray[np.int64], path: PathValues) -> tuple[str, ...]:
    notes: list[str] = []
    missing = np.isnan(path.values[2])
    before, after = weeks[missing & (weeks < 0)], weeks[missing & (weeks >= 0)]
    why = "a stratum has fewer than two observed persons in an arm"
    if len(before):
        notes.append(f"no value in {len(before)} weeks before week 0: {why}")
    if len(after):
        notes.append(f"no value from week {after[0]} on: {why}")
    if (~missing & ~(path.std_error > 0).all(axis=0)).any():
        notes.append("no interval in weeks in which the outcome does not vary within an arm")
    return tuple(notes)
