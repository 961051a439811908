"""Counts on the weekly grid: all that an unadjusted survival analysis needs.

Conventions, for every estimator of this room:

- Time is whole weeks since randomisation. A person with duration ``t`` is at risk in the
  weeks ``0 … t``; the interval of week ``t`` is ``(t − 1, t]``.
- Who enters late, after week ``e``, is at risk in the weeks ``e + 1 … t``: an exit in the
  week of entry is not theirs to have, as with ``Surv(start, stop]`` in R.
- Within a week, exits come before censorings: who is censored in week ``t`` was at risk.
- Incidence at ``t`` includes the exits of week ``t``; survival at ``t`` is after them.
- Everyone is at risk in week 0. An exit in week 0 lowers the curve there, so that survival
  starts at 1 only when nobody leaves in the week of the draw. Who is censored in week 0
  changes no test and no curve.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ExitGrid:
    """Exits, censorings and late entries per arm × stratum × week.

    Attributes
    ----------
    weeks
        Shape ``(T,)``: 0, 1, …, the longest duration of any arm.
    events
        Shape ``(A, S, T, K)``: exits by cause.
    censored
        Shape ``(A, S, T)``.
    entries
        Shape ``(A, S, T)``: who came under observation after that week; nobody unless
        entry was late.
    arms, strata, causes
        Labels of the axes.
    """

    weeks: Counts
    events: Counts
    censored: Counts
    entries: Counts
    arms: tuple[str, ...]
    strata: tuple[str, ...]
    causes: tuple[str, ...]

    @property
    def leavers(self) -> Counts:
        """Exits of any cause, shape ``(A, S, T)``."""
        return self.events.sum(axis=-1)

    @property
    def at_risk(self) -> Counts:
        """Persons at risk in each week, shape ``(A, S, T)``."""
        return remaining(self.leavers + self.censored - self.entries)

    @property
    def sizes(self) -> Counts:
        """Persons, shape ``(A, S)``."""
        return (self.leavers + self.censored).sum(axis=-1)

    def pooled(self) -> "ExitGrid":
        """The same persons without their strata."""
        return ExitGrid(
            self.weeks,
            self.events.sum(axis=1, keepdims=True),
            self.censored.sum(axis=1, keepdims=True),
            self.entries.sum(axis=1, keepdims=True),
            self.arms,
            ("all",),
            self.causes,
        )


def remaining(leaving: NDArray[Any]) -> NDArray[Any]:
    """Those who leave in this week or later, along the last axis.

    >>> remaining(np.array([0, 2, 1]))
    array([3, 3, 1])
    """
    return np.flip(np.cumsum(np.flip(leaving, axis=-1), axis=-1), axis=-1)


def build_grid(
    weeks: Counts,
    cause: Counts,
    arm: Counts,
    stratum: Counts,
    *,
    arms: tuple[str, ...],
    strata: tuple[str, ...],
    causes: tuple[str, ...],
    entry: Counts | None = None,
    counts: Counts | None = None,
) -> ExitGrid:
    """Count persons, or add up a table that an engine has counted.

    Parameters
    ----------
    weeks
        Shape ``(n,)``, whole weeks ≥ 0.
    cause
        Shape ``(n,)``: 0 = censored, ``k`` = ``causes[k − 1]``.
    arm, stratum
        Shape ``(n,)``, codes into ``arms`` and ``strata``.
    entry
        Shape ``(n,)``: the week after which observation began, −1 = from the start; left
        out, everybody's did.
    counts
        Shape ``(n,)``: persons behind each row; one person a row when left out.

    Raises
    ------
    ValueError
        Where a code has no label, weeks or counts are negative or not integers, or an entry
        is not before the end.

    Examples
    --------
    >>> grid = build_grid(np.array([1, 2, 2]), np.array([1, 0, 1]), np.array([0, 0, 1]),
    ...     np.array([0, 0, 0]), arms=("control", "treatment"), strata=("all",), causes=("job",))
    >>> grid.at_risk[:, 0].tolist()
    [[2, 2, 1], [1, 1, 1]]
    """
    sizes = {"arm": len(arms), "stratum": len(strata), "cause": len(causes) + 1}
    codes = {"arm": arm, "stratum": stratum, "cause": cause}
    for name, values in {**codes, "weeks": weeks, "counts": counts}.items():
        if values is not None:
            _validate_codes(name, values, sizes.get(name, np.inf))
    last = int(weeks.max(initial=0))
    shape = (len(arms), len(strata), last + 1, len(causes) + 1)
    cell = np.ravel_multi_index((arm, stratum, weeks, cause), shape)
    table = np.bincount(cell, weights=counts, minlength=int(np.prod(shape)))
    table = table.astype(np.int64).reshape(shape)
    entries = np.zeros(shape[:3], dtype=np.int64)
    if entry is not None:
        entries = _count_entries(entry, weeks, (arm, stratum), counts, shape[:3])
    weeks = np.arange(last + 1)
    return ExitGrid(weeks, table[..., 1:], table[..., 0], entries, tuple(arms), strata, causes)


def _count_entries(
    entry: Counts,
    weeks: Counts,
    where: tuple[Counts, Counts],
    counts: Counts | None,
    shape: tuple[int, ...],
) -> Counts:
    if entry.dtype.kind not in "iu" or (entry < -1).any() or (entry >= weeks).any():
        raise ValueError("entry must be integers from −1 to below weeks")
    late = entry >= 0
    cell = np.ravel_multi_index((where[0][late], where[1][late], entry[late]), shape)
    behind = None if counts is None else counts[late]
    table = np.bincount(cell, weights=behind, minlength=int(np.prod(shape)))
    return table.astype(np.int64).reshape(shape)


def cluster_counts(
    cluster: Counts, weeks: Counts, cause: Counts, n_weeks: int, n_causes: int
) -> Counts:
    """Persons by cluster × week × cause, the censored first: shape ``(G, T, K + 1)``."""
    codes = np.unique(cluster, return_inverse=True)[1]
    shape = (int(codes.max(initial=-1)) + 1, n_weeks, n_causes + 1)
    cell = np.ravel_multi_index((codes, weeks, cause), shape)
    return np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)


def _validate_codes(name: str, values: NDArray[Any], below: float) -> None:
    if values.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers, not {values.dtype}")
    if len(values) and (values.min() < 0 or values.max() >= below):
        raise ValueError(f"{name} must lie in 0 … {below - 1:g}")
