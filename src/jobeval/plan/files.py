"""Files of a delivery, and the dialect in which each is written."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

from pydantic import Field, field_validator

from jobeval.plan.parts import PlanPart


class InputFile(PlanPart):
    """A file of the delivery, and how it is written."""

    path: str = Field(min_length=1, max_length=400)
    format: Literal["csv", "parquet", "sas", "stata"] = "csv"
    separator: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "cp1252", "latin-1"] = "utf-8"
    date_format: str = Field(default="%Y-%m-%d", max_length=20)
    missing: tuple[str, ...] = Field(default=("",), strict=False)
    """The only texts that mean "missing"."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Canonical column → the column's name in the file, where they differ."""
    extracted_on: dt.date | None = None
    """Last day that the delivery covers; where it is absent, the last day it speaks of."""

    @field_validator("date_format")
    @classmethod
    def _four_digit_years(cls, value: str) -> str:
        if sorted(re.findall("%.?", value)) != ["%Y", "%d", "%m"]:
            raise ValueError("must hold %Y, %m and %d once each; years have four digits")
        return value

    @field_validator("path")
    @classmethod
    def _inside(cls, value: str) -> str:
        if re.match(r"^([/\\]|[A-Za-z]:)", value) or ".." in re.split(r"[/\\]", value):
            raise ValueError("must be relative to the trial folder and may not leave it")
        return value


class PersonsFile(InputFile):
    """Who was drawn."""


class BenefitsFile(InputFile):
    """Benefit register: DREAM wide (one column a week) or spells."""

    layout: Literal["wide", "spells"] = "wide"


class HoursFile(InputFile):
    """Hours register (BFL): one row a job and month."""

    unit: Literal["hours", "minutes", "full_time_share"] = "hours"
    corrections: bool = False
    """Negative rows are declared corrections of the same job and are summed."""


class ActivitiesFile(InputFile):
    """Activities of the job centre, as spells.

    Where ``extracted_on`` is absent, the delivery covers the time to the last cut-off.
    """


class Files(PlanPart):
    """The delivery. Only persons are required; what is absent is not observed."""

    persons: PersonsFile
    benefits: BenefitsFile | None = None
    hours: HoursFile | None = None
    activities: ActivitiesFile | None = None
