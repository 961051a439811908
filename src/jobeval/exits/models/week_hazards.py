"""Weekly hazards by three links: the likelihood of person-weeks, never written out as rows.

A row stays for some weeks, and may leave in the next; ``α`` is the baseline of a week, in each
stratum if wanted, and ``η = xβ``. With ``λ = exp(α + η)``:

- ``"cloglog"``: the hazard is ``1 − exp(−λ)``, as of a proportional hazard seen weekly.
- ``"log"``: exits come at the rate ``λ`` throughout the week (piecewise exponential).
- ``"logit"``: the hazard is ``λ / (1 + λ)``.

In the first two, weeks stayed add ``−exp(η) Σ exp(α)``: a running sum over weeks stands for all
of them, and nothing costs more than persons + strata × weeks. The logit has no such sum and
goes through the weeks one by one, over those who stay. Weeks stayed and weeks of exit are
added up apart, because their difference would drown in rounding where hazards run to 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.grid import remaining

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Link = Literal["cloglog", "log", "logit"]


class Runs(NamedTuple):
    """Where rows of one cell begin (``starts``), and which cell it is (``flat``)."""

    flat: Counts
    starts: Counts


@dataclass(frozen=True, slots=True, eq=False)
class PersonWeeks:
    """Rows sorted by stratum and weeks stayed.

    Attributes
    ----------
    z
        Shape ``(m, p)``, columns contiguous.
    weight
        Shape ``(m,)``; −1 for a row that takes the weeks before a late entry away.
    stayed
        Shape ``(m,)``, ascending: ``stratum · (T + 1)`` + the number of weeks stayed, from
        week 0 on.
    exits, exit_key, exit_z
        Shapes ``(d,)`` and ``(d, p)``: rows that left in a week on which the likelihood depends,
        ``stratum · T + week``, ascending, and their ``z``.
    shape
        Strata and weeks, ``(S, T)``.
    runs, exit_runs
        Of all rows by ``stayed``, and of ``exits``.
    """

    z: Floats
    weight: Floats
    stayed: Counts
    exits: Counts
    exit_key: Counts
    exit_z: Floats
    shape: tuple[int, int]
    runs: Runs
    exit_runs: Runs

    def stayer_sums(self, values: Floats) -> Floats:
        """Weighted sums of ``values`` (``(m,)``) over those who stay a week, plain and times ``z``.

        Shape ``(S, T, 1 + p)``.
        """
        n_strata, n_weeks = self.shape
        sums = _sum_runs(values * self.weight, self.z, self.runs, n_strata * (n_weeks + 1))
        return np.moveaxis(remaining(sums.reshape(-1, n_strata, n_weeks + 1))[..., 1:], 0, -1)

    def exit_sums(self, values: Floats, z: Floats | None = None) -> Floats:
        """The same of the exits' ``values`` (``(d,)``) by week, times ``z`` where asked."""
        n_strata, n_weeks = self.shape
        z = np.empty((len(values), 0)) if z is None else z
        own = values * self.weight[self.exits]
        sums = _sum_runs(own, z, self.exit_runs, n_strata * n_weeks)
        return np.moveaxis(sums.reshape(-1, *self.shape), 0, -1)


def _sum_runs(values: Floats, z: Floats, runs: Runs, size: int) -> Floats:
    """Sums of ``values``, and of them times each column of ``z``: shape ``(1 + p, size)``."""
    sums = np.zeros((1 + z.shape[1], size))
    if len(values):
        sums[0, runs.flat] = np.add.reduceat(values, runs.starts)
        for own, column in zip(sums[1:], z.T, strict=True):
            own[runs.flat] = np.add.reduceat(values * column, runs.starts)
    return sums


