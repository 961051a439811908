"""From the first week in a job to its loss."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.endpoints.jobs import Lazy, confirmed_weeks, job_starts, job_weeks, runs_of
from jobeval.errors import DataError, Problem
from jobeval.panel.build import Panel
from jobeval.panel.engine import build_table, collect_frame, materialise
from jobeval.plan.endpoints import RetentionEndpoint
from jobeval.plan.parts import State
from jobeval.schemas.calendar import month_of_week

SUPPORTED: frozenset[State] = frozenset({"flexjob", "wage_subsidy"})
"""States in which the employer's hours are those of a supported job."""


def derive_retention(
    panel: Panel, endpoint: RetentionEndpoint, hours: nw.LazyFrame[Any] | None = None
) -> pd.DataFrame:
    """The first job of every person since randomisation, and how long it was kept.

    The job begins with the first run of at least ``min_weeks`` weeks in one of ``states``. It is
    lost in the first week of a gap that is longer than ``max_gap_weeks``, or, with
    ``relapse_ends``, that holds a week on benefit; weeks of shorter gaps count as kept. With
    ``same_employer``, only weeks count whose month has paid hours from an employer of the
    month in which the job began.

    A start takes ``min_weeks`` weeks to be told from a passing one and a loss
    ``max_gap_weeks + 1``. So a person of whom ``F`` weeks are observed is followed for ``F −
    max(min_weeks − 1, max_gap_weeks)`` weeks: whatever begins or ends later is not known, and
    censoring stays independent of what happens.

    Parameters
    ----------
    panel
        What the look sees.
    endpoint
        An endpoint of kind ``"retention"``.
    hours
        The trial's hours register; needed with ``same_employer`` only.

    Returns
    -------
    pandas.DataFrame
        One row a person drawn, sorted by ``person_id``: ``person_id``; ``started``, weeks from
        randomisation to the first job week (0 = in the same week; ``nan`` = not within the
        weeks followed); ``duration``, weeks kept until the loss or the end of follow-up
        (``nan`` likewise); ``lost``; ``lost_to``, the state in the week of the loss (text or
        ``None``); ``followed``, weeks since randomisation (integer ≥ 0). ``attrs`` holds
        ``out_of_population``: persons left out under ``on_leaving = "exclude"``.

    Raises
    ------
    DataError
        When employers are to be told apart and the hours register does not name them.
    """
    weeks = materialise(job_weeks(panel, endpoint))
    starts = job_starts(runs_of(weeks, endpoint.max_gap_weeks), endpoint.min_weeks)
    first = materialise(starts.group_by("person_id").agg(started=nw.col("start").min()))
    weeks = weeks.join(first, on="person_id", how="inner")
    kept = weeks.filter(nw.col("week") >= nw.col("started"))
    if endpoint.same_employer:
        kept = materialise(_with_employer(panel, endpoint, kept, hours))
    ends = first.join(_ends(panel, endpoint, kept), on="person_id", how="left")
    ends = ends.with_columns(end=nw.col("end").fill_null(nw.col("started")))
    states = panel.weeks.select("person_id", nw.col("week").alias("end"), lost_to="state")
    persons = panel.persons.select(
        "person_id", "leaving_week", followed=confirmed_weeks(endpoint, endpoint.max_gap_weeks)
    ).join(ends.join(states, on=["person_id", "end"], how="left"), on="person_id", how="left")
    return _censor(collect_frame(persons, "person_id"), endpoint)


def _ends(panel: Panel, endpoint: RetentionEndpoint, kept: Lazy) -> Lazy:
    """The week after the last one of each person's first job: ``person_id, end``."""
    runs = runs_of(kept.select("person_id", "week"), endpoint.max_gap_weeks)
    runs = runs.filter(nw.col("job") == 0)
    if endpoint.relapse_ends:
        relapses = _first_relapses(panel, kept)
        runs = runs.join(relapses, on="person_id", how="left").filter(
            nw.col("relapse").is_null() | (nw.col("start") < nw.col("relapse"))
        )
    return runs.group_by("person_id").agg(end=nw.col("stop").max())


