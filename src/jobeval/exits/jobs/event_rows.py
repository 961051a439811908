"""Rows of persons with events, and the counts of persons or clusters made from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem
from jobeval.exits.grid.durations import Durations, observed_problems
from jobeval.exits.grid.grid import remaining

Counts = NDArray[np.int64]
CELLS = 4_000_000
"""Cells of groups × weeks that are held at once."""


class EventCounts(NamedTuple):
    """Shape ``(G, T)``: under observation in a week, events, and terminal events."""

    at_risk: Counts
    events: Counts
    terminal: Counts


@dataclass(frozen=True, slots=True, eq=False)
class EventRows:
    """``m`` rows, at risk in the weeks ``entry + 1 … weeks``.

    Attributes
    ----------
    weeks, entry
        Shape ``(m,)``.
    events, terminal
        Shape ``(m,)``: 1 where the row ends with an event, or with a terminal one.
    group
        Shape ``(m,)``, codes: rows of one group vary together.
    n_weeks
        ``T``, the weeks of the grid.
    """

    weeks: Counts
    entry: Counts
    events: Counts
    terminal: Counts
    group: Counts
    n_weeks: int

    def within(self, rows: NDArray[Any]) -> EventRows:
        """Some of the rows."""
        return EventRows(
            self.weeks[rows], self.entry[rows], self.events[rows], self.terminal[rows],
            self.group[rows], self.n_weeks,
        )  # fmt: skip

    def first(self, person: Counts) -> Counts:
        """Persons by the week of their first event, shape ``(T,)``."""
        weeks, person = self.weeks[self.events > 0], person[self.events > 0]
        order = np.lexsort((weeks, person))
        own = np.unique(person[order], return_index=True)[1]
        return np.bincount(weeks[order][own], minlength=self.n_weeks)

    @property
    def total(self) -> EventCounts:
        """Counts of all rows together, each of shape ``(T,)``."""
        counts = self._count(np.zeros_like(self.group), 1)
        return EventCounts(*(one[0] for one in counts))

    def blocks(self) -> Iterator[EventCounts]:
        """Counts of the groups, so many groups at a time that memory stays bounded."""
        codes = np.unique(self.group, return_inverse=True)[1]
        order, size = np.argsort(codes, kind="stable"), max(CELLS // self.n_weeks, 1)
        for first in range(0, int(codes.max(initial=-1)) + 1, size):
            low, high = np.searchsorted(codes[order], [first, first + size])
            own = codes[order[low:high]] - first
            yield self.within(order[low:high])._count(own, int(own[-1]) + 1)

    def _count(self, group: Counts, groups: int) -> EventCounts:
        def table(week: Counts, weight: Counts | None = None) -> Counts:
            size = groups * self.n_weeks
            flat = np.bincount(group * self.n_weeks + week, weights=weight, minlength=size)
            return flat.astype(np.int64).reshape(groups, self.n_weeks)

        at_risk: Counts = remaining(table(self.weeks) - table(self.entry))
        return EventCounts(
            at_risk, table(self.weeks, self.events), table(self.weeks, self.terminal)
        )


def persons_of(durations: Durations) -> Counts:
    """Codes of persons, shape ``(n,)``."""
    return np.arange(len(durations.weeks)) if durations.person is None else durations.person


def _read_terminal(name: str, durations: Durations) -> Counts:
    """1 where a row ends with a terminal event, which must be a person's last row."""
    ends = durations.columns[name][durations.assignment.rows]
    problems = observed_problems(name, ends)
    if not problems:
        codes = persons_of(durations)
        last = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
        np.maximum.at(last, codes, durations.weeks)
        early = int(((ends == 1) & (durations.weeks < last[codes])).sum())
        if early:
            rule = f"{early} terminal events have rows of their person after them."
            problems = [Problem(f"column {name!r}", rule, "Nothing is observed after them.")]
    if problems:
        raise DataError("durations", problems)
    return ends.astype(bool).astype(np.int64)


def event_rows(durations: Durations, terminal: str | None = None) -> EventRows:
    """The rows, grouped by drawn cluster, or by person where persons were drawn."""
    drawn = durations.assignment
    assert durations.entry is not None
    ends = np.zeros_like(durations.weeks)
    return EventRows(
        durations.weeks,
        durations.entry,
        durations.cause,
        ends if terminal is None else _read_terminal(terminal, durations),
        persons_of(durations) if drawn.cluster is None else drawn.cluster,
        int(durations.weeks.max(initial=0)) + 1,
    )