def arrange_person_weeks(
    z: Floats, weight: Floats, week: Counts, stratum: Counts, left: NDArray[np.bool_], n_weeks: int
) -> tuple[Counts, PersonWeeks]:
    """The order of the rows, and the rows so sorted.

    ``left`` (shape ``(m,)``) marks exits that count; all other rows stay through ``week``.
    """
    stayed = stratum * (n_weeks + 1) + week + 1 - left
    order = np.argsort(stayed, kind="stable")
    stayed, left = stayed[order], left[order]
    z = _take_rows(z, order)
    exits = np.flatnonzero(left)
    exit_key = (stratum * n_weeks + week)[order][exits]
    data = PersonWeeks(
        z=z,
        weight=weight[order],
        stayed=stayed,
        exits=exits,
        exit_key=exit_key,
        exit_z=_take_rows(z, exits),
        shape=(int(stratum.max()) + 1, n_weeks),
        runs=Runs(*np.unique(stayed, return_index=True)),
        exit_runs=Runs(*np.unique(exit_key, return_index=True)),
    )
    return order, data


def _take_rows(z: Floats, rows: Counts) -> Floats:
    """Rows of ``z``, columns contiguous."""
    taken = np.empty((z.shape[1], len(rows)))
    for own, column in zip(taken, z.T, strict=True):
        np.take(column, rows, out=own, mode="clip")  # "raise" would write to a buffer first
    return taken.T


class HazardSums(NamedTuple):
    """The log-likelihood, and its slopes by ``α`` of each week and ``η`` of each row.

    ``score, curvature`` have shape ``(S, T)`` and ``cross`` ``(S, T, p)``: summed over those at
    risk, the first and (negative) second derivatives, the latter also times ``z``.
    ``row_score, row_curvature`` have shape ``(m,)``: summed over the weeks of a row.
    """

    loglik: float
    score: Floats
    curvature: Floats
    cross: Floats
    row_score: Floats
    row_curvature: Floats


class _Terms(NamedTuple):
    """What weeks add to the log-likelihood, its slope by ``η`` and minus the slope of that."""

    log: Floats
    score: Floats
    curvature: Floats


def add_hazards(alpha: Floats, eta: Floats, data: PersonWeeks, link: Link) -> HazardSums:
    """All sums at ``alpha`` (shape ``(S, T)``, ``−∞`` = no hazard) and ``eta`` (``(m,)``)."""
    exits, weight = data.exits, data.weight[data.exits]
    out = _leave(alpha.ravel()[data.exit_key] + eta[exits], link)
    stay = _stay_logits(alpha, eta, data) if link == "logit" else _stay_rates(alpha, eta, data)
    bend = data.exit_sums(out.curvature, data.exit_z)
    stay.row_score[exits] += out.score
    stay.row_curvature[exits] += out.curvature
    return HazardSums(
        loglik=stay.loglik + float(weight @ out.log),
        score=stay.score + data.exit_sums(out.score)[..., 0],
        curvature=stay.curvature + bend[..., 0],
        cross=stay.cross + bend[..., 1:],
        row_score=stay.row_score,
        row_curvature=stay.row_curvature,
    )


def _stay_rates(alpha: Floats, eta: Floats, data: PersonWeeks) -> HazardSums:
    rate, relative = np.exp(alpha), np.exp(eta)
    risk = rate[..., None] * data.stayer_sums(relative)
    total = relative * _up_to(rate[..., None])[data.stayed, 0]
    loglik = -float(data.weight @ total)
    return HazardSums(loglik, -risk[..., 0], risk[..., 0], risk[..., 1:], -total, total.copy())


