"""The baseline of weekly hazards: a level for each week or period, or a trend over weeks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.models.week_hazards import Link

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
BaselineName = Literal["free", "periods", "linear", "quadratic", "log"]
BASELINES: tuple[BaselineName, ...] = get_args(BaselineName)
PERIOD = 13
"""Weeks in a period unless told: a quarter."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A level for each of ``q`` runs of weeks: the information of the levels is diagonal.

    Attributes
    ----------
    cell
        Shape ``(S, T)``: the level of each week, ascending, −1 where there is none.
    active
        Shape ``(S, T)``, boolean: weeks that have a level; the likelihood depends on no others.
    starts
        Shape ``(q,)``: where each level begins among the active weeks.
    crude
        Shape ``(q,)``: the levels of everybody together.
    surely
        Shape ``(S, T)``, boolean: weeks in which everybody at risk left, with an infinite level.
    n_parameters
        Levels of weeks with somebody at risk, also where they are infinite.
    names
        Of the levels, where they are told.
    """

    cell: Counts
    active: NDArray[np.bool_]
    starts: Counts
    crude: Floats
    surely: NDArray[np.bool_]
    n_parameters: int
    names: tuple[str, ...]

    def start(self) -> Floats:
        return self.crude

    def spread(self, levels: Floats) -> Floats:
        """``α``, shape ``(S, T)``; ``−∞`` in weeks without a level."""
        return np.append(levels, -np.inf)[self.cell]

    def moves(self, levels: Floats) -> Floats:
        """How far each parameter moves ``α``, shape ``(q,)``."""
        return np.abs(levels)

    def over_weeks(self, values: Floats) -> Floats:
        """``Σ_k ∂α / ∂level_k values_k`` for ``values`` of shape ``(q, k)``: ``(S, T, k)``."""
        return np.vstack([values, np.zeros((1, values.shape[1]))])[self.cell]

    def gather(self, values: Floats) -> Floats:
        """Derivatives by the levels from those by ``α``: ``(S, T, …)`` to ``(q, …)``."""
        own = values[self.active]
        return np.add.reduceat(own, self.starts, axis=0) if len(self.starts) else own

    def solve(self, curvature: Floats, right: Floats) -> Floats:
        """``information⁻¹ right`` for ``right`` of shape ``(q, k)``."""
        return right / self.gather(curvature)[:, None]

    def information(self, curvature: Floats) -> Floats:
        """Shape ``(q, q)``, from the curvature by ``α``."""
        return np.diag(self.gather(curvature))

    def units(self) -> tuple[Floats, Floats]:
        """What makes parameters of the levels as they are, and which of them are constants."""
        return np.ones(len(self.crude)), np.ones(len(self.crude))


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """``α`` as a curve over weeks, alike in all strata.

    Attributes
    ----------
    columns
        Shape ``(T, q)``, a constant first, each divided by its ``scale``.
    scale
        Shape ``(q,)``.
    active
        Shape ``(S, T)``, boolean: weeks with somebody at risk.
    level
        Where the constant starts.
    """

    columns: Floats
    scale: Floats
    active: NDArray[np.bool_]
    level: float
    names: tuple[str, ...]

    @property
    def n_parameters(self) -> int:
        return len(self.names)

    @property
    def surely(self) -> NDArray[np.bool_]:
        return np.zeros_like(self.active)

    def start(self) -> Floats:
        return np.append(self.level, np.zeros(len(self.names) - 1))

    def spread(self, levels: Floats) -> Floats:
        """``α``, shape ``(S, T)``; ``−∞`` in weeks without anybody at risk."""
        return np.where(self.active, self.columns @ levels, -np.inf)

    def moves(self, levels: Floats) -> Floats:
        """How far each parameter moves ``α``, shape ``(q,)``."""
        return np.abs(self.columns * levels).max(axis=0)

    def over_weeks(self, values: Floats) -> Floats:
        """``Σ_k ∂α / ∂parameter_k values_k`` for ``values`` of shape ``(q, k)``: ``(S, T, k)``."""
        return self.active[..., None] * (self.columns @ values)

    def gather(self, values: Floats) -> Floats:
        """Derivatives by the parameters from those by ``α``: ``(S, T, …)`` to ``(q, …)``."""
        return np.asarray(np.tensordot(self.columns, values.sum(axis=0), axes=(0, 0)), np.float64)

    def solve(self, curvature: Floats, right: Floats) -> Floats:
        """``information⁻¹ right`` for ``right`` of shape ``(q, k)``."""
        return np.asarray(np.linalg.solve(self.information(curvature), right), dtype=np.float64)

    def information(self, curvature: Floats) -> Floats:
        """Shape ``(q, q)``, from the curvature by ``α``."""
        return (self.columns * curvature.sum(axis=0)[:, None]).T @ self.columns

    def units(self) -> tuple[Floats, Floats]:
        """What makes parameters of the columns as they are, and which of them are constants."""
        return 1 / self.scale, (np.arange(len(self.scale)) == 0).astype(np.float64)


def build_levels(
    at_risk: Floats, exits: Floats, link: Link, breaks: Sequence[int] | None
) -> Levels:
    """A level for each week, or for each period when ``breaks`` are given.

    Parameters
    ----------
    at_risk, exits
        Shape ``(S, T)``. Without exits in week 0 nobody is at risk there.
    breaks
        Last weeks of the periods; the last period is open.

    Notes
    -----
    A level without exits is ``−∞`` and adds nothing to the likelihood, whatever the
    coefficients; one with which everybody at risk leaves is ``+∞`` and adds nothing either,
    but for the log link, whose rates have no upper end. Both are left out, exactly.
    """
    shape = at_risk.shape
    last = np.arange(shape[1]) if breaks is None else np.asarray(breaks)
    period = np.searchsorted(last, np.arange(shape[1]))
    level = np.arange(shape[0])[:, None] * (len(last) + 1) + period
    size = shape[0] * (len(last) + 1)
    n, d = (
        np.bincount(level.ravel(), values.ravel(), minlength=size) for values in (at_risk, exits)
    )
    surely = (d > 0) & (d >= n) & (link != "log")
    kept = (d > 0) & ~surely
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    names = () if breaks is None or shape[0] > 1 else _period_names(last, shape[1], kept)
    cell = np.where(at_risk > 0, number[level], -1)
    return Levels(
        cell=cell,
        active=cell >= 0,
        starts=np.flatnonzero(np.diff(cell[cell >= 0], prepend=-1)),
        crude=link_hazard(d[kept] / n[kept], link),
        surely=surely[level],
        n_parameters=int((n > 0).sum()),
        names=names,
    )


def _period_names(last: Counts, n_weeks: int, kept: NDArray[np.bool_]) -> tuple[str, ...]:
    """``"baseline[1-13]"`` for the periods that have a level."""
    first = np.append(0, last) + 1
    ends = np.append(last, n_weeks - 1)
    return tuple(f"baseline[{a}-{b}]" for a, b, own in zip(first, ends, kept, strict=True) if own)


TRENDS: dict[BaselineName, tuple[tuple[str, Callable[[Floats], Floats]], ...]] = {
    "linear": (("week", lambda week: week),),
    "quadratic": (("week", lambda week: week), ("week²", lambda week: week**2)),
    "log": (("log(week)", np.log),),
}


def build_trend(name: BaselineName, at_risk: Floats, exits: Floats, link: Link) -> Trend:
    """A constant and the columns of ``TRENDS``; counts as in ``build_levels``."""
    weeks = np.arange(at_risk.shape[1], dtype=np.float64)
    if name == "log":
        weeks = np.maximum(weeks, 1)
    columns = [np.ones_like(weeks), *(column(weeks) for _, column in TRENDS[name])]
    scale = np.array([max(float(column.max()), 1.0) for column in columns])
    crude = link_hazard(np.array([exits.sum() / at_risk.sum()]), link)
    names = ("intercept", *(label for label, _ in TRENDS[name]))
    return Trend(np.column_stack(columns) / scale, scale, at_risk > 0, float(crude[0]), names)


def link_hazard(share: Floats, link: Link) -> Floats:
    """``α`` with which a share leaves in a week.

    >>> link_hazard(np.array([0.5]), "logit").tolist()
    [0.0]
    """
    if link == "log":
        return np.log(share)
    return np.log(share / (1 - share)) if link == "logit" else np.log(-np.log1p(-share))
