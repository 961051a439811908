"""Every hand-over of the plan: who left, arrived, waits, or is no longer seen."""

from __future__ import annotations

import datetime as dt
from typing import TypeGuard

import pandas as pd

from jobeval.monitoring.hand_over import HAND_OVER_COLUMNS, link_cohorts, summarise_hand_over
from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.reading import SupplierDelivery

SPELL = ("person_id", "start", "end", "registered_on")


def tabulate_hand_over(
    plan: MonitorPlan, delivery: SupplierDelivery, as_of: dt.date
) -> pd.DataFrame:
    """A row for each step of the plan.

    Citizens who have left and not arrived are still seen while a row of jobs or benefits covers
    the day; where neither was delivered as spells, for the plan's ``gap_days``.
    """
    rows = delivery.participants
    registers = [_spells(one) for one in (delivery.jobs, delivery.benefits) if _has_spells(one)]
    seen = pd.concat(registers, ignore_index=True) if registers else None
    tables = [
        summarise_hand_over(
            link_cohorts(
                rows[rows["programme"] == step.from_programme],
                rows[rows["programme"] == step.to_programme],
                gap_days=step.gap_days,
                as_of=as_of,
                seen=seen,
                end_reasons=step.end_reasons or None,
                names=(step.from_programme, step.to_programme),
            )
        )
        for step in plan.hand_over
    ]
    return pd.concat(tables, ignore_index=True)[list(HAND_OVER_COLUMNS)]


def _spells(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[[name for name in SPELL if name in frame]]


def _has_spells(frame: pd.DataFrame | None) -> TypeGuard[pd.DataFrame]:
    return frame is not None and {"start", "end"} <= set(frame.columns)
