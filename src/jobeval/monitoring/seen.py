"""What was seen of a delivery on a day: citizens in courses, and what began in these."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.monitoring.activities import build_activities
from jobeval.monitoring.contracts.job_rows import JobRows
from jobeval.monitoring.courses import build_courses
from jobeval.monitoring.jobs import build_jobs, see_jobs
from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.reading import SupplierDelivery


@dataclass(frozen=True, slots=True)
class SeenDelivery:
    """Everything that the tables are made of, as it was known on a day.

    ``jobs`` and ``activities`` began in courses; ``rows`` are all rows of jobs, also those of
    jobs that began before a course. ``None``: not delivered.
    """

    courses: pd.DataFrame
    jobs: pd.DataFrame | None
    rows: JobRows | None
    activities: pd.DataFrame | None

    def mark(self, events: pd.DataFrame) -> NDArray[np.bool_]:
        """The courses that have any of these jobs or activities, shape ``(n,)``."""
        return np.isin(self.courses["course"].to_numpy(), events["course"].to_numpy())


def see_delivery(plan: MonitorPlan, delivery: SupplierDelivery, as_of: dt.date) -> SeenDelivery:
    """Nothing is seen that began or was registered later; ends that lie ahead are not known."""
    courses = build_courses(plan, delivery.participants, as_of)
    jobs = activities = None
    rows = see_jobs(delivery.jobs, as_of)
    if delivery.jobs is not None and rows is not None:
        industries = delivery.jobs["industry"]
        jobs = build_jobs(courses, rows, industries, delivery.benefits, as_of, plan.grace_days)
    if delivery.activities is not None:
        activities = build_activities(courses, delivery.activities, as_of, plan.grace_days)
    return SeenDelivery(courses, jobs, rows, activities)
