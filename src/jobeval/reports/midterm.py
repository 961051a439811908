"""The recipe of a midterm report: chapters in report order."""

from jobeval.reports.closing import appendices, caveats
from jobeval.reports.conduct import delivery
from jobeval.reports.design import method, trial
from jobeval.reports.front import cover, headline, summary
from jobeval.reports.leaving import destinations, exits, states
from jobeval.reports.outcomes import effects, subgroups

RECIPE = (
    cover,
    headline,
    summary,
    trial,
    method,
    delivery,
    effects,
    subgroups,
    exits,
    destinations,
    states,
    caveats,
    appendices,
)
"""As the final report, without what is not yet due: job centres and sensitivity."""
