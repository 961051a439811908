"""The DREAM code list as versioned data: which code means what, and when.

The list stands in ``dream_codes.csv`` beside this file. ``valid_from`` and ``valid_to`` are
the first and the last day of validity, empty where the list knows no bound; ``digits`` is 1
where the last digit of a code tells the kind of activation.
"""

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from jobeval.schemas.calendar import week_of

ALWAYS = (-(10**6), 10**6)
"""Weeks ``[first, last)`` of a code without bounds."""

ACTIVATION: dict[int, str] = {
    0: "passive",
    1: "guidance",
    3: "guidance",
    4: "education",
    5: "wage_subsidy",
    6: "wage_subsidy",
    7: "placement",
    8: "placement",
    9: "community_work",
}
"""Last digit → kind of activation (løntilskud is 5, 6; virksomhedspraktik 7, 8)."""


@dataclass(frozen=True, slots=True)
class DreamCodes:
    """Codes ``first`` to ``last`` that mean one thing in the weeks ``[start_week, end_week)``."""

    first: int
    last: int
    start_week: int
    end_week: int
    group: str
    digits: bool
    da: str
    en: str


@dataclass(frozen=True, slots=True)
class DreamCode:
    """One code: its group, and the kind of activation where the last digit tells it."""

    code: int
    start_week: int
    end_week: int
    group: str
    activation: str | None


@cache
def read_dream_codes() -> tuple[DreamCodes, ...]:
    """Read the code list, in the order of its file.

    >>> next(row.group for row in read_dream_codes() if row.first <= 735 <= row.last)
    'kontanthjaelp'
    """
    text = files("jobeval.schemas").joinpath("dream_codes.csv").read_text(encoding="utf-8")
    return tuple(_codes(row) for row in csv.DictReader(text.splitlines()))


def _codes(row: dict[str, str]) -> DreamCodes:
    start, end = row["valid_from"], row["valid_to"]
    return DreamCodes(
        first=int(row["code_from"]),
        last=int(row["code_to"]),
        start_week=week_of(dt.date.fromisoformat(start)) if start else ALWAYS[0],
        end_week=week_of(dt.date.fromisoformat(end)) + 1 if end else ALWAYS[1],
        group=row["group"],
        digits=row["digits"] == "1",
        da=row["da"],
        en=row["en"],
    )


@cache
def dream_code_table() -> tuple[DreamCode, ...]:
    """Every code on its own, for a join on ``code`` with ``start_week <= week < end_week``."""
    return tuple(
        DreamCode(code, row.start_week, row.end_week, row.group, _activation(row, code))
        for row in read_dream_codes()
        for code in range(row.first, row.last + 1)
    )


def _activation(row: DreamCodes, code: int) -> str | None:
    return ACTIVATION.get(code % 10) if row.digits else None


def activation_kind(code: int) -> str | None:
    """The kind of activation that a code's last digit tells; ``None`` where it tells nothing.

    >>> activation_kind(735), activation_kind(737), activation_kind(730), activation_kind(899)
    ('wage_subsidy', 'placement', 'passive', None)
    """
    return next((row.activation for row in dream_code_table() if row.code == code), None)


def dream_groups(codes: NDArray[np.integer], weeks: NDArray[np.integer]) -> NDArray[np.object_]:
    """The group of each code in its week.

    Parameters
    ----------
    codes, weeks
        DREAM codes and integer weeks, shape ``(n,)``.

    Returns
    -------
    array of shape ``(n,)`` of group names, ``None`` where the list does not know the code
    in that week.

    Examples
    --------
    >>> weeks = np.full(3, 2401)
    >>> dream_groups(np.array([730, 999, 555]), weeks).tolist()
    ['kontanthjaelp', 'dead', None]
    """
    groups = np.full(codes.shape, None, dtype=object)
    for row in read_dream_codes():
        known = (codes >= row.first) & (codes <= row.last)
        groups[known & (weeks >= row.start_week) & (weeks < row.end_week)] = row.group
    return groups
