"""The programme indicators of a look: what was done, told by arm, job centre and cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from jobeval.delivery.contacts import tabulate_contacts
from jobeval.delivery.gaps import tabulate_gaps
from jobeval.delivery.indicators import tabulate_indicators
from jobeval.delivery.industries import tabulate_industries
from jobeval.delivery.placement_status import tabulate_placement_status
from jobeval.delivery.populations import Population
from jobeval.delivery.ramp import tabulate_ramp
from jobeval.delivery.waiting import tabulate_waiting
from jobeval.evaluation.effort import read_effort, split_populations
from jobeval.evaluation.look import TrialAtLook
from jobeval.plan.programme import Programme
from jobeval.results import CheckResult

TABLES: tuple[Callable[[Sequence[Population], Programme], CheckResult], ...] = (
    tabulate_indicators,
    tabulate_waiting,
    tabulate_ramp,
    tabulate_gaps,
    tabulate_contacts,
    tabulate_industries,
    tabulate_placement_status,
)


def describe_programme(at_look: TrialAtLook) -> Iterator[CheckResult]:
    """The tables of programme indicators, where the plan has ``[programme]``.

    Nothing where the plan has none, or no activities were delivered.
    """
    programme = at_look.plan.programme
    if programme is None or at_look.trial.activities is None:
        return
    populations = list(split_populations(at_look, read_effort(at_look)))
    for tabulate in TABLES:
        yield tabulate(populations, programme)
