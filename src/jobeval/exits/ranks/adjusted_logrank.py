"""The log-rank test adjusted for covariates without a model of exits (Ye, Shao & Yi 2024).

What chance in the draw of the covariates has done to ``O − E`` is taken out of it, by
regressions of what each person adds to it on the covariates, arm by arm within strata.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.drawn.drawn_scores import ScoreMoments, score_persons
from jobeval.exits.grid.durations import Durations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.grid.within_strata import RANK, uncorrelated
from jobeval.exits.hazards.cox_design import build_design
from jobeval.exits.ranks.weighted_logrank import logrank, weekly_scores
from jobeval.plan.parts import Term

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """The covariates of ``n`` persons.

    Attributes
    ----------
    x
        Shape ``(n, p)``: columns that are uncorrelated within strata.
    share
        Shape ``(S,)``: the chance of treatment.
    """

    x: Floats
    share: Floats
    notes: tuple[str, ...]


class Correction(NamedTuple):
    """What chance in the covariates added to ``O − E``, and the variance that goes with it."""

    shift: float
    variance: float


def read_baseline(durations: Durations, covariates: Sequence[str | Term]) -> Baseline:
    """Covariates; the chance is the lottery's own, or the share of each stratum drawn."""
    design, drawn = build_design(durations, covariates), durations.assignment
    chance = drawn.assigned if drawn.probability is None else drawn.probability
    size = np.bincount(drawn.stratum)
    share = np.bincount(drawn.stratum, weights=chance) / size
    return Baseline(uncorrelated(design.x[:, 1:], drawn.stratum), share, design.notes)


def adjusted_logrank(durations: Durations, grid: ExitGrid, baseline: Baseline) -> ScoreMoments:
    """``O − E`` without what the covariates explain, and its variance.

    Ye, Shao & Yi (2024, Biometrika 111), eqs. 3 and 8, with the hypergeometric variance of
    tied exits. The variance may come out below 0 for a few persons with many covariates.
    """
    test = logrank(grid.at_risk, grid.leavers)
    correction = correct(durations, grid, baseline)
    return ScoreMoments(test.difference - correction.shift, test.covariance - correction.variance)


def correct(
    durations: Durations, grid: ExitGrid, baseline: Baseline, log_ratio: float = 0.0
) -> Correction:
    """The correction of the score at a log hazard ratio.

    The regressions weigh a person by the share of the other arm in the stratum. Where the
    share is the same in all strata they are those of the paper; where it is not, they still
    take out as much variance as a common slope can.
    """
    drawn, x = durations.assignment, baseline.x
    outcomes = derived_outcomes(durations, grid, log_ratio)
    size = np.bincount(drawn.stratum)
    centred = _centre(x, drawn.stratum)
    slopes: list[Floats] = []
    for arm, other in ((0, baseline.share), (1, 1 - baseline.share)):
        mine = drawn.assigned == arm
        weights = np.sqrt(other[drawn.stratum[mine]])
        within = _centre(x[mine], drawn.stratum[mine])
        slopes.append(_regress(within * weights[:, None], outcomes[mine] * weights))
    explained = centred @ slopes[1] * drawn.assigned - centred @ slopes[0] * (1 - drawn.assigned)
    spread = baseline.share * (1 - baseline.share) * size / np.maximum(size - 1, 1)
    both = centred @ (slopes[0] + slopes[1])
    return Correction(float(explained.sum()), float((spread[drawn.stratum] * both**2).sum()))


def derived_outcomes(durations: Durations, grid: ExitGrid, log_ratio: float) -> Floats:
    """``∫ (Y_other / Y) {dN_i − Y_i dN / Y}``, shape ``(n,)``: Ye, Shao & Yi (2024), eq. 2.

    At-risk counts of the treated, and their own ``Y_i``, are multiplied by the hazard ratio.
    """
    ratio, (control, treated) = np.exp(log_ratio), grid.at_risk
    at_risk = np.maximum(control + ratio * treated, np.finfo(float).tiny)
    other = np.stack([ratio * treated, control]) / at_risk
    hazard = grid.leavers.sum(axis=0) / at_risk
    spent = np.cumsum(other * hazard * np.array([1.0, ratio])[:, None, None], axis=-1)
    arm, stratum = durations.assignment.assigned, durations.assignment.stratum
    outcomes = other[arm, stratum, durations.weeks] * (durations.cause > 0)
    outcomes -= spent[arm, stratum, durations.weeks]
    if durations.entry is not None:
        late = durations.entry >= 0
        outcomes[late] += spent[arm[late], stratum[late], durations.entry[late]]
    return outcomes


def adjusted_scores(durations: Durations, grid: ExitGrid, baseline: Baseline) -> Floats:
    """The scores of the log-rank test off the covariates, shape ``(n, 1)``.

    Residuals of one regression within strata, in which no arm is used, so that they do not
    change when the lottery is drawn again (Rosenbaum 2002, Statistical Science 17).
    """
    at_risk, events = grid.at_risk, grid.leavers
    weekly = weekly_scores(at_risk, events, np.ones((1, *at_risk.shape[1:])))
    scores, stratum = score_persons(durations, weekly), durations.assignment.stratum
    weights = np.sqrt(baseline.share * (1 - baseline.share))[stratum][:, None]
    centred = _centre(baseline.x, stratum)
    return scores - centred @ _regress(centred * weights, scores * weights)


def _centre(x: Floats, stratum: Counts) -> Floats:
    size = np.maximum(np.bincount(stratum), 1)
    centred = np.empty(x.shape)
    for out, column in zip(centred.T, x.T, strict=True):
        out[:] = column - (np.bincount(stratum, weights=column) / size)[stratum]
    return centred


def _regress(x: Floats, y: Floats) -> Floats:
    """Least squares; the shortest coefficients where columns are combinations of others."""
    return np.asarray(np.linalg.lstsq(x, y, rcond=RANK)[0], dtype=np.float64)
