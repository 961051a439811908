"""States of persons week by week, validated once for every multi-state estimator.

Conventions, for every multi-state estimator:

- Time is whole weeks since randomisation; a person is in exactly one state in each week in
  which it is observed, and is observed from its first such week to its last without a break.
- A move in week ``t`` leads from the state of week ``t − 1`` to that of week ``t``. At risk
  of it are those who are observed in both weeks, so that who comes under observation in week
  ``e`` is at risk from week ``e + 1`` on.
- The end of observation may depend on the arm, the stratum and when a person was drawn, but
  not on where the person would have gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.endpoints.histories import UNSEEN
from jobeval.errors import DataError, Problem, did_you_mean
from jobeval.exits.grid.durations import read_even_lottery, validate_horizon
from jobeval.exits.histories.spells import read_spells
from jobeval.inference.assignment import Assignment
from jobeval.plan.lottery import Lottery

Codes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
MOST = 64
"""States that can be told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """The states of ``n`` persons of two arms in the weeks ``0 … T−1`` since randomisation.

    Attributes
    ----------
    states
        Shape ``(n, T)``: codes ``0 … K−1`` into ``labels``, 255 where not observed.
    labels
        The ``K`` states.
    absorbing
        Shape ``(K,)``: the states that nobody leaves.
    assignment
        The lottery of the same persons.
    lottery
        Its names.
    """

    states: Codes
    labels: tuple[str, ...]
    absorbing: Bools
    assignment: Assignment
    lottery: Lottery

    @property
    def arms(self) -> tuple[str, str]:
        """Labels of control and treatment."""
        return str(self.lottery.control), str(self.lottery.treatment)

    @property
    def n_weeks(self) -> int:
        return self.states.shape[1]

    @property
    def sizes(self) -> tuple[int, int]:
        """Persons in control and treatment."""
        treated = int(self.assignment.assigned.sum())
        return len(self.states) - treated, treated

    def code(self, label: str) -> int:
        """The code of a state; ``ValueError`` for one that is not there."""
        return find_label(label, self.labels)

    def until(self, weeks: int | None) -> Histories:
        """The first ``weeks`` weeks, or all."""
        if weeks is None:
            return self
        validate_horizon(weeks)
        return self._with(self.states[:, :weeks], self.assignment)

    def since(self, week: int) -> Histories:
        """The weeks from ``week`` on."""
        return self._with(self.states[:, week:], self.assignment)

    def subset(self, keep: Bools) -> Histories:
        """The persons of ``keep``, shape ``(n,)``."""
        return self._with(self.states[keep], self.assignment.subset(keep))

    def _with(self, states: Codes, assignment: Assignment) -> Histories:
        return Histories(states, self.labels, self.absorbing, assignment, self.lottery)


def find_label(label: str, labels: Sequence[str]) -> int:
    """The place of a state; ``ValueError`` with the nearest name when it is not there."""
    if label not in labels:
        raise ValueError(f"there is no state {label!r}: {did_you_mean(label, labels)}")
    return labels.index(label)


def read_histories(
    frame: Any,
    *,
    person: str,
    start: str,
    stop: str,
    state: str,
    lottery: Lottery,
    states: Sequence[str] | None = None,
    gap_state: str | None = None,
    absorbing: Collection[str] = (),
) -> Histories:
    """Read spells, one row each; persons of other arms are left out.

    Parameters
    ----------
    frame
        Any frame that narwhals takes. A person's spells follow one another in any order of
        rows; two in one state that meet are one. Columns of the lottery hold the same on all
        rows of a person.
    person
        Column of ids.
    start, stop
        Columns of whole weeks since randomisation, the spell being ``[start, stop)``. Who
        starts after week 0 came under observation late; observation ends with the last stop.
    state
        Column of texts.
    lottery
        The names of the lottery's columns.
    states
        All states, in the order in which they shall come; alphabetical when left out.
    gap_state
        The state of weeks between two spells of a person. Left out, such weeks are refused.
    absorbing
        The states that nobody leaves, such as ``"disability_pension"``. A spell in them need
        not go on to the end of the follow-up.

    Raises
    ------
    DataError
        For missing values, weeks that are not whole, spells that are empty, overlap or leave
        gaps, states that are not texts or not in ``states``, absorbing states that are left,
        and a lottery that cannot be read or differs between rows of a person.

    Examples
    --------
    >>> import pandas as pd
    >>> spells = pd.DataFrame({"id": [1, 1, 2], "arm": list("ttc"), "from": [0, 2, 0],
    ...     "to": [2, 3, 2], "state": ["benefit", "work", "benefit"]})
    >>> read_histories(spells, person="id", start="from", stop="to", state="state",
    ...     lottery=Lottery(arm="arm", treatment="t", control="c")).states.tolist()
    [[0, 0, 1], [0, 0, 255]]
    """
    if states is not None:
        states = _validate_labels(states)
        _ = gap_state is None or find_label(gap_state, states)
    spells, columns = read_spells(
        frame, person=person, start=start, stop=stop, state=state, columns=lottery.columns,
        states=states, gap_state=gap_state,
    )  # fmt: skip
    painted = spells.paint()
    return build_histories(painted, spells.labels, columns, lottery, absorbing=absorbing)


def build_histories(
    states: Codes,
    labels: Sequence[str],
    columns: Mapping[str, NDArray[Any]],
    lottery: Lottery,
    *,
    absorbing: Collection[str] = (),
) -> Histories:
    """Put states and lottery of the same persons together, such as those of a panel.

    Parameters
    ----------
    states
        Shape ``(N, T)``: codes ``0 … K−1``, 255 where not observed.
    labels
        The ``K`` states.
    columns
        The lottery's columns, each of shape ``(N,)``, in the order of the persons.
    lottery, absorbing
        As in ``read_histories``.
    """
    labels = _validate_labels(labels)
    closed = np.zeros(len(labels), dtype=bool)
    if isinstance(absorbing, str):
        raise ValueError(f"absorbing must be a list of states, as [{absorbing!r}]")
    closed[[find_label(name, labels) for name in absorbing]] = True
    drawn = read_even_lottery(columns, lottery)
    mine = np.asfortranarray(states[drawn.rows])
    problems = _state_problems(mine, closed)
    if problems:
        raise DataError("histories", problems)
    return Histories(mine, labels, closed, drawn, lottery)


def _validate_labels(labels: Sequence[str]) -> tuple[str, ...]:
    if not 0 < len(set(labels)) == len(labels) <= MOST:
        raise ValueError(f"states must be at most {MOST} names, each once")
    return tuple(labels)


def _state_problems(states: Codes, closed: Bools) -> list[Problem]:
    if states.dtype != np.uint8 or ((states >= len(closed)) & (states != UNSEEN)).any():
        raise ValueError(f"states must be uint8 codes below {len(closed)}, or {UNSEEN}")
    seen = states != UNSEEN
    begins = seen[:, :1].sum(axis=1) + (seen[:, 1:] & ~seen[:, :-1]).sum(axis=1)
    broken = int((begins > 1).sum())
    inside = np.append(closed, False)[np.minimum(states, len(closed))]
    moved = seen[:, 1:] & (states[:, 1:] != states[:, :-1])
    left = int((inside[:, :-1] & moved).any(axis=1).sum())
    rules = {
        "are observed with breaks.": (broken, "Name a state for gaps."),
        "leave a state that is declared absorbing.": (left, "Leave it out of absorbing."),
    }
    return [
        Problem("states", f"{count} persons {rule}", mend)
        for rule, (count, mend) in rules.items()
        if count
    ]
