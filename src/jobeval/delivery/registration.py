"""Whether what was done is registered: persons with any activity, activities with a company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.effort import Effort
from jobeval.delivery.fidelity_tables import split_sites
from jobeval.inference.proportions import wilson_interval
from jobeval.plan.parts import ActivityKind

COLUMNS = (
    "site", "persons", "with_any", "share", "conf_low", "conf_high",
    "spells", "with_company", "share_company",
)  # fmt: skip


def tabulate_registration(
    effort: Effort, company: Sequence[ActivityKind], sites: NDArray[Any] | None
) -> pd.DataFrame:
    """Columns ``COLUMNS``: one row a site, all sites together (``""``) first.

    Parameters
    ----------
    effort
        Of ``n`` persons. What begins in the weeks from each one's origin on is counted.
    company
        Kinds of activity that take place in a company.
    sites
        Shape ``(n,)``; ``None`` where the trial has none.

    Returns
    -------
    ``with_any`` persons of ``persons`` have an activity of any kind; ``with_company`` of
    ``spells``, the activities that take place in a company, name it.
    """
    begun = effort.activities.where(effort.activities.start >= 0)
    in_company = begun.of(company)
    named = in_company.where(in_company.company >= 0)
    counts = [np.bincount(part.person, minlength=effort.n) for part in (begun, in_company, named)]
    names, groups = zip(*split_sites(sites, effort.n), strict=True)
    persons, with_any, spells, with_company = (
        np.array([int(values[rows].sum()) for rows in groups])
        for values in (np.ones(effort.n), counts[0] > 0, counts[1], counts[2])
    )
    low, high = wilson_interval(with_any, persons)
    share = with_any / np.where(persons > 0, persons, np.nan)
    share_company = with_company / np.where(spells > 0, spells, np.nan)
    values = (names, persons, with_any, share, low, high, spells, with_company, share_company)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
