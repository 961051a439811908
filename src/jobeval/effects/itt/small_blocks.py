"""Matched pairs and small strata: where an arm of a stratum holds one person or one cluster.

Nothing varies within such a cell, so the error comes from the variation between the strata's
differences. Strata with two or more in both arms keep their own, plug-in variance (the hybrid
of Pashley & Miratrix 2021).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import (
    Analysed,
    require_both_arms,
    require_comparable,
    unit_sizes,
)
from jobeval.effects.itt.contrast import Contrast, estimate_contrast
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.weighting import choose_weights, stratum_masses, weighted_cell_means
from jobeval.errors import DesignError
from jobeval.inference.assignment import Assignment

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Estimator = Callable[[Analysed, IttOptions], Contrast]


class _Part(NamedTuple):
    """The variance of the mean effect of some strata, and its degrees of freedom."""

    variance: float
    df: float
    notes: tuple[str, ...]


def small_strata(assignment: Assignment) -> Flags:
    """The strata with one person, or one cluster where those were drawn, in an arm."""
    return unit_sizes(assignment).min(axis=1) < 2


def choose_estimator(data: Analysed, options: IttOptions) -> Estimator:
    """How the lottery's effect on these persons is estimated.

    Raises
    ------
    DesignError
        When the persons cannot be compared.
    """
    require_both_arms(data)
    if options.adjustment == "none" and small_strata(data.assignment).any():
        return estimate_hybrid
    require_comparable(data, options)
    return estimate_contrast


def estimate_hybrid(data: Analysed, options: IttOptions) -> Contrast:
    """The blocked difference in means where some strata, or all, are small.

    Degrees of freedom: strata less one where all are small; else those of the two parts, put
    together by Satterthwaite.

    Raises
    ------
    DesignError
        When a covariance was asked for that small strata do not have, or a superpopulation
        of big and small strata together.
    """
    small = small_strata(data.assignment)
    _require_sensible(options, small)
    weights, notes = choose_weights(data, options)
    ones = np.ones(len(data.outcome))
    means = weighted_cell_means(data.outcome, data.assignment, ones if weights is None else weights)
    mass = stratum_masses(data.assignment, data.weights)
    share = mass / mass.sum()
    control, treatment = share @ means
    parts = [_between(means[small, 1] - means[small, 0], mass[small], data.assignment, small)]
    if not small.all():
        big = estimate_contrast(data.subset(~small[data.assignment.stratum]), options)
        parts.append(_Part(big.std_error**2, big.df, ()))
    shares = np.array([share[small].sum(), share[~small].sum()])[: len(parts)]
    variance, df = _combine(parts, shares)
    scale = np.abs(data.outcome).max()
    flat = ("not estimable: the strata's differences are all the same",)
    same = math.sqrt(variance) <= 1e-13 * scale
    return Contrast(
        float(treatment - control),
        math.nan if same else math.sqrt(variance),
        df,
        float(control),
        float(treatment),
        (*parts[0].notes, *notes, *(flat if same else ())),
    )


def _require_sensible(options: IttOptions, small: Flags) -> None:
    if options.vcov not in {None, "HC2", "CR2"}:
        raise DesignError(
            f"{int(small.sum())} of {len(small)} strata have one person or cluster only in an "
            f'arm, and no "{options.vcov}" error. Mend: leave vcov out, so that the error comes '
            "from the variation between strata."
        )
    if options.population == "superpopulation" and not small.all():
        raise DesignError(
            "big strata and strata with one person in an arm together have no error for a "
            'superpopulation. Mend: ask for population="sample".'
        )


def _between(effect: Floats, mass: Floats, assignment: Assignment, small: Flags) -> _Part:
    """The small strata's part, with a note on how its variance was found."""
    unit = "persons" if assignment.cluster is None else "clusters"
    note = (
        f"matched pairs of {unit}: the error comes from the variation between pairs"
        if (unit_sizes(assignment)[small] == 1).all()
        else f"strata with one of the {unit} in an arm: their error comes from the variation "
        "between these strata"
    )
    if len(effect) == 1:
        reason = "not estimable: one stratum alone has one person or cluster in an arm"
        return _Part(math.nan, math.nan, (reason,))
    totals = assignment.cluster is not None or 2 * mass.max() >= mass.sum()
    variance = totals_variance(effect, mass) if totals else between_variance(effect, mass)
    return _Part(variance, len(effect) - 1.0, (note,))


def between_variance(effect: Floats, mass: Floats) -> float:
    """The variance of ``Σ mₖτₖ / m`` from the strata's differences ``τₖ``.

    ``Σ aₖ (τₖ − τ)² / (m + Σ aᵢ)`` with ``aₖ = mₖ² / (m − 2mₖ)`` (Pashley & Miratrix 2021,
    section 4.2). For pairs, or strata of one size, it is the squared standard error of the mean of
    the differences (Imai 2008; Athey & Imbens 2017; Fogarty 2018).

    Parameters
    ----------
    effect, mass
        Shape ``(J,)``; no stratum may hold half of the mass or more.

    Examples
    --------
    >>> between_variance(np.array([1.0, 3.0, 8.0]), np.array([2.0, 2.0, 2.0])) * 3  # 26 / 2
    13.0
    """
    total = mass.sum()
    leads = np.square(mass) / (total - 2 * mass)
    deviations = effect - mass @ effect / total
    return float(leads @ np.square(deviations) / (total + leads.sum()))


def totals_variance(effect: Floats, mass: Floats) -> float:
    """The variance of ``Σ mₖτₖ / m`` from the spread of the totals ``mₖτₖ``.

    ``J / ((J − 1) m²) · Σ (mₖτₖ − mτ/J)²``: for matched pairs of clusters (Imai, King & Nall
    2009, eq. 6), and for any strata of which one holds half of the mass or more. With
    strata of one size it equals ``between_variance``.

    Parameters
    ----------
    effect, mass
        Shape ``(J,)``.

    Examples
    --------
    >>> totals_variance(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    1.0
    """
    count, totals = len(effect), mass * effect
    squares = np.square(totals - totals.mean()).sum()
    return float(count / (count - 1) * squares / mass.sum() ** 2)


def _combine(parts: list[_Part], shares: Floats) -> tuple[float, float]:
    if len(parts) == 1:
        return parts[0].variance, parts[0].df
    pieces = np.square(shares) * np.array([part.variance for part in parts])
    total = float(pieces.sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = np.square(pieces) / np.array([part.df for part in parts])
        df = total**2 / np.where(pieces == 0, 0.0, terms).sum()  # no variance, no part in it
    return total, float(df)
