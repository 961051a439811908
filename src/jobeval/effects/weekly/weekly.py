"""Many outcomes on one design: one factorisation, row blocks, the covariance across outcomes.

A coefficient is linear in the outcome, and its robust variance is a sum of squared scores,
``Σᵤ (Σ_{i∈u} ℓᵢ rᵢ)²``, over the units ``u`` that were drawn (persons or clusters), with
residuals ``r`` and loadings ``ℓ`` that do not depend on the outcome. So the covariance of the
effects on two outcomes is the sum of the products of their scores, whatever the kind. The
outcomes are read twice, block by block: once for the coefficients, once for the scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from jobeval.regression.least_squares import LeastSquaresFit

Floats = NDArray[np.float64]
Blocks = Iterable[Floats]
"""Blocks of rows, shape ``(b, T)``, of one matrix persons × outcomes; iterated several times."""


@dataclass(frozen=True, slots=True)
class RowBlocks:
    """A matrix (or memory map), shape ``(n, T)``, as blocks of rows.

    >>> [block.tolist() for block in RowBlocks(np.array([[1.0, 2], [3, 4], [5, 6]]), 2)]
    [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]]
    """

    values: NDArray[Any]
    rows: int = 1024

    def __iter__(self) -> Iterator[Floats]:
        for start in range(0, len(self.values), self.rows):
            yield np.asarray(self.values[start : start + self.rows], dtype=float)


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyModel:
    """One design for those outcomes of which the same persons are known.

    Attributes
    ----------
    fit
        A factorised design of ``n`` persons, without outcome.
    contrasts
        Shape ``(q, k)``: what is estimated, combinations of the coefficients.
    loadings
        Shape ``(q, n)``.
    columns
        Shape ``(T′,)``: which outcomes; ``None`` for all.
    rows
        Shape ``(N,)``, boolean: which ``n`` of the ``N`` rows; ``None`` for all.
    """

    fit: LeastSquaresFit
    contrasts: Floats
    loadings: Floats
    columns: NDArray[np.int64] | None = None
    rows: NDArray[np.bool_] | None = None


class WeeklyFit(NamedTuple):
    """``estimate`` and ``variance``, shape ``(q, T)``; ``covariance``, shape ``(T, T)``.

    The covariance is that of the last contrast, ``None`` where it was not asked for.
    """

    estimate: Floats
    variance: Floats
    covariance: Floats | None


def fit_weeks(
    models: Iterable[WeeklyModel],
    blocks: Blocks,
    outcomes: int,
    cluster: NDArray[np.int64] | None = None,
    *,
    across: bool = True,
) -> WeeklyFit:
    """Estimate the contrasts of all outcomes, reading the blocks twice.

    Parameters
    ----------
    models
        One where everyone's outcomes are all known; otherwise one for each set of persons, with
        the same number of contrasts. What none covers is ``nan``.
    blocks
        Rows in the order of the persons, ``outcomes`` columns. ``nan`` may stand where no
        model reads.
    cluster
        Shape ``(N,)``, whole numbers from 0; ``None`` where persons were drawn.
    across
        Whether the covariance across outcomes is wanted.

    Notes
    -----
    Memory: the designs, and a few blocks. With several models the covariance of two
    outcomes sums the products of scores over those units that are in both.

    Examples
    --------
    >>> from jobeval.regression.factorised import contrast_loadings, factorise_design
    >>> outcomes = np.array([[1.0, 0], [3, 0], [5, 1], [9, 4]])
    >>> design = np.column_stack([np.ones(4), [0.0, 0, 1, 1]])
    >>> fit, effect = factorise_design(design), np.array([[0.0, 1]])
    >>> model = WeeklyModel(fit, effect, contrast_loadings(fit, effect, "HC2"))
    >>> found = fit_weeks([model], RowBlocks(outcomes), 2)
    >>> found.estimate.round(9).tolist(), found.covariance.round(9).tolist()
    ([[5.0, 2.5]], [[5.0, 3.0], [3.0, 2.25]])
    """
    sources = [_Source(model) for model in models]
    for start, block in _placed(blocks):
        for source in sources:
            source.add_coefficients(start, block)
    sums = _ScoreSums(len(sources[0].model.contrasts), outcomes, cluster, across)
    for start, block in _placed(blocks):
        sums.add(start, [(s.model.columns, *s.scores(start, block)) for s in sources], len(block))
    estimate, known = np.full((2, sums.contrasts, outcomes), np.nan)
    for source in sources:
        columns = slice(None) if source.model.columns is None else source.model.columns
        estimate[:, columns] = source.estimate()
        known[:, columns] = 1.0
    variance, covariance = sums.variances()
    missing = np.isnan(known[0])
    if covariance is not None:
        covariance[missing] = covariance[:, missing] = np.nan
    return WeeklyFit(estimate, variance * known, covariance)


def _placed(blocks: Blocks) -> Iterator[tuple[int, Floats]]:
    """Each block with the number of its first row."""
    start = 0
    for block in blocks:
        yield start, block
        start += len(block)


class _Source:
    """A model while the blocks go by."""

    def __init__(self, model: WeeklyModel) -> None:
        self.model = model
        half = np.sqrt(model.fit.weights)[:, None]
        even = bool((half == 1).all())
        self.pull = model.fit.basis if even else model.fit.basis * half
        self.push = model.fit.basis if even else model.fit.basis / half
        self.coefficients: Any = 0.0
        self.before = None if model.rows is None else np.cumsum(model.rows) - model.rows

    def estimate(self) -> Floats:
        return (self.model.contrasts @ self.model.fit.root) @ self.coefficients

    def add_coefficients(self, start: int, block: Floats) -> None:
        _, mine, values = self._read(start, block)
        self.coefficients = self.coefficients + self.pull[mine].T @ values

    def scores(self, start: int, block: Floats) -> tuple[Any, Floats]:
        """Rows of the block, and the scores there, shape ``(q, b′, T′)``."""
        rows, mine, values = self._read(start, block)
        residuals = self.push[mine] @ self.coefficients
        np.subtract(values, residuals, out=residuals)
        loadings = self.model.loadings[:, mine, None]
        if len(loadings) == 1:  # in place: memory is what takes the time
            residuals *= loadings[0]
            return rows, residuals[None]
        return rows, loadings * residuals

    def _read(self, start: int, block: Floats) -> tuple[Any, slice, Floats]:
        """Rows of the block, the places of their persons in the design, and the outcomes."""
        model, stop = self.model, start + len(block)
        values = block if model.columns is None else block[:, model.columns]
        if model.rows is None or self.before is None:
            return slice(None), slice(start, stop), values
        rows = model.rows[start:stop]
        first = int(self.before[start])
        return rows, slice(first, first + int(rows.sum())), values[rows]


class _ScoreSums:
    """The products of scores, summed over persons, or over clusters of their sums."""

    def __init__(
        self, contrasts: int, outcomes: int, cluster: NDArray[np.int64] | None, across: bool
    ) -> None:
        self.contrasts, self.cluster, self.across = contrasts, cluster, across
        self.outcomes = outcomes
        clusters = 0 if cluster is None else int(cluster.max()) + 1
        self.clusters = np.zeros((contrasts, clusters, outcomes))
        self.variance = np.zeros((contrasts, outcomes))
        self.covariance = np.zeros((outcomes, outcomes)) if across else None

    def add(self, start: int, parts: list[tuple[Any, Any, Floats]], rows: int) -> None:
        scores = self._together(parts, rows)
        if self.cluster is None:
            self._add_products(scores)
            return
        member = self.cluster[start : start + rows]
        indicator = csr_matrix(
            (np.ones(rows), (member, np.arange(rows))), shape=(self.clusters.shape[1], rows)
        )
        for total, part in zip(self.clusters, scores, strict=True):
            total += indicator @ part

    def _together(self, parts: list[tuple[Any, Any, Floats]], rows: int) -> Floats:
        """Scores of all outcomes, shape ``(q, b, T)``; 0 for persons who are not in them."""
        columns, _, scores = parts[0]
        if len(parts) == 1 and columns is None and scores.shape[1] == rows:
            return scores
        scattered = np.zeros((self.contrasts, rows, self.outcomes))
        for columns, who, scores in parts:
            places = np.arange(rows)[who]
            kept = np.arange(self.outcomes) if columns is None else columns
            scattered[:, places[:, None], kept] = scores
        return scattered

    def _add_products(self, scores: Floats) -> None:
        self.variance += np.einsum("qit,qit->qt", scores, scores)
        if self.covariance is not None:
            self.covariance += scores[-1].T @ scores[-1]

    def variances(self) -> tuple[Floats, Floats | None]:
        if self.cluster is not None:
            self._add_products(self.clusters)
        return self.variance, self.covariance
