"""Activities since randomisation: the first of each kind."""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from jobeval.panel.engine import collect_frame
from jobeval.panel.sight import Delivery, derive_sight
from jobeval.plan.parts import LookName


def derive_first_activities(trial: Delivery, look: LookName) -> pd.DataFrame | None:
    """The week since randomisation in which each kind of activity first began.

    Parameters
    ----------
    trial
        Plan and delivery.
    look
        Only activities that began in the weeks that the look sees are counted.

    Returns
    -------
    One row a person and kind: ``person_id``, ``kind``, ``first_week`` (integer ≥ 0), sorted;
    ``None`` when no activities were delivered.
    """
    span = derive_sight(trial, look).activities
    if trial.activities is None or span is None:
        return None
    drawn = trial.persons.select("person_id", "randomised_week")
    week = nw.col("start_week") - nw.col("randomised_week")
    first = (
        trial.activities.filter(nw.col("start_week") < span.stop)
        .join(drawn, on="person_id", how="inner")
        .with_columns(week.alias("first_week"))
        .filter(nw.col("first_week") >= 0)
        .group_by("person_id", "kind")
        .agg(nw.col("first_week").min())
    )
    return collect_frame(first, "person_id", "kind")
