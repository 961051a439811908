"""Where citizens are some weeks after their placement ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.effort import UNSEEN, Codes, Effort
from jobeval.delivery.indicators import add_shares
from jobeval.delivery.placements import find_first, join_spells
from jobeval.delivery.populations import Population
from jobeval.plan.parts import STATES
from jobeval.plan.programme import Programme
from jobeval.results import CheckResult

Ints = NDArray[np.int64]


def tabulate_placement_status(
    populations: Sequence[Population], programme: Programme
) -> CheckResult:
    """The state some weeks after the first placement (``"placement_status"``, informative).

    Of those who began a placement in the course that has ended, and whose state is observed in
    the week that lies ``status_weeks`` after its last one.
    """
    tables = [_tabulate_one(population, programme) for population in populations]
    return CheckResult(
        name="placement_status",
        passed=None,
        sentence=f"The state {programme.status_weeks} weeks after the first placement ended; of "
        "those who were in one, so no effect.",
        table=pd.concat(tables, ignore_index=True),
    )


def _tabulate_one(population: Population, programme: Programme) -> pd.DataFrame:
    states = states_after_placement(population.effort, programme)
    counts = np.bincount(states[states != UNSEEN], minlength=len(STATES))
    table = pd.DataFrame(
        {"population": population.name, "status": STATES, "count": counts, "of": counts.sum()}
    )
    return add_shares(table)


def states_after_placement(effort: Effort, programme: Programme) -> Codes:
    """The state of each person ``status_weeks`` after the first placement, shape ``(n,)``.

    255 where there was no placement in the course, it has not ended, or the week is not observed.
    A placement that lasts from week 2 to the end of week 14 has ended in week 15; 13 weeks after
    its last week is week 27.
    """
    first = find_first(join_spells(effort.activities.of(programme.placement)))
    week = first.end - 1 + programme.status_weeks
    ended = first.found & (first.start < programme.course_weeks) & (first.end < effort.followed)
    seen = ended & (week < effort.states.shape[1])
    states = np.full(effort.n, UNSEEN, dtype=np.uint8)
    states[seen] = effort.states[seen, week[seen]]
    return states
