"""The exact likelihood of tied exits: who of those at risk left, given how many did.

Cox's discrete model (1972, section 6), a conditional logistic likelihood: of all sets of ``d``
out of a risk set, the set ``D`` that left has the chance ``Π_D w / Σ_R Π_R w``. The sum is built
person by person (Gail, Lubin & Rubinstein 1981), here in the form of the mean and covariance of
``Σ x`` over a set so drawn, which neither over- nor underflows: with ``q`` the chance that the new
person is among the ``j`` drawn, the distribution for ``j`` is the mixture of the old one for ``j``
(weight ``1 − q``) and of the old one for ``j − 1`` with the person's ``x`` added (weight ``q``).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jobeval.errors import DesignError
from jobeval.exits.hazards.cox_arrange import Counts, Floats, RiskCells
from jobeval.exits.hazards.cox_newton import Point

MOST_STEPS = 3e8
"""Additions that one evaluation may need: some seconds."""


class RiskSet(NamedTuple):
    """The rows that come to a risk set, and those of them who leave at its week."""

    fresh: bool  # whether the set starts from nobody
    rows: Counts
    dead: Counts
    most: int  # the most exits that this or a later set of the same growth will ask for


class Drawn(NamedTuple):
    """For ``j = 0 … k`` drawn: log of the sum of products, mean and covariance of ``Σ x``."""

    log: Floats  # (k + 1,)
    mean: Floats  # (k + 1, p)
    covariance: Floats  # (k + 1, p, p)


def risk_sets(cells: RiskCells, n_covariates: int) -> list[RiskSet]:
    """The risk sets of all cells, each grown from the next later one where nobody enters late.

    Raises
    ------
    DesignError
        When the sums would take too long.
    """
    sets = [one for stratum in range(cells.shape[0]) for one in _stratum_sets(cells, stratum)]
    steps = sum(len(one.rows) * one.most for one in sets) * (1 + n_covariates) ** 2
    if steps > MOST_STEPS:
        raise DesignError(
            f"The exact likelihood would need {steps:.1g} additions a step. "
            'Mend: ties="efron", which comes close when ties are not most of those at risk.'
        )
    return sets


def exact_point(z: Floats, beta: Floats, sets: list[RiskSet]) -> Point:
    """The log-likelihood and its derivatives; ``z`` of shape ``(p, m)``, sorted as the cells."""
    p = len(z)
    eta, x = beta @ z, z.T
    loglik, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    state = _nobody(p)
    for growth in sets:
        state = _nobody(p) if growth.fresh else state
        for row in growth.rows:
            state = _with_person(state, float(eta[row]), x[row], growth.most)
        d = len(growth.dead)
        loglik += float(eta[growth.dead].sum() - state.log[d])
        score += x[growth.dead].sum(axis=0) - state.mean[d]
        information += state.covariance[d]
    return Point(loglik, score, information)


def _stratum_sets(cells: RiskCells, stratum: int) -> Iterator[RiskSet]:
    """From the last week of a stratum to its first."""
    n_weeks = cells.shape[1]
    place = np.repeat(cells.flat // 2, cells.sizes)
    mine = np.flatnonzero(place // n_weeks == stratum)
    week, leaves = place[mine] % n_weeks, cells.leaves[mine]
    missed = None if cells.missed is None else cells.missed[mine] - stratum * n_weeks
    event_weeks = cells.event_cell[1][cells.event_cell[0] == stratum]
    deaths = [mine[leaves & (week == event)] for event in event_weeks]
    most = np.maximum.accumulate([len(dead) for dead in deaths])
    upper = n_weeks
    for index in range(len(event_weeks) - 1, -1, -1):
        event, last = event_weeks[index], index == len(event_weeks) - 1
        if missed is None:
            rows = mine[(week >= event) & (week < upper)]
            yield RiskSet(last, rows, deaths[index], int(most[index]))
        else:
            rows = mine[(week >= event) & (missed < event)]
            yield RiskSet(True, rows, deaths[index], len(deaths[index]))
        upper = event


def _nobody(p: int) -> Drawn:
    return Drawn(np.zeros(1), np.zeros((1, p)), np.zeros((1, p, p)))


def _with_person(old: Drawn, eta: float, x: Floats, most: int) -> Drawn:
    """One more person at risk, for up to ``most`` drawn."""
    top = min(len(old.log) - 1, most)  # so many could be drawn before
    grown = min(top + 1, most)
    with_log = eta + old.log[:grown]
    with_mean = old.mean[:grown] + x
    both = slice(1, top + 1)
    log = np.logaddexp(old.log[both], with_log[:top])
    q = np.exp(with_log[:top] - log)
    apart = with_mean[:top] - old.mean[both]
    mean = old.mean[both] + q[:, None] * apart
    covariance = (
        (1 - q)[:, None, None] * old.covariance[both]
        + q[:, None, None] * old.covariance[:top]
        + (q * (1 - q))[:, None, None] * apart[:, :, None] * apart[:, None, :]
    )
    return Drawn(
        np.concatenate([old.log[:1], log, with_log[top:]]),
        np.concatenate([old.mean[:1], mean, with_mean[top:]]),
        np.concatenate([old.covariance[:1], covariance, old.covariance[top:grown]]),
    )
