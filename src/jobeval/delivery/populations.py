"""Of whom indicators are told: everyone, and everyone by group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.delivery.effort import Effort

Bools = NDArray[np.bool_]


class Level(NamedTuple):
    """Some of the persons: ``("all", "")``, or those of one level of a group."""

    group: str
    level: str
    rows: Bools
    """Shape ``(n,)``."""


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Persons whose weeks count from the same kind of origin.

    Attributes
    ----------
    name
        ``"participants"``, ``"treatment"`` or ``"control"``.
    effort
        What is seen of its ``n`` persons.
    groups
        Name of a group → the level of each person, shape ``(n,)``.
    """

    name: str
    effort: Effort
    groups: Mapping[str, NDArray[Any]]

    def levels(self) -> Iterator[Level]:
        """Everyone, then each level of each group in ascending order."""
        return split_levels(self.groups, self.effort.n)


def split_levels(groups: Mapping[str, NDArray[Any]], n: int) -> Iterator[Level]:
    """Everyone of ``n`` persons, then each level of each group in ascending order, as text.

    >>> split = split_levels({"site": np.array(["b", "a", "b"])}, 3)
    >>> [(group, level, int(rows.sum())) for group, level, rows in split]
    [('all', '', 3), ('site', 'a', 1), ('site', 'b', 2)]
    """
    yield Level("all", "", np.ones(n, dtype=bool))
    for group, values in groups.items():
        texts = values.astype(str)
        for level in np.unique(texts):
            yield Level(group, str(level), texts == level)