def _up_to(values: Floats) -> Floats:
    """Running sums of ``(S, T, q)`` by weeks stayed, none first: shape ``(S · (T + 1), q)``."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1, values.shape[2]))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums.reshape(-1, values.shape[2])


def _stay_logits(alpha: Floats, eta: Floats, data: PersonWeeks) -> HazardSums:
    """Weeks stayed one by one, over those who stay."""
    score, curvature = np.zeros((2, *data.shape))
    cross = np.zeros((*data.shape, data.z.shape[1]))
    row_score, row_curvature = np.zeros((2, len(eta)))
    loglik = 0.0
    for cell, rows in _stayers(alpha, data):
        weight, (hazard, log_stay) = data.weight[rows], _logistic(alpha[cell] + eta[rows])
        spread = hazard * (1 - hazard)
        loglik += float(weight @ log_stay)
        score[cell], curvature[cell] = -(weight @ hazard), weight @ spread
        cross[cell] = (weight * spread) @ data.z[rows]
        row_score[rows] -= hazard
        row_curvature[rows] += spread
    return HazardSums(loglik, score, curvature, cross, row_score, row_curvature)


def _stayers(alpha: Floats, data: PersonWeeks) -> Iterator[tuple[tuple[int, int], slice]]:
    """Stratum and week where there is a hazard, and the rows that stay, which lie together."""
    stratum, week = np.nonzero(alpha > -np.inf)
    strides = data.shape[1] + 1
    firsts = np.searchsorted(data.stayed, stratum * strides + week + 1)
    ends = np.searchsorted(data.stayed, (stratum + 1) * strides)
    places = zip(stratum.tolist(), week.tolist(), strict=True)
    for place, first, end in zip(places, firsts.tolist(), ends.tolist(), strict=True):
        yield place, slice(first, end)


def _leave(linear: Floats, link: Link) -> _Terms:
    """A week of exit."""
    if link == "logit":
        hazard = _logistic(linear)[0]
        return _Terms(-np.logaddexp(0.0, -linear), 1 - hazard, hazard * (1 - hazard))
    rate = np.exp(linear)
    if link == "log":
        return _Terms(linear - rate, 1 - rate, rate)
    share = -np.expm1(-rate)
    score = rate / np.expm1(rate)
    return _Terms(np.log(share), score, score * (rate / share - 1))


def _logistic(linear: Floats) -> tuple[Floats, Floats]:
    """The hazard, and the logarithm of one minus it."""
    from scipy.special import expit

    return np.asarray(expit(linear)), -np.logaddexp(0.0, linear)


def expect_curvature(
    sums: HazardSums, alpha: Floats, eta: Floats, data: PersonWeeks, link: Link
) -> HazardSums:
    """The curvature that is expected instead of the observed one: Fisher's, as a GLM has it.

    They agree for the log link and the logit. For ``"cloglog"`` a week at risk is expected to
    add ``λ² / (e^λ − 1)``, which has no running sum: once through the weeks.
    """
    if link != "cloglog":
        return sums

    curvature, row_curvature = np.zeros(data.shape), np.zeros_like(eta)
    cross = np.zeros((*data.shape, data.z.shape[1]))
    baseline, relative = np.exp(alpha), np.exp(eta)
    for cell, rows in _stayers(alpha, data):
        expected = _expect(baseline[cell] * relative[rows])
        bend = data.weight[rows] * expected
        curvature[cell], cross[cell] = bend.sum(), bend @ data.z[rows]
        row_curvature[rows] += expected
    out = _expect(baseline.ravel()[data.exit_key] * relative[data.exits])
    row_curvature[data.exits] += out
    bend = data.exit_sums(out, data.exit_z)
    return sums._replace(
        curvature=curvature + bend[..., 0],
        cross=cross + bend[..., 1:],
        row_curvature=row_curvature,
    )


def _expect(rate: Floats) -> Floats:
    return rate * (rate / np.expm1(rate))


def weigh_week_scores(
    factors: Floats, alpha: Floats, eta: Floats, data: PersonWeeks, link: Link
) -> Floats:
    """``Σ_w factors_w u_w`` of each row, its scores by ``α`` weighted: shape ``(m, q)``.

    ``factors`` has shape ``(S, T, q)``; the rows' own weights are not applied.
    """
    out = _leave(alpha.ravel()[data.exit_key] + eta[data.exits], link).score
    if link == "logit":
        sums = np.zeros((len(eta), factors.shape[-1]))
        for cell, rows in _stayers(alpha, data):
            sums[rows] -= _logistic(alpha[cell] + eta[rows])[0][:, None] * factors[cell]
    else:
        sums = -np.exp(eta)[:, None] * _up_to(np.exp(alpha)[..., None] * factors)[data.stayed]
    sums[data.exits] += out[:, None] * factors.reshape(-1, factors.shape[-1])[data.exit_key]
    return sums


def survive(alpha: Floats, eta: Floats, stratum: Counts, link: Link) -> Floats:
    """Survival after each week of persons with ``eta`` in ``stratum``, shape ``(m, T)``."""
    linear = alpha[stratum] + eta[:, None]
    if link == "logit":
        return np.exp(np.cumsum(_logistic(linear)[1], axis=1))
    return np.exp(-np.cumsum(np.exp(linear), axis=1))
