"""Fine & Gray's partial likelihood on the weekly grid: two scans in place of rows.

Who has left to a competing destination in week ``T`` stays at risk with the weight
``G(t−) / G(T−)``, ``G`` being the chance of not yet being censored. Sums over those at risk are
therefore ``S(t) = Σ_{T ≥ t} w + G(t−) Σ_{competing, T < t} w / G(T−)``: a scan backwards over the
weeks and one forwards. The persons enter by their cell alone (stratum, censoring group, week
and kind of exit) but for ``w = exp(xβ)``, so a step is one ``exp``, one sum a cell and column,
and one Gram matrix; rows may stand for several persons.

Symbols are those of ``cox_fit``: with ties in ``S − f S_d``, a week with exits has
``A = Σ e / S0``, ``B = Σ f e / S0``, ``P = Σ e² (m − f m_d) / S0`` and
``Q = Σ f e² (m − f m_d) / S0``, where ``e = 1 / (1 − f S0d / S0)``, ``m = S1 / S0`` and
``m_d = S1d / S0``.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.grid import remaining
from jobeval.exits.hazards.cox_arrange import SplitTies
from jobeval.exits.models.likelihood import (
    RUNAWAY,
    invert,
    maximise,
    solve_uphill,
    standardised,
    weighted_gram,
)

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
CENSORED, EXIT, COMPETING = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class FineGrayFit:
    """A fitted model of the subdistribution hazard with ``p`` covariates, from ``m`` rows.

    Attributes
    ----------
    coef
        Shape ``(p,)``, log ratios; ``nan`` where the likelihood has no maximum.
    vcov
        Shape ``(p, p)``, the inverse of the information, which takes the weights as known.
    infinite
        Shape ``(p,)``, boolean: the likelihood grows as this coefficient goes to ±∞.
    loglik_null, loglik
        Log partial likelihood at 0 and at the maximum (its limit where infinite).
    residuals
        Shape ``(m, p)``: a person's part of the score, the estimation of ``G`` included.
    counts
        Shape ``(m,)``: persons behind each row.
    converged
        ``False`` when the steps ran out or the information was singular: all is ``nan`` then.
    """

    coef: Floats
    vcov: Floats
    infinite: NDArray[np.bool_]
    loglik_null: float
    loglik: float
    residuals: Floats
    counts: Floats
    converged: bool

    def robust_vcov(self, cluster: Counts | None = None) -> Floats:
        """``I⁻¹ Σ_g r_g r_g′ I⁻¹`` over clusters, codes of shape ``(m,)``, or over persons."""
        weighted = self.residuals * self.counts[:, None]
        if cluster is None:
            return self.vcov @ (weighted.T @ self.residuals) @ self.vcov
        sums = np.stack([np.bincount(cluster, weights=column) for column in weighted.T])
        return self.vcov @ (sums @ sums.T) @ self.vcov


class _Cells(NamedTuple):
    """``m`` rows in ``L`` pairs of stratum and censoring group, ``T`` weeks and three kinds."""

    key: Counts  # (m,) place in (L, T, 3)
    counts: Floats  # (m,)
    exits: Floats  # (m,) the same where the row left as asked, else 0
    persons: Floats  # (L, T, 3)
    stratum: Counts  # (L,) ascending
    group: Counts  # (L,)
    free: Floats  # (L, T) G(t−)
    event_cell: tuple[Counts, ...]  # stratum and week of the M cells with exits
    deaths: Counts  # (M,)
    fractions: Floats  # (Σd,) l / d, cell by cell; 0 for Breslow
    first: Counts  # (M,) where each cell's fractions begin
    exits_first: bool  # within a week, before the censored: who leaves cannot be censored

    @property
    def per_free(self) -> Floats:
        """``1 / G(t−)``; 0 where nobody can have left without having been censored."""
        return np.divide(1.0, self.free, out=np.zeros_like(self.free), where=self.free > 0)

    @property
    def strata(self) -> Counts:
        """The first pair of each stratum."""
        return np.flatnonzero(np.diff(self.stratum, prepend=-1))


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """All that one value of the coefficients gives; ``M`` cells have exits."""

    z: Floats  # (m, p)
    cells: _Cells
    loglik: float
    weights: Floats  # (m,) w
    own: Floats  # (m,) w times what A and B add up to while a row is at risk
    table: Floats  # (1 + p, L, T, 3) sums of w and w x
    s0: Floats  # (M,)
    means: Floats  # (M, p)
    dead_means: Floats  # (M, p)
    moments: Floats  # (5, M): Σe, Σfe, Σe², Σfe², Σf²e²

    def newton(self) -> tuple[Floats, float]:
        """Newton's step and ``U′ I⁻¹ U``; ``nan`` where the information is singular."""
        score = self.z.T @ (self.cells.exits - self.own)
        step = solve_uphill(self.information(), score)
        return step, float(score @ step)

    def reach(self, step: Floats) -> float:
        """How far a step moves anybody's ``xβ``."""
        return float(np.abs(self.z @ step).max())

    def information(self) -> Floats:
        """``Σ (A S2 − B S2d) / S0`` as one Gram matrix, minus the products of the means."""
        m, md = self.means, self.dead_means
        _, _, c, d, e = self.moments[..., None]
        cross = (d * m).T @ md
        within = (c * m).T @ m + (e * md).T @ md
        return weighted_gram(self.z, self.own) - within + cross + cross.T


