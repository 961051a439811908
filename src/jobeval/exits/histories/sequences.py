"""Histories put together in groups, so that an index plot shows nobody's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.endpoints.histories import UNSEEN
from jobeval.errors import DesignError
from jobeval.exits.grid.durations import validate_horizon
from jobeval.exits.histories.histories import Histories, find_label
from jobeval.results.json import plain

Codes = NDArray[np.uint8]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SequenceGroups:
    """Groups of persons of one arm with histories much alike, week by week.

    Attributes
    ----------
    arms, labels
        The two arms, control first, and the states.
    arm
        Shape ``(G,)``: codes into ``arms``.
    sizes
        Shape ``(G,)``: persons in each group.
    states
        Shape ``(G, T)``: the commonest state of the group in each week, codes into ``labels``.
    counts
        Shape ``(G, T)``: persons of the group who are in it.
    left_out
        Persons of each arm who are not observed in all weeks, and so in no group.
    """

    arms: tuple[str, str]
    labels: tuple[str, ...]
    arm: Counts
    sizes: Counts
    states: Codes
    counts: Counts
    left_out: tuple[int, int]

    def to_frame(self) -> pd.DataFrame:
        """One row a group and week: arm, group (from 0 in each arm), week, state, count, n."""
        groups, weeks = self.states.shape
        number = np.concatenate([np.arange(size) for size in np.bincount(self.arm, minlength=2)])
        return pd.DataFrame(
            {
                "arm": np.repeat(np.array(self.arms, dtype=object)[self.arm], weeks),
                "group": np.repeat(number, weeks),
                "week": np.tile(np.arange(weeks), groups),
                "state": np.array(self.labels, dtype=object)[self.states.ravel()],
                "count": self.counts.ravel(),
                "share": (self.counts / self.sizes[:, None]).ravel(),
                "n": np.repeat(self.sizes, weeks),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SequenceGroups:
        """The inverse of ``to_dict``."""
        read: dict[str, Any] = {
            name: np.array(values[name], dtype=np.int64) for name in ("arm", "sizes", "counts")
        }
        read |= {name: tuple(values[name]) for name in ("arms", "labels", "left_out")}
        return cls(states=np.array(values["states"], dtype=np.uint8), **read)

    def __repr__(self) -> str:
        weeks = self.states.shape[1]
        return f"SequenceGroups({len(self.arm)} groups, {weeks} weeks)"


def group_sequences(
    histories: Histories, size: int, *, by: str, horizon_weeks: int
) -> SequenceGroups:
    """Order the persons of each arm by their histories, and cut them into groups.

    The order is by the first week in the state ``by``, then by the weeks in it (most first),
    then by the history itself, week by week. So the groups do not depend on the order of the
    persons. They differ by at most one in size.

    Parameters
    ----------
    size
        The least number of persons in a group.
    by
        The state that orders them, such as ``"work"``.
    horizon_weeks
        The weeks that are shown. Who is not observed in all of them is left out.

    Raises
    ------
    DesignError
        When an arm has fewer than ``size`` persons who are observed in all weeks.

    Examples
    --------
    >>> from jobeval.exits.histories.histories import build_histories
    >>> from jobeval.plan.lottery import Lottery
    >>> states = np.array([[0, 0, 1], [0, 1, 1], [0, 0, 0], [0, 0, 0]] * 2, dtype=np.uint8)
    >>> histories = build_histories(states, ["benefit", "work"],
    ...     {"arm": np.array(list("ttttcccc"))}, Lottery(arm="arm", treatment="t", control="c"))
    >>> groups = group_sequences(histories, 2, by="work", horizon_weeks=3)
    >>> groups.states.tolist(), groups.counts.tolist()
    ([[0, 0, 1], [0, 0, 0], [0, 0, 1], [0, 0, 0]], [[2, 1, 2], [2, 2, 2], [2, 1, 2], [2, 2, 2]])
    """
    validate_horizon(horizon_weeks)
    if size < 1:
        raise ValueError(f"size must be at least 1, not {size}")
    histories, first = histories.until(horizon_weeks), find_label(by, histories.labels)
    complete = (histories.states != UNSEEN).all(axis=1) & (histories.n_weeks == horizon_weeks)
    parts: list[tuple[Counts, Codes, Counts]] = []
    for arm, name in enumerate(histories.arms):
        own = histories.states[complete & (histories.assignment.assigned == arm)]
        if len(own) < size:
            raise DesignError(
                f"Arm {name!r} has fewer than {size} persons who are observed for "
                f"{horizon_weeks} weeks. Mend: show fewer weeks, or make smaller groups."
            )
        parts.append(_cut(own[order_sequences(own, first)], size, len(histories.labels)))
    sizes, states, counts = (np.concatenate(part) for part in zip(*parts, strict=True))
    missing = np.bincount(histories.assignment.assigned[~complete], minlength=2)
    return SequenceGroups(
        arms=histories.arms,
        labels=histories.labels,
        arm=np.repeat([0, 1], [len(part[0]) for part in parts]),
        sizes=sizes,
        states=states,
        counts=counts,
        left_out=(int(missing[0]), int(missing[1])),
    )


def order_sequences(states: Codes, first: int) -> Counts:
    """The order of ``n`` histories, shape ``(n,)``; see ``group_sequences``."""
    inside = states == first
    never = ~inside.any(axis=1)
    begin = np.where(never, states.shape[1], inside.argmax(axis=1))
    return np.lexsort((*states.T[::-1], -inside.sum(axis=1), begin))


def _cut(ordered: Codes, size: int, n_states: int) -> tuple[Counts, Codes, Counts]:
    """Sizes, commonest states and their counts of consecutive groups."""
    pieces = np.array_split(ordered, len(ordered) // size)
    tallies = np.stack([_tally(piece, n_states) for piece in pieces])
    states = tallies.argmax(axis=-1).astype(np.uint8)
    sizes = np.array([len(piece) for piece in pieces], dtype=np.int64)
    return sizes, states, tallies.max(axis=-1)


def _tally(states: Codes, n_states: int) -> Counts:
    """Persons by week × state."""
    return np.stack([(states == code).sum(axis=0) for code in range(n_states)], axis=1)
