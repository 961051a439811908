"""The registers that a life leaves behind: DREAM weeks, hours by job and month, activities."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.schemas.calendar import EPOCH, first_week_of_month, month_of, week_of
from jobeval.schemas.tables import ACTIVITY_KINDS
from jobeval.synthetic.jobs import INDUSTRIES
from jobeval.synthetic.lives import Lives
from jobeval.synthetic.spells import Spells
from jobeval.synthetic.streams import Ints, Streams
from jobeval.synthetic.truth import JobFirstTruth

FIRST_DAY = dt.date(2013, 3, 4)  # more than 156 weeks before the first draw
LAST_DAY = dt.date(2019, 3, 31)
FIRST_WEEK, LAST_WEEK = week_of(FIRST_DAY), week_of(LAST_DAY)
FIRST_MONTH, LAST_MONTH = month_of(FIRST_DAY), month_of(LAST_DAY)
N_WEEKS, N_MONTHS = LAST_WEEK - FIRST_WEEK + 1, LAST_MONTH - FIRST_MONTH + 1
PROVIDERS = ("Jobcenteret", "Leverandør 1", "Leverandør 2")
BLOCK = 10_000  # persons; part of how the trial is defined, since noise is drawn by block


@dataclass(frozen=True, slots=True, eq=False)
class Registers:
    """One delivery, as data frames with canonical columns."""

    benefits: pd.DataFrame
    hours: pd.DataFrame
    activities: pd.DataFrame


def name_person(number: int | Ints) -> NDArray[np.str_]:
    """Pseudonyms ``JF000001`` and on, in the order of the draw."""
    return np.array([f"JF{n + 1:06d}" for n in np.atleast_1d(number)])


def build_registers(
    lives: Lives, received: Ints, streams: Streams, truth: JobFirstTruth
) -> Registers:
    """The registers of the world in which those who ``received`` got the effort."""
    codes = build_codes(lives, received)
    jobs = build_job_months(lives, received, streams, truth)
    hide_late_weeks(codes, streams)
    arrived = jobs["late"] == 0
    jobs = {name: value[arrived] for name, value in jobs.items()}
    return Registers(
        benefits=_benefits_frame(codes, jobs),
        hours=_hours_frame(jobs),
        activities=_activities_frame(lives.efforts.lived(received)),
    )


def build_codes(lives: Lives, received: Ints) -> NDArray[np.int16]:
    """DREAM codes, shape ``(n, N_WEEKS)``; 0 is blank."""
    codes = np.zeros((lives.people.size, N_WEEKS), dtype=np.int16)
    layers = [layer.lived(received) for layer in lives.codes]
    for low in range(0, lives.people.size, BLOCK):
        block = codes[low : low + BLOCK]
        for layer in layers:
            _paint(block, layer.where((layer.person >= low) & (layer.person < low + BLOCK)), low)
    return codes


def _paint(codes: NDArray[np.int16], layer: Spells, low: int) -> None:
    """Write the codes of one layer over a block whose first person is ``low``."""
    start = np.clip(layer.start - FIRST_WEEK, 0, N_WEEKS)
    length = np.clip(layer.end - FIRST_WEEK, 0, N_WEEKS) - start
    length = np.maximum(length, 0)
    first = (layer.person - low) * N_WEEKS + start
    before = np.cumsum(length) - length
    cells = np.arange(int(length.sum())) + np.repeat(first - before, length)
    codes.reshape(-1)[cells] = np.repeat(layer.facts["code"], length)


def hide_late_weeks(codes: NDArray[np.int16], streams: Streams) -> None:
    """Blank a twentieth of the last two weeks: they have not been registered yet."""
    late = streams.uniform("late weeks", codes.shape[0]) < 0.05
    codes[late, -2:] = 0


def build_job_months(
    lives: Lives, received: Ints, streams: Streams, truth: JobFirstTruth
) -> dict[str, Ints]:
    """Job × month in the order of person, month, job; arrays of one length.

    Keys: ``person``, ``month``, ``cents`` (hundredths of an hour), ``supported``, ``imputed``,
    ``late``, ``employer``, ``industry``, ``earnings``.
    """
    jobs = lives.jobs.lived(received)
    parts = [
        _job_months(jobs.where((jobs.person >= low) & (jobs.person < low + BLOCK)), noise, low)
        for low, noise in _noise(lives.people.size, streams)
    ]
    rows = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    last = np.maximum(rows["month"] - (LAST_MONTH - 2), 0)
    rows["late"] = (rows["late"] < truth.late * last * last / 4).astype(np.int64)
    rows["imputed"] = (rows["imputed"] < truth.imputed).astype(np.int64)
    return rows


def _noise(size: int, streams: Streams) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Person × month random numbers by block, the same in both worlds."""
    for low in range(0, size, BLOCK):
        shape = (3, min(BLOCK, size - low), N_MONTHS)
        yield low, streams.uniform("months", shape, block=low // BLOCK)


def _job_months(jobs: Spells, noise: NDArray[np.float64], low: int) -> dict[str, NDArray[Any]]:
    edges = np.array([first_week_of_month(m) for m in range(FIRST_MONTH, LAST_MONTH + 2)])
    worked = np.minimum(jobs.end[:, None], edges[1:]) - np.maximum(jobs.start[:, None], edges[:-1])
    job, month = np.nonzero(worked > 0)
    order = np.lexsort((job, month, jobs.person[job]))
    job, month = job[order], month[order]
    person = jobs.person[job]
    luck = noise[:, person - low, month]
    percent = 85 + (luck[0] * 31).astype(np.int64)
    weekly, weeks = jobs.facts["weekly_hours"][job], np.diff(edges)[month]
    cents = np.maximum(weekly * worked[job, month] * percent * 52 // (12 * weeks), 25)
    employer = jobs.facts["employer"][job]
    return {
        "person": person,
        "month": month + FIRST_MONTH,
        "cents": cents,
        "supported": jobs.facts["supported"][job],
        "imputed": luck[1],
        "late": luck[2],
        "employer": employer,
        "industry": jobs.facts["industry"][job],
        "earnings": cents * (135 + employer % 60) // 100,
    }


def _benefits_frame(codes: NDArray[np.int16], jobs: dict[str, Ints]) -> pd.DataFrame:
    """DREAM wide: codes a week, and the industry of the largest job a month."""
    columns: dict[str, object] = {"person_id": name_person(np.arange(len(codes)))}
    for week in range(N_WEEKS):
        values = codes[:, week].copy()
        columns[_week_column(FIRST_WEEK + week)] = pd.arrays.IntegerArray(values, values == 0)
    industries = np.full((N_MONTHS, len(codes)), None, dtype=object)
    order = np.lexsort((jobs["cents"], jobs["month"]))
    names = np.array(INDUSTRIES, dtype=object)[jobs["industry"][order]]
    industries[jobs["month"][order] - FIRST_MONTH, jobs["person"][order]] = names
    for month in range(N_MONTHS):
        year, number = divmod(FIRST_MONTH + month, 12)
        columns[f"branche_{year}_{number + 1:02d}"] = industries[month]
    return pd.DataFrame(columns)


def _week_column(week: int) -> str:
    year, number, _ = (EPOCH + dt.timedelta(days=7 * week)).isocalendar()
    return f"y_{year % 100:02d}{number:02d}"


def _hours_frame(jobs: dict[str, Ints]) -> pd.DataFrame:
    months = np.array([f"{m // 12}-{m % 12 + 1:02d}" for m in range(FIRST_MONTH, LAST_MONTH + 1)])
    return pd.DataFrame(
        {
            "person_id": name_person(jobs["person"]),
            "employer_id": np.char.mod("A%05d", jobs["employer"]),
            "month": months[jobs["month"] - FIRST_MONTH],
            "hours": jobs["cents"] / 100,
            "supported": jobs["supported"],
            "imputed": jobs["imputed"],
            "industry": np.array(INDUSTRIES)[jobs["industry"]],
            "earnings_dkk": jobs["earnings"],
        }
    )


def _activities_frame(efforts: Spells) -> pd.DataFrame:
    efforts = efforts.where(efforts.start <= (LAST_DAY - EPOCH).days)
    order = np.lexsort((efforts.facts["kind"], efforts.end, efforts.start, efforts.person))
    value = {name: array[order] for name, array in efforts.facts.items()}
    person, placed = efforts.person[order], value["company"] >= 0
    return pd.DataFrame(
        {
            "person_id": name_person(person),
            "kind": np.array(ACTIVITY_KINDS)[value["kind"]],
            "start": efforts.start[order].astype("datetime64[D]").astype("datetime64[ns]"),
            "end": efforts.end[order].astype("datetime64[D]").astype("datetime64[ns]"),
            "company_id": _where(placed, np.char.mod("V%05d", value["company"])),
            "industry": _where(placed, np.array(INDUSTRIES)[value["industry"]]),
            "provider": np.array(PROVIDERS)[np.where(person % 5 < 3, 0, person % 5 - 2)],
            "planned_hours": np.where(placed, value["planned"].astype(float), np.nan),
            "actual_hours": np.where(placed, value["actual"] / 10, np.nan),
        }
    )


def _where(keep: NDArray[np.bool_], texts: NDArray[np.str_]) -> NDArray[np.object_]:
    values = texts.astype(object)
    values[~keep] = None
    return values