def _first_relapses(panel: Panel, kept: Lazy) -> Lazy:
    """The first week on benefit after the start that is no week of the job."""
    marked = kept.select("person_id", "week", is_kept=nw.lit(True))
    starts = kept.select("person_id", "started").unique()
    weeks = panel.weeks.join(starts, on="person_id", how="inner").filter(
        nw.col("on_benefit"), nw.col("week") > nw.col("started")
    )
    outside = weeks.join(marked, on=["person_id", "week"], how="left").filter(
        nw.col("is_kept").is_null()
    )
    return outside.group_by("person_id").agg(relapse=nw.col("week").min())


def _with_employer(
    panel: Panel, endpoint: RetentionEndpoint, weeks: Lazy, hours: nw.LazyFrame[Any] | None
) -> Lazy:
    """The weeks in whose month an employer of the first month still pays hours.

    Where no employer is known of the first month, a change cannot be seen and all weeks stay.
    """
    paid = _paid_months(panel, endpoint, hours)
    origins = panel.persons.select("person_id", "randomised_week")
    dated = weeks.join(origins, on="person_id", how="left").with_columns(
        calendar_week=nw.col("randomised_week") + nw.col("week")
    )
    dated = dated.join(_calendar(panel), on="calendar_week", how="left")
    begun = dated.filter(nw.col("week") == nw.col("started"))
    first = begun.join(paid, on=["person_id", "month"], how="inner")
    first = first.select("person_id", "employer_id").unique()
    same = paid.join(first, on=["person_id", "employer_id"], how="inner")
    same = same.select("person_id", "month").unique().with_columns(is_same=nw.lit(True))
    known = first.select("person_id").unique().with_columns(is_known=nw.lit(True))
    judged = dated.join(same, on=["person_id", "month"], how="left").join(
        known, on="person_id", how="left"
    )
    stays = nw.col("is_same").fill_null(False) | nw.col("is_known").is_null()
    return judged.filter(stays).select("person_id", "week", "started")


def _paid_months(
    panel: Panel, endpoint: RetentionEndpoint, hours: nw.LazyFrame[Any] | None
) -> Lazy:
    """``person_id, month, employer_id`` of the months with hours that the look may see."""
    if hours is None or "employer_id" not in hours.collect_schema().names():
        rule = "same_employer needs the employers of the hours register."
        mend = "Deliver hours with employer_id, or set same_employer = false."
        raise DataError("hours", [Problem("column 'employer_id'", rule, mend)])
    paid = hours.filter(nw.col("hours") > 0, ~nw.col("employer_id").is_null())
    if not SUPPORTED & set(endpoint.states):
        paid = paid.filter(~nw.col("supported").fill_null(False))
    if panel.sight.months is not None:
        paid = paid.filter(nw.col("month") < panel.sight.months.stop)
    return paid.select("person_id", "month", "employer_id").unique()


def _calendar(panel: Panel) -> Lazy:
    """Every calendar week that the panel may hold, with its month."""
    randomised = collect_frame(panel.persons.select("randomised_week"))["randomised_week"]
    first, last = (int(randomised.min()), int(randomised.max())) if len(randomised) else (0, 0)
    weeks = range(first, last + panel.horizon_weeks + 1)
    months = [month_of_week(week) for week in weeks]
    return build_table(panel.persons, {"calendar_week": weeks, "month": months})


def _censor(frame: pd.DataFrame, endpoint: RetentionEndpoint) -> pd.DataFrame:
    """Starts and losses within the weeks followed; what comes later is not known."""
    followed = frame["followed"].to_numpy(dtype=np.int64)
    left = (frame["leaving_week"] < frame["followed"]).to_numpy()
    keep = ~left | (endpoint.on_leaving == "zero")
    started = frame["started"].to_numpy(dtype=float)
    started = np.where(started < followed, started, np.nan)
    end = np.fmin(frame["end"].to_numpy(dtype=float), followed)
    lost = ~np.isnan(started) & (end < followed)
    retention = pd.DataFrame(
        {
            "person_id": frame["person_id"],
            "started": started,
            "duration": end - started,
            "lost": lost,
            "lost_to": _texts(frame["lost_to"], lost),
            "followed": followed,
        }
    )[keep].reset_index(drop=True)
    retention.attrs = {"out_of_population": int((~keep).sum())}
    return retention


def _texts(values: pd.Series[Any], where: NDArray[np.bool_]) -> pd.Series[Any]:
    texts: list[str | None] = [
        text if told else None for text, told in zip(values, where, strict=True)
    ]
    return pd.Series(texts, values.index, dtype=object)
