"""Citizens in courses as they were known on a day: one row a supplier and citizen."""

import datetime as dt

import numpy as np
import pandas as pd

from jobeval.monitoring.checking import select_programme
from jobeval.monitoring.contracts.frames import FOREVER, day_number, day_numbers
from jobeval.monitoring.plan import MonitorPlan

UNKNOWN = "unknown"
"""A reason or an industry that nobody told."""


def build_courses(plan: MonitorPlan, participants: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """The citizens whose first course began in the period and by ``as_of``.

    Several courses of a citizen with one supplier count as one: from the first start until the
    last end. An end that lies ahead is not known yet.

    Returns
    -------
    A frame, sorted by supplier (in the order of the plan) and person: ``course`` (0, 1, …),
    ``supplier``, ``person_id``, ``start`` and ``end`` (days since 1970; ``FOREVER`` while it
    goes on), ``reason``, and ``row``, where the first course stands in ``participants``.
    """
    numbered = participants.assign(row=np.arange(len(participants)))
    seen = select_programme(plan, numbered)
    seen = seen.assign(start=day_numbers(seen["started_on"]), end=_ends(seen, day_number(as_of)))
    in_period = seen["start"].between(day_number(plan.begins), day_number(as_of))
    seen = seen[in_period & seen["supplier"].isin(plan.supplier_names)]
    seen = seen.sort_values(["supplier", "person_id", "start", "end"], kind="stable")
    grouped = seen.groupby(["supplier", "person_id"], sort=False)
    courses = pd.DataFrame(
        {
            "start": grouped["start"].min(),
            "end": grouped["end"].max(),
            "row": grouped["row"].first(),
        }
    )
    last = seen.sort_values(["end", "start"], kind="stable").groupby(["supplier", "person_id"])
    courses["reason"] = last["end_reason"].last(skipna=False)
    courses["reason"] = courses["reason"].where(courses["end"] < FOREVER).fillna(UNKNOWN)
    return _in_order(plan, courses.reset_index())


def _ends(participants: pd.DataFrame, as_of: int) -> np.ndarray:
    ends = day_numbers(participants["ended_on"])
    known = participants["ended_on"].notna().to_numpy() & (ends <= as_of)
    return np.where(known, ends, FOREVER)


def _in_order(plan: MonitorPlan, courses: pd.DataFrame) -> pd.DataFrame:
    place = courses["supplier"].map({name: k for k, name in enumerate(plan.supplier_names)})
    order = np.lexsort((courses["person_id"].to_numpy(dtype=str), place.to_numpy()))
    courses = courses.iloc[order].reset_index(drop=True)
    return courses.assign(course=np.arange(len(courses)))


def attribute_to_courses(
    courses: pd.DataFrame, events: pd.DataFrame, grace_days: int
) -> pd.DataFrame:
    """The events that belong to a course, each with its ``course`` and its first day in it.

    An event belongs to the course of the person that began last before it, if it begins
    during that course or at most ``grace_days`` days after it.

    Parameters
    ----------
    events
        ``person_id``, ``start``, and ``latest_start``: the last day on which it can have begun,
        where only the month is known.

    Returns
    -------
    The events with ``course``, and ``start`` not before that of the course; in their order.
    """
    known = courses[["person_id", "course", "start", "end"]]
    known = known.rename(columns={"start": "course_start", "end": "course_end"})
    pairs = events.assign(event=np.arange(len(events))).merge(known, on="person_id")
    begun = pairs["course_start"] <= pairs["latest_start"]
    pairs = pairs[begun & (pairs["start"] <= pairs["course_end"] + grace_days)]
    pairs = pairs.sort_values(["event", "course_start", "course"]).drop_duplicates(
        "event", keep="last"
    )
    pairs["start"] = np.maximum(pairs["start"], pairs["course_start"])
    return pairs.drop(columns=["event", "latest_start", "course_start", "course_end"])
