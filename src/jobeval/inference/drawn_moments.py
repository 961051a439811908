"""Sums over the persons of each arm and stratum, and their products, in many draws at once.

A sum over those drawn to an arm is a product of the draws with sums over what is drawn
together, so a tile of draws costs two matrix products whatever the number of outcomes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.arm_sums import Two, sum_arms
from jobeval.inference.drawn_ancova import covariate_basis, residualise
from jobeval.inference.drawn_sample import DrawnSample, Weighing, weigh_arm

Floats = NDArray[np.float64]


class Moments(NamedTuple):
    """What is summed, for control and treatment: the same arrays unless weights differ.

    Attributes
    ----------
    basis, outcomes
        Shapes ``(n, p)`` and ``(n, m)``: covariates and outcomes off the strata, the outcomes
        off the covariates too. No coefficient or residual of interest depends on it.
    cells
        Shape ``(G, q + 1 + p + m)``: persons and covariates, then weights, weighted
        covariates and outcomes; the first two once (``q = 0``) where weights are all 1.
    crosses
        Shape ``(G, p(p + 1)/2 + pm)``: weighted products of covariates (see ``multiply``), and
        of covariates with outcomes.
    parts
        The groups of each stratum.
    allocation
        Whether each draw is weighted by the inverse share of its arms in the stratum.
    """

    basis: Floats
    outcomes: Floats
    cells: Two
    crosses: Two
    parts: list[slice]
    allocation: bool


class DrawnMoments(NamedTuple):
    """The sums of a tile, all but ``share`` and ``centre`` with control and treatment first.

    ``weight`` (2, B, S), ``x`` (2, B, S, p), ``y`` (2, B, S, m) are weighted sums in cells, ``xx``
    (2, B, p, p) and ``xy`` (2, B, p, m) those of products, not centred, over all cells.
    ``scale`` (2, B, S) is what the draw multiplies weights by; ``share`` (B, S) and ``centre``
    (B, p) are the persons of both arms in the strata, and the means of their covariates.
    """

    weight: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    scale: Floats
    share: Floats
    centre: Floats


def take_moments(sample: DrawnSample, weighing: Weighing) -> Moments:
    """The moments of a sample."""
    basis = covariate_basis(sample)
    outcomes = residualise(sample, basis)
    plain = np.column_stack([np.ones(len(basis)), basis])
    cross = np.hstack([multiply(basis), cross_products(basis, outcomes)])

    def by_arm(arm: int) -> Two:
        weights = weigh_arm(sample, weighing, arm)[:, None]
        same = [plain] if weighing == "probability" else []
        cell = np.hstack([*same, weights * plain, weights * outcomes])
        return sample.group_sums(cell), sample.group_sums(weights * cross)

    treatment = by_arm(1)
    control = by_arm(0) if weighing == "probability" else treatment
    return Moments(
        basis,
        outcomes,
        cells=(control[0], treatment[0]),
        crosses=(control[1], treatment[1]),
        parts=sample.stratum_parts,
        allocation=weighing == "allocation",
    )


def multiply(basis: Floats) -> Floats:
    """Products of all pairs of columns, each once, shape ``(n, p(p + 1)/2)``."""
    first, second = np.triu_indices(basis.shape[1])
    return basis[:, first] * basis[:, second]


def cross_products(basis: Floats, outcomes: Floats) -> Floats:
    """Products of each column with each outcome, shape ``(n, pm)``."""
    return (basis[:, :, None] * outcomes[:, None]).reshape(len(basis), -1)


def fold(pairs: Floats, p: int) -> Floats:
    """The symmetric matrices (…, p, p) that ``multiply`` holds the upper part of."""
    place = np.empty((p, p), dtype=np.int64)
    place[np.triu_indices(p)] = np.arange(pairs.shape[-1])
    place.T[np.triu_indices(p)] = np.arange(pairs.shape[-1])
    return pairs[..., place]


def draw_moments(moments: Moments, treated: Floats, control: Floats | None) -> DrawnMoments:
    """The sums of a tile, from the groups drawn to the arms, shape ``(B, G)``.

    Without ``control`` everyone else is it.
    """
    p, m = moments.basis.shape[1], moments.outcomes.shape[1]
    cells = sum_arms(moments.cells, treated, control, moments.parts)
    persons, covariates = cells[..., 0], cells[..., 1 : 1 + p]
    size = persons.sum(axis=0)
    weighted = cells[..., -(1 + p + m) :]
    scale = np.ones_like(persons)
    if moments.allocation:
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where(size > 0, size / persons, 0.0)
            weighted = weighted * scale[..., None]
        treated, control = _weigh_tiles(moments, scale, treated, control)
    crosses = sum_arms(moments.crosses, treated, control)
    n_pairs = p * (p + 1) // 2
    total = size.sum(axis=1, keepdims=True)
    return DrawnMoments(
        weight=np.where(persons > 0, weighted[..., 0], 0.0),  # a difference is never quite 0
        x=weighted[..., 1 : 1 + p],
        y=weighted[..., 1 + p :],
        xx=fold(crosses[..., :n_pairs], p),
        xy=crosses[..., n_pairs:].reshape(2, len(treated), p, m),
        scale=scale,
        share=size / total,
        centre=covariates.sum(axis=(0, 2)) / total,
    )


def _weigh_tiles(
    moments: Moments, scale: Floats, treated: Floats, control: Floats | None
) -> tuple[Floats, Floats]:
    control = 1 - treated if control is None else control
    stratum = np.repeat(np.arange(len(moments.parts)), [p.stop - p.start for p in moments.parts])
    with np.errstate(invalid="ignore"):
        return scale[1][:, stratum] * treated, scale[0][:, stratum] * control
