"""Bounds on the effect for those whose outcome is there in both arms (Lee 2009).

Notation: ``qₐ`` is the share of arm ``a`` that is selected (has an outcome). Under
monotonicity the arm with the larger share holds the always selected and others; which of
its outcomes are theirs is unknown, so all extremes of the right size bound their mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.hours.linearised import ArmOutcomes
from jobeval.effects.itt.itt import count_sides
from jobeval.errors import DesignError
from jobeval.results import Estimate

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
ALARM = 0.05
SAME = 1e-12


class TrimmedMean(NamedTuple):
    """The mean of an extreme share of a distribution, and the value where it is cut."""

    mean: float
    cut: float


@dataclass(frozen=True, slots=True, eq=False)
class TrimmedDifference:
    """One bound: the two means, and each person's influence, shape ``(n,)``.

    The influence has its sign turned in the control arm, so that the error of the bound is
    that of the difference in means of ``influence``.
    """

    mean_treatment: float
    mean_control: float
    influence: Floats

    @property
    def estimate(self) -> float:
        return self.mean_treatment - self.mean_control


def trim_mean(values: Floats, weights: Floats, mass: float, *, lowest: bool) -> TrimmedMean:
    """The weighted mean of the lowest, or highest, ``mass`` of a distribution.

    The value at the cut counts with the part of its weight that makes the mass exact, so
    ties there need no rule and the order of rows does not matter.

    Parameters
    ----------
    values, weights
        Shape ``(m,)``.
    mass
        Above 0, at most the sum of the weights.

    Examples
    --------
    >>> trim_mean(np.array([1.0, 2, 2, 5]), np.ones(4), 2.5, lowest=True)  # (1 + 2 + 1) / 2.5
    TrimmedMean(mean=1.6, cut=2.0)
    """
    order = np.argsort(values if lowest else -values, kind="stable")
    ordered, counted = values[order], weights[order]
    before = np.concatenate([[0.0], np.cumsum(counted)[:-1]])
    kept = np.clip(mass - before, 0, counted)
    last = int(np.flatnonzero(kept > 1e-12 * mass)[-1])
    return TrimmedMean(float(kept @ ordered / kept.sum()), float(ordered[last]))


def lee_bounds(
    outcome: Floats,
    selected: NDArray[np.bool_],
    assigned: Integers,
    weights: Floats,
    cell: Integers | None = None,
    masses: Floats | None = None,
) -> tuple[TrimmedDifference, TrimmedDifference]:
    """The lower and the upper bound (Lee 2009, Proposition 1a; tightened, Proposition 1b).

    Parameters
    ----------
    outcome
        Shape ``(n,)``; what stands where ``selected`` is false is not looked at.
    selected, assigned
        Shape ``(n,)``.
    weights
        Shape ``(n,)``, with which each arm stands for everyone; an arm sums to 1.
    cell
        Shape ``(n,)``, codes of the cells within which is trimmed, or ``None`` for one. The
        cells' bounds are averaged by their shares of the always selected; in each, the arm
        with more selected is trimmed.
    masses
        Shape ``(n,)``: what each person counts in the size of a cell; ``None`` for alike.

    Examples
    --------
    >>> outcome, assigned = np.array([1.0, 3, 0, 2, 4, 6]), np.array([0, 0, 0, 1, 1, 1])
    >>> selected, weights = np.arange(6) != 2, np.full(6, 1 / 3)
    >>> [round(b.estimate, 9) for b in lee_bounds(outcome, selected, assigned, weights)]
    [1.0, 3.0]
    """
    cell = np.zeros_like(assigned) if cell is None else cell
    cells = [np.flatnonzero(cell == code) for code in range(int(cell.max()) + 1)]
    values = np.where(selected, outcome, 0.0)
    parts = [
        _bound_cell(values[rows], selected[rows], assigned[rows], weights[rows]) for rows in cells
    ]
    sizes = np.bincount(cell, masses).astype(float)
    lower, upper = (
        _average([part[side] for part in parts], sizes, cells, len(outcome)) for side in (0, 1)
    )
    return lower, upper


@dataclass(frozen=True, slots=True, eq=False)
class _CellBound:
    """A bound of one cell, its always-selected share, and the influences on both."""

    bound: TrimmedDifference
    share: float
    share_influence: Floats
    arm_mass: Floats  # shape (m,): the weight of each person's arm in the cell


def _bound_cell(
    outcome: Floats, selected: NDArray[np.bool_], assigned: Integers, weights: Floats
) -> tuple[_CellBound, _CellBound]:
    mass = np.bincount(assigned, weights, 2).astype(float)
    if not (mass > 0).all():
        raise DesignError("a cell of the covariates holds one arm only. Mend: merge cells.")
    weights = weights / mass[assigned]
    share = np.bincount(assigned, weights * selected, 2).astype(float)
    if not (share > 0).all():
        raise DesignError(
            "nobody is observed in an arm (of a cell), so that nothing is told of the always "
            "observed. Mend: merge cells, or use method='manski'."
        )
    cell = _Cell(outcome, selected, assigned, weights, mass, share)
    if abs(share[1] - share[0]) > SAME:
        return _trim_arm(cell, int(share[1] > share[0]))
    lowers, uppers = zip(_trim_arm(cell, 0), _trim_arm(cell, 1), strict=True)
    return max(lowers, key=cell.spread), max(uppers, key=cell.spread)


class _Cell(NamedTuple):
    """The persons of one cell, shape ``(m,)``, and mass and selected share of both arms.

    The bounds have a kink where both arms are selected alike: an error for each arm that may
    be trimmed, of which the larger is told, so that it does not depend on the arms' names.
    """

    outcome: Floats
    selected: NDArray[np.bool_]
    assigned: Integers
    weights: Floats
    mass: Floats
    share: Floats

    def spread(self, found: _CellBound) -> float:
        return float(np.square(self.weights * found.bound.influence).sum())


def _trim_arm(cell: _Cell, trimmed: int) -> tuple[_CellBound, _CellBound]:
    """The lower and the upper bound when arm ``trimmed`` loses its extremes."""
    outcome, selected, assigned, weights, mass, share = cell
    fewer = assigned == 1 - trimmed
    sign = 2.0 * assigned - 1
    share_influence = np.where(fewer, sign * (selected - share[1 - trimmed]), 0.0)
    rest = float((weights * selected * outcome)[fewer].sum() / share[1 - trimmed])

    def bound(lowest: bool) -> _CellBound:
        mine = selected & ~fewer
        kept = trim_mean(outcome[mine], weights[mine], float(share.min()), lowest=lowest)
        inside = (outcome <= kept.cut) if lowest else (outcome >= kept.cut)
        own = selected * inside * (outcome - kept.cut)
        other = selected * (outcome - rest - kept.cut + kept.mean)
        influence = np.where(fewer, other, own) / share.min()
        influence -= np.bincount(assigned, weights * influence, 2)[assigned]
        means = (kept.mean, rest) if trimmed else (rest, kept.mean)
        difference = TrimmedDifference(*means, influence)
        return _CellBound(difference, float(share.min()), share_influence, mass[assigned])

    return (bound(True), bound(False)) if trimmed else (bound(False), bound(True))


def _average(
    parts: list[_CellBound], sizes: Floats, cells: list[NDArray[np.intp]], n: int
) -> TrimmedDifference:
    """The cells' bounds by their shares of the always selected, given the cells' sizes."""
    always = sizes * np.array([part.share for part in parts])
    share = always / always.sum()
    treatment, control = (
        float(share @ [getattr(part.bound, name) for part in parts])
        for name in ("mean_treatment", "mean_control")
    )
    influence = np.empty(n)
    for part, rows, own, size in zip(parts, cells, share, sizes, strict=True):
        away = part.bound.estimate - (treatment - control)
        through_share = size / always.sum() * away * part.share_influence
        influence[rows] = (own * part.bound.influence + through_share) / part.arm_mass
    return TrimmedDifference(treatment, control, influence)


def bound_selected(
    arms: ArmOutcomes,
    selected: NDArray[np.bool_],
    who: str,
    cell: Integers | None = None,
) -> tuple[Estimate, Estimate]:
    """Both bounds as estimates, ``nan`` with the reason where there are none.

    Trimmed is the distribution over everyone drawn, strata weighted by their sizes (and
    persons by inverse probability where that varies), not stratum by stratum; errors by
    linearisation (Lee 2009, Proposition 3, under the lottery as it drew).

    Parameters
    ----------
    arms
        Everyone drawn; the outcome is looked at where ``selected``.
    selected
        Shape ``(n,)``.
    who
        Completes "those who …" for the estimand.
    cell
        As in ``lee_bounds``.
    """
    assigned = arms.data.assignment.assigned
    estimand = f"itt among those who {who}"
    effect = replace(arms.effect_on(selected), estimand=estimand, estimator="Lee bounds", unit="")
    try:
        _require_monotone(arms, selected, cell)
        bounds = lee_bounds(
            arms.data.outcome, selected, assigned, arms.weights, cell, arms.data.weights
        )
    except DesignError as error:
        unknown = _unknown(effect, str(error))
        return replace(unknown, part="lower"), replace(unknown, part="upper")
    sizes = count_sides(arms.data.outcome[selected], assigned[selected])
    lower, upper = (
        arms.with_error_of(
            bound.influence,
            bound.estimate,
            part=part,
            estimand=estimand,
            estimator="Lee bounds",
            mean_treatment=bound.mean_treatment,
            mean_control=bound.mean_control,
            **sizes,
        )
        for part, bound in zip(("lower", "upper"), bounds, strict=True)
    )
    return lower, upper


def _unknown(effect: Estimate, reason: str) -> Estimate:
    unknown = {"estimate": math.nan, "std_error": math.nan, "df": math.nan}
    means = {"mean_treatment": math.nan, "mean_control": math.nan}
    notes = (*effect.notes, f"not estimable: {reason}")
    return replace(effect, **unknown, **means, notes=notes)


def _require_monotone(
    arms: ArmOutcomes, selected: NDArray[np.bool_], cell: Integers | None
) -> None:
    """Refuse selection that treatment raises in some strata or cells and lowers in others.

    Both signs must be significant at 5 %, Bonferroni-adjusted over the groups: a sign that
    chance alone can turn says nothing against monotonicity.
    """
    groups = [arms.data.assignment.stratum, *(() if cell is None else (cell,))]
    for group in groups:
        if group.max() == 0:
            continue
        effects = [_selection(arms, selected, group == code) for code in range(group.max() + 1)]
        level = ALARM / len(effects)
        signs = {e.estimate > 0 for e in effects if e is not None and e.p_value < level}
        if len(signs) > 1:
            raise DesignError(
                "treatment raises the share observed in some strata or cells and lowers it in "
                "others, against the monotonicity that Lee's bounds rest on. Mend: bound the "
                "groups one by one, or use method='manski'."
            )


def _selection(
    arms: ArmOutcomes, selected: NDArray[np.bool_], rows: NDArray[np.bool_]
) -> Estimate | None:
    """The effect on selection among ``rows``, or ``None`` where it cannot be had."""
    part = arms.data.subset(rows)
    part = replace(part, drawn=part.assignment)
    try:
        return replace(arms, data=part).effect_on(selected[rows])
    except DesignError:
        return None
