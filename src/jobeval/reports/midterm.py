"""The recipe of a midterm report: chapters in report order."""

from jobeval.reports.closing import appendices, caveats
from jobeval.reports.conduct import delivery
from jobeval.reports.design import method, trial
from jobeval.reports.destinations import destinations
from jobeval.reports.detectable import detectable, indices
from jobeval.reports.economics import economics
from jobeval.reports.fidelity import fidelity
from jobeval.reports.front import cover, headline, summary
from jobeval.reports.groups import sorted_groups, subgroups
from jobeval.reports.hours import hours, shares
from jobeval.reports.jobs import jobs
from jobeval.reports.leaving import exits
from jobeval.reports.outcomes import effects
from jobeval.reports.places import spillover
from jobeval.reports.programme import programme
from jobeval.reports.quantiles import quantiles
from jobeval.reports.robustness import missing_outcomes
from jobeval.reports.side_by_side import side_by_side
from jobeval.reports.taking_part import taking_part
from jobeval.reports.ways import states, ways

RECIPE = (
    cover,
    headline,
    summary,
    trial,
    method,
    delivery,
    programme,
    fidelity,
    side_by_side,
    effects,
    detectable,
    taking_part,
    shares,
    hours,
    quantiles,
    indices,
    subgroups,
    sorted_groups,
    spillover,
    missing_outcomes,
    exits,
    destinations,
    states,
    ways,
    jobs,
    economics,
    caveats,
    appendices,
)
"""As the final report, without what is not yet due: job centres and sensitivity."""