@np.errstate(all="ignore")  # coefficients on their way to infinity: seen by what they give
def fit_subdistribution(
    x: Floats,
    weeks: Counts,
    kind: Counts,
    stratum: Counts,
    group: Counts,
    *,
    counts: Counts | None = None,
    ties: SplitTies = "breslow",
) -> FineGrayFit:
    """Maximise the weighted partial likelihood by Newton's method with step halving.

    Parameters
    ----------
    x
        Shape ``(m, p)``, linearly independent within the strata.
    weeks
        Shape ``(m,)``, whole weeks ≥ 0.
    kind
        Shape ``(m,)``: 0 = censored, 1 = left as asked, 2 = left otherwise.
    stratum, group
        Shape ``(m,)``, codes: who shares a baseline hazard, and who is censored alike.
    counts
        Shape ``(m,)``: persons behind each row; one when left out.
    ties
        ``"breslow"``: as ``crr`` of R's cmprsk does, where ``G`` counts those who leave in a
        week among those who could have been censored in it. ``"efron"``: as ``finegray`` and
        ``coxph`` of R's survival do, where exits come before censorings.

    Examples
    --------
    Without censoring, who leaves otherwise stays at risk for good. Here the sums over those at
    risk are ``2 r + 2``, ``2 r + 1`` and ``r + 1``, where ``r`` is the ratio; the score is 0 when
    ``4 r² + r = 1``:

    >>> x = np.array([[1.0], [0], [1], [0]])
    >>> weeks, kind, zero = np.array([1, 1, 2, 3]), np.array([2, 1, 1, 1]), np.zeros(4, dtype=int)
    >>> fit = fit_subdistribution(x, weeks, kind, zero, zero)
    >>> bool(np.isclose(np.exp(fit.coef[0]), (np.sqrt(17) - 1) / 8))
    True
    """
    if not (kind == EXIT).any():
        raise ValueError("no exit was seen")
    cells = _arrange(weeks, kind, stratum, group, counts, ties)
    z, _, scale = standardised(x, cells.counts)
    z = np.asfortranarray(z)
    null = _look(z, np.zeros(x.shape[1]), cells)
    best = maximise(
        lambda beta: _look(z, beta, cells) if beta.any() else null, np.zeros(len(scale))
    )
    runaway = best.converged and best.look.reach(best.step) > RUNAWAY
    infinite = runaway & (np.abs(z * best.step).max(axis=0) > RUNAWAY)
    finite = ~infinite & best.converged
    return FineGrayFit(
        coef=np.where(finite, best.theta, np.nan) / scale,
        vcov=invert(best.look.information(), finite) / np.outer(scale, scale),
        infinite=infinite,
        loglik_null=null.loglik,
        loglik=best.look.loglik,
        residuals=_score_residuals(best.look) * scale,
        counts=cells.counts,
        converged=best.converged,
    )


