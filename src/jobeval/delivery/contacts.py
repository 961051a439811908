"""How often the job centre meets the citizen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.averages import average_ratio
from jobeval.delivery.effort import Effort
from jobeval.delivery.populations import Population
from jobeval.plan.programme import Programme
from jobeval.results import CheckResult

Ints = NDArray[np.int64]
PER_WEEKS = 13


def tabulate_contacts(populations: Sequence[Population], programme: Programme) -> CheckResult:
    """Contacts in the course, and by 13 weeks (``"contacts"``, informative).

    Of the weeks of the course in which activities are observed and the person is not known to be
    out of the population.
    """
    tables = [_tabulate_one(population, programme) for population in populations]
    return CheckResult(
        name="contacts",
        passed=None,
        sentence=f"Contacts within {programme.course_weeks} weeks, and how many that is in "
        f"{PER_WEEKS} weeks; what is registered, which may differ between job centres.",
        table=pd.concat(tables, ignore_index=True),
    )


def _tabulate_one(population: Population, programme: Programme) -> pd.DataFrame:
    contacts, weeks = count_contacts(population.effort, programme)
    rows = [
        (
            population.name, group, level, int((weeks[inside] > 0).sum()),
            int(contacts[inside].sum()),
            *average_ratio(PER_WEEKS * contacts[inside], weeks[inside]),
        )
        for group, level, inside in population.levels()
    ]  # fmt: skip
    names = ["population", "group", "level", "persons", "contacts", "per_13_weeks"]
    return pd.DataFrame(rows, columns=[*names, "conf_low", "conf_high"])


def count_contacts(effort: Effort, programme: Programme) -> tuple[Ints, Ints]:
    """Contacts of each person in those weeks of the course that count, and these weeks.

    Returns
    -------
    contacts, weeks
        Shape ``(n,)`` each.
    """
    weeks = np.arange(programme.course_weeks)
    out = np.zeros((effort.n, len(weeks)), dtype=bool)
    known = effort.is_out[:, : len(weeks)]
    out[:, : known.shape[1]] = known
    counted = (weeks < effort.followed[:, None]) & ~out
    spells = effort.activities.of(programme.contact)
    begun = spells.where((spells.start >= 0) & (spells.start < len(weeks)))
    inside = counted[begun.person, begun.start]
    return np.bincount(begun.person[inside], minlength=effort.n), counted.sum(axis=1)
