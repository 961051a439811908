"""Published percentages, held against the counts that they must come from."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from jobeval.monitoring.percents import hold_against_counts, read_percent
from jobeval.monitoring.plan import Claim, MonitorPlan

COLUMNS = ("label", "published", "count", "of", "attainable", "nearest_low", "nearest_high")


def tabulate_claims(plan: MonitorPlan, status: pd.DataFrame) -> pd.DataFrame:
    """Whether each published percentage can come from any count of its denominator.

    ``label`` is the claim's Danish one; the plan has the other. ``count`` is that of the
    claim's own status, where the plan names one: the percentage may be attainable and still not
    be the one that the count gives. ``nan`` where the delivery does not tell a status;
    ``attainable`` is missing there, and where nobody is in the denominator yet.
    """
    keys = zip(status["supplier"], status["status"], strict=True)
    counts = dict(zip(keys, status["count"].tolist(), strict=True))
    rows = [(claim.label.da, claim.percent, *_hold(claim, counts)) for claim in plan.claims]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _hold(claim: Claim, counts: dict[tuple[str, str], int]) -> Iterator[float | bool | None]:
    of = counts.get((claim.supplier, claim.of))
    count = None if claim.status is None else counts.get((claim.supplier, claim.status))
    yield math.nan if count is None else count
    if not of:
        yield from (math.nan if of is None else 0, None, math.nan, math.nan)
        return
    held = hold_against_counts(read_percent(claim.percent), of)
    yield from (of, held.attainable, held.nearest_low, held.nearest_high)
