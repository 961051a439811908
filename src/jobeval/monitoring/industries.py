"""In which industries citizens found work, and in which they are or were in placement."""

import pandas as pd

from jobeval.monitoring.activities import PLACEMENT
from jobeval.monitoring.courses import UNKNOWN
from jobeval.monitoring.ended import count_texts
from jobeval.monitoring.jobs import WORK
from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.seen import SeenDelivery
from jobeval.monitoring.status import split_suppliers
from jobeval.schemas.industries import section_of


def tabulate_industries(plan: MonitorPlan, seen: SeenDelivery) -> pd.DataFrame:
    """Citizens by industry of their work and placements; one in two industries counts in both.

    Codes of DB07 are put together to its sections; other texts stay.
    """
    kinds: dict[str, pd.DataFrame] = {}
    if seen.jobs is not None:
        kinds["job"] = seen.jobs[seen.jobs["kind"].isin(WORK)]
    if seen.activities is not None:
        placed = seen.activities["kind"] == PLACEMENT
        kinds["placement"] = seen.activities[placed]
    rows = [
        (supplier, kind, industry, count)
        for supplier, inside in split_suppliers(plan, seen.courses)
        for kind, frame in kinds.items()
        for industry, count in _count(frame, seen.courses.loc[inside, "course"])
    ]
    return pd.DataFrame(rows, columns=["supplier", "kind", "industry", "count"])


def _count(frame: pd.DataFrame, courses: "pd.Series[int]") -> list[tuple[str, int]]:
    mine = frame[frame["course"].isin(courses)]
    sections = mine["industry"].map(lambda text: section_of(text) or UNKNOWN)
    once = mine.assign(industry=sections).drop_duplicates(["course", "industry"])
    return count_texts(once["industry"])
