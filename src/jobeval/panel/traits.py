"""Benefit and activity spells to what each week of a person is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from jobeval.panel.engine import build_table
from jobeval.panel.sight import Delivery, Sight
from jobeval.panel.states import NEVER, activity_rank, tabulate_codes
from jobeval.plan.parts import State

Lazy = nw.LazyFrame[Any]
_TRAITS = ("person_id", "start_week", "end_week", "rank", "on_benefit", "is_out")


def classify_benefits(benefits: Lazy, stop: int, priority: Sequence[State]) -> Lazy:
    """Benefit spells that begin before week ``stop``, cut there, with the traits of their code.

    A spell that outlasts a version of the code list is split where the version ends. Spells
    of those who left the population for good last for ever.
    """
    codes = build_table(benefits, tabulate_codes(priority))
    return (
        benefits.select("person_id", "start_week", "end_week", "code")
        .filter(nw.col("start_week") < stop)
        .join(codes, on="code", how="inner")
        .with_columns(
            start_week=nw.max_horizontal("start_week", "valid_from"),
            end_week=nw.min_horizontal("end_week", "valid_to", nw.lit(stop)),
        )
        .filter(nw.col("start_week") < nw.col("end_week"))
        .with_columns(
            end_week=nw.when(nw.col("lasts")).then(nw.lit(NEVER)).otherwise(nw.col("end_week"))
        )
    )


def classify_activities(activities: Lazy, stop: int, priority: Sequence[State]) -> Lazy:
    """Activities that make a state and begin before week ``stop``, cut there."""
    return (
        activities.filter(nw.col("start_week") < stop)
        .with_columns(
            end_week=nw.min_horizontal("end_week", nw.lit(stop)),
            rank=activity_rank(priority).cast(nw.Int64),
            on_benefit=nw.lit(False),
            is_out=nw.lit(False),
        )
        .filter(nw.col("rank") < NEVER)
        .select(*_TRAITS)
    )


def build_traits(trial: Delivery, persons: Lazy, sight: Sight, weeks: Lazy) -> Lazy | None:
    """What spells say of each followed week; ``None`` where nothing was delivered.

    Parameters
    ----------
    trial, sight
        Registers, and what may be seen of them.
    persons
        ``person_id``, ``randomised_week`` and ``last`` (weeks followed in any register).
    weeks
        The numbers of the weeks since randomisation, as ``week``.

    Returns
    -------
    Lazy frame ``person_id, week, rank`` (smallest rank of a state), ``on_benefit, is_out``;
    one row for each person and week with a spell.
    """
    priority = trial.plan.states.priority
    spells: list[Lazy] = []
    if trial.benefits is not None and sight.benefits is not None:
        coded = classify_benefits(trial.benefits, sight.benefits.stop, priority)
        spells.append(coded.with_columns(nw.col("rank").cast(nw.Int64)).select(*_TRAITS))
    if trial.activities is not None and sight.activities is not None:
        spells.append(classify_activities(trial.activities, sight.activities.stop, priority))
    if not spells:
        return None
    relative = _since_randomisation(nw.concat(spells), persons)
    week = nw.col("week")
    inside = relative.join(weeks, how="cross").filter(
        week >= nw.col("start_week"), week < nw.col("end_week")
    )
    return inside.group_by("person_id", "week").agg(
        nw.col("rank").min(), nw.col("on_benefit").any(), nw.col("is_out").any()
    )


def _since_randomisation(spells: Lazy, persons: Lazy) -> Lazy:
    """Spells in weeks since randomisation, as far as the persons are followed."""
    origin = nw.col("randomised_week")
    return (
        spells.join(persons, on="person_id", how="inner")
        .with_columns(
            start_week=nw.col("start_week") - origin,
            end_week=nw.min_horizontal(nw.col("end_week") - origin, "last"),
        )
        .filter(nw.col("end_week") > 0, nw.col("start_week") < nw.col("end_week"))
    )
