"""Counts on the weekly grid: all that an unadjusted survival analysis needs.

Conventions, for every estimator of this room:

- Time is whole weeks since randomisation. A person with duration ``t`` is at risk in the
  weeks ``0 … t``; the interval of week ``t`` is ``(t − 1, t]``.
- Who enters late, after week ``e``, is at risk in the weeks ``e + 1 … t``: an exit in the
  week of entry is not theirs to have, as with ``Surv(start, stop]`` in R.
- Within a week, exits come before censorings: who is censored in week ``t`` was at risk.
- Incidence at ``t`` includes the exits of week ``t``; survival at ``t`` is after them.
- Everyone is at risk in week 0. An exit in week 0 lowers the curve there, so that survival
  starts at 1 only when nobody leaves in the week of the draw. Who is censored in week 0 was at
  risk in it, and so changes tests and curves exactly when somebody leaves in that week.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.results.json import html_table

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
        Labels of the axes; one nameless cause when only the exit counts.

    Examples
    --------
    >>> one = np.array([0, 0, 0])
    >>> build_grid(np.array([1, 2, 2]), np.array([1, 0, 1]), one, one,
    ...     arms=("control", "treatment"), strata=("all",), causes=("job",))
    ExitGrid(2 arms × 1 stratum × 3 weeks, 3 persons, 2 exits)
    """

    weeks: Counts
    events: Counts
    censored: Counts
    entries: Counts
    arms: tuple[str, ...]
    strata: tuple[str, ...]
    causes: tuple[str, ...]

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "arm", "stratum", "week", "cause", "at_risk", "events", "censored", "entries",
    )  # fmt: skip

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

    def within(self, strata: NDArray[np.intp]) -> "ExitGrid":
        """The same grid in some of its strata, by their places."""
        return ExitGrid(
            self.weeks,
            self.events[:, strata],
            self.censored[:, strata],
            self.entries[:, strata],
            self.arms,
            tuple(self.strata[place] for place in strata),
            self.causes,
        )

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

    def to_frame(self) -> pd.DataFrame:
        """One row for each arm, stratum, week and cause.

        ``at_risk``, ``censored`` and ``entries`` are those of the week, whatever the cause.
        """
        shape = self.events.shape
        labels = (self.arms, self.strata, self.weeks, self.causes)
        places = np.indices(shape).reshape(len(shape), -1)
        keys = [np.asarray(axis)[place] for axis, place in zip(labels, places, strict=True)]
        weekly = [
            np.broadcast_to(counts[..., None], shape).ravel()
            for counts in (self.at_risk, self.censored, self.entries)
        ]
        columns = [*keys, weekly[0], self.events.ravel(), *weekly[1:]]
        return pd.DataFrame(dict(zip(self.COLUMNS, columns, strict=True)))

    def __repr__(self) -> str:
        arms, strata, weeks = self.censored.shape
        return (
            f"ExitGrid({_many(arms, 'arm')} × {_many(strata, 'stratum', 'strata')} × "
            f"{_many(weeks, 'week')}, {_many(int(self.sizes.sum()), 'person')}, "
            f"{_many(int(self.events.sum()), 'exit')})"
        )

    def _repr_html_(self) -> str:
        return html_table(self.to_frame())


def _many(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"


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
    shape = (len(arms), len(strata), int(weeks.max(initial=0)) + 1, len(causes) + 1)
    table = _tabulate((arm, stratum, weeks, cause), shape, counts)
    entries = np.zeros(shape[:3], dtype=np.int64)
    if entry is not None:
        if entry.dtype.kind not in "iu" or (entry < -1).any() or (entry >= weeks).any():
            raise ValueError("entry must be integers from −1 to below weeks")
        late, behind = entry >= 0, None
        if counts is not None:
            behind = counts[late]
        entries = _tabulate((arm[late], stratum[late], entry[late]), shape[:3], behind)
    every = np.arange(shape[2])
    return ExitGrid(every, table[..., 1:], table[..., 0], entries, tuple(arms), strata, causes)


def _tabulate(codes: tuple[Counts, ...], shape: tuple[int, ...], counts: Counts | None) -> Counts:
    """Rows, or ``counts``, by combination of codes; one array of cells, filled in place."""
    cell = codes[0].astype(np.int64)
    for code, size in zip(codes[1:], shape[1:], strict=True):
        if size > 1:
            cell *= size
            cell += code
    table = np.bincount(cell, weights=counts, minlength=int(np.prod(shape)))
    return table.astype(np.int64, copy=False).reshape(shape)


def cluster_counts(
    cluster: Counts,
    weeks: Counts,
    cause: Counts,
    n_weeks: int,
    n_causes: int,
    *,
    entry: Counts | None = None,
) -> tuple[Counts, Counts]:
    """Persons by cluster × week × cause, the censored first, and late entries by cluster × week.

    Shapes ``(G, T, K + 1)`` and ``(G, T)``, for the clusters that are among the persons.
    """
    codes = np.unique(cluster, return_inverse=True)[1]
    shape = (int(codes.max(initial=-1)) + 1, n_weeks, n_causes + 1)
    table = _tabulate((codes, weeks, cause), shape, None)
    if entry is None:
        return table, np.zeros(shape[:2], dtype=np.int64)
    late = entry >= 0
    return table, _tabulate((codes[late], entry[late]), shape[:2], None)


def _validate_codes(name: str, values: NDArray[Any], below: float) -> None:
    if values.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers, not {values.dtype}")
    unsigned = values.view(f"u{values.itemsize}")  # one pass: what is negative becomes huge
    if len(values) and unsigned.max() > min(below - 1, np.iinfo(values.dtype).max):
        raise ValueError(f"{name} must lie in 0 … {below - 1:g}")
