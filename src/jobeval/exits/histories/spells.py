"""Spells of states, read from a long frame and painted onto persons × weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.endpoints.histories import UNSEEN
from jobeval.errors import DataError, Problem
from jobeval.exits.grid.durations import LONGEST
from jobeval.registers.frames import read_columns

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """Spells of ``N`` persons, ordered by person and start; all arrays of one length.

    ``person`` are codes ``0 … N−1``, ``state`` codes into ``labels``, ``[start, stop)`` weeks.
    """

    person: Codes
    start: Codes
    stop: Codes
    state: Codes
    labels: tuple[str, ...]

    def paint(self) -> NDArray[np.uint8]:
        """States by person × week, shape ``(N, T)``; 255 outside all spells."""
        persons, weeks = int(self.person.max(initial=-1)) + 1, int(self.stop.max(initial=0))
        painted = np.full((persons, weeks), UNSEEN, dtype=np.uint8)
        length = self.stop - self.start
        within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        first = np.repeat(self.person * weeks + self.start, length)
        painted.ravel()[first + within] = np.repeat(self.state, length).astype(np.uint8)
        return painted


def read_spells(
    frame: Any,
    *,
    person: str,
    start: str,
    stop: str,
    state: str,
    columns: Sequence[str],
    states: Sequence[str] | None,
    gap_state: str | None,
) -> tuple[Spells, dict[str, NDArray[Any]]]:
    """The spells of everybody, and the other columns with one value a person.

    ``DataError`` as in ``read_histories``.
    """
    read = read_columns(frame, (person, start, stop, state, *columns))
    _raise([*_row_problems(read, person, start, stop, state), *_name_problems(state, read, states)])
    codes, _ = pd.factorize(read[person])
    first = np.unique(codes, return_index=True)[1]
    if states is None:
        gap = set() if gap_state is None else {gap_state}
        states = sorted(gap.union(read[state].tolist()))
    order = np.lexsort((read[start], codes))
    spells = Spells(
        codes[order].astype(np.int64),
        read[start][order].astype(np.int64),
        read[stop][order].astype(np.int64),
        pd.Categorical(read[state][order], categories=list(states)).codes.astype(np.int64),
        tuple(states),
    )
    problems = _order_problems(spells, gap_state)
    for name in columns:
        problems += _constant_problems(name, read[name], codes, first)
    _raise(problems)
    if gap_state is not None:
        spells = _fill_gaps(spells, gap_state)
    return spells, {name: read[name][first] for name in columns}


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise DataError("spells", problems)


def _row_problems(
    read: Mapping[str, NDArray[Any]], person: str, start: str, stop: str, state: str
) -> list[Problem]:
    problems: list[Problem] = []
    for name in (person, start, stop, state):
        if missing := int(pd.isna(read[name]).sum()):
            rule = f"is missing in {missing} rows."
            problems.append(Problem(f"column {name!r}", rule, "Fill every row."))
    for name in (start, stop):
        problems += _week_problems(f"column {name!r}", read[name])
    if not problems and (empty := int((read[stop] <= read[start]).sum())):
        rule = f"{empty} spells do not stop after their start."
        mend = "A spell is [start, stop): it holds its first week and not its last."
        problems.append(Problem(f"column {stop!r}", rule, mend))
    return problems


def _week_problems(name: str, values: NDArray[Any]) -> list[Problem]:
    mend = "Starts and stops are whole weeks since randomisation."
    if values.dtype.kind not in "iuf":
        return [Problem(name, "does not hold numbers.", mend)]
    weeks = values.astype(np.float64)
    rules = {
        "are negative.": weeks < 0,
        "are not whole weeks.": np.isfinite(weeks) & (weeks != np.rint(weeks)),
        f"lie beyond {LONGEST} weeks.": weeks > LONGEST,
    }
    return [
        Problem(name, f"{int(bad.sum())} values {rule}", mend)
        for rule, bad in rules.items()
        if bad.any()
    ]


def _name_problems(
    state: str, read: Mapping[str, NDArray[Any]], states: Sequence[str] | None
) -> list[Problem]:
    place = f"column {state!r}"
    codes, found = pd.factorize(read[state])
    sizes = np.bincount(codes[codes >= 0], minlength=len(found))
    texts = np.array([isinstance(one, str) and bool(one.strip()) for one in found], dtype=bool)
    known = np.array([states is None or one in states for one in found], dtype=bool)
    rules = {
        "spells are in a state that is not a text.": (~texts, "Name states by texts."),
        "spells are in a state that is not among those named.": (
            texts & ~known,
            "Name every state, or recode the spells.",
        ),
    }
    return [
        Problem(place, f"{int(sizes[wrong].sum())} {rule}", mend)
        for rule, (wrong, mend) in rules.items()
        if wrong.any()
    ]


def _order_problems(spells: Spells, gap_state: str | None) -> list[Problem]:
    same = np.diff(spells.person) == 0
    overlaps = same & (spells.start[1:] < spells.stop[:-1])
    gaps = same & (spells.start[1:] > spells.stop[:-1])
    problems: list[Problem] = []
    if count := len(np.unique(spells.person[1:][overlaps])):
        rule = f"{count} persons are in two states in one week."
        problems.append(Problem("spells", rule, "A week has one state: decide which goes first."))
    if gap_state is None and (count := len(np.unique(spells.person[1:][gaps]))):
        rule = f"{count} persons are in no state between two spells."
        mend = 'Name one for such weeks, as in gap_state="self_supporting".'
        problems.append(Problem("spells", rule, mend))
    return problems


def _constant_problems(
    name: str, values: NDArray[Any], codes: NDArray[Any], first: NDArray[Any]
) -> list[Problem]:
    levels = pd.factorize(values)[0]
    differs = len(np.unique(codes[levels != levels[first][codes]]))
    if not differs:
        return []
    rule = f"differs between the rows of {differs} persons."
    return [Problem(f"column {name!r}", rule, "The lottery drew each person once.")]


def _fill_gaps(spells: Spells, gap_state: str) -> Spells:
    """The same spells with further ones between them."""
    code = spells.labels.index(gap_state)
    after = 1 + np.flatnonzero(
        (np.diff(spells.person) == 0) & (spells.start[1:] > spells.stop[:-1])
    )
    return Spells(
        np.append(spells.person, spells.person[after]),
        np.append(spells.start, spells.stop[after - 1]),
        np.append(spells.stop, spells.start[after]),
        np.append(spells.state, np.full(len(after), code)),
        spells.labels,
    )
