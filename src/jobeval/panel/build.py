"""The panel: what a look sees of every person, week by week since randomisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw

from jobeval.panel.engine import collect_frame, materialise
from jobeval.panel.sight import Delivery, Sight, derive_sight
from jobeval.panel.weeks import build_calendar, build_weeks, follow_persons
from jobeval.plan.parts import LookName


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """Persons and their followed weeks, computed once and kept in the engine.

    Week 0 is the week of randomisation. *Not observed* (a register does not reach that
    week: null, or no row), *zero* (observed, and nothing there) and *out of the population*
    (``is_out``: dead, on state pension, or not resident in that week) are three things.

    Attributes
    ----------
    persons
        Lazy: all columns of the trial's persons who were drawn by the cut-off, and whole
        weeks observed since randomisation, 0 to the plan's horizon:
        ``followed_weeks_benefits`` and ``followed_weeks_hours`` (each register by itself),
        ``followed_weeks`` (those of the two that were delivered, together) and
        ``followed_weeks_state`` (all that a state is made of);
        ``leaving_week``: first week out of the population, null when never.
    weeks
        Lazy: ``person_id``, ``week``, ``state``, ``hours`` (mean weekly ordinary hours of
        the month that the week belongs to), ``hours_without_imputed``, ``on_benefit``,
        ``is_out``; null where not observed.
    look
        The look of the plan whose cut-off holds.
    sight
        Bounds of what the look sees of each register.
    horizon_weeks
        The plan's horizon.
    has_hours
        Whether an hours register was delivered.
    notes
        What the delivery does not allow.
    """

    persons: nw.LazyFrame[Any]
    weeks: nw.LazyFrame[Any]
    look: LookName
    sight: Sight
    horizon_weeks: int
    has_hours: bool
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Panel({self.look}, cut-off {self.sight.cut_off}, {self.horizon_weeks} weeks)"


def build_panel(trial: Delivery, look: LookName) -> Panel:
    """Build person × week from the registers of a trial, as far as a look may see.

    Parameters
    ----------
    trial
        Plan and canonical registers.
    look
        ``"midterm"`` or ``"final"``. Persons drawn after its cut-off and register rows
        after it are dropped before anything else is computed.

    Returns
    -------
    Panel

    Raises
    ------
    KeyError
        When the plan has no such look.
    """
    sight = derive_sight(trial, look)
    follow_up = trial.plan.follow_up
    drawn = filter_drawn(trial, look)
    persons = materialise(follow_persons(drawn, sight, follow_up.horizon_weeks))
    calendar = build_calendar(persons, *_bounds(persons))
    weeks = materialise(build_weeks(trial, persons, sight, calendar))
    leaving = (
        weeks.filter(nw.col("is_out")).group_by("person_id").agg(leaving_week=nw.col("week").min())
    )
    return Panel(
        persons=materialise(persons.join(leaving, on="person_id", how="left")),
        weeks=weeks,
        look=look,
        sight=sight,
        horizon_weeks=follow_up.horizon_weeks,
        has_hours=trial.hours is not None,
        notes=_notes(sight),
    )


def filter_drawn(trial: Delivery, look: LookName) -> nw.LazyFrame[Any]:
    """The persons who were drawn by the cut-off of a look: all where no day is known."""
    if "randomised_on" not in trial.persons.collect_schema().names():
        return trial.persons
    return trial.persons.filter(nw.col("randomised_on") <= nw.lit(trial.plan.looks[look].cut_off))


def _bounds(persons: nw.LazyFrame[Any]) -> tuple[int, int]:
    """First and last-plus-one calendar week of the panel; ``(0, 0)`` without persons."""
    last = nw.max_horizontal("followed_weeks_benefits", "followed_weeks_hours")
    row = collect_frame(
        persons.select("randomised_week", stop=nw.col("randomised_week") + last).select(
            nw.col("randomised_week").min(), nw.col("stop").max()
        )
    )
    if row.isna().any(axis=None):
        return 0, 0
    return int(row["randomised_week"].iloc[0]), int(row["stop"].iloc[0])


def _notes(sight: Sight) -> tuple[str, ...]:
    notes: list[str] = []
    if sight.benefits is None:
        notes.append("No benefit register was delivered: states and benefits are not observed.")
    if sight.income is None:
        notes.append("Neither hours nor industries were delivered: states are not observed.")
    return tuple(notes)
