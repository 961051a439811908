"""The state of every person in each week, with the panel's states put together in groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.endpoints.blocks import collect_weekly_codes
from jobeval.errors import did_you_mean
from jobeval.panel.build import Panel
from jobeval.plan.parts import STATES, State

Codes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
UNSEEN = 255
"""The code of a week in which a person is not observed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relapse:
    """A return, as a state of its own: what a person is in depends on where it has been.

    Attributes
    ----------
    after
        The group of states that was left, such as ``"work"``.
    into
        The groups that become the state ``name`` for who has been in ``after`` before.
    name
        Of the new state.
    least_weeks
        Weeks in a row that a person must have been in ``after``.
    """

    after: str
    into: tuple[str, ...]
    name: str = "relapse"
    least_weeks: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class PersonStates:
    """States by person × week.

    Attributes
    ----------
    person_ids
        Shape ``(n,)``, ascending.
    states
        Shape ``(n, T)``: codes ``0 … K−1`` into ``labels``, 255 where not observed.
    labels
        The ``K`` states: the groups in their order, then the rest, then the relapse.
    """

    person_ids: NDArray[Any]
    states: Codes
    labels: tuple[str, ...]


def collect_histories(
    panel: Panel,
    groups: Mapping[str, Sequence[State]],
    *,
    relapse: Relapse | None = None,
    absorbing: Collection[str] = (),
    rest: str = "other_states",
    person_ids: Sequence[Any] | None = None,
) -> PersonStates:
    """The state of everybody in each observed week.

    Parameters
    ----------
    panel
        What the look sees.
    groups
        Name → states of the panel, each in one group only.
    relapse
        A state of those who return.
    absorbing
        Groups that nobody leaves: whatever follows the first week in one of them counts as it.
    rest
        Name of the states that are in no group; there is no such state when all are.
    person_ids
        Ascending: whose rows are wanted; by default everyone in the panel.

    Returns
    -------
    PersonStates
        A person is observed in the weeks in which all registers that states are made of are.

    Raises
    ------
    ValueError
        For names that are not there or stand twice.
    """
    groups = _validate_groups(groups, rest)
    labels = tuple(groups)
    code: dict[State, int] = {
        state: place for place, group in enumerate(groups.values()) for state in group
    }
    blocks = collect_weekly_codes(panel, code, person_ids)
    shape = (len(blocks.person_ids), len(blocks.weeks))
    states, start = np.full(shape, UNSEEN, dtype=np.uint8), 0
    for block in blocks:
        rows = slice(start, start := start + len(block))
        states[rows] = np.where(np.isnan(block), UNSEEN, block)
    if relapse is not None:
        states = _mark(states, labels, relapse)
        labels = (*labels, relapse.name)
    for name in absorbing:
        states = stay_in(states, _place(name, labels))
    return PersonStates(blocks.person_ids, states, labels)


def _validate_groups(
    groups: Mapping[str, Sequence[State]], rest: str
) -> dict[str, tuple[State, ...]]:
    """The groups, with the rest as the last of them."""
    named = [state for group in groups.values() for state in group]
    if unknown := sorted(set(named) - set(STATES)):
        raise ValueError(f"there is no state {unknown[0]!r}: {did_you_mean(unknown[0], STATES)}")
    if len(set(named)) < len(named):
        raise ValueError("a state stands in two groups")
    left: tuple[State, ...] = tuple(state for state in STATES if state not in named)
    if left and rest in groups:
        raise ValueError(f"{rest!r} is a group: give the states that are in none another name")
    whole: dict[str, tuple[State, ...]] = {name: tuple(group) for name, group in groups.items()}
    if left:
        whole[rest] = left
    return whole


def _place(name: str, labels: Sequence[str]) -> int:
    if name not in labels:
        raise ValueError(f"there is no group {name!r}: {did_you_mean(name, labels)}")
    return labels.index(name)


def _mark(states: Codes, labels: tuple[str, ...], relapse: Relapse) -> Codes:
    if relapse.name in labels:
        raise ValueError(f"{relapse.name!r} is a group: give the relapse another name")
    after = _place(relapse.after, labels)
    into = [_place(name, labels) for name in relapse.into]
    if after in into or relapse.least_weeks < 1:
        raise ValueError("a relapse leads out of a group in which one week at least was spent")
    return mark_relapse(states, after, into, len(labels), least_weeks=relapse.least_weeks)


def mark_relapse(
    states: Codes, after: int, into: Iterable[int], code: int, *, least_weeks: int = 1
) -> Codes:
    """Give ``code`` to the weeks in the states ``into`` of who has been in ``after`` before.

    >>> mark_relapse(np.array([[0, 1, 0, 0], [0, 0, 1, 1]], dtype=np.uint8), 1, [0], 2).tolist()
    [[0, 1, 2, 2], [0, 0, 1, 1]]
    """
    run = np.zeros(len(states), dtype=np.int64)
    marked, been = states.copy(), np.zeros(len(states), dtype=bool)
    back = np.isin(states, list(into))
    for week, now in enumerate(states.T):
        marked[been & back[:, week], week] = code
        run = np.where(now == after, run + 1, 0)
        been |= run >= least_weeks
    return marked


def stay_in(states: Codes, code: int) -> Codes:
    """Everything observed after the first week in the state ``code`` becomes it.

    >>> stay_in(np.array([[0, 1, 0, 255]], dtype=np.uint8), 1).tolist()
    [[0, 1, 1, 255]]
    """
    been = np.logical_or.accumulate(states == code, axis=1)
    return np.where(been & (states != UNSEEN), np.uint8(code), states)
