"""Who is with the invented suppliers of Holbæk, and what becomes of each: fixed quotas."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from jobeval.synthetic.streams import Streams, pick, spread

BEGINS = (dt.date(2019, 4, 1) - dt.date(1970, 1, 1)).days  # a Monday
CUT_OFF = BEGINS + 136  # Thursday 15 August 2019
EARLIER, NOW = "Indsats 2018", "Leverandørforløb 2019"
_LAST_START = 98  # workdays from 1 April until 14 August
_LAST_EARLY_START = 74  # until 11 July: time is left for work to begin
_LATER = 3  # citizens of each supplier who start after the cut-off

WORK = ("full_time", "part_time", "flexjob", "beside")
QUOTAS = {
    "A": {
        "full_time": 12, "part_time": 1, "flexjob": 5, "beside": 11, "education": 5,
        "subsidised": 5, "placement": 22, "rest": 129,
    },
    "B": {
        "full_time": 13, "part_time": 5, "flexjob": 5, "beside": 12, "education": 7,
        "subsidised": 5, "placement": 14, "rest": 89,
    },
}  # fmt: skip
"""What has become of the citizens on 15 August 2019. Of A's 190, 29 are in a job, a flexjob or
paid hours, 12 of them full time; 5 are in education and 22 more in placement."""

_SEXES = ("kvinde", "mand")
BENEFIT_TYPES = ("kontanthjælp", "uddannelseshjælp", "integrationsydelse")
# Weights of benefit types, and bins of years on benefits: B has citizens nearer to work.
_TYPES = {"A": (0.78, 0.10, 0.12), "B": (0.62, 0.26, 0.12)}
_YEARS = {
    "A": ((1, 3, 0.25), (3, 6, 0.35), (6, 11, 0.40)),
    "B": ((1, 3, 0.50), (3, 6, 0.32), (6, 11, 0.18)),
}
_AGES = {
    "A": ((30, 40, 0.30), (40, 50, 0.36), (50, 62, 0.34)),
    "B": ((24, 32, 0.40), (32, 45, 0.38), (45, 62, 0.22)),
}


@dataclass(frozen=True, slots=True)
class Citizen:
    """One invented citizen; days since 1970."""

    person_id: str
    supplier: str
    fate: str
    start: int
    birth_year: int
    sex: str
    benefit_type: str
    benefit_years: int
    luck: tuple[float, ...]
    """Uniform numbers of the citizen's own, for whoever tells more of the life."""


def simulate_citizens(streams: Streams) -> list[Citizen]:
    """Everybody in a course of the suppliers, sorted by the day on which it began."""
    citizens = [one for supplier in QUOTAS for one in _simulate_supplier(supplier, streams)]
    citizens.sort(key=lambda one: (one.start, one.supplier, one.luck))
    names = np.argsort(streams.uniform("names", len(citizens)), kind="stable")
    return [
        replace(one, person_id=f"h{4001 + 7 * int(name):05d}")
        for one, name in zip(citizens, names, strict=True)
    ]


def _simulate_supplier(supplier: str, streams: Streams) -> list[Citizen]:
    n = sum(QUOTAS[supplier].values())
    size = n + _LATER
    years = spread(streams.uniform(f"years {supplier}", size), _YEARS[supplier])
    luck = streams.uniform(f"luck {supplier}", (size, 8))
    near_work = np.argsort(years[:n] + 8 * luck[:n, 0], kind="stable")
    fates = np.full(size, "later", dtype=object)
    fates[near_work] = _deal_fates(supplier, streams)
    starts = [_start(fate, k - n, u) for k, (fate, u) in enumerate(zip(fates, luck, strict=True))]
    ages = spread(streams.uniform(f"age {supplier}", size), _AGES[supplier])
    sexes = pick(streams.uniform(f"sex {supplier}", size), (0.52, 0.48))
    types = pick(streams.uniform(f"type {supplier}", size), _TYPES[supplier])
    return [
        Citizen(
            person_id="",
            supplier=supplier,
            fate=str(fates[k]),
            start=starts[k],
            birth_year=2019 - int(ages[k]),
            sex=_SEXES[sexes[k]],
            benefit_type=BENEFIT_TYPES[types[k]],
            benefit_years=int(years[k]),
            luck=tuple(luck[k].tolist()),
        )
        for k in range(size)
    ]


def _deal_fates(supplier: str, streams: Streams) -> list[str]:
    """Fates for citizens from the nearest to work to the farthest: work and education first."""
    dealt: list[str] = []
    for group in ((*WORK, "education"), ("subsidised", "placement", "rest")):
        fates = [fate for fate in group for _ in range(QUOTAS[supplier][fate])]
        order = np.argsort(streams.uniform(f"{group[0]} {supplier}", len(fates)), kind="stable")
        dealt += [fates[k] for k in order]
    return dealt


def _start(fate: str, beyond: int, luck: tuple[float, ...]) -> int:
    """First day of the course: a workday from 1 April on, early for those who find work."""
    if fate == "later":
        return CUT_OFF + 4 + 2 * beyond
    early = fate in {*WORK, "education"}
    workday = int(luck[1] * luck[1] * _LAST_EARLY_START if early else luck[1] * _LAST_START)
    return BEGINS + workday // 5 * 7 + workday % 5
