"""Cox's partial likelihood on the grid: weeks × strata carry everything but one pass a step.

Symbols: within a cell (stratum and event week), ``d`` persons leave; ``S0, S1`` are the sums of
``w = exp(xβ)`` and ``w x`` over those at risk, ``S0d, S1d`` over those who leave. Efron (1977)
replaces ``S`` by ``S − f S_d`` with ``f = l / d``, ``l = 0 … d − 1``; Breslow (1974) has
``f = 0``. With ``e = 1 / (1 − f S0d / S0)``, a cell needs the sums over ``l``
``A = Σ e``, ``B = Σ f e``, ``C = Σ e²``, ``D = Σ f e²``, ``E = Σ f² e²``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from jobeval.exits.grid.grid import remaining
from jobeval.exits.hazards.cox_arrange import Counts, Floats, RiskCells
from jobeval.exits.hazards.cox_newton import Point

BLOCK = 16_384
"""Rows whose products stay in the cache."""


class RiskSums(NamedTuple):
    """All that one value of the coefficients gives; ``weights`` is ``(m,)``, the rest M."""

    loglik: float
    weights: Floats
    s0: Floats
    means: Floats  # S1 / S0, (M, p)
    dead_means: Floats  # S1d / S0, (M, p)
    a: Floats
    b: Floats
    c: Floats
    d: Floats
    e: Floats
    exits: Floats  # weight of an exit: 1


@dataclass(frozen=True, slots=True, eq=False)
class PartialLikelihood:
    """The partial likelihood of ``p`` covariates.

    Attributes
    ----------
    z
        Shape ``(p, m)``: the covariates of the rows in ``cells``, with mean 0 and spread 1.
    scale
        Shape ``(p,)``: the spreads that they had.
    cells
        Where the rows are.
    """

    z: Floats
    scale: Floats
    cells: RiskCells

    def point(self, beta: Floats) -> Point:
        """Log-likelihood, score and information at ``beta``, of ``z``."""
        sums = self.sums(beta)
        return Point(sums.loglik, self.score(sums), self.information(sums))

    @np.errstate(all="ignore")  # coefficients on their way to infinity: seen by what they give
    def sums(self, beta: Floats) -> RiskSums:
        """One pass over the persons (``exp`` and a sum per cell), then weeks × strata only."""
        cells = self.cells
        eta = beta @ self.z
        eta -= eta.max()
        weights = np.exp(eta)
        risk, dead = self.cell_sums(chain([weights], (weights * column for column in self.z)))
        s0 = risk[0]
        means, dead_means = risk[1:].T / s0[:, None], dead[1:].T / s0[:, None]
        f = cells.fractions
        e = 1 / (1 - f * np.repeat(dead[0] / s0, cells.deaths))
        moments = np.stack([e, f * e, e * e, f * e * e, (f * e) ** 2])
        a, b, c, d, e2 = np.add.reduceat(moments, cells.first, axis=1)
        loglik = eta @ cells.leaves - cells.deaths @ np.log(s0) + np.log(e).sum()
        exits = np.ones(len(s0))
        return RiskSums(float(loglik), weights, s0, means, dead_means, a, b, c, d, e2, exits)

    def score(self, sums: RiskSums) -> Floats:
        """Shape ``(p,)``."""
        return self.z @ (_from_own_cell(sums.exits, self.cells) - self._drawn_on(sums))

    def information(self, sums: RiskSums) -> Floats:
        """``Σ (A S2 − B S2d) / S0`` as one Gram matrix, minus the products of the means."""
        m, md, g = sums.means, sums.dead_means, self._drawn_on(sums)
        cross = (sums.d[:, None] * m).T @ md
        within = (sums.c[:, None] * m).T @ m + (sums.e[:, None] * md).T @ md
        gram = np.zeros((len(self.z), len(self.z)))
        for start in range(0, len(g), BLOCK):
            block = self.z[:, start : start + BLOCK]
            gram += (block * g[start : start + BLOCK]) @ block.T
        return gram - within + cross + cross.T

    def score_residuals(self, sums: RiskSums) -> Floats:
        """Lin & Wei's residuals with Efron's ties exactly, shape ``(p, m)``.

        ``d (x − E₁) − w [x (ΣA − d B) / S0 − (ΣP − d Q)]`` with ``E₁ = (A m − B m_d) / d``,
        ``P = (C m − D m_d) / S0``, ``Q = (D m − E m_d) / S0``, where ``m = S1 / S0`` and
        ``m_d = S1d / S0``; sums run over the weeks at risk.
        """
        cells = self.cells
        factor = _from_own_cell(sums.exits, cells) - self._drawn_on(sums)
        expected = _mixed(sums.a, sums.b, sums, cells.deaths)
        p, q = _mixed(sums.c, sums.d, sums, sums.s0), _mixed(sums.d, sums.e, sums, sums.s0)
        residuals = np.empty_like(self.z)
        for k, column in enumerate(self.z):
            drift = sums.weights * _while_at_risk(p[:, k], q[:, k], cells)
            residuals[k] = factor * column - _from_own_cell(expected[:, k], cells) + drift
        return residuals

    def cell_sums(self, columns: Iterable[Floats]) -> tuple[Floats, Floats]:
        """Sums of columns of shape ``(m,)`` over those at risk and those who leave: ``(k, M)``."""
        cells, late, sums = self.cells, list[Floats](), list[Floats]()
        size = cells.shape[0] * cells.shape[1]
        for column in columns:
            sums.append(np.add.reduceat(column, cells.starts))
            if cells.missed is not None:
                came: Any = np.bincount(cells.missed[cells.late], column[cells.late], size)
                late.append(came)
        table = np.zeros((len(sums), np.prod(cells.shape)))
        table[:, cells.flat] = sums
        table = table.reshape(-1, *cells.shape)
        leaving = table.sum(axis=-1)
        if late:
            leaving -= np.array(late).reshape(leaving.shape)
        return remaining(leaving)[:, *cells.event_cell], table[..., 1][:, *cells.event_cell]

    def _drawn_on(self, sums: RiskSums) -> Floats:
        """``w (ΣA / S0 − d B / S0)``: exits expected of each row, shape ``(m,)``."""
        return sums.weights * _while_at_risk(sums.a / sums.s0, sums.b / sums.s0, self.cells)


def build_likelihood(x: Floats, cells: RiskCells) -> PartialLikelihood:
    """Columns ``x`` of shape ``(n, p)``, centred and scaled; the likelihood does not mind."""
    z = np.empty((x.shape[1], len(cells.order)))
    scale = np.ones(len(z))
    for k, column in enumerate(z):
        np.take(x[:, k], cells.order, out=column)
        column -= column.mean()
        spread = np.sqrt(column @ column / max(len(column), 1))
        scale[k] = spread if spread > 0 else 1.0
        column /= scale[k]
    return PartialLikelihood(z, scale, cells)


def weighted_by(sums: RiskSums, weight: Floats) -> RiskSums:
    """The sums with each cell weighted, shape ``(M,)``: score and information of ``x · weight``.

    With weight ``g(t)`` the score is ``Σ g dM`` and the information ``Σ g V``.
    """
    moments = (weight * moment for moment in (sums.a, sums.b, sums.c, sums.d, sums.e, sums.exits))
    a, b, c, d, e, exits = moments
    return sums._replace(a=a, b=b, c=c, d=d, e=e, exits=exits)


def _mixed(first: Floats, second: Floats, sums: RiskSums, by: Floats | Counts) -> Floats:
    mixed = first[:, None] * sums.means - second[:, None] * sums.dead_means
    return mixed / by[:, None]


def _from_own_cell(values: Floats, cells: RiskCells) -> Floats:
    """For each row the value of the cell in which it leaves, or 0: shape ``(m,)``."""
    table = np.zeros(cells.shape)
    table[(*cells.event_cell, 1)] = values
    return np.repeat(table.ravel()[cells.flat], cells.sizes)


def _while_at_risk(values: Floats, own: Floats, cells: RiskCells) -> Floats:
    """Sums of ``values`` over a row's weeks, less ``own`` where it leaves: shape ``(m,)``."""
    until = np.zeros(cells.shape[:2])
    until[cells.event_cell] = values
    np.cumsum(until, axis=1, out=until)
    table = np.stack([until, until], axis=-1)
    table[(*cells.event_cell, 1)] -= own
    sums = np.repeat(table.ravel()[cells.flat], cells.sizes)
    if cells.missed is not None:
        sums[cells.late] -= until.ravel()[cells.missed[cells.late]]
    return sums
