"""Every start of a job, as intervals from one to the next."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from jobeval.endpoints.jobs import confirmed_weeks, job_starts, job_weeks, runs_of
from jobeval.panel.build import Panel
from jobeval.panel.engine import collect_frame
from jobeval.plan.endpoints import RecurrentEndpoint


def derive_recurrence(panel: Panel, endpoint: RecurrentEndpoint) -> pd.DataFrame:
    """The starts of jobs of every person who is followed, one row from each to the next.

    A job begins with a run of at least ``min_weeks`` weeks in one of ``states``, unless it
    continues one that ended at most ``max_gap_weeks`` weeks before. A job that begins in week
    ``k`` since randomisation is an event after ``k + 1`` weeks. A person of whom ``F`` weeks are
    observed is followed for ``F − (min_weeks − 1)``, so that every start can be confirmed.

    Weeks in a job are weeks at risk, and with ``on_leaving = "zero"`` weeks out of the
    population are too: nobody starts a job in them, which is known. So arms are compared as
    drawn, and the mean number of starts is that of everyone. To leave such weeks out would
    compare those who have no job, who differ between the arms once the offer works.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``person_id`` and ``start``: ``person_id``; ``start`` and ``stop``, weeks since
        randomisation, at risk in ``(start, stop]``; ``event``: a job began at ``stop``. The rows
        of a person follow one another from 0 to the end of follow-up. ``attrs`` holds the
        persons left out: ``not_observed`` and ``out_of_population`` (``on_leaving =
        "exclude"``, left within the weeks followed).
    """
    starts = job_starts(
        runs_of(job_weeks(panel, endpoint), endpoint.max_gap_weeks), endpoint.min_weeks
    )
    persons = collect_frame(
        panel.persons.select(
            "person_id", "leaving_week", followed=confirmed_weeks(endpoint, gap=0)
        ),
        "person_id",
    )
    observed = persons["followed"] > 0
    left = (persons["leaving_week"] < persons["followed"]) & (endpoint.on_leaving == "exclude")
    kept = persons.loc[observed & ~left, ["person_id", "followed"]]
    events = collect_frame(starts.select("person_id", stop=nw.col("start") + 1))
    rows = _intervals(kept, events)
    rows.attrs = {
        "not_observed": int((~observed).sum()),
        "out_of_population": int((observed & left).sum()),
    }
    return rows


def _intervals(persons: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """From 0 to each event and from the last one to the end of follow-up."""
    followed = events["person_id"].map(persons.set_index("person_id")["followed"])
    events = events[events["stop"] <= followed]
    rows = pd.DataFrame(
        {
            "person_id": [*events["person_id"], *persons["person_id"]],
            "stop": [*events["stop"], *persons["followed"]],
            "event": [True] * len(events) + [False] * len(persons),
        }
    ).sort_values(["person_id", "stop", "event"], ascending=[True, True, False], kind="stable")
    rows["start"] = rows.groupby("person_id")["stop"].shift(1, fill_value=0)
    whole = {"start": np.int64, "stop": np.int64, "event": np.bool_}
    rows = rows[["person_id", "start", "stop", "event"]].astype(whole)
    return rows[rows["start"] < rows["stop"]].reset_index(drop=True)
