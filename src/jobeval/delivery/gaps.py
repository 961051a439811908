"""Passive gaps ("huller"): how much of the course passes without anything going on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.averages import average_ratio
from jobeval.delivery.marks import count_seen, mark_passive
from jobeval.delivery.populations import Population
from jobeval.plan.programme import Programme
from jobeval.results import CheckResult

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Runs(NamedTuple):
    """Runs of weeks, arrays of shape ``(r,)``, ``[start, start + length)``."""

    person: Ints
    start: Ints
    length: Ints


def find_runs(weeks: Bools) -> Runs:
    """The unbroken runs of ``True`` of each person; ``weeks`` has shape ``(n, T)``.

    >>> find_runs(np.array([[True, True, False, True]]))
    Runs(person=array([0, 0]), start=array([0, 3]), length=array([2, 1]))
    """
    change = np.diff(np.pad(weeks.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    person, start = np.nonzero(change == 1)
    _, stop = np.nonzero(change == -1)
    return Runs(person, start, stop - start)


def tabulate_gaps(populations: Sequence[Population], programme: Programme) -> CheckResult:
    """Passive gaps within the course, of any length (``"gaps"``, informative).

    ``share_of_time``: passive weeks of all weeks of the course that are observed and spent in the
    population. ``gaps`` counts them and ``mean_weeks`` is their mean length; one that is
    still going on when the course or the follow-up ends is as long as it has been by then.
    """
    tables = [_tabulate_one(population, programme) for population in populations]
    return CheckResult(
        name="gaps",
        passed=None,
        sentence="Passive weeks: on a benefit, not sick, no activity and no hours; within "
        f"{programme.course_weeks} weeks from the start, as far as they are observed.",
        table=pd.concat(tables, ignore_index=True),
    )


def _tabulate_one(population: Population, programme: Programme) -> pd.DataFrame:
    effort = population.effort
    passive = mark_passive(effort, programme)
    seen = np.arange(passive.shape[1]) < count_seen(effort.states)[:, None]
    weeks = (seen & ~effort.is_out[:, : passive.shape[1]]).sum(axis=1)
    runs = find_runs(passive & seen)
    rows = [
        (
            population.name, group, level, int((weeks[inside] > 0).sum()),
            *average_ratio((passive & seen)[inside].sum(axis=1), weeks[inside]),
            *_count(runs, inside),
        )
        for group, level, inside in population.levels()
    ]  # fmt: skip
    names = ["population", "group", "level", "persons", "share_of_time", "conf_low", "conf_high"]
    table = pd.DataFrame(rows, columns=[*names, "gaps", "mean_weeks"])
    return table.assign(conf_high=table["conf_high"].clip(upper=1.0))


def _count(runs: Runs, inside: Bools) -> tuple[int, float]:
    lengths = runs.length[inside[runs.person]]
    return len(lengths), float(lengths.mean()) if len(lengths) else np.nan
