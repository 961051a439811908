"""In which industries citizens are in placement, and in which they have ordinary jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.cohorts import months_of
from jobeval.delivery.effort import Effort
from jobeval.delivery.populations import Population
from jobeval.plan.programme import Programme
from jobeval.results import CheckResult
from jobeval.schemas.industries import sections_of

Ints = NDArray[np.int64]
Row = tuple[str, str, str, int, int]


def tabulate_industries(populations: Sequence[Population], programme: Programme) -> CheckResult:
    """Persons by industry of their placements and ordinary jobs (``"industries"``, informative).

    Codes of DB07 are put together to its sections (letters); other texts stay. ``of`` are the
    persons with any placement or job of a known industry; one with two industries counts in both,
    so the rows may add up to more.
    """
    rows = [row for population in populations for row in _list_one(population, programme)]
    return CheckResult(
        name="industries",
        passed=None,
        sentence="Persons by industry of the placements begun in the course, and of ordinary jobs "
        "from the start on; a person may be in several.",
        table=pd.DataFrame(rows, columns=["kind", "population", "industry", "persons", "of"]),
    )


def _list_one(population: Population, programme: Programme) -> Iterator[Row]:
    effort = population.effort
    kinds = {"placement": _placed(effort, programme), "job": _worked(effort)}
    for kind, (person, industry) in kinds.items():
        counts, of = count_persons(person, industry)
        for name, persons in counts.items():
            yield kind, population.name, name, persons, of


def _placed(effort: Effort, programme: Programme) -> tuple[Ints, NDArray[Any]]:
    spells = effort.activities
    begun = (spells.start >= 0) & (spells.start < programme.course_weeks)
    rows = begun & spells.are_of(programme.placement)
    return spells.person[rows], effort.industry[rows]


def _worked(effort: Effort) -> tuple[Ints, NDArray[Any]]:
    jobs = effort.jobs
    rows = jobs.month >= months_of(effort.origin)[jobs.person]
    return jobs.person[rows], jobs.industry[rows]


def count_persons(person: Ints, industry: NDArray[Any]) -> tuple[dict[str, int], int]:
    """The persons of each section, most first, and those of any.

    Parameters
    ----------
    person
        Shape ``(m,)``.
    industry
        Shape ``(m,)``: code or text, ``None`` where none is known.

    Examples
    --------
    >>> codes = np.array(["561010", "551010", "412000", None], dtype=object)
    >>> count_persons(np.array([0, 0, 1, 2]), codes)
    ({'F': 1, 'I': 1}, 2)
    """
    sections = sections_of(industry)
    pairs = {(p, s) for p, s in zip(person.tolist(), sections, strict=True) if s}
    names = [section for _, section in pairs]
    counts = {name: names.count(name) for name in set(names)}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict(ordered), len({p for p, _ in pairs})
