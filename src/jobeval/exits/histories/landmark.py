"""Where those who are in one state in a certain week are later on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, get_args

from jobeval.errors import DesignError, require_one_of
from jobeval.exits.grid.durations import is_whole
from jobeval.exits.histories.arm_occupancy import ArmOccupancy, estimate_arms_occupancy
from jobeval.exits.histories.histories import Histories, read_histories
from jobeval.exits.histories.occupancy import Shown, draw_occupancy
from jobeval.plan.lottery import Lottery
from jobeval.results import CurveTable

TransitionMethod = Literal["landmark", "aalen-johansen"]
NOT_CAUSAL = (
    "a comparison of the arms is not causal: who is in this state was decided after the draw"
)


def estimate_transition_probabilities(
    frame: Any,
    person: str,
    start: str,
    stop: str,
    state: str,
    lottery: Lottery,
    *,
    from_state: str,
    landmark_week: int,
    states: Sequence[str] | None = None,
    gap_state: str | None = None,
    absorbing: Collection[str] = (),
    method: TransitionMethod = "landmark",
    horizon_weeks: int | None = None,
    conf_level: float = 0.95,
) -> CurveTable:
    """The probability of each state, given the state in one week, by arm.

    Parameters
    ----------
    frame, person, start, stop, state, lottery, states, gap_state, absorbing
        As in ``estimate_occupancy``.
    from_state, landmark_week
        The state in which persons are in the week from which they are followed.
    method
        ``"landmark"``: the product integral of those who are in the state in that week only
        (Putter & Spitoni 2018), right also when moves depend on more than the present state,
        such as on the time that it has lasted. ``"aalen-johansen"``: of all who are observed
        from that week on; more precise, and right when the process is Markov.
    horizon_weeks
        Show weeks below this one, counted from randomisation.
    conf_level
        Level of the pointwise intervals.

    Returns
    -------
    CurveTable
        For each state (``cause``) and arm the curve from ``landmark_week`` on, not standardised
        over strata, with ``subgroup`` such as ``"work@13"``. For a landmark in week 0 also the
        differences of the arms, standardised over strata like their curves. For a later one
        there are none, and a note says why: who is in the state then was decided after the draw.
        ``at_risk`` are the persons observed of those who are followed.

    Raises
    ------
    DesignError
        When nobody of an arm is in the state in that week.
    DataError
        As ``estimate_occupancy``.

    References
    ----------
    Putter & Spitoni (2018), Statistical Methods in Medical Research 27, 2081–2092.

    Examples
    --------
    >>> import pandas as pd
    >>> spells = pd.DataFrame({"id": [1, 1, 2, 3], "arm": list("ttcc"), "from": [0, 2, 0, 0],
    ...     "to": [2, 4, 4, 4], "state": ["benefit", "work", "benefit", "benefit"]})
    >>> curves = estimate_transition_probabilities(spells, "id", "from", "to", "state",
    ...     Lottery(arm="arm", treatment="t", control="c"),
    ...     from_state="benefit", landmark_week=1)
    >>> curves.one(arm="t", cause="work").at(2), curves.one(arm="c", cause="work").at(2)
    (1.0, 0.0)
    """
    histories = read_histories(
        frame, person=person, start=start, stop=stop, state=state, lottery=lottery,
        states=states, gap_state=gap_state, absorbing=absorbing,
    )  # fmt: skip
    return transition_probabilities_from_histories(
        histories.until(horizon_weeks), from_state=from_state, landmark_week=landmark_week,
        endpoint=state, method=method, conf_level=conf_level,
    )  # fmt: skip


def transition_probabilities_from_histories(
    histories: Histories,
    *,
    from_state: str,
    landmark_week: int,
    endpoint: str = "state",
    method: TransitionMethod = "landmark",
    conf_level: float = 0.95,
) -> CurveTable:
    """As ``estimate_transition_probabilities``, from histories made before."""
    require_one_of("method", method, get_args(TransitionMethod))
    if not is_whole(landmark_week) or not 0 <= landmark_week < histories.n_weeks:
        raise ValueError(f"landmark_week must lie in 0 … {histories.n_weeks - 1}")
    arms = _follow(histories, histories.code(from_state), landmark_week, method)
    return draw_occupancy(
        arms,
        Shown(
            endpoint,
            subgroup=f"{from_state}@{landmark_week}",
            first_week=landmark_week,
            conf_level=conf_level,
            contrast=landmark_week == 0,
            notes=() if landmark_week == 0 else (NOT_CAUSAL,),
        ),
    )


def _follow(histories: Histories, code: int, week: int, method: TransitionMethod) -> ArmOccupancy:
    inside = histories.states[:, week] == code
    if len(set(histories.assignment.assigned[inside].tolist())) < 2:
        label = histories.labels[code]
        raise DesignError(
            f"Nobody of an arm is in state {label!r} in week {week}. Mend: choose a week and a "
            "state in which both arms are."
        )
    standardise = None if week == 0 else False
    if method == "aalen-johansen":
        return estimate_arms_occupancy(
            histories.since(week), "aalen-johansen", standardise, start_state=code
        )
    return estimate_arms_occupancy(
        histories.subset(inside).since(week), "aalen-johansen", standardise
    )