def _arrange(
    weeks: Counts,
    kind: Counts,
    stratum: Counts,
    group: Counts,
    counts: Counts | None,
    ties: SplitTies,
) -> _Cells:
    n_groups = int(group.max()) + 1
    pair = stratum * n_groups + group
    pairs = np.flatnonzero(np.bincount(pair))
    place = np.zeros(pairs[-1] + 1, dtype=np.int64)
    place[pairs] = np.arange(len(pairs))
    homes = np.unique(pairs // n_groups, return_inverse=True)[1]
    shape = (len(pairs), int(weeks.max()) + 1, 3)
    key = (place[pair] * shape[1] + weeks) * 3 + kind
    behind = np.ones(len(weeks)) if counts is None else counts.astype(np.float64)
    persons = _table(key, behind, shape)
    exits_first = ties == "efron"
    could = _could_be_censored(_sum_groups(pairs % n_groups, persons), exits_first)
    free = np.ones(could.persons.shape)
    free[:, 1:] = np.cumprod(1 - could.censored / could.persons, axis=-1)[:, :-1]
    first_pair = np.flatnonzero(np.diff(homes, prepend=-1))
    deaths = np.add.reduceat(persons[..., EXIT], first_pair).astype(np.int64)
    event_cell = np.nonzero(deaths)
    d = deaths[event_cell]
    first = np.cumsum(d) - d
    rank = np.arange(d.sum()) - np.repeat(first, d)
    fractions = rank / np.repeat(d, d) if exits_first else np.zeros(len(rank))
    return _Cells(
        key, behind, behind * (kind == EXIT), persons, homes, pairs % n_groups,
        free[pairs % n_groups], event_cell, d, fractions, first, exits_first,
    )  # fmt: skip


def _table(key: Counts, values: Floats, shape: tuple[int, ...]) -> Floats:
    """Sums of the rows of each cell."""
    sums = np.bincount(key, weights=values, minlength=int(np.prod(shape)))
    return sums.astype(np.float64, copy=False).reshape(shape)


class _Censoring(NamedTuple):
    """By group and week: who was censored, and who could have been (at least 1)."""

    censored: Floats
    persons: Floats


def _could_be_censored(persons: Floats, exits_first: bool) -> _Censoring:
    at_risk = remaining(persons.sum(axis=-1))
    could = at_risk - exits_first * persons[..., EXIT:].sum(axis=-1)
    return _Censoring(persons[..., CENSORED], np.maximum(could, 1))


def _sum_groups(group: Counts, values: Floats) -> Floats:
    """Sums over the pairs of each censoring group, shape ``(…)`` as given but for the first."""
    sums = np.zeros((int(group.max()) + 1, *values.shape[1:]))
    np.add.at(sums, group, values)
    return sums


def _look(z: Floats, beta: Floats, cells: _Cells) -> _Look:
    """One pass over the rows (``exp`` and a sum per cell), then weeks × pairs only."""
    eta = z @ beta
    eta -= eta.max()
    weights = np.exp(eta)
    behind = weights * cells.counts
    columns = [behind, *(behind * column for column in z.T)]
    table = np.stack([_table(cells.key, column, cells.persons.shape) for column in columns])
    gone = np.cumsum(table[..., COMPETING] * cells.per_free, axis=-1)
    risk = remaining(table.sum(axis=-1))
    risk[..., 1:] += cells.free[:, 1:] * gone[..., :-1]
    risk, dead = (
        np.add.reduceat(pairs, cells.strata, axis=1)[:, *cells.event_cell]
        for pairs in (risk, table[..., EXIT])
    )
    f, s0 = cells.fractions, risk[0]
    e = 1 / (1 - f * np.repeat(dead[0] / s0, cells.deaths))
    moments = np.add.reduceat([e, f * e, e * e, f * e * e, (f * e) ** 2], cells.first, axis=1)
    own = behind * _while_at_risk(moments[0] / s0, moments[1] / s0, cells).take(cells.key)
    loglik = cells.exits @ eta - cells.deaths @ np.log(s0) + np.log(e).sum()
    means, dead_means = (risk[1:] / s0).T, (dead[1:] / s0).T
    return _Look(z, cells, float(loglik), weights, own, table, s0, means, dead_means, moments)


def _spread(values: Floats, cells: _Cells) -> Floats:
    """Values of the M cells on all pairs × weeks: shape ``(L, T, …)``, 0 elsewhere."""
    shape = (len(cells.strata), cells.persons.shape[1], *values.shape[1:])
    spread = np.zeros(shape)
    spread[cells.event_cell] = values
    return spread[cells.stratum]


def _after(values: Floats, cells: _Cells) -> Floats:
    """``Σ_{t > u} G(t−) v(t)`` at each week ``u``, shape ``(L, T, …)`` as given."""
    later = values * cells.free.reshape(*cells.free.shape, *[1] * (values.ndim - 2))
    return np.flip(np.cumsum(np.flip(later, axis=1), axis=1), axis=1) - later


def _while_at_risk(each: Floats, own: Floats, cells: _Cells) -> Floats:
    """What the M cells add up to while somebody is at risk, shape ``(L, T, 3, …)``.

    All up to the own week; for an exit, less ``own`` in it; for a competing exit, also the
    later ones with the weight ``G(t−) / G(T−)``.
    """
    spread = _spread(each, cells)
    table = np.repeat(np.cumsum(spread, axis=1)[:, :, None], 3, axis=2)
    table[:, :, EXIT] -= _spread(own, cells)
    per_free = cells.per_free.reshape(*cells.free.shape, *[1] * (spread.ndim - 2))
    table[:, :, COMPETING] += per_free * _after(spread, cells)
    return table


def _score_residuals(look: _Look) -> Floats:
    """A person's part ``η + ψ`` of the score, shape ``(m, p)`` (Fine & Gray 1999, section 3.1).

    ``η = [exit] (x − E₁) − w (x (ΣA − B) − (ΣP − Q))``, where sums run while the person is at
    risk, is Lin & Wei's residual with Efron's ties; ``ψ`` is what the person adds by ``G``.
    """
    cells, m, md = look.cells, look.means, look.dead_means
    a, b, c, d, e = look.moments[..., None]
    p, q = (c * m - d * md) / look.s0[:, None], (d * m - e * md) / look.s0[:, None]
    alone = _censoring_residuals(look, _spread(p, cells))
    alone[:, :, EXIT] -= _spread((a * m - b * md) / cells.deaths[:, None], cells)
    drift = _while_at_risk(p, q, cells)
    leaves = (cells.exits - look.own) / cells.counts
    parts = (np.ascontiguousarray(table.reshape(-1, m.shape[1]).T) for table in (alone, drift))
    residuals, drift = (part.take(cells.key, axis=1) for part in parts)
    drift *= look.weights
    residuals += drift
    residuals += np.multiply(leaves, look.z.T, out=drift)
    return residuals.T


def _censoring_residuals(look: _Look, p: Floats) -> Floats:
    """``ψ = ∫ q / π dM`` of a person by pair, week and kind, shape ``(L, T, 3, p)``.

    ``q(u)`` sums ``w (x A(t) − P(t)) G(t−) / G(T−)`` over who left otherwise in a week ``T ≤ u``
    and all weeks ``t > u``: their weights contain the factor of ``u``. As ``crr`` does, it is
    ``T < u ≤ t`` instead where exits do not come first. ``M`` is the martingale of being
    censored.
    """
    cells = look.cells
    gone = np.moveaxis(look.table[..., COMPETING] * cells.per_free, 0, -1)
    so_far = np.cumsum(gone, axis=1)
    each = np.concatenate([_spread(look.moments[0] / look.s0, cells)[..., None], p], axis=2)
    later = _after(each, cells)
    if not cells.exits_first:
        so_far, later = so_far - gone, later + cells.free[..., None] * each
    q = so_far[..., 1:] * later[..., :1] - so_far[..., :1] * later[..., 1:]
    could = _could_be_censored(_sum_groups(cells.group, cells.persons), cells.exits_first)
    q = _sum_groups(cells.group, q) / could.persons[..., None]
    expected = q * (could.censored / could.persons)[..., None]
    psi = np.repeat(-np.cumsum(expected, axis=1)[:, :, None], 3, axis=2)
    psi[:, :, CENSORED] += q
    if cells.exits_first:
        psi[:, :, EXIT:] += expected[:, :, None]
    return psi[cells.group]
