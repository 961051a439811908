"""The persons of one analysis, beside the units that a re-drawn lottery draws."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment
from jobeval.inference.redraw import Urn

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Weighing = Literal["none", "allocation", "probability"]

Kernel = Callable[[Floats], tuple[Floats, Floats]]
"""From arms of the units, shape ``(B, u)``, to estimates and errors, both ``(B, m)``."""


class PairKernel(Protocol):
    """A ``Kernel`` that also knows lotteries in which a third arm takes no part.

    ``treated`` and ``control`` mark those drawn to the two arms, shape ``(B, u)``; without
    ``control`` it is everyone else.
    """

    def __call__(
        self, treated: Floats, control: Floats | None = None, /
    ) -> tuple[Floats, Floats]: ...


@dataclass(frozen=True, slots=True, eq=False)
class DrawnSample:
    """``n`` persons whose ``m`` outcomes are known, ordered by stratum and drawn group.

    Attributes
    ----------
    outcomes, covariates
        Shapes ``(n, m)`` and ``(n, p)``; ``p`` may be 0.
    stratum, group
        Shape ``(n,)``, codes in ascending order: the stratum, and what was drawn together.
    units
        Shape ``(G,)``: the unit of the urn that each group is.
    place
        Shape ``(n,)``: the row of each person among all persons of the lottery.
    probability
        Shape ``(n,)``, or ``None``.
    clustered
        Whether groups are clusters of persons.
    """

    outcomes: Floats
    covariates: Floats
    stratum: Integers
    group: Integers
    units: Integers
    place: Integers
    probability: Floats | None
    clustered: bool

    @property
    def n_strata(self) -> int:
        return int(self.stratum[-1]) + 1

    @property
    def stratum_starts(self) -> Integers:
        """The first person of each stratum, shape ``(S,)``."""
        return np.searchsorted(self.stratum, np.arange(self.n_strata))

    @property
    def group_strata(self) -> Integers:
        """The stratum of each group, shape ``(G,)``."""
        return self.stratum[self.group_starts]

    @property
    def group_starts(self) -> Integers:
        """The first person of each group, shape ``(G,)``."""
        return np.searchsorted(self.group, np.arange(len(self.units)))

    @property
    def stratum_parts(self) -> list[slice]:
        """The groups of each stratum."""
        edges = np.searchsorted(self.group_strata, np.arange(self.n_strata + 1))
        return [slice(*edge) for edge in pairwise(edges)]

    def group_sums(self, values: Floats) -> Floats:
        """Sums over the persons of each group, from ``(n, c)`` to ``(G, c)``."""
        return np.add.reduceat(values, self.group_starts, axis=0) if self.clustered else values

    def groups_drawn(self, tile: Floats) -> Floats:
        """The arms of the groups, shape ``(B, G)``, from those of all units."""
        everyone = len(self.units) == tile.shape[1]
        return tile if everyone else np.ascontiguousarray(tile[:, self.units])

    def persons_drawn(self, tile: Floats) -> Floats:
        """The arms of the persons, shape ``(B, n)``."""
        drawn = self.groups_drawn(tile)
        return drawn[:, self.group] if self.clustered else drawn


def take_sample(
    outcomes: Floats, covariates: Floats, assignment: Assignment, urn: Urn, known: NDArray[np.bool_]
) -> DrawnSample:
    """The persons of ``known`` (shape ``(n,)``), in the order of the urn.

    Strata of which nobody is known are left out; the others are numbered anew.
    """
    place = np.flatnonzero(known)
    place = place[np.argsort(urn.unit[place], kind="stable")]
    units, group = np.unique(urn.unit[place], return_inverse=True)
    probability = assignment.probability
    return DrawnSample(
        outcomes=outcomes[place],
        covariates=covariates[place],
        stratum=np.unique(assignment.stratum[place], return_inverse=True)[1],
        group=group,
        units=units,
        place=place,
        probability=None if probability is None else probability[place],
        clustered=assignment.cluster is not None,
    )


def weigh_arm(sample: DrawnSample, weighing: Weighing, arm: int) -> Floats:
    """The weights of the persons (shape ``(n,)``) where they are drawn to an arm.

    ``"probability"``: one over the probability of the arm. Weights that depend on the whole
    draw (``"allocation"``) are 1 here.
    """
    if weighing != "probability":
        return np.ones(len(sample.stratum))
    if sample.probability is None:
        raise ValueError("the lottery names no probability")
    return 1 / (sample.probability if arm else 1 - sample.probability)
