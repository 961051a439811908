"""What the registers tell of persons week by week, from each one's own origin on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.delivery.spells import Spells
from jobeval.plan.parts import STATES, State

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]
UNSEEN = 255
"""The state of a week that is not observed."""


class Jobs(NamedTuple):
    """Months with ordinary hours: arrays of shape ``(k,)``, one row a person, month, industry."""

    person: Ints
    month: Ints
    industry: NDArray[Any]
    """Text, or ``None`` where none is registered."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Effort:
    """What is seen of ``n`` persons in the ``T`` weeks since each one's origin.

    Attributes
    ----------
    origin
        Calendar week of week 0, shape ``(n,)``.
    activities
        In weeks since the origin, as far as they are seen; negative before it.
    industry
        Of each activity: text, or ``None`` where none is registered.
    followed
        Weeks since the origin in which activities are observed, shape ``(n,)``.
    hours
        Ordinary hours a week, shape ``(n, T)``; ``nan`` where not observed.
    states
        Places in ``STATES``, shape ``(n, T)``; 255 where not observed.
    jobs
        Industries of ordinary jobs, by calendar month.
    """

    origin: Ints
    activities: Spells
    industry: NDArray[Any]
    followed: Ints
    hours: Floats
    states: Codes
    jobs: Jobs

    @property
    def n(self) -> int:
        return len(self.origin)

    def in_state(self, state: State) -> Bools:
        """The weeks that are observed to be spent in a state, shape ``(n, T)``."""
        return self.states == STATES.index(state)

    @property
    def is_out(self) -> Bools:
        """The weeks that are observed to be spent out of the population, shape ``(n, T)``."""
        return self.in_state("out_of_population")

    def since(self, rows: Ints, weeks: Ints) -> Effort:
        """Some of the persons, each from a later week on.

        Parameters
        ----------
        rows
            Ascending, each once, shape ``(m,)``.
        weeks
            By how many weeks the origin of each moves, shape ``(m,)``.
        """
        place = np.full(self.n, -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        kept = place[self.activities.person] >= 0
        spells = self.activities.where(kept)
        person = place[spells.person]
        moved = Spells(
            person, spells.kind, spells.start - weeks[person], spells.end - weeks[person],
            spells.company, len(rows),
        )  # fmt: skip
        worked = place[self.jobs.person] >= 0
        jobs = Jobs(place[self.jobs.person[worked]], *(c[worked] for c in self.jobs[1:]))
        return Effort(
            origin=self.origin[rows] + weeks,
            activities=moved,
            industry=self.industry[kept],
            followed=np.maximum(self.followed[rows] - weeks, 0),
            hours=shift_weeks(self.hours[rows], weeks, np.nan),
            states=shift_weeks(self.states[rows], weeks, UNSEEN),
            jobs=jobs,
        )


def shift_weeks(values: NDArray[Any], weeks: Ints, unseen: float) -> NDArray[Any]:
    """Each row from a later week on; weeks before its beginning or after its end are ``unseen``.

    >>> shift_weeks(np.array([[1, 2, 3], [4, 5, 6]]), np.array([0, 2]), 255).tolist()
    [[1, 2, 3], [6, 255, 255]]
    """
    at = weeks[:, None] + np.arange(values.shape[1])
    inside = (at >= 0) & (at < values.shape[1])
    moved = np.take_along_axis(values, np.where(inside, at, 0), axis=1)
    return np.where(inside, moved, np.array(unseen, dtype=values.dtype))
