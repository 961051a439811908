"""The one place that knows states: which codes, activities and hours make them.

Each week of a person meets one or more conditions; the state is the first of the plan's
priority whose condition holds. So a condition is kept as the *rank* of its state in the
priority, and the state of a week is the smallest rank among its conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from jobeval.plan.parts import State
from jobeval.schemas.dream import DreamCode, dream_code_table

STATE_OF_GROUP: dict[str, State] = {
    "not_resident": "out_of_population",
    "folkepension": "out_of_population",
    "dead": "out_of_population",
    "foertidspension": "disability_pension",
    "fleksjob": "flexjob",
    "skaanejob": "flexjob",
    "su": "education",
    "sygedagpenge": "sickness_benefit",
    "barsel": "sickness_benefit",
}
"""Groups of the code list that make a state of their own; every other code is a benefit."""

STATE_OF_ACTIVATION: dict[str, State] = {
    "wage_subsidy": "wage_subsidy",
    "placement": "placement",
}
"""Activation in the last digit of a code."""

STATE_OF_ACTIVITY: dict[str, State] = {
    "loentilskud": "wage_subsidy",
    "snusepraktik": "placement",
    "virksomhedspraktik": "placement",
}
"""Kinds of activity that make a state; other kinds (mentor, contact, …) make none."""

LASTING_GROUPS = frozenset({"folkepension", "dead"})
"""Who leaves the population for these does not come back, whatever is registered later."""

NEVER = 1_000_000
"""A week after all weeks, or a rank after all ranks."""


def is_benefit(group: str) -> bool:
    """Whether a code of this group is a benefit week.

    All codes are, but for holiday pay from employment and the codes of those who are out.

    >>> is_benefit("sygedagpenge"), is_benefit("employment"), is_benefit("dead")
    (True, False, False)
    """
    return group != "employment" and STATE_OF_GROUP.get(group) != "out_of_population"


def tabulate_codes(priority: Sequence[State]) -> dict[str, list[Any]]:
    """The code list as columns, one row a code and period of validity.

    Returns
    -------
    dict of equally long lists: ``code``, ``valid_from`` and ``valid_to`` (weeks, half-open),
    ``group``, ``rank`` (smallest rank of the states that the code makes), ``on_benefit``,
    ``is_out`` and ``lasts``.
    """
    rows = dream_code_table()
    return {
        "code": [row.code for row in rows],
        "valid_from": [row.start_week for row in rows],
        "valid_to": [row.end_week for row in rows],
        "group": [row.group for row in rows],
        "rank": [_rank(row, priority) for row in rows],
        "on_benefit": [is_benefit(row.group) for row in rows],
        "is_out": [STATE_OF_GROUP.get(row.group) == "out_of_population" for row in rows],
        "lasts": [row.group in LASTING_GROUPS for row in rows],
    }


def _rank(row: DreamCode, priority: Sequence[State]) -> int:
    states: list[State] = ["benefit"] if is_benefit(row.group) else []
    if row.group in STATE_OF_GROUP:
        states.append(STATE_OF_GROUP[row.group])
    if row.activation in STATE_OF_ACTIVATION:
        states.append(STATE_OF_ACTIVATION[row.activation])
    return min((priority.index(state) for state in states), default=NEVER)


def activity_rank(priority: Sequence[State]) -> nw.Expr:
    """The rank of the state that an activity of this ``kind`` makes; ``NEVER`` for none."""
    rank = nw.lit(NEVER)
    for kind, state in STATE_OF_ACTIVITY.items():
        rank = nw.when(nw.col("kind") == kind).then(nw.lit(priority.index(state))).otherwise(rank)
    return rank


def state_expression(priority: Sequence[State]) -> nw.Expr:
    """The state of a week as text.

    Expects the columns ``rank`` (smallest rank of codes and activities; null for none),
    ``on_benefit``, ``is_out`` and ``has_income`` (no nulls).
    """
    on_benefit, has_income = nw.col("on_benefit"), nw.col("has_income")
    conditions: dict[State, nw.Expr] = {
        "employment": ~on_benefit & has_income,
        "benefit_with_hours": on_benefit & has_income,
        "self_supporting": ~on_benefit & ~has_income & ~nw.col("is_out"),
    }
    ranks = [
        nw.when(holds).then(nw.lit(priority.index(state))).otherwise(nw.lit(NEVER))
        for state, holds in conditions.items()
    ]
    rank = nw.min_horizontal(nw.col("rank"), *ranks)
    state = nw.lit(priority[-1])
    for index, name in enumerate(priority[:-1]):
        state = nw.when(rank == index).then(nw.lit(name)).otherwise(state)
    return state
