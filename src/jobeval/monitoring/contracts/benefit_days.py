"""Days on a benefit that means a return to support."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import Problem
from jobeval.monitoring.contracts.frames import FOREVER, LONG_AGO, Days, FrameReader
from jobeval.monitoring.contracts.terms import ContractTerms
from jobeval.schemas.calendar import weeks_of
from jobeval.schemas.dream import activation_kind, dream_groups


@dataclass(frozen=True, slots=True)
class BenefitDays:
    """Spells of benefit, arrays of shape ``(n,)``, sorted by person.

    Parameters
    ----------
    person
        Texts.
    start, end
        First day and day after the last, in days since 1970.
    code
        DREAM code, 0 where none is delivered.
    known_on
        Day on which the spell was known.
    """

    person: NDArray[np.object_]
    start: Days
    end: Days
    code: NDArray[np.int64]
    known_on: Days

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> BenefitDays:
        """Some of the spells."""
        return BenefitDays(*(getattr(self, item.name)[rows] for item in fields(self)))


def no_benefits() -> BenefitDays:
    """No spell at all."""
    day = np.empty(0, dtype=np.int64)
    return BenefitDays(np.empty(0, dtype=object), day, day, day, day)


def read_benefits(benefits: pd.DataFrame | None, problems: list[Problem]) -> BenefitDays:
    """The spells of a delivery: person_id, start, end, and optionally code, registered_on."""
    if benefits is None:
        return no_benefits()
    reader = FrameReader("benefits", benefits, problems)
    if not reader.require(("person_id", "start", "end")):
        return no_benefits()
    start, end = reader.days("start"), reader.days("end", missing=FOREVER)
    reader.refuse("end", end <= start, "not after start", "end is the day after the last.")
    code = np.nan_to_num(reader.numbers("code")).astype(np.int64)
    known_on = reader.days("registered_on", missing=LONG_AGO)
    spells = BenefitDays(reader.texts("person_id"), start, end, code, known_on)
    return spells.take(np.lexsort((spells.start, spells.person)))


def see_relapses(spells: BenefitDays, terms: ContractTerms, as_of: int) -> BenefitDays:
    """The spells, known on a day, that are a relapse under the contract."""
    if terms.relapse is None:
        return no_benefits()
    seen = (spells.known_on <= as_of) & (spells.start <= as_of)
    groups = dream_groups(spells.code, weeks_of(spells.start.astype("datetime64[D]")))
    meant = np.isin(groups.astype(str), terms.relapse.groups) & ~_subsidised(spells.code)
    return spells.take(seen & (meant | (spells.code == 0)))


def _subsidised(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    known = [code for code in set(codes.tolist()) if activation_kind(code) == "wage_subsidy"]
    return np.isin(codes, known)
