"""What is said of a test by sums of scores, by its model or by the lottery drawn again."""

import math
from dataclasses import replace

import numpy as np

from jobeval.exits.drawn.drawn_scores import ScoredCells, ScoreMoments, has_variance, redraw_scores
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.ranks.max_combo import largest_normal_tail
from jobeval.results import HypothesisTest

NOTHING = "not estimable: no exit with both arms at risk"
EXPLAINED = "not estimable: too few exits for so many covariates"


def name_test(name: str, grid: ExitGrid, endpoint: str) -> HypothesisTest:
    """A test of the two arms of a grid of which nothing is known yet."""
    exits = grid.leavers.sum(axis=(1, 2)).tolist()
    return HypothesisTest(
        name=f"stratified {name}" if len(grid.strata) > 1 else name,
        endpoint=endpoint,
        statistic=math.nan,
        df=1.0,
        p_value=math.nan,
        n_apart_treatment=exits[1],
        n_apart_control=exits[0],
    )


def decide_by_model(named: HypothesisTest, moments: ScoreMoments) -> HypothesisTest:
    """One sum against chi-square with one degree of freedom, or the largest of several."""
    from scipy.special import chdtrc

    known = has_variance(moments.covariance)
    if not known.any():
        return _without(named, EXPLAINED if moments.covariance.any() else NOTHING)
    error = np.sqrt(np.diag(moments.covariance)[known])
    largest = float(np.abs(moments.difference[known] / error).max())
    if len(known) == 1:
        return replace(named, statistic=largest**2, p_value=float(chdtrc(1, largest**2)))
    correlation = moments.covariance[np.ix_(known, known)] / np.outer(error, error)
    p_value = largest_normal_tail(largest, correlation)
    return replace(named, statistic=largest, df=math.nan, p_value=p_value)


def decide_by_lottery(
    named: HypothesisTest, scored: ScoredCells, draws: int, seed: int
) -> HypothesisTest:
    """The same sums, standardised by the lottery's variance, against the lottery drawn again."""
    named = replace(named, inference="lottery")
    drawn = redraw_scores(scored, draws, seed)
    if math.isnan(drawn.largest):
        return _without(named, NOTHING)
    single = scored.scores.shape[1] == 1
    return replace(
        named,
        statistic=drawn.largest**2 if single else drawn.largest,
        df=1.0 if single else math.nan,
        p_value=drawn.p_value,
        draws=drawn.draws,
        exact=drawn.exact,
    )


def _without(named: HypothesisTest, why: str) -> HypothesisTest:
    return replace(named, notes=(*named.notes, why))
