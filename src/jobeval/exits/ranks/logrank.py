"""Log-rank tests, stratified as the lottery drew: plain, weighted, the largest, adjusted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import require_one_of
from jobeval.exits.drawn.drawn_cells import DRAWS, Inference, validate_inference
from jobeval.exits.drawn.drawn_scores import (
    ScoreMoments,
    lottery_moments,
    score_grid,
    score_persons,
    score_units,
)
from jobeval.exits.grid.durations import Durations, read_durations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.ranks.adjusted_logrank import adjusted_logrank, adjusted_scores, read_baseline
from jobeval.exits.ranks.max_combo import POWERS
from jobeval.exits.ranks.score_decision import decide_by_lottery, decide_by_model, name_test
from jobeval.exits.ranks.weighted_logrank import (
    WeeklyScores,
    fleming_harrington,
    logrank,
    weekly_scores,
)
from jobeval.inference.assignment import Assignment
from jobeval.inference.covariates import covariate_names
from jobeval.inference.redraw import SEED
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import HypothesisTest

Floats = NDArray[np.float64]
Weights = tuple[float, float] | Literal["max-combo"] | None


def logrank_test(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    weights: Weights = None,
    covariates: Sequence[str | Term] = (),
    entry: str | None = None,
    inference: Inference = "model",
    draws: int = DRAWS,
    seed: int = SEED,
) -> HypothesisTest:
    """Test whether the arms leave equally fast, within the strata of the lottery.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person. Persons of other arms are left out.
    duration
        Column of whole weeks since randomisation.
    observed
        Column of true/false or 1/0; false is censored at ``duration``.
    lottery
        The names of the lottery's columns. Strata stratify the test. When clusters were
        drawn, the variance is that of the lottery over clusters.
    weights
        Left out, every week counts the same: most power against a constant hazard ratio.
        A pair ``(ρ, γ)`` weighs weeks by ``S(t−)^ρ (1 − S(t−))^γ`` with the survival of both
        arms (Fleming & Harrington): ``(1, 0)``, Peto's, for effects that fade, ``(0, 1)`` for
        effects that come late, ``(1, 1)`` for those in between. ``"max-combo"`` takes the
        largest of these four, against any of these alternatives.
    covariates
        Baseline columns to adjust for, as ``estimate_hazard_ratio`` takes them; only without
        weights. The hypothesis stays the same, and the test gains power from covariates that
        foretell the exit (Ye, Shao & Yi 2024).
    entry
        Column of whole weeks after which observation began.
    inference
        ``"model"``: the normal reference, with the hypergeometric variance.
        ``"lottery"``: the lottery drawn again. It tests that the lottery changed nothing,
        neither exits nor follow-up, and needs no large numbers.
    draws
        Re-drawn lotteries. Where there are at most so many possible ones, all are used and
        the p-value is exact; else it is ``(1 + hits) / (1 + draws)``. Their cost does not grow
        with persons, but for covariates, which tell persons apart.
    seed
        Origin of the random stream.

    Returns
    -------
    HypothesisTest
        Chi-square with one degree of freedom; for ``"max-combo"`` the largest absolute normal
        statistic, without degrees of freedom (``nan``). Under ``"lottery"`` sums are
        standardised by the lottery's own variance. ``nan`` with a note when there is nothing
        to compare, because no exit was seen or no two persons of different arms were at risk.

    Raises
    ------
    DataError
        For missing or broken durations or covariates, and a lottery that cannot be read.
    ValueError
        For weights that are no pair of numbers from 0 on, or come with covariates.

    References
    ----------
    Mantel (1966); Fleming & Harrington (1991); Lee (2007) for the largest of four; Ye, Shao &
    Yi (2024), Biometrika 111.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> test = logrank_test(frame, "week", "left", lottery)
    >>> round(test.statistic, 4), round(test.p_value, 4)
    (2.0, 0.1573)
    >>> test = logrank_test(frame, "week", "left", lottery, inference="lottery")
    >>> test.exact, test.draws, test.p_value
    (True, 20, 0.3)
    """
    powers = validate_weights(weights)
    validate_inference(inference, draws, seed)
    if covariates and weights is not None:
        raise ValueError("covariates adjust the unweighted test: leave out weights or covariates")
    names = covariate_names(covariates)
    durations = read_durations(frame, duration, observed, lottery, names, entry=entry)
    grid = durations.grid(lottery)
    if covariates:
        return _adjusted_test(durations, grid, covariates, duration, inference, draws, seed)
    drawn = durations.assignment
    if drawn.cluster is None and (entry is None or inference == "model"):
        return logrank_test_from_grid(
            grid, endpoint=duration, weights=weights, inference=inference, draws=draws, seed=seed
        )
    named = name_test(_name(weights), grid, duration)
    scores = score_persons(durations, _weekly_scores(grid, powers))
    return _decide_units(named, drawn, scores, inference, draws, seed)


def logrank_test_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    weights: Weights = None,
    inference: Inference = "model",
    draws: int = DRAWS,
    seed: int = SEED,
) -> HypothesisTest:
    """``logrank_test`` from the counts of two arms, control first.

    ``DesignError`` for ``inference="lottery"`` with late entries: counts do not tell whose.
    """
    powers = validate_weights(weights)
    validate_inference(inference, draws, seed)
    named = name_test(_name(weights), grid, endpoint)
    if inference == "lottery":
        return decide_by_lottery(named, score_grid(grid, _weekly_scores(grid, powers)), draws, seed)
    at_risk, events = grid.at_risk, grid.leavers
    test = logrank(at_risk, events, fleming_harrington(at_risk, events, powers))
    return decide_by_model(named, ScoreMoments(test.difference, test.covariance))


def _adjusted_test(
    durations: Durations,
    grid: ExitGrid,
    covariates: Sequence[str | Term],
    endpoint: str,
    inference: Inference,
    draws: int,
    seed: int,
) -> HypothesisTest:
    """Clusters and the lottery use scores off the covariates, in which no arm is used."""
    baseline, drawn = read_baseline(durations, covariates), durations.assignment
    named = name_test("covariate-adjusted log-rank", grid, endpoint)
    named = replace(named, notes=baseline.notes)
    if inference == "model" and drawn.cluster is None:
        return decide_by_model(named, adjusted_logrank(durations, grid, baseline))
    scores = adjusted_scores(durations, grid, baseline)
    return _decide_units(named, drawn, scores, inference, draws, seed)


def _decide_units(
    named: HypothesisTest,
    drawn: Assignment,
    scores: Floats,
    inference: Inference,
    draws: int,
    seed: int,
) -> HypothesisTest:
    """By the scores of persons, shape ``(n, m)``; clusters take the variance of the lottery."""
    scored = score_units(drawn, scores)
    if inference == "lottery":
        return decide_by_lottery(named, scored, draws, seed)
    note = f"variance of the lottery over {drawn.n_clusters} clusters"
    return decide_by_model(replace(named, notes=(*named.notes, note)), lottery_moments(scored))


def _weekly_scores(grid: ExitGrid, powers: Floats) -> WeeklyScores:
    at_risk, events = grid.at_risk, grid.leavers
    return weekly_scores(at_risk, events, fleming_harrington(at_risk, events, powers))


def _name(weights: Weights) -> str:
    if weights is None:
        return "log-rank"
    if weights == "max-combo":
        return "max-combo log-rank"
    return f"log-rank, weights ({weights[0]:g}, {weights[1]:g})"


def validate_weights(weights: Weights) -> Floats:
    """ρ and γ of the ``m`` weights, shape ``(m, 2)``; ``ValueError`` for what is neither."""
    if isinstance(weights, str):
        require_one_of("weights", weights, ("max-combo",))
        return POWERS
    powers = np.array([weights or (0.0, 0.0)])
    if (
        powers.shape != (1, 2)
        or powers.dtype.kind not in "iuf"
        or not ((powers >= 0) & np.isfinite(powers)).all()
    ):
        raise ValueError(f"weights must be a pair of numbers from 0 on, not {weights!r}")
    return powers.astype(np.float64)
