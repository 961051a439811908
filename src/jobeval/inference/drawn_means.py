"""The blocked difference in means in every re-drawn lottery."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.arm_sums import sum_arms
from jobeval.inference.drawn_sample import DrawnSample, PairKernel, Weighing, weigh_arm

Floats = NDArray[np.float64]


class _Sums(NamedTuple):
    """Sums over the drawn groups of cells, shape ``(2, B, S, m)`` or ``(2, B, S, 1)``."""

    persons: Floats
    groups: Floats
    weight: Floats
    total: Floats
    squared_weight: Floats
    cross: Floats
    squared_total: Floats


def drawn_means(sample: DrawnSample, weighing: Weighing, studentised: bool) -> PairKernel:
    """A kernel for ``Σ (nₛ/n)(ȳ₁ₛ − ȳ₀ₛ)``, the means weighted.

    Its variance is ``Σ (nₛ/n)² Σ_arm G/(G − 1) Σ_g (Y_g − ȳ W_g)² / (Σ_g W_g)²`` with the
    totals ``Y_g`` and weights ``W_g`` of the ``G`` drawn groups of a cell: Neyman's where
    persons are drawn, the linearised ratio (CR1) where clusters are, HC1 by cell under
    weights. Strata in which an arm has one group only (pairs) get the variance between
    strata of Pashley & Miratrix (2021, eq. 11).
    """
    centred = sample.outcomes - _stratum_means(sample)[sample.stratum]
    m = sample.outcomes.shape[1]
    treatment = _columns(sample, centred, weighing, 1)
    control = _columns(sample, centred, weighing, 0) if weighing == "probability" else treatment
    columns, parts = (control, treatment), sample.stratum_parts
    if not studentised:
        columns = (control[:, : 3 + m], treatment[:, : 3 + m])

    def kernel(treated: Floats, control: Floats | None = None, /) -> tuple[Floats, Floats]:
        treated = sample.groups_drawn(treated)
        control = None if control is None else sample.groups_drawn(control)
        cells = _split(sum_arms(columns, treated, control, parts), m)
        persons = cells.persons.sum(axis=0)
        absent = persons[..., 0] == 0
        with np.errstate(invalid="ignore", divide="ignore"):
            # weights of nobody are a difference that is never quite 0
            means = cells.total / np.where(cells.persons > 0, cells.weight, np.nan)
            effects = np.where(absent[..., None], 0.0, means[1] - means[0])
            share = (persons / persons.sum(axis=1, keepdims=True))[..., 0]
            estimate = np.einsum("bs,bsm->bm", share, effects)
            if not studentised:
                return estimate, np.full_like(estimate, np.nan)
            variances = np.where(absent[..., None], 0.0, _cell_variances(cells).sum(axis=0))
            small = (cells.groups.min(axis=0)[..., 0] < 1.5) & ~absent
            return estimate, np.sqrt(_variance(share, effects, variances, small))

    return kernel


def _stratum_means(sample: DrawnSample) -> Floats:
    sums = np.add.reduceat(sample.outcomes, sample.stratum_starts, axis=0)
    return sums / np.bincount(sample.stratum)[:, None]


def _columns(sample: DrawnSample, outcomes: Floats, weighing: Weighing, arm: int) -> Floats:
    """Of each group: persons, 1, W, Y, W², W·Y, Y², as if drawn to ``arm``."""
    weights = weigh_arm(sample, weighing, arm)[:, None]
    weight, total = sample.group_sums(weights), sample.group_sums(weights * outcomes)
    moments = [weight, total, weight**2, weight * total, total**2]
    persons = sample.group_sums(np.ones_like(weights))
    return np.hstack([persons, np.ones_like(weight), *moments])


def _split(cell: Floats, m: int) -> _Sums:
    edges = [1, 2, 3, 3 + m, 4 + m, 4 + 2 * m]
    return _Sums(*np.split(cell, edges, axis=-1))


def _cell_variances(cell: _Sums) -> Floats:
    mean = cell.total / cell.weight
    squares = cell.squared_total - 2 * mean * cell.cross + mean**2 * cell.squared_weight
    factor = cell.groups / np.where(cell.groups > 1.5, cell.groups - 1, np.nan)
    # what is left of equal values is rounding
    squares = np.where(squares <= 1e-13 * cell.squared_total, 0.0, squares)
    return factor * squares / cell.weight**2


def _variance(
    share: Floats, effects: Floats, variances: Floats, small: NDArray[np.bool_]
) -> Floats:
    large = np.where(small[..., None], 0.0, variances)
    variance = np.einsum("bs,bsm->bm", share**2, large)
    if small.any():
        variance += _between_strata(share, effects, small)
    return variance


def _between_strata(share: Floats, effects: Floats, small: NDArray[np.bool_]) -> Floats:
    """The part of the variance that comes from strata with one group in an arm.

    It needs three or more of them, none with half of their persons; else it is ``nan``.
    Where a draw has none of them it is 0.
    """
    own = share * small
    together = own.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        within = own / together
        rest = np.where(small, 1 - 2 * within, 1.0)
        rest = np.where(rest > 1e-12, rest, np.nan)
        factor = within**2 / (rest * (1 + (within**2 / rest).sum(axis=1, keepdims=True)))
        kept = np.where(small[..., None], effects, 0.0)
        mean = np.einsum("bs,bsm->bm", within, kept)
        squares = np.einsum("bs,bsm->bm", factor, (kept - mean[:, None]) ** 2) * together**2
    return np.where(np.any(small, axis=1, keepdims=True), squares, 0.0)
