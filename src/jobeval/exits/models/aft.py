"""Accelerated failure time models: ``log T = xβ + σ ε``, for exact or for weekly exits.

The likelihood is climbed in ``κ = 1/σ`` and ``γ = β/σ``, in which it is concave for every error
with a log-concave density (Burridge 1981), censored, exact or in intervals. So it has one
maximum, or none, unless entries are late.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves.error_shapes import ErrorShape
from jobeval.exits.models.likelihood import (
    ModelFit,
    invert,
    maximise,
    runs_away,
    solve_uphill,
    standardised,
    through_information,
    transform,
)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


class _Rows(NamedTuple):
    """Ends of durations, all of shape ``(m,)`` but ``z``."""

    z: Floats  # (m, 1 + p), a constant first
    end: Floats  # log t
    start: Floats  # log (t − 1), 0 where it is not needed
    exact: Flags  # left at t
    within: Flags  # left within (t − 1, t]
    inner: Flags  # the same with t > 1
    weight: Floats


class _Pieces(NamedTuple):
    """Log-likelihood of each row and its derivatives in ``η = xγ`` and ``κ``, shape ``(m,)``."""

    value: Floats
    by_eta: Floats
    by_kappa: Floats
    by_eta_eta: Floats
    by_eta_kappa: Floats
    by_kappa_kappa: Floats


@dataclass(frozen=True, slots=True, eq=False)
class AftFit(ModelFit):
    """Coefficients: the intercept, the ``p`` columns, and ``log σ`` unless that is fixed.

    ``place`` holds ``κ``, the intercept and the columns' ``γ``, also where they ran away.
    """

    shape: ErrorShape
    place: Floats

    def survival(self, x: Floats, stratum: Counts, weeks: Counts) -> Floats:
        """``S(t | x)`` after each week, shape ``(m, T)``; strata are columns of ``x`` here."""
        eta = self.place[1] + x @ self.place[2:]
        with np.errstate(divide="ignore", over="ignore"):
            log_weeks = np.log(weeks.astype(np.float64))
            return np.exp(self.shape.log_survival(self.place[0] * log_weeks - eta[:, None]))


@dataclass(frozen=True, slots=True, eq=False)
class _AftLook:
    """The likelihood at one ``θ = (κ, γ)``."""

    rows: _Rows
    pieces: _Pieces
    free: slice  # of θ: what is not fixed

    @property
    def loglik(self) -> float:
        return float(self.rows.weight @ self.pieces.value)

    def row_scores(self) -> Floats:
        """Shape ``(m, 2 + p)``."""
        by_eta = self.pieces.by_eta[:, None] * self.rows.z
        return self.rows.weight[:, None] * np.column_stack([self.pieces.by_kappa, by_eta])

    def information(self) -> Floats:
        z, weight, pieces = self.rows.z, self.rows.weight, self.pieces
        corner = np.array([[weight @ pieces.by_kappa_kappa]])
        side = ((weight * pieces.by_eta_kappa) @ z)[None, :]
        inner = (z * (weight * pieces.by_eta_eta)[:, None]).T @ z
        return -np.block([[corner, side], [side.T, inner]])

    def newton(self) -> tuple[Floats, float]:
        score, free = self.row_scores().sum(axis=0), self.free
        step = np.zeros_like(score)
        step[free] = solve_uphill(self.information()[free, free], score[free])
        return step, float(score @ step)

    def reach(self, step: Floats) -> float:
        return float(np.abs(self.rows.end * step[0] - self.rows.z @ step[1:]).max())

    def moves(self, step: Floats) -> Floats:
        """How far each part of a step moves anybody, shape ``(2 + p,)``."""
        by_scale = np.abs(self.rows.end * step[0]).max()
        return np.append(by_scale, np.abs(self.rows.z * step[1:]).max(axis=0))

    def inverse(self, known: Flags) -> Floats:
        """The inverse information of what is known; what is fixed has no variance."""
        vcov = np.zeros((len(known), len(known)))
        vcov[self.free, self.free] = invert(self.information()[self.free, self.free],
                                            known[self.free])  # fmt: skip
        return vcov


@np.errstate(all="ignore")  # coefficients on their way to infinity: seen by what they give
def fit_aft(
    x: Floats,
    weeks: Counts,
    left: Flags,
    weight: Floats,
    shape: ErrorShape,
    *,
    free_scale: bool = True,
    grouped: bool = False,
    influence: bool = False,
) -> AftFit:
    """Maximise the likelihood of an accelerated failure time model.

    Parameters
    ----------
    x
        Shape ``(m, p)``, without a constant, linearly independent beside one.
    weeks, left
        Shape ``(m,)``: ends of durations, and whether the exit was seen. Exits have
        ``weeks ≥ 1``; who is censored at 0 adds nothing.
    weight
        Shape ``(m,)``: persons behind a row. Who entered late has a second row, censored at
        the entry, with weight −1: it divides by the chance to have come so far.
    free_scale
        Whether ``σ`` is estimated, or 1.
    grouped
        Whether an exit in week ``t`` is known to lie in ``(t − 1, t]`` only, and adds
        ``log(S(t − 1) − S(t))`` instead of ``log f(t)``.
    influence
        Whether influences are wanted, for ``robust_vcov``.

    Examples
    --------
    With a fixed scale and no covariates, the mean duration is total time over exits:

    >>> from jobeval.exits.curves.error_shapes import WEIBULL
    >>> weeks, left = np.array([2, 3, 7]), np.array([True, True, False])
    >>> fit = fit_aft(np.empty((3, 0)), weeks, left, np.ones(3), WEIBULL, free_scale=False)
    >>> np.exp(fit.coef).round(9).tolist()
    [6.0]
    """
    z, mean, spread = standardised(x, weight)
    rows = _arrange(z, weeks, left, weight, grouped)
    free = slice(0 if free_scale else 1, None)
    start = np.zeros(2 + x.shape[1])
    start[:2] = 1.0, np.log((weight @ weeks) / (weight @ left))
    top = maximise(lambda theta: _AftLook(rows, _pieces(theta, rows, shape), free), start)
    runaway = runs_away(top.look.moves(top.step), np.arange(len(start)) == 1)
    converged = top.converged and not runaway[:2].any()  # scale and intercept move everything
    known = ~runaway & converged
    units = _in_units(mean, spread)
    place = units @ top.theta
    coef, jacobian = _on_log_time(place, free_scale)
    jacobian = jacobian @ units
    vcov = top.look.inverse(known)
    touched = np.isnan(transform(np.where(known, 0.0, np.nan), jacobian))
    own = np.where(known, top.look.row_scores(), np.nan) if influence else None
    return AftFit(
        coef=np.where(touched, np.nan, coef),
        vcov=transform(transform(vcov, jacobian).T, jacobian),
        infinite=touched & converged,
        loglik=top.look.loglik if converged else np.nan,
        n_parameters=len(coef),
        influence=None if own is None else transform(through_information(own, vcov), jacobian),
        shape=shape,
        place=place,
    )


def _arrange(z: Floats, weeks: Counts, left: Flags, weight: Floats, grouped: bool) -> _Rows:
    inner = left & (weeks > 1) & grouped
    return _Rows(
        z=np.column_stack([np.ones(len(z)), z]),
        end=np.log(np.maximum(weeks, 1)),
        start=np.log(np.where(inner, weeks - 1, 1)),
        exact=left & (not grouped),
        within=left & grouped,
        inner=inner,
        weight=np.where(weeks > 0, weight, 0.0),
    )


def _pieces(theta: Floats, rows: _Rows, shape: ErrorShape) -> _Pieces:
    """Derivatives by the lower and the upper end of ``z``, put together by the chain rule."""
    kappa, eta = theta[0], rows.z @ theta[1:]
    high = kappa * rows.end - eta
    tail, slope = shape.log_survival(high), shape.slope(high)
    density = shape.log_density(high)
    hazard = np.exp(density - tail)
    value = np.where(rows.exact, np.log(kappa) - rows.end + density, tail)
    d2 = np.where(rows.exact, slope, -hazard)
    d22 = np.where(rows.exact, shape.curvature(high), -hazard * (slope + hazard))
    d1, d11, d12 = np.zeros((3, len(value)))
    if rows.within.any():
        chance, r1, slope_low = _below(kappa * rows.start - eta, tail, rows.inner, shape)
        r2 = np.exp(density - chance)
        value = np.where(rows.within, chance, value)
        d2 = np.where(rows.within, r2, d2)
        d22 = np.where(rows.within, r2 * (slope - r2), d22)
        d1, d11, d12 = -r1, -r1 * (slope_low + r1), np.where(rows.inner, r1 * r2, 0.0)
    a1, a2, by_log = rows.start, rows.end, rows.exact / kappa
    return _Pieces(
        value,
        by_eta=-(d1 + d2),
        by_kappa=d1 * a1 + d2 * a2 + by_log,
        by_eta_eta=d11 + 2 * d12 + d22,
        by_eta_kappa=-(d11 * a1 + d12 * (a1 + a2) + d22 * a2),
        by_kappa_kappa=d11 * a1**2 + 2 * d12 * a1 * a2 + d22 * a2**2 - by_log**2,
    )


def _below(
    low: Floats, tail: Floats, inner: Flags, shape: ErrorShape
) -> tuple[Floats, Floats, Floats]:
    """``log(S(low) − S)``, the density at ``low`` over that difference, its log's slope."""
    tail_low = np.where(inner, shape.log_survival(low), 0.0)
    chance = tail_low + np.log(-np.expm1(tail - tail_low))
    ratio = np.where(inner, np.exp(shape.log_density(low) - chance), 0.0)
    return chance, ratio, np.where(inner, shape.slope(low), 0.0)


def _in_units(mean: Floats, spread: Floats) -> Floats:
    """The matrix from ``θ`` of standardised columns to ``θ`` of the columns as they are."""
    units = np.diag(np.concatenate([[1.0, 1.0], 1 / spread]))
    units[1, 2:] = -mean / spread
    return units


def _on_log_time(place: Floats, free_scale: bool) -> tuple[Floats, Floats]:
    """``(β, log σ)`` from ``(κ, γ)``, and the derivatives."""
    kappa, beta = place[0], place[1:] / place[0]
    by_gamma = np.column_stack([-beta / kappa, np.eye(len(beta)) / kappa])
    by_scale = np.zeros(len(place))
    by_scale[0] = -1 / kappa
    if not free_scale:
        return beta, by_gamma
    return np.append(beta, -np.log(kappa)), np.vstack([by_gamma, by_scale])
