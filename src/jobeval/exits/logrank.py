"""The log-rank test, stratified as the lottery drew."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.durations import Durations, read_durations
from jobeval.exits.grid import ExitGrid
from jobeval.plan.lottery import Lottery
from jobeval.results import HypothesisTest

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LogRank:
    """Exits seen and expected in the treatment arm, and the variance of their difference."""

    observed: float
    expected: float
    variance: float

    @property
    def statistic(self) -> float:
        """``(O − E)² / V``, chi-square with one degree of freedom; ``nan`` without variance."""
        return (self.observed - self.expected) ** 2 / self.variance if self.variance else np.nan


def logrank(at_risk: Counts, events: Counts) -> LogRank:
    """The stratified log-rank statistic, from counts of shape ``(2, S, T)``: control, treatment.

    Mantel (1966); Kalbfleisch & Prentice (2002), eq. 1.21: hypergeometric variance
    ``n₁ n₀ d (n − d) / (n² (n − 1))`` in each stratum and week.

    >>> logrank(np.array([[[2, 1]], [[2, 1]]]), np.array([[[1, 0]], [[0, 1]]]))
    LogRank(observed=1.0, expected=1.0, variance=0.5)
    """
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    share = at_risk[1] / np.maximum(n, 1)
    variance = share * (1 - share) * d * (n - d) / np.maximum(n - 1, 1)
    return LogRank(float(events[1].sum()), float((share * d).sum()), float(variance.sum()))


def lottery_variance(scores: Floats, assigned: Counts, stratum: Counts, cluster: Counts) -> float:
    """The variance of ``Σ scores`` over the treated when clusters are drawn again.

    ``Σ_s G₁ G₀ / (G (G − 1)) Σ_g (A_g − Ā)²`` with ``A_g`` the sum of scores of a cluster and
    ``G₁`` of the ``G`` clusters of stratum ``s`` drawn to treatment. Exact, as the scores do
    not depend on the draw when nothing has an effect. All arrays of shape ``(n,)``.
    """
    totals = np.bincount(cluster, weights=scores)
    first = np.unique(cluster, return_index=True)[1]
    home = stratum[first]
    size = np.maximum(np.bincount(home), 1)
    treated = np.bincount(home, weights=assigned[first])
    spread = totals - (np.bincount(home, weights=totals) / size)[home]
    squares = np.bincount(home, weights=spread**2)
    share = treated * (size - treated) / (size * np.maximum(size - 1, 1))
    return float((share * squares).sum())


def logrank_scores(grid: ExitGrid, durations: Durations) -> Floats:
    """``a_i = d_i − H_s(T_i)``: exits seen minus expected, shape ``(n,)``.

    Their sum over the treated is ``O − E`` of the log-rank test.
    """
    n, d = grid.at_risk.sum(axis=0), grid.leavers.sum(axis=0)
    hazard = np.cumsum(d / np.maximum(n, 1), axis=-1)
    return (durations.cause > 0) - hazard[durations.assignment.stratum, durations.weeks]


def logrank_test(frame: Any, duration: str, observed: str, lottery: Lottery) -> HypothesisTest:
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

    Returns
    -------
    HypothesisTest
        Chi-square with one degree of freedom. ``nan`` with a note when there is nothing to
        compare, because no exit was seen or no two persons of different arms were at risk.

    Raises
    ------
    DataError
        For missing or broken durations, and for a lottery that cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> test = logrank_test(frame, "week", "left", Lottery(arm="arm", treatment="t", control="c"))
    >>> round(test.statistic, 4), round(test.p_value, 4)
    (2.0, 0.1573)
    """
    from scipy.special import chdtrc

    durations = read_durations(frame, duration, observed, lottery)
    grid = durations.grid(lottery)
    test, notes = logrank(grid.at_risk, grid.leavers), list[str]()
    drawn = durations.assignment
    if drawn.cluster is not None:
        scores = logrank_scores(grid, durations)
        variance = lottery_variance(scores, drawn.assigned, drawn.stratum, drawn.cluster)
        test = replace(test, variance=variance)
        notes.append(f"variance of the lottery over {drawn.n_clusters} clusters")
    exits = np.bincount(drawn.assigned[durations.cause > 0], minlength=2).tolist()
    if not test.variance:
        notes.append("not estimable: no exit with both arms at risk")
    return HypothesisTest(
        name="stratified log-rank" if lottery.strata else "log-rank",
        endpoint=duration,
        statistic=float(test.statistic),
        df=1.0,
        p_value=float(chdtrc(1, test.statistic)),
        n_apart_treatment=exits[1],
        n_apart_control=exits[0],
        notes=tuple(notes),
    )
