"""The blocked difference of all weeks with its covariance across weeks, from strata × arms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.weekly.week_facts import WeekFacts, WeeklyMoments, cell_indicator
from jobeval.effects.weekly.weekly import Blocks
from jobeval.inference.assignment import Assignment
from jobeval.regression.blocked import blocked_difference, stratified_means, stratum_shares
from jobeval.regression.difference import CellMoments

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def measure_weeks(blocks: Blocks, facts: WeekFacts, assignment: Assignment) -> WeeklyMoments:
    """Estimate week by week on whoever is observed, reading the blocks once more.

    A person's score in a week is the distance to the mean of the stratum and arm, times
    ``(nₛ/N)/nₛₐ · √(nₛₐ/(nₛₐ − 1))``: the squares add up to the blocked variance (Schochet
    2015, eq. 6.25), the products to the covariance of two weeks. A stratum with one person
    in an arm has no such scores but one of its own, the distance of its difference to
    the mean difference of these strata (``small_blocks``). A week in which a stratum that
    was drawn with more is down to one person in an arm has no value: with this estimator
    for some weeks and the other for the rest, a curve would change its meaning on the way.
    """
    small = (facts.n == 1).any(axis=1)
    dwindled = small & (assignment.stratum_sizes().min(axis=1) > 1)[:, None]
    n = np.where((facts.n > 0) & ~dwindled[:, None], facts.n, np.nan)
    mean = facts.total / n
    several = np.where(small[:, None], np.nan, np.where(n > 1, n - 1, np.nan))
    shape = (2 * len(n), facts.weeks)
    scale = (stratum_shares(n)[:, None] / n * np.sqrt(n / several)).reshape(shape)
    scale[0::2] *= -1
    squares, covariance = np.zeros(shape), np.zeros((facts.weeks, facts.weeks))
    start = 0
    for block in blocks:
        part = slice(start, start + len(block))
        cell = assignment.stratum[part] * 2 + assignment.assigned[part]
        away = block - mean.reshape(shape)[cell]
        away[np.isnan(away)] = 0
        scores = away * np.nan_to_num(scale)[cell]
        covariance += scores.T @ scores
        squares += cell_indicator(assignment, start, len(block)) @ np.square(away)
        start += len(block)
    cells = CellMoments(n, mean, squares.reshape(n.shape) / several)
    return _with_small_strata(_of_cells(cells, covariance), cells, small)


def _of_cells(cells: CellMoments, covariance: Floats) -> WeeklyMoments:
    shares = np.square(stratum_shares(cells.n))[:, None]
    difference = blocked_difference(cells)
    return WeeklyMoments(
        np.vstack([stratified_means(cells), difference.estimate]),
        np.vstack(
            [(shares * cells.variance / cells.n).sum(axis=0), np.square(difference.std_error)]
        ),
        np.vstack([cells.n.sum(axis=0) - len(cells.n), difference.df]),
        covariance,
    )


def _with_small_strata(found: WeeklyMoments, cells: CellMoments, small: Flags) -> WeeklyMoments:
    """Add the scores of small strata, in the weeks that have some."""
    weeks = np.flatnonzero(small.any(axis=0) & ~np.isnan(cells.mean).any(axis=(0, 1)))
    if not len(weeks):
        return found
    scores = np.zeros(small.shape)
    variance, df = found.variance.copy(), found.df.copy()
    for week in weeks:
        mine = small[:, week]
        one = CellMoments(*(part[..., week] for part in (cells.n, cells.mean, cells.variance)))
        scores[mine, week] = _small_scores(one, mine)
        variance[2, week], df[2, week] = _hybrid(one, mine, scores[mine, week])
    notes = (f"strata with one person in an arm in {len(weeks)} weeks: their error comes from "
             "the variation between these strata",)  # fmt: skip
    covariance = found.covariance + scores.T @ scores
    return found._replace(variance=variance, df=df, covariance=covariance, notes=notes)


def _small_scores(cells: CellMoments, small: Flags) -> Floats:
    """The scores of the small strata of one week; ``nan`` for a single one."""
    mass = cells.n[small].sum(axis=1)
    effect = cells.mean[small, 1] - cells.mean[small, 0]
    return mass.sum() / cells.n.sum() * between_scores(effect, mass)


def between_scores(effect: Floats, mass: Floats) -> Floats:
    """Scores of strata whose squares add up to the variance of ``Σ mₖτₖ / m``, shape ``(J,)``.

    The roots of the summands of ``small_blocks.between_variance``, or of ``totals_variance``
    where one stratum holds half of the mass or more; ``nan`` for one stratum.

    Examples
    --------
    >>> from jobeval.effects.itt.small_blocks import between_variance
    >>> effect, mass = np.array([1.0, 3.0, 8.0]), np.array([2.0, 3.0, 4.0])
    >>> scores = between_scores(effect, mass)
    >>> bool(abs(scores @ scores - between_variance(effect, mass)) < 1e-12)
    True
    """
    count, total = len(effect), mass.sum()
    if count < 2:
        return np.full(count, np.nan)
    if 2 * mass.max() >= total:
        totals = mass * effect
        return np.sqrt(count / (count - 1)) / total * (totals - totals.mean())
    leads = np.square(mass) / (total - 2 * mass)
    return np.sqrt(leads / (total + leads.sum())) * (effect - mass @ effect / total)


def _hybrid(cells: CellMoments, small: Flags, scores: Floats) -> tuple[float, float]:
    """Variance and degrees of freedom of one week (``small_blocks.estimate_hybrid``)."""
    between = float(scores @ scores)
    if small.all():
        return between, len(scores) - 1.0
    big = CellMoments(cells.n[~small], cells.mean[~small], cells.variance[~small])
    found = blocked_difference(big)
    within = float(np.square(big.n.sum() / cells.n.sum() * found.std_error))
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.square([between, within]) / np.array([len(scores) - 1.0, found.df])
    return between + within, float((between + within) ** 2 / parts.sum())
