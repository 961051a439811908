"""A trial: the plan and the registers that belong to it, canonical and frozen."""

# SKELETON: attribute and column names are final, checks and other inputs follow.
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd

from jobeval.plan.model import TrialPlan
from jobeval.schemas.calendar import iso_week, weeks_of


@dataclass(frozen=True, slots=True)
class Coverage:
    """Integer weeks (benefits, activities) and months (hours) delivered, as ``[first, last)``."""

    benefits: tuple[int, int] | None = None
    hours: tuple[int, int] | None = None
    activities: tuple[int, int] | None = None


def _weeks(values: Any) -> np.ndarray:
    return weeks_of(pd.to_datetime(values).to_numpy().astype("datetime64[D]"))


def _spells(frame: pd.DataFrame) -> pd.DataFrame:
    out = frame.assign(person_id=frame["person_id"].astype(str))
    end = pd.to_datetime(frame["end"]).fillna(pd.to_datetime(frame["end"]).max())
    out["start_week"] = _weeks(frame["start"])
    out["end_week"] = _weeks(end - pd.Timedelta(days=1)) + 1
    return out.drop(columns=["start", "end"])


def _wide(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[int, int]]:
    names = [c for c in frame.columns if c.startswith("y_")]
    weeks = [
        iso_week((1900 if int(n[2:4]) >= 90 else 2000) + int(n[2:4]), int(n[4:6])) for n in names
    ]
    rows = []
    values = frame[names].apply(pd.to_numeric).fillna(0).astype(int).to_numpy()
    for person, codes in zip(frame["person_id"].astype(str), values, strict=True):
        rows += [(person, w, w + 1, int(c)) for w, c in zip(weeks, codes, strict=True) if c]
    spells = pd.DataFrame(rows, columns=["person_id", "start_week", "end_week", "code"])
    return spells, (min(weeks), max(weeks) + 1)


def _industries(frame: pd.DataFrame) -> pd.DataFrame | None:
    names = [c for c in frame.columns if c.startswith(("branche_", "br_"))]
    if not names:
        return None
    rows = []
    for name in names:
        year, month = name.split("_")[1:]
        held = frame.loc[frame[name].notna() & (frame[name].astype(str) != ""), "person_id"]
        rows += [(str(person), 12 * int(year) + int(month) - 1) for person in held]
    return pd.DataFrame(rows, columns=["person_id", "month"])


class Trial:
    """Plan and registers. See the canonical columns in ``docs/data-dictionary.md``."""

    def __init__(
        self,
        *,
        plan: TrialPlan,
        persons: Any = None,
        benefits: Any = None,
        hours: Any = None,
        activities: Any = None,
        connection: Any = None,
    ) -> None:
        con = duckdb.connect(":memory:")
        self.plan = plan
        self.findings: tuple[Any, ...] = ()
        self.digest = "0" * 64
        canonical = persons.assign(
            person_id=persons["person_id"].astype(str),
            randomised_week=_weeks(persons["randomised_on"]),
            randomised_on=pd.to_datetime(persons["randomised_on"]),
        )
        if "started_on" in persons:
            started = pd.to_datetime(persons["started_on"])
            canonical["started_week"] = ((started - pd.Timestamp("1970-01-01")).dt.days + 3) // 7
            canonical = canonical.drop(columns="started_on")
        tables: dict[str, pd.DataFrame | None] = {"persons": canonical}
        covered: dict[str, tuple[int, int]] = {}
        tables |= {"benefits": None, "industries": None, "hours": None, "activities": None}
        if benefits is not None and "code" in benefits:
            spells = _spells(benefits)
            tables["benefits"] = spells
            covered["benefits"] = (spells["start_week"].min(), spells["end_week"].max())
        elif benefits is not None:
            tables["benefits"], covered["benefits"] = _wide(benefits)
            tables["industries"] = _industries(benefits)
        if hours is not None:
            months = pd.to_datetime(hours["month"])
            canonical = hours.assign(month=12 * months.dt.year + months.dt.month - 1)
            canonical["person_id"] = canonical["person_id"].astype(str)
            for flag in ("supported", "imputed"):
                canonical[flag] = canonical.get(flag, pd.Series(False, index=hours.index)) == 1
            tables["hours"] = canonical
            covered["hours"] = (canonical["month"].min(), canonical["month"].max() + 1)
        if activities is not None:
            spells = _spells(activities)
            tables["activities"] = spells
            covered["activities"] = (spells["start_week"].min(), spells["end_week"].max())
        self.coverage = Coverage(**{k: (int(a), int(b)) for k, (a, b) in covered.items()})
        for name, frame in tables.items():
            if frame is not None:
                con.register("incoming", frame)
                con.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
                con.unregister("incoming")
            lazy = None if frame is None else nw.from_native(con.table(name))
            setattr(self, name, lazy)
        self._con = con
