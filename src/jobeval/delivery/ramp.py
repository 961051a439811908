"""How the hours grow, week by week, from the first paid hour on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.averages import average_ratio
from jobeval.delivery.effort import shift_weeks
from jobeval.delivery.populations import Population
from jobeval.plan.programme import Programme
from jobeval.results import CheckResult

Floats = NDArray[np.float64]
Row = tuple[str, int, int, float, float, float]


def hours_since_first(hours: Floats, weeks: int) -> Floats:
    """The weekly hours from the first week with hours on.

    Parameters
    ----------
    hours
        Shape ``(n, T)``, ``nan`` where not observed.
    weeks
        How many weeks are followed.

    Returns
    -------
    Shape ``(m, weeks)``: the ``m`` persons who had hours; ``nan`` where not observed.

    Examples
    --------
    >>> hours_since_first(np.array([[0.0, 2.0, 0.0, np.nan], [0.0, 0.0, 0.0, 0.0]]), 3).tolist()
    [[2.0, 0.0, nan]]
    """
    worked = hours > 0
    started = worked.any(axis=1)
    if not started.any():
        return np.empty((0, weeks))
    moved = shift_weeks(hours[started], worked[started].argmax(axis=1), np.nan)[:, :weeks]
    missing = weeks - moved.shape[1]
    return np.pad(moved, ((0, 0), (0, max(missing, 0))), constant_values=np.nan)


def tabulate_ramp(populations: Sequence[Population], programme: Programme) -> CheckResult:
    """Mean ordinary hours by week since the first paid one (``"hours_ramp"``, informative).

    Of those who had ordinary hours; weeks without hours afterwards count as 0, and a person
    counts for as long as hours are observed. Hours come by the month, spread over its weeks.
    """
    rows = [row for population in populations for row in _follow(population, programme)]
    columns = ["population", "week", "persons", "mean_hours", "conf_low", "conf_high"]
    return CheckResult(
        name="hours_ramp",
        passed=None,
        sentence="Mean ordinary hours a week since the first paid hour, of those who had one: "
        "a description of those who came to work, no effect.",
        table=pd.DataFrame(rows, columns=columns),
    )


def _follow(population: Population, programme: Programme) -> Iterator[Row]:
    hours = hours_since_first(population.effort.hours, programme.ramp_weeks)
    for week, values in enumerate(hours.T):
        seen = values[~np.isnan(values)]
        if len(seen):
            mean, low, high = average_ratio(seen, np.ones(len(seen)))
            yield population.name, week, len(seen), mean, low, high
