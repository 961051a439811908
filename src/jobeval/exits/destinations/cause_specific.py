"""Cox's model of the way to each destination, the others taken as censored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from jobeval.exits.grid.durations import read_destinations
from jobeval.exits.hazards.cox import estimate_hazard_ratio
from jobeval.exits.hazards.cox_arrange import Ties
from jobeval.inference.covariates import covariate_names
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import EffectTable

WENT = "went there"


def estimate_cause_specific_hazard_ratios(
    frame: Any,
    duration: str,
    destination: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    ties: Ties = "efron",
    entry: str | None = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
) -> EffectTable:
    """How many times faster the treatment arm goes to each destination.

    The cause-specific hazard is the rate among those who have not left yet. All of them
    together make the incidences; one alone does not tell whether more people end there, which
    is what ``estimate_subdistribution_hazard_ratio`` is about (Latouche et al. 2013: report
    both).

    Parameters
    ----------
    frame, duration, destination, lottery, entry
        As in ``cumulative_incidence``.
    covariates, ties, robust, conf_level
        As in ``estimate_hazard_ratio``.

    Returns
    -------
    EffectTable
        ``estimate_hazard_ratio`` of each destination in alphabetical order, ``part`` being its
        name; no rows when nobody left.

    Raises
    ------
    DataError, DesignError
        As in ``estimate_hazard_ratio``.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 2, 4, 1, 2, 3],
    ...     "to": ["job", "job", "pension", "pension", None, "job"]})
    >>> table = estimate_cause_specific_hazard_ratios(frame, "week", "to",
    ...     Lottery(arm="arm", treatment="t", control="c"))
    >>> [(e.part, round(e.estimate, 3)) for e in table]
    [('job', 0.693), ('pension', nan)]
    """
    extra = covariate_names(covariates)
    durations = read_destinations(frame, duration, destination, lottery, extra, entry=entry)
    rows = durations.assignment.rows
    went = WENT
    while went in durations.columns:
        went += "_"
    persons = pd.DataFrame({name: column[rows] for name, column in durations.columns.items()})
    return EffectTable(
        tuple(
            replace(
                estimate_hazard_ratio(
                    persons.assign(**{went: (durations.cause == code).astype(np.int64)}),
                    duration,
                    went,
                    lottery,
                    covariates=covariates,
                    ties=ties,
                    entry=entry,
                    robust=robust,
                    conf_level=conf_level,
                ),
                part=cause,
            )
            for code, cause in enumerate(durations.causes, start=1)
        )
    )
