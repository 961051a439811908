"""Families of tests adjusted together, from their statistics in the re-drawn lottery.

``observed`` holds the statistics of ``m`` tests as the lottery fell, ``drawn`` the same
statistics in each of ``R`` draws. Large absolute values speak against the null. Where the draws
are a sample, the real lottery counts as one draw more, so that every p-value has its ``+ 1``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.redrawn import TIE

Floats = NDArray[np.float64]


def step_down_max_t(observed: NDArray[Any], drawn: NDArray[Any], *, exact: bool = False) -> Floats:
    """Adjusted p-values by step-down on the largest absolute statistic.

    The tests are taken from the largest observed statistic down; each is compared with the
    largest drawn statistic among itself and those after it, and no p-value is below an earlier
    one (Westfall & Young 1993, algorithm 4.1; Romano & Wolf 2005, Econometrica 73; p-values of
    Romano & Wolf 2016, Statistics & Probability Letters 113).

    Parameters
    ----------
    observed
        Shape ``(m,)``, studentised so that no test outweighs others; a ``nan`` is no test.
    drawn
        Shape ``(R, m)``; a ``nan`` counts as large.
    exact
        Whether ``drawn`` holds every lottery that could be drawn, the real one included.

    Returns
    -------
    Shape ``(m,)``, in the order of ``observed``; ``nan`` where that is ``nan``.

    Examples
    --------
    >>> drawn = np.array([[0.5, 1.5], [-2.0, 0.1], [1.0, 3.0]])
    >>> step_down_max_t(np.array([2.5, 1.2]), drawn).tolist()
    [0.5, 0.75]
    """
    scores, own = _scores(observed, drawn, exact)
    return _step_down(scores, own, observed)


def step_down_min_p(observed: NDArray[Any], drawn: NDArray[Any], *, exact: bool = False) -> Floats:
    """Adjusted p-values by step-down on the smallest p-value.

    As ``step_down_max_t``, with each statistic replaced by its p-value among the draws
    (Westfall & Young 1993, algorithm 2.8). Tests whose statistics are distributed differently
    then weigh the same, but p-values from draws are coarse: ``R`` must be well above ``m / α``.

    Parameters
    ----------
    observed, drawn, exact
        As for ``step_down_max_t``.

    Returns
    -------
    Shape ``(m,)``, in the order of ``observed``; ``nan`` where that is ``nan``.

    Examples
    --------
    >>> drawn = np.array([[0.5, 15.0], [-2.0, 1.0], [1.0, 30.0]])
    >>> step_down_min_p(np.array([2.5, 20.0]), drawn).tolist()
    [0.5, 0.5]
    """
    scores, own = _scores(observed, drawn, exact)
    rarity = np.empty_like(scores)
    for values, ranks in zip(scores.T, rarity.T, strict=True):
        order = np.argsort(values)
        ranks[order] = _count_below(values[order])
    return _step_down(rarity, (scores < own).sum(axis=0), observed)


def max_t_quantile(drawn: NDArray[Any], conf_level: float = 0.95, *, exact: bool = False) -> float:
    """How many standard errors make the intervals of a family hold together.

    The intervals ``estimate ± q · std_error`` are single-step: an interval leaves out 0 just
    when the largest drawn ``|t|`` of the whole family reaches the observed one in at most
    ``1 − conf_level`` of the draws. Step-down may reject more than they show.

    Parameters
    ----------
    drawn, exact
        As for ``step_down_max_t``.
    conf_level
        The chance, over lotteries, that all intervals cover.

    Returns
    -------
    The quantile, infinite where there are too few draws for the level, ``nan`` for no tests.

    Examples
    --------
    >>> drawn = np.array([[0.5, 1.5], [-2.0, 0.1], [1.0, 3.0]])
    >>> max_t_quantile(drawn, 0.5), max_t_quantile(drawn, 0.9)
    (2.0, inf)
    """
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level!r}")
    if not drawn.shape[1]:
        return float("nan")
    largest = np.sort(_with_unknown_large(drawn).max(axis=1))[::-1]
    allowed = (1 - conf_level) * (len(drawn) + (not exact)) + 1e-9
    place = int(allowed) - (not exact)  # so many draws may lie above
    return float(largest[place]) if 0 <= place < len(largest) else float("inf")


def _scores(observed: NDArray[Any], drawn: NDArray[Any], exact: bool) -> tuple[Floats, Floats]:
    """Absolute statistics of all lotteries, ``(N, m)``, and what each test must reach."""
    observed, drawn = np.asarray(observed, dtype=float), np.asarray(drawn, dtype=float)
    if observed.ndim != 1 or drawn.ndim != 2 or drawn.shape[1] != len(observed):
        raise ValueError(
            f"observed has shape {observed.shape} and drawn {drawn.shape}: give (m,) and (R, m)"
        )
    if not len(drawn):
        raise ValueError("there are no draws: ask for at least one")
    own = np.abs(observed)
    scores = _with_unknown_large(drawn if exact else np.vstack([observed, drawn]))
    return scores, own * (1 - TIE)


def _with_unknown_large(statistics: NDArray[Any]) -> Floats:
    """Absolute values, ``nan`` as infinite; a column lies together, as it is what is read."""
    values = np.abs(statistics, order="F")
    values[np.isnan(values)] = np.inf
    return values


def _count_below(ranked: Floats) -> NDArray[np.int64]:
    """How many values lie clearly below each of ascending ones.

    >>> _count_below(np.array([1.0, 2.0, 2.0, np.inf, np.inf])).tolist()
    [0, 1, 1, 3, 3]
    """
    reach = ranked * (1 - TIE)
    count = np.arange(len(ranked))
    tied = np.flatnonzero(ranked[:-1] >= reach[1:]) + 1
    count[tied] = np.searchsorted(ranked, reach[tied])
    return count


def _step_down(scores: Floats, own: NDArray[Any], observed: NDArray[Any]) -> Floats:
    """Adjusted p-values where large ``scores``, ``(N, m)``, are those that speak up."""
    order = np.argsort(-own, kind="stable")
    order = order[~np.isnan(np.asarray(observed, dtype=float)[order])]
    largest, hits = np.full(len(scores), -1.0), np.zeros(len(own))
    for place in order[::-1]:
        np.maximum(largest, scores[:, place], out=largest)
        hits[place] = np.count_nonzero(largest >= own[place])
    hits[order] = np.maximum.accumulate(hits[order])
    return _shares(hits, scores, observed)


def _shares(hits: NDArray[Any], scores: Floats, observed: NDArray[Any]) -> Floats:
    return np.where(np.isnan(np.asarray(observed, dtype=float)), np.nan, hits / len(scores))
