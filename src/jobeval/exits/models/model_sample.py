"""Rows of a likelihood of durations: one a person, or one a count of the grid."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.exits.grid.durations import Durations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.hazards.cox_design import build_design, independent_columns
from jobeval.exits.models.model_choice import ModelChoice
from jobeval.plan.parts import Term

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What a likelihood adds up, ``m`` rows.

    Attributes
    ----------
    x
        Shape ``(m, 1 + c)``: treatment, then covariates, called ``names``.
    weeks, left
        Shape ``(m,)``: ends of durations, and whether the exit was seen.
    weight
        Shape ``(m,)``: persons behind a row. A late entry is a row of its own, censored then,
        with weight −1: what happened before is taken away.
    stratum
        Shape ``(m,)``, codes into ``strata``.
    unit
        Shape ``(m,)``: whose errors are summed, clusters or persons; ``None`` = nobody's.
    """

    x: Floats
    names: tuple[str, ...]
    weeks: Counts
    left: NDArray[np.bool_]
    weight: Floats
    stratum: Counts
    strata: tuple[str, ...]
    unit: Counts | None = None
    notes: tuple[str, ...] = ()

    def persons(self) -> list[int]:
        """In control and treatment."""
        return self._by_arm(np.maximum(self.weight, 0))

    def exits(self) -> list[int]:
        """In control and treatment."""
        return self._by_arm(self.weight * self.left)

    def _by_arm(self, weight: Floats) -> list[int]:
        sums = np.bincount(self.x[:, 0].astype(np.int64), weights=weight, minlength=2)
        return sums.astype(np.int64).tolist()


def sample_persons(
    durations: Durations, covariates: Sequence[str | Term], *, summed: bool
) -> Sample:
    """A row a person, and one more for who entered late; units when errors are ``summed``."""
    design, drawn = build_design(durations, covariates), durations.assignment
    rows = np.arange(len(durations.weeks))
    late = rows[:0] if durations.entry is None else rows
    entry = durations.weeks[:0] if durations.entry is None else durations.entry
    both = np.concatenate([rows, late])
    unit = rows if drawn.cluster is None else drawn.cluster
    return Sample(
        x=np.ascontiguousarray(design.x[both]),
        names=design.names,
        weeks=np.concatenate([durations.weeks, entry]),
        left=np.concatenate([durations.cause > 0, np.zeros(len(late), dtype=bool)]),
        weight=np.concatenate([np.ones(len(rows)), -np.ones(len(late))]),
        stratum=drawn.stratum[both],
        strata=drawn.stratum_labels,
        unit=unit[both] if summed else None,
        notes=design.notes,
    )


def sample_counts(grid: ExitGrid) -> Sample:
    """A row for each arm, stratum, week and way to end that occurs."""
    tables = ((grid.leavers, True, 1), (grid.censored, False, 1), (grid.entries, False, -1))
    cells = [(np.argwhere(table > 0), table, left, sign) for table, left, sign in tables]
    places = np.concatenate([place for place, *_ in cells])
    weight = [sign * table[table > 0] for _, table, _, sign in cells]
    left = [np.full(len(place), left) for place, _, left, _ in cells]
    return Sample(
        x=places[:, :1].astype(np.float64),
        names=("treatment",),
        weeks=grid.weeks[places[:, 2]],
        left=np.concatenate(left),
        weight=np.concatenate(weight).astype(np.float64),
        stratum=places[:, 1].astype(np.int64),
        strata=grid.strata,
    )


@dataclass(frozen=True, slots=True, eq=False)
class ModelColumns:
    """What a model makes of a sample: columns for all its rows, and the rows that count.

    Attributes
    ----------
    x
        Shape ``(m, p)``: treatment, covariates, and indicators of strata but the first.
    stratum
        Shape ``(m,)``, codes of strata with a baseline of their own; all 0 when there are
        indicators.
    kept
        Shape ``(m,)``, boolean: rows in strata where somebody left; the others say nothing.
    """

    x: Floats
    names: tuple[str, ...]
    stratum: Counts
    kept: NDArray[np.bool_]
    notes: tuple[str, ...]


def lay_out(sample: Sample, choice: ModelChoice) -> ModelColumns:
    """Columns in which the strata are indicators, or none because the baseline is theirs."""
    seen = np.unique(sample.stratum[sample.left])
    kept = np.isin(sample.stratum, seen)
    x, names, notes = sample.x, sample.names, list(sample.notes)
    if lost := len(sample.strata) - len(seen):
        notes.append(f"{lost} strata in which nobody left say nothing")
        own = np.roll(independent_columns(np.roll(x[kept], -1, axis=1), sample.stratum[kept]), 1)
        if not own[0]:
            raise DesignError("the covariates tell the arm of everybody where somebody left")
        notes += [f"covariate {name!r} says nothing there and is left out"
                  for name, keep in zip(names, own, strict=True) if not keep]  # fmt: skip
        x, names = x[:, own], tuple(n for n, keep in zip(names, own, strict=True) if keep)
    if choice.strata == "baseline":
        stratum = np.searchsorted(seen, sample.stratum).clip(max=len(seen) - 1)
        return ModelColumns(x, names, stratum, kept, tuple(notes))
    indicators = (sample.stratum[:, None] == seen[1:]).astype(np.float64)
    labels = tuple(f"stratum[{sample.strata[code]}]" for code in seen[1:])
    none = np.zeros_like(sample.stratum)
    return ModelColumns(np.hstack([x, indicators]), (*names, *labels), none, kept, tuple(notes))
