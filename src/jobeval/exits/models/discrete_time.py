"""Weekly hazards with covariates, by Newton's method on persons + weeks, not on person-weeks.

The information of the weekly levels is diagonal, so that a step solves a ``p × p`` system only:
with ``D`` the curvature by the levels, ``C`` the mixed one and ``J`` that by the coefficients,
the Schur complement ``J − C′ D⁻¹ C``. See ``week_hazards`` for the three links, and
``week_baselines`` for baselines that are a curve over weeks, whose few parameters take the
place of the levels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.grid import remaining
from jobeval.exits.models.likelihood import (
    ModelFit,
    invert,
    maximise,
    runs_away,
    solve_uphill,
    standardised,
    through_information,
    transform,
    weighted_gram,
)
from jobeval.exits.models.week_baselines import (
    BaselineName,
    Levels,
    Trend,
    build_levels,
    build_trend,
)
from jobeval.exits.models.week_hazards import (
    HazardSums,
    Link,
    PersonWeeks,
    add_hazards,
    arrange_person_weeks,
    expect_curvature,
    survive,
    weigh_week_scores,
)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyFit(ModelFit):
    """Coefficients: the parameters of the baseline that have ``names``, then the columns.

    ``alpha`` (shape ``(S, T)``) and ``slopes`` (``(p,)``) are where the climb ended, also where
    they ran away; the former is ``−∞`` in weeks without exits, ``+∞`` where all left.
    """

    names: tuple[str, ...]
    alpha: Floats
    slopes: Floats
    link: Link

    def survival(self, x: Floats, stratum: Counts, weeks: Counts) -> Floats:
        """``S(t | x)`` after each week of the grid, shape ``(m, T)``."""
        survival = survive(self.alpha, x @ self.slopes, stratum, self.link)
        return survival[:, : len(weeks)]


@dataclass(frozen=True, slots=True, eq=False)
class _WeeklyLook:
    """The likelihood at one place, and what its ``q`` levels and ``p`` coefficients need."""

    data: PersonWeeks
    baseline: Levels | Trend
    sums: HazardSums

    @property
    def loglik(self) -> float:
        return self.sums.loglik

    def inner(self) -> Floats:
        """``J``, shape ``(p, p)``."""
        return weighted_gram(self.data.z, self.data.weight * self.sums.row_curvature)

    def eliminate(self) -> tuple[Floats, Floats, Floats]:
        """Of the levels ``C``, ``D⁻¹ C`` and ``D⁻¹ U``."""
        cross = self.baseline.gather(self.sums.cross)
        score = self.baseline.gather(self.sums.score)
        solved = self.baseline.solve(self.sums.curvature, np.column_stack([score, cross]))
        return cross, solved[:, 1:], solved[:, 0]

    def newton(self) -> tuple[Floats, float]:
        cross, through, alone = self.eliminate()
        by_level = self.baseline.gather(self.sums.score)
        by_slope = (self.data.weight * self.sums.row_score) @ self.data.z
        slopes = solve_uphill(self.inner() - cross.T @ through, by_slope - cross.T @ alone)
        levels = alone - through @ slopes
        return np.append(levels, slopes), float(by_level @ levels + by_slope @ slopes)

    def _parts(self, step: Floats) -> tuple[Floats, Floats]:
        q = len(step) - self.data.z.shape[1]
        return step[:q], step[q:]

    def reach(self, step: Floats) -> float:
        levels, slopes = self._parts(step)
        by_level = self.baseline.moves(levels).max(initial=0)
        return float(by_level + np.abs(self.data.z @ slopes).max())

    def moves(self, step: Floats) -> Floats:
        """How far each part of a step moves anybody: the reported levels, then the columns."""
        levels, slopes = self._parts(step)
        by_level = self.baseline.moves(levels) if self.baseline.names else np.empty(0)
        z = self.data.z
        return np.append(by_level, np.maximum(z.max(axis=0), -z.min(axis=0)) * np.abs(slopes))

    def information(self) -> Floats:
        """Of what is reported, all else being profiled out."""
        cross, through, _ = self.eliminate()
        if not self.baseline.names:
            return self.inner() - cross.T @ through
        corner = self.baseline.information(self.sums.curvature)
        return np.block([[corner, cross], [cross.T, self.inner()]])

    def row_scores(self, place: tuple[Floats, Floats], link: Link) -> Floats:
        """Scores of what is reported at ``α, η``, shape ``(m, …)``, in the order of ``data``."""
        by_slope = self.data.z * self.sums.row_score[:, None]
        reported = bool(self.baseline.names)
        levels = np.eye(len(self.baseline.start())) if reported else self.eliminate()[1]
        by_level = weigh_week_scores(self.baseline.over_weeks(levels), *place, self.data, link)
        scores = np.hstack([by_level, by_slope]) if reported else by_slope - by_level
        return self.data.weight[:, None] * scores


@np.errstate(all="ignore")  # coefficients on their way to infinity: seen by what they give
def fit_weekly_hazards(
    x: Floats,
    weeks: Counts,
    left: Flags,
    weight: Floats,
    stratum: Counts,
    *,
    link: Link = "cloglog",
    baseline: BaselineName = "free",
    breaks: Sequence[int] = (),
    influence: bool = False,
) -> WeeklyFit:
    """Maximise the likelihood of weekly hazards.

    Parameters
    ----------
    x
        Shape ``(m, p)``, without a constant, linearly independent beside one in each stratum.
    weeks, left
        Shape ``(m,)``: ends of durations, and whether the exit was seen. A row is at risk in
        the weeks 1 to its end, and in week 0 when anybody left in it.
    weight
        Shape ``(m,)``: persons behind a row. Who entered late has a second row, censored at
        the entry, with weight −1: it takes the weeks before away.
    stratum
        Shape ``(m,)``, codes; each has levels of its own. All 0 for one baseline.
    link
        See ``week_hazards``.
    baseline
        ``"free"``: a level for each week; ``"periods"``: for each period that ends with one of
        ``breaks``; ``"linear"``, ``"quadratic"``, ``"log"``: trends over weeks, one stratum.
    influence
        Whether influences are wanted, for ``robust_vcov``.

    References
    ----------
    Prentice & Gloeckler (1978); Allison (1982); Holford (1980) for the log link.

    Examples
    --------
    Two arms and one week: the ratio of the hazards ``−log(1 − d/n)``, ``d/n`` being ¼ and ½.

    >>> x = np.array([[0.0], [0], [1], [1]])
    >>> weeks, left = np.ones(4, dtype=int), np.array([True, False, True, False])
    >>> weight = np.array([1.0, 3, 2, 2])
    >>> fit = fit_weekly_hazards(x, weeks, left, weight, np.zeros(4, dtype=int))
    >>> bool(np.isclose(np.exp(fit.coef[0]), np.log(1 / 2) / np.log(3 / 4)))
    True
    """
    z, mean, spread = standardised(x, weight)
    order, data, base = _arrange(z, weeks, left, weight, stratum, (link, baseline, breaks))
    q = len(base.start())

    def place(theta: Floats) -> tuple[Floats, Floats]:
        return base.spread(theta[:q]), data.z @ theta[q:]

    def look(theta: Floats) -> _WeeklyLook:
        return _WeeklyLook(data, base, add_hazards(*place(theta), data, link))

    top = maximise(look, np.append(base.start(), np.zeros(x.shape[1])))
    constant = np.append(base.units()[1] if base.names else [], np.zeros(x.shape[1])) > 0
    known = ~runs_away(top.look.moves(top.step), constant) & top.converged
    vcov = invert(top.look.information(), known)
    if not influence and len(known):
        expected = expect_curvature(top.look.sums, *place(top.theta), data, link)
        vcov = invert(_WeeklyLook(data, base, expected).information(), known)
    units = _in_units(base, mean, spread)
    touched = np.isnan(transform(np.where(known, 0.0, np.nan), units))
    slopes, own = top.theta[q:] / spread, None
    if influence:
        own = np.empty((len(x), len(known)))
        own[order] = through_information(top.look.row_scores(place(top.theta), link), vcov)
    alpha = np.where(base.surely, np.inf, base.spread(top.theta[:q]) - mean @ slopes)
    return WeeklyFit(
        coef=np.where(touched, np.nan, units @ top.theta[len(top.theta) - len(known) :]),
        vcov=transform(transform(vcov, units).T, units),
        infinite=touched & top.converged,
        loglik=top.look.loglik if top.converged else np.nan,
        n_parameters=base.n_parameters + x.shape[1],
        influence=None if own is None else transform(own, units),
        names=base.names,
        alpha=alpha,
        slopes=slopes,
        link=link,
    )


def _arrange(
    z: Floats, weeks: Counts, left: Flags, weight: Floats, stratum: Counts,
    how: tuple[Link, BaselineName, Sequence[int]],
) -> tuple[Counts, PersonWeeks, Levels | Trend]:  # fmt: skip
    """The order of the rows, the rows so sorted, and their baseline."""
    link, name, breaks = how
    shape = (int(stratum.max()) + 1, int(weeks.max()) + 1)
    key = stratum * shape[1] + weeks
    exits = _by_week(key, weight * left, shape)
    at_risk = remaining(_by_week(key, weight, shape))
    if not exits[:, 0].any():
        at_risk[:, 0] = 0
    if name in ("free", "periods"):
        base = build_levels(at_risk, exits, link, breaks if name == "periods" else None)
    else:
        base = build_trend(name, at_risk, exits, link)
    counts = left & base.active.ravel()[key]
    order, data = arrange_person_weeks(z, weight, weeks, stratum, counts, shape[1])
    return order, data, base


def _by_week(key: Counts, values: Floats, shape: tuple[int, int]) -> Floats:
    sums = np.bincount(key, weights=values, minlength=shape[0] * shape[1])
    return sums.astype(np.float64).reshape(shape)


def _in_units(base: Levels | Trend, mean: Floats, spread: Floats) -> Floats:
    """The matrix from reported parameters, columns standardised, to those of columns as are."""
    factor, constant = base.units() if base.names else (np.empty(0), np.empty(0))
    q = len(factor)
    units = np.diag(np.concatenate([factor, 1 / spread]))
    units[:q, q:] = -np.outer(constant, mean / spread)
    return units
