"""Activities of the job centre that began in courses."""

import datetime as dt

import numpy as np
import pandas as pd

from jobeval.monitoring.contracts.frames import FOREVER, day_number, day_numbers
from jobeval.monitoring.courses import UNKNOWN, attribute_to_courses

PLACEMENT = "virksomhedspraktik"
AT_A_COMPANY = ("snusepraktik", PLACEMENT, "loentilskud")


def build_activities(
    courses: pd.DataFrame, activities: pd.DataFrame, as_of: dt.date, grace_days: int
) -> pd.DataFrame:
    """Activities that began in courses and by ``as_of``.

    Returns
    -------
    A frame with one row an activity: ``course, person_id, kind, start, end`` (days since 1970;
    ``FOREVER`` while it goes on), ``company`` (whether one is named), ``industry`` and
    ``planned_hours`` (a week).
    """
    start, end = day_numbers(activities["start"]), day_numbers(activities["end"])
    open_ended = activities["end"].isna().to_numpy() | (end > day_number(as_of))
    events = pd.DataFrame(
        {
            "person_id": activities["person_id"],
            "kind": activities["kind"],
            "start": start,
            "latest_start": start,
            "end": np.where(open_ended, FOREVER, end),
            "company": activities["company_id"].notna(),
            "industry": activities["industry"].fillna(UNKNOWN),
            "planned_hours": activities["planned_hours"].astype(float),
        }
    )[start <= day_number(as_of)]
    return attribute_to_courses(courses, events, grace_days).sort_values(
        ["course", "start", "end", "kind"], ignore_index=True
    )
