"""The way of the persons from the lottery to the analysis."""

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment
from jobeval.results import Flow, FlowStep

PLACEMENT_WEEKS = 13
"""Length of the first placement in the model (JobFirst)."""


def count_flow(
    assignment: Assignment,
    arms: tuple[str, str],
    *,
    eligible: NDArray[np.bool_] | None,
    started: NDArray[np.bool_] | None,
    placed_week: NDArray[np.float64] | None,
    followed_weeks: NDArray[np.int64],
    analysed: NDArray[np.bool_],
) -> Flow:
    """Count the persons of each arm at every step that the delivery can tell.

    Parameters
    ----------
    assignment
        The lottery of ``n`` persons; all arrays have shape ``(n,)``.
    arms
        Names of (control, treatment).
    eligible, started
        Who met the criteria, and who had started by the cut-off; ``None`` if not delivered.
    placed_week
        Week since randomisation of the first company placement, ``nan`` if none; ``None``
        when activities were not delivered.
    followed_weeks
        Weeks observed; a person has passed 13 weeks when a placement began at least 13 of
        the observed weeks ago.
    analysed
        Who has the primary outcome.

    Examples
    --------
    >>> lottery = Assignment(np.ones(2, bool), np.array([0, 1]), np.zeros(2, int), ("all",))
    >>> flow = count_flow(lottery, ("control", "treatment"), eligible=None, started=None,
    ...     placed_week=np.array([np.nan, 3.0]), followed_weeks=np.array([20, 20]),
    ...     analysed=np.array([True, True]))
    >>> [(step.name, step.counts["treatment"]) for step in flow.steps]
    [('drawn', 1), ('in_placement', 1), ('past_13_weeks', 1), ('analysed', 1)]
    """
    steps: dict[str, NDArray[np.bool_] | None] = {
        "drawn": np.ones(len(assignment.assigned), dtype=bool),
        "eligible": eligible,
        "started": started,
        "in_placement": None if placed_week is None else ~np.isnan(placed_week),
        "past_13_weeks": None
        if placed_week is None
        else placed_week + PLACEMENT_WEEKS <= followed_weeks,
        "analysed": analysed,
    }
    return Flow(
        tuple(
            FlowStep(name, _by_arm(reached, assignment, arms))
            for name, reached in steps.items()
            if reached is not None
        )
    )


def _by_arm(
    reached: NDArray[np.bool_], assignment: Assignment, arms: tuple[str, str]
) -> dict[str, int]:
    counts = np.bincount(assignment.assigned[reached], minlength=2)
    return {arm: int(count) for arm, count in zip(arms, counts, strict=True)}
