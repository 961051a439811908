"""Suppliers side by side, as if their citizens had been alike: a description, never an effect."""

import datetime as dt
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.places import compare_places
from jobeval.errors import DesignError
from jobeval.monitoring.contracts.frames import day_number
from jobeval.monitoring.plan import MonitorPlan

COLUMNS = (
    "supplier", "n", "observed", "expected", "others", "difference",
    "conf_low", "conf_high", "verdict",
)  # fmt: skip
_DAYS = "days since the start of the course"
_WORK = "any work"
_SUPPLIER = "supplier of the course"


class CaseMix(NamedTuple):
    """The comparison, or ``None``; and what is to be said of it."""

    table: pd.DataFrame | None
    notes: tuple[str, ...]


def compare_case_mix(
    plan: MonitorPlan,
    courses: pd.DataFrame,
    participants: pd.DataFrame,
    any_work: NDArray[np.bool_],
    as_of: dt.date,
) -> CaseMix:
    """The share with any work of each supplier against the average of the others.

    Adjusted for the plan's case mix and for the days since the course began, since who began
    last week has hardly had time to find work. See ``jobeval.compare_places``.
    """
    if not plan.case_mix:
        return CaseMix(None, ("case_mix: the plan names none; suppliers are not compared.",))
    names = [term.column for term in plan.case_mix]
    frame = participants.iloc[courses["row"].to_numpy()][names].reset_index(drop=True)
    frame[_DAYS] = day_number(as_of) - courses["start"].to_numpy()
    frame[_WORK] = any_work.astype(float)
    frame[_SUPPLIER] = courses["supplier"].to_numpy()
    try:
        found = compare_places(frame, _WORK, _SUPPLIER, covariates=[*plan.case_mix, _DAYS])
    except DesignError as error:
        return CaseMix(None, (f"case_mix: {error}",))
    table = found.table.rename(columns={"place": "supplier"}).set_index("supplier")
    known = [name for name in plan.supplier_names if name in table.index]
    notes = tuple(f"case_mix: {note}." for note in found.notes)
    return CaseMix(table.loc[known].reset_index()[list(COLUMNS)], notes)
