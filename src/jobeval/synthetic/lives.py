"""Both worlds of everyone in a trial.

Both worlds are drawn from the same random numbers. A spell of a person either exists in both
or in one of them, so the effect of the lottery is known person by person.
"""

from dataclasses import dataclass

from jobeval.synthetic.efforts import simulate_efforts, simulate_placements
from jobeval.synthetic.fates import Fates, simulate_fates
from jobeval.synthetic.jobs import simulate_jobs
from jobeval.synthetic.people import People
from jobeval.synthetic.spells import Spells
from jobeval.synthetic.streams import Streams
from jobeval.synthetic.truth import JobFirstTruth
from jobeval.synthetic.weeks import simulate_codes


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """Both worlds of everyone: fates, jobs, and weekly codes in the order of painting."""

    people: People
    fates: Fates
    jobs: Spells
    """Facts ``weekly_hours``, ``employer``, ``industry``, ``supported``."""
    codes: tuple[Spells, ...]
    """Fact ``code``, 0 for blank; a later layer covers an earlier one."""
    efforts: Spells
    """Activities in days; facts ``kind``, ``company``, ``industry``, ``planned``, ``actual``."""


def simulate_lives(people: People, streams: Streams, truth: JobFirstTruth, first: int) -> Lives:
    """Draw both worlds of everyone; ``first`` is the first week of the registers."""
    fates = simulate_fates(people, streams, truth)
    jobs = simulate_jobs(people, fates, streams, first)
    placements = simulate_placements(people, fates, streams, truth)
    return Lives(
        people=people,
        fates=fates,
        jobs=jobs.all.cut(fates.leaves),
        codes=simulate_codes(people, fates, jobs, placements, streams, truth, first),
        efforts=simulate_efforts(people, fates, jobs.subsidised, placements, streams),
    )
