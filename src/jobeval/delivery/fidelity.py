"""Which core elements of the method each person got, by the rules that the plan declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from jobeval.delivery.effort import Effort
from jobeval.delivery.spells import (
    Bools,
    begins_after,
    count_begins,
    count_companies,
    longest_run,
    mark_weeks,
)
from jobeval.plan.fidelity import (
    ActivityRule,
    AfterRule,
    DeliveredRule,
    DifferentCompaniesRule,
    FidelityElement,
    HoursBesideRule,
    LengthRule,
    NoGapRule,
    SupportRule,
    WindowRule,
)

Floats = NDArray[np.float64]


def score_persons(
    effort: Effort, elements: Sequence[FidelityElement], delivered: Mapping[str, Floats]
) -> Floats:
    """Whether each person got each element.

    Parameters
    ----------
    effort
        What is seen of ``n`` persons since their origin, as far as the last window goes.
    elements
        With their rules.
    delivered
        Column of persons that a rule reads → 1, 0 or ``nan``, shape ``(n,)`` each.

    Returns
    -------
    Shape ``(n, elements)``: 1 or 0, ``nan`` for who cannot be judged: not followed to the end of
    the element's window, or nothing delivered that tells. Nobody is judged before the window
    is over, not even who got the element at once: else early successes would count and early
    failures would not. Who leaves the population stays in.
    """
    columns = [
        delivered[element.rule.column]
        if isinstance(element.rule, DeliveredRule)
        else _judge(effort, element.rule)
        for element in elements
    ]
    return np.column_stack(columns)


def _judge(effort: Effort, rule: WindowRule) -> Floats:
    seen = effort.followed >= rule.window_weeks[1]
    if rule.reads_hours:
        seen = seen & ~np.isnan(_hours(effort, rule)).any(axis=1)
    return np.where(seen, _apply(effort, rule), np.nan)


def _hours(effort: Effort, rule: WindowRule) -> Floats:
    return effort.hours[:, slice(*rule.window_weeks)]


def _apply(effort: Effort, rule: WindowRule) -> Bools | Floats:
    """Who got the element, as far as each is followed; ``nan`` where the rows do not tell."""
    window, spells = rule.window_weeks, effort.activities.of(rule.kinds)
    match rule:
        case ActivityRule():
            return count_begins(spells, window) >= rule.min_count
        case DifferentCompaniesRule():
            fewest, most = count_companies(spells, window)
            undecided = (fewest < rule.min_count) & (most >= rule.min_count)
            return np.where(undecided, np.nan, fewest >= rule.min_count)
        case LengthRule():
            return longest_run(mark_weeks(spells, window)) >= rule.min_weeks
        case SupportRule():
            both = mark_weeks(spells, window) & mark_weeks(
                effort.activities.of(rule.beside), window
            )
            return both.sum(axis=1) >= rule.min_weeks
        case HoursBesideRule():
            both = mark_weeks(spells, window) & (_hours(effort, rule) > 0)
            return both.sum(axis=1) >= rule.min_weeks
        case AfterRule():
            earlier = effort.activities.of(rule.earlier)
            return begins_after(spells, earlier, rule.within_weeks, window)
        case NoGapRule():
            active = mark_weeks(spells, window)
            if rule.hours_count:
                active = active | (_hours(effort, rule) > 0)
            return longest_run(~active) <= rule.max_weeks


def mean_scores(scores: Floats) -> Floats:
    """The share of the judged elements that each person got, shape ``(n,)``; ``nan`` for none.

    >>> mean_scores(np.array([[1, 0, np.nan], [np.nan] * 3])).tolist()
    [0.5, nan]
    """
    judged = np.sum(~np.isnan(scores), axis=1)
    return np.nansum(scores, axis=1) / np.where(judged > 0, judged, np.nan)
